"""Compare settings of the lean preset, in R² and work: python -m benchmarks.measure_lean.

Every seed's float network is trained once, then pruned and quantised with each group of settings.
Printed are means over seeds, of the fixed decoder on one split: R² less that of the float network,
multiply-accumulates an output by matrix, and the energy estimate of an engine of 4 lanes. On the
validation split, by which settings are chosen, every stage is trained on training ticks alone.
"""

import argparse
import copy
import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from torch import Tensor
from tqdm import tqdm

from aegru_hw.cost.energy import energy
from aegru_hw.decoder import stages
from aegru_hw.decoder.config import Config, make_config
from aegru_hw.decoder.data import Dataset
from aegru_hw.decoder.export import export
from aegru_hw.decoder.geometry import geometry_of
from aegru_hw.errors import UserError
from aegru_hw.fixedpoint import at_output_rate, run_streaming_form, save_decoder
from aegru_hw.recordings.layout import open_recording
from aegru_hw.recordings.r2 import r2_score
from aegru_hw.recordings.recording import Recording
from aegru_hw.recordings.stream import TickStream
from aegru_hw.rtl.cycles import tick_costs
from aegru_hw.rtl.schedule import schedule
from aegru_hw.strict_json import read_json, write_json
from aegru_hw.sweep.objective import TrainingOnly, float_network

LANES = 4


@dataclass(frozen=True)
class Lean:
    """A fixed decoder on a split: R² of it and of its float network, MACs by matrix, energy."""

    r2: float
    float_r2: float
    macs: dict[str, float]
    energy_nj: float


class Seed:
    """The decoders of a recording and seed; float networks, decoders and results are kept."""

    def __init__(self, recording: Recording, seed: int, split: str, out: Path) -> None:
        self.recording, self.seed, self.split, self.out = recording, seed, split, out
        self.pruned: dict[str, dict[str, Tensor]] = {}
        (out / "float").mkdir(parents=True, exist_ok=True)

    def lean(self, overrides: list[str]) -> Lean:
        config = make_config("lean", overrides, self.seed)
        kept = self.out / f"{self.split}_{self.seed}_{config.digest[:12]}.json"
        if not kept.exists():
            write_json(self._measured(config, kept.with_suffix(".h5")), kept)
        return read_json(kept, Lean)

    def _measured(self, config: Config, file: Path) -> Lean:
        recording = self.recording
        layout = TrainingOnly if self.split == "validation" else Dataset
        dataset = layout.from_recording(recording, config)
        network = float_network(recording, dataset, config, self.out / "float")
        ticks = getattr(dataset, self.split)
        truth = dataset.labels[ticks].numpy()
        float_r2 = r2_score(truth, stages.decode(network, dataset, ticks)).mean

        teacher = copy.deepcopy(network)
        same = json.dumps([asdict(config.pruning), {**asdict(config.widths), "weight": 0}])
        if same in self.pruned:
            network.load_state_dict(self.pruned[same])
        else:
            stages.prune(network, dataset, config, progress=False)
            self.pruned = {same: {name: x.clone() for name, x in network.state_dict().items()}}
        quantized, _ = stages.quantize(network, dataset, config, teacher=teacher, progress=False)
        decoder = export(quantized, geometry_of(recording, dataset, config), dataset.scaling, {})
        save_decoder(decoder, file)

        wanted = np.zeros(recording.ticks, dtype=np.bool_)
        wanted[ticks.numpy()] = True
        every = config.window.every
        stream = TickStream.from_recording(recording, wanted, dataset.window, dataset.steps, every)
        at_rate, counts = at_output_rate(decoder, stream.counts)
        velocity = run_streaming_form(at_rate, counts).velocity[stream.scored]
        costs = tick_costs(at_rate, schedule(at_rate, LANES), counts).over(stream.scored)
        r2 = r2_score(recording.velocity[stream.scored_ticks], decoder.physical(velocity)).mean
        if r2 is None or float_r2 is None:
            raise UserError("R² is undefined: an axis never moves in the split")
        names = ("encoder", "input", "recurrent", "readout")
        macs = {name: float(getattr(costs, name).mean()) for name in names}
        return Lean(r2, float_r2, macs, energy(at_rate, costs).per_tick_nj["engine"])


def line(name: str, found: list[Lean]) -> str:
    """Return the line of a group of settings, means over seeds."""
    difference = np.array([lean.r2 - lean.float_r2 for lean in found])
    error = difference.std(ddof=1) / np.sqrt(len(found)) if len(found) > 1 else np.nan
    matrices = [np.mean([lean.macs[key] for lean in found]) for key in found[0].macs]
    cells = [f"{difference.mean():+10.4f} {error:7.4f} {sum(matrices):6.0f}"]
    cells += [f"{macs:9.0f}" for macs in matrices[:-1]]
    cells.append(f"{np.mean([lean.energy_nj for lean in found]):6.2f}")
    return f"{' '.join(cells)}  {name or 'the preset'}"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog="example: python -m benchmarks.measure_lean generated.mat --seeds 5 --out lean "
        '--settings "" widths.weight=4',
    )
    parser.add_argument("recording", type=Path)
    parser.add_argument("--settings", nargs="+", default=[""], metavar='"key=value key=value"')
    parser.add_argument("--split", choices=("validation", "test"), default="validation")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True, help="results are kept here")
    options = parser.parse_args()
    found: dict[str, list[Lean]] = {settings: [] for settings in options.settings}
    try:
        recording = open_recording(options.recording)
        with tqdm(total=options.seeds * len(found), unit="decoder", file=sys.stderr) as bar:
            for number in range(options.seeds):
                seed = Seed(recording, number, options.split, options.out)
                for settings, leans in found.items():
                    leans.append(seed.lean(settings.split()))
                    bar.update()
    except UserError as error:
        print(f"measure_lean: {error}", file=sys.stderr)
        return 1
    print(f"{options.split} split, mean of {options.seeds} seeds; energy in nJ an output")
    print(f"{'R² - float':>10} {'± s.e.':>7} {'MACs':>6}   encoder     input recurrent energy")
    print("\n".join(line(*group) for group in found.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
