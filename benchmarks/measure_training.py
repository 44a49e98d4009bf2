"""Compare options of training by validation R²: every stage trains on training ticks alone.

Options of the float stage are compared with the paper's training; those of pruning start from its
network; those of quantised fine-tuning from the lean preset's pruned network of it. Each option's
seeds are paired with the baseline's: the table gives the mean difference and its standard error.
"""

import argparse
import json
import math
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from tqdm import tqdm

from aegru_hw.benchmark.decoders import LONGER
from aegru_hw.decoder import stages
from aegru_hw.decoder.checkpoint import load_weights, save_tensors
from aegru_hw.decoder.config import Config, make_config, override
from aegru_hw.decoder.data import Dataset, jittered
from aegru_hw.decoder.export import export
from aegru_hw.decoder.geometry import geometry_of
from aegru_hw.decoder.network import Aegru, features
from aegru_hw.decoder.pruning import Masks, global_masks, layer_masks
from aegru_hw.decoder.schedules import cosine
from aegru_hw.errors import UserError
from aegru_hw.files import atomic_path
from aegru_hw.recordings.layout import open_recording
from aegru_hw.recordings.recording import Recording
from aegru_hw.rtl.cycles import tick_costs
from aegru_hw.rtl.schedule import schedule
from aegru_hw.sweep.objective import TrainingOnly

Row = dict[str, float]
BALANCED_LANES = 16


@dataclass(frozen=True)
class FloatOption:
    """How a float network is trained: settings, and what no setting does."""

    settings: tuple[str, ...] = ()
    channel_dropout: float = 0.0
    rate_at: Callable[[float], float] | None = None


def one_cycle(part: float) -> float:
    """Rise over the first three tenths, then fall as a cosine; after Smith, arXiv 1708.07120."""
    return 0.04 + 0.96 * part / 0.3 if part < 0.3 else cosine((part - 0.3) / 0.7)


PAPER = ("training.schedule=cosine", "training.averaging=0.0", "window.least_ticks=1")
"""What the preset of that name had before it was tried on many recordings, and the paper has."""

AVERAGED = "constant rate, averaging .999"
FLOAT = {
    "float": FloatOption(),
    "paired channel dropout .1": FloatOption(channel_dropout=0.1),
    "paired channel dropout .2": FloatOption(channel_dropout=0.2),
    "paired channel dropout .3": FloatOption(channel_dropout=0.3),
    "weight averaging .99": FloatOption(("training.averaging=0.99",)),
    "weight averaging .999": FloatOption(("training.averaging=0.999",)),
    "constant learning rate": FloatOption(("training.schedule=constant",)),
    AVERAGED: FloatOption(("training.schedule=constant", "training.averaging=0.999")),
    "one-cycle rate": FloatOption(rate_at=one_cycle),
    "no LayerNorm": FloatOption(("network.norm=none",)),
}
FINE = ("pruning.epochs=20", "pruning.learning_rate=1e-3", "pruning.min_updates=2000")
LEAN = (
    *FINE,
    "pruning.scope=layer",
    "pruning.score=influence",
    "pruning.encoder=0.5",
    "pruning.input=0.8",
    "pruning.recurrent=0.88",
    "pruning.readout=0.2",
    "pruning.ramp=0.6",
    "quantisation.learning_rate=1e-3",
)
"""The lean preset before an engine that multiplies differences; measure_lean has what came then."""
PRUNING: dict[str, tuple[str, ...]] = {
    f"{name} {rate:.0%}": (*FINE, f"pruning.rate={rate}", *how)
    for rate in (0.7, 0.8, 0.9)
    for name, how in (
        ("global, at once", ()),
        ("global, gradual", ("pruning.ramp=0.6",)),
        ("global, gradual, influence", ("pruning.ramp=0.6", "pruning.score=influence")),
    )
} | {
    "lean": LEAN,
    "lean, by magnitude": (*LEAN, "pruning.score=magnitude"),
    "lean, at once": (*LEAN, "pruning.ramp=0.0"),
    "lean, balanced": LEAN,
    "lean, of averaged weights": LEAN,
}
QUANTISATION: dict[str, tuple[str, ...]] = {
    f"{name}, {bits} bits": (*LEAN, *how, f"widths.weight={bits}")
    for bits in (8, 4)
    for name, how in (("lean", ()), ("lean, longer", LONGER))
} | {"lean, balanced, 8 bits": (*LEAN, "widths.weight=8")}
BASELINES = {
    **{name: "float" for name in FLOAT},
    **{name: f"global, at once {name[-3:]}" for name in PRUNING if name.startswith("global")},
    **{name: "lean" for name in PRUNING if name.startswith("lean")},
    **{name: f"lean, {name[-6:]}" for name in QUANTISATION},
}


def channel_dropout_loss(
    network: Aegru, config: Config, *, dataset: Dataset, probability: float
) -> Callable[[Tensor, Tensor], Tensor]:
    """Return the loss of the float stage with channels that carry no information.

    A channel is dropped from all steps of a window together: its feature becomes its mean over the
    training ticks, and its counts have not to be reconstructed.
    """
    mean = features(dataset.counts[dataset.train]).mean(dim=0)

    def loss(counts: Tensor, labels: Tensor) -> Tensor:
        counts = jittered(counts, config.training.jitter)
        kept = torch.rand(len(counts), 1, counts.shape[2]) >= probability
        output = network.training_output(torch.where(kept, features(counts), mean))
        poisson = functional.poisson_nll_loss(output.log_rate, counts.float(), reduction="none")
        reconstruction = (poisson * kept).sum() / (kept.sum() * counts.shape[1])
        others = replace(config.loss, reconstruction=0.0)
        return (
            stages.aegru_loss(output, counts, labels, others)
            + config.loss.reconstruction * reconstruction
        )

    return loss


def balanced_masks(scores: dict[str, Tensor], rates: dict[str, float]) -> Masks:
    """Return masks that drop from each matrix its rate, in every lane equally many weights."""
    return {name: balanced_mask(score, rates[name]) for name, score in scores.items()}


def balanced_mask(scores: Tensor, rate: float) -> Tensor:
    """Return the mask of one matrix in which every lane keeps equally many weights.

    Row r is of unit r mod 32 and unit u of lane u mod P: rows r mod P, gates included.
    """
    lanes = BALANCED_LANES
    mask = torch.ones_like(scores, dtype=torch.bool)
    if len(scores) < lanes:
        return global_masks({"": scores}, rate)[""]
    for lane in range(lanes):
        mask[lane::lanes] = global_masks({"": scores[lane::lanes]}, rate)[""]
    return mask


def streaming_macs(network: Aegru, dataset: Dataset, config: Config) -> float:
    """Return the multiply-accumulates of a validation tick, by count of non-zero weights."""
    counts = dataset.counts[dataset.validation].clamp(max=2**config.widths.count - 1)
    changed = (counts[1:] != counts[:-1]).float().mean(dim=0)
    used = {name: (weight != 0).sum(dim=0).float() for name, weight in network.weights.items()}
    macs = (used["encoder"] * changed).sum() + used["input"].sum() + used["readout"].sum()
    return float(macs + (dataset.steps - 1) * used["recurrent"].sum())


class Case:
    """One recording and seed; results are kept in a file and made only once."""

    def __init__(self, name: str, recording: Recording, seed: int, out: Path) -> None:
        self.recording, self.seed = recording, seed
        self.home = out / name / f"seed_{seed}"
        self.home.mkdir(parents=True, exist_ok=True)
        self.config = make_config("paper", PAPER, seed)
        self.dataset = TrainingOnly.from_recording(recording, self.config)

    def kept(self, name: str, make: Callable[[], Row]) -> Row:
        path = self.home / f"{name}.json"
        if not path.exists():
            made = make()
            with atomic_path(path) as temporary:
                temporary.write_text(json.dumps(made), encoding="utf-8")
        row: Row = json.loads(path.read_text(encoding="utf-8"))
        return row

    def float_row(self, name: str) -> Row:
        option = FLOAT[name]
        config = override(self.config, option.settings)
        stage, loss = stages.float_stage(config), None
        if option.rate_at is not None:
            stage = replace(stage, rate_at=option.rate_at)
        if option.channel_dropout:
            loss = partial(
                channel_dropout_loss, dataset=self.dataset, probability=option.channel_dropout
            )
        network, facts = stages.train_float(
            self.dataset, config, stage=stage, loss=loss, progress=False
        )
        save_tensors(self.home / f"{name}.safetensors", network.state_dict(), {})
        return {"r2": max(_defined(epoch.r2) for epoch in facts.history)}

    def network(self, kind: str) -> Aegru:
        """Return the network that an option of float training or of pruning made."""
        network = Aegru(self.dataset.channels, self.config.network)
        load_weights(self.home / f"{kind}.safetensors", network, dict)
        return network.eval()

    def pruned_row(self, name: str) -> Row:
        network = self.network(AVERAGED if "averaged" in name else "float")
        config = override(self.config, PRUNING[name])
        by_layer = balanced_masks if "balanced" in name else layer_masks
        facts = stages.prune(network, self.dataset, config, by_layer=by_layer, progress=False)
        save_tensors(self.home / f"{name}.safetensors", network.state_dict(), {})
        macs = streaming_macs(network, self.dataset, config)
        return {"r2": _defined(facts.history[-1].r2), "macs": macs}

    def quantised_row(self, name: str) -> Row:
        network = self.network("lean, balanced" if "balanced" in name else "lean")
        config = override(self.config, QUANTISATION[name])
        dataset = self.dataset
        quantised, facts = stages.quantize(network, dataset, config, progress=False)
        geometry = geometry_of(self.recording, dataset, config)
        decoder = export(quantised, geometry, dataset.scaling, {})
        counts = self.recording.counts[:2000]
        utilisation = {
            f"utilisation_{lanes}": tick_costs(
                decoder, schedule(decoder, lanes), counts
            ).utilisation
            for lanes in (4, 16)
        }
        return {"r2": _defined(facts.history[-1].r2), **utilisation}

    def row(self, name: str) -> Row:
        if name in FLOAT:
            return self.kept(name, lambda: self.float_row(name))
        if name in PRUNING:
            return self.kept(name, lambda: self.pruned_row(name))
        return self.kept(name, lambda: self.quantised_row(name))


def _defined(r2: float | None) -> float:
    return math.nan if r2 is None else r2


def table(rows: dict[str, list[Row]]) -> list[str]:
    """Return the lines of one recording's table."""
    lines = [f"{'option':32} {'R²':>7} {'difference':>10} {'± s.e.':>7}  others"]
    for name, seeds in rows.items():
        r2 = np.array([row["r2"] for row in seeds])
        difference = r2 - np.array([row["r2"] for row in rows[BASELINES[name]]])
        error = difference.std(ddof=1) / np.sqrt(len(r2)) if len(r2) > 1 else np.nan
        others = " ".join(
            f"{key} {np.mean([row[key] for row in seeds]):.4g}" for key in seeds[0] if key != "r2"
        )
        lines.append(
            f"{name:32} {r2.mean():7.4f} {difference.mean():+10.4f} {error:7.4f}  {others}"
        )
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog="example: python -m benchmarks.measure_training a.h5 b.h5 --seeds 5 --out options",
    )
    parser.add_argument("recordings", type=Path, nargs="+")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--out", type=Path, required=True, help="results are kept here")
    parser.add_argument("--stages", nargs="+", choices=("float", "pruning", "quantisation"))
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    wanted = options.stages or ("float", "pruning", "quantisation")
    names = list(FLOAT) if "float" in wanted else ["float", AVERAGED]
    names += list(PRUNING) if "pruning" in wanted else ["lean", "lean, balanced"]
    names += list(QUANTISATION) if "quantisation" in wanted else []
    found: dict[str, dict[str, list[Row]]] = {}
    try:
        recordings = {path.stem: open_recording(path) for path in options.recordings}
        total = len(recordings) * options.seeds * len(names)
        with tqdm(total=total, unit="training", file=sys.stderr) as bar:
            for seed in range(options.seeds):
                for stem, recording in recordings.items():
                    case = Case(stem, recording, seed, options.out)
                    for name in names:
                        bar.set_postfix_str(f"{stem}, seed {seed}, {name}")
                        row = case.row(name)
                        found.setdefault(stem, {}).setdefault(name, []).append(row)
                        bar.update()
    except UserError as error:
        print(f"measure_training: {error}", file=sys.stderr)
        return 1
    if options.json:
        print(json.dumps(found, indent=1))
        return 0
    for stem, rows in found.items():
        print(f"{stem}: validation R², mean of {options.seeds} seeds")
        print("\n".join(table(rows)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
