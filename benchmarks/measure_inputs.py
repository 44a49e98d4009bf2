"""Compare what the float network is given: python -m benchmarks.measure_inputs.

Each recording is trained by the preset with the paper's features, log(softplus(c)) of window counts
c, and with others: square roots; normalised by channel, which folds into W1 and b1, so that the
hardware costs the same; and with channels dropped at random. Networks are scored on the validation
split; the table pairs each option with the first over recordings.
"""

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from aegru_hw.decoder import stages
from aegru_hw.decoder.config import Config, Network, make_config
from aegru_hw.decoder.data import jittered
from aegru_hw.decoder.fit import fit
from aegru_hw.decoder.network import Aegru, features
from aegru_hw.errors import UserError
from aegru_hw.recordings.layout import open_recording
from aegru_hw.recordings.recording import Recording
from aegru_hw.strict_json import read_json, write_json
from aegru_hw.sweep.objective import TrainingOnly
from benchmarks.measure_training import channel_dropout_loss

LEAST_SPREAD = 0.05
"""Standard deviation of a feature below which its channel is not scaled up further."""

Given = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Option:
    """features: of window counts; normalised: to mean 0 and deviation 1 over training ticks."""

    features: Given = features
    normalised: bool = False
    channel_dropout: float = 0.0


OPTIONS = {
    "log(softplus(c))": Option(),
    "square root of c": Option(lambda counts: counts.float().sqrt()),
    "normalised by channel": Option(normalised=True),
    "channel dropout .1": Option(channel_dropout=0.1),
}


class Informed(Aegru):
    """The float network with other features of window counts."""

    def __init__(self, channels: int, settings: Network, given: Given) -> None:
        super().__init__(channels, settings)
        self.given = given

    def latents(self, window_counts: Tensor) -> Tensor:
        encoded = self.encoder(self.given(window_counts))
        latents: Tensor = self.batch_norm(encoded.flatten(0, -2)).view_as(encoded)
        return latents


def given_to(option: Option, counts: Tensor) -> Given:
    """Return the features of an option; `counts` (n, C) are the window counts of training ticks."""
    if not option.normalised:
        return option.features
    known = option.features(counts)
    mean, spread = known.mean(dim=0), known.std(dim=0).clamp(min=LEAST_SPREAD)
    return lambda window_counts: (option.features(window_counts) - mean) / spread


def loss_of(network: Informed, config: Config) -> Callable[[Tensor, Tensor], Tensor]:
    """Return the loss of the float stage with the network's own features."""

    def loss(counts: Tensor, labels: Tensor) -> Tensor:
        counts = jittered(counts, config.training.jitter)
        output = network.training_output(network.given(counts))
        return stages.aegru_loss(output, counts, labels, config.loss)

    return loss


def validation_r2(recording: Recording, option: Option, config: Config) -> float:
    """Train a float network with an option; return its R² on the validation split."""
    dataset = TrainingOnly.from_recording(recording, config)
    torch.manual_seed(config.seed)
    given = given_to(option, dataset.counts[dataset.train])
    network = Informed(dataset.channels, config.network, given)
    make = loss_of
    if option.channel_dropout:
        make = partial(channel_dropout_loss, dataset=dataset, probability=option.channel_dropout)
    score = stages.validation_r2(network, dataset)
    fit(
        network,
        network.weights,
        make(network, config),
        score,
        dataset,
        dataset.train,
        stages.float_stage(config),
        seed=config.seed,
        progress=False,
    )
    return score() or 0.0


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="example: python -m benchmarks.measure_inputs indy_*.h5 --out inputs",
    )
    parser.add_argument("recordings", type=Path, nargs="+", metavar="RECORDING")
    parser.add_argument("--preset", default="paper")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True, help="results are kept here")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    found: dict[str, list[float]] = {name: [] for name in OPTIONS}
    try:
        config = make_config(options.preset, (), options.seed)
        total = len(options.recordings) * len(OPTIONS)
        with tqdm(total=total, unit="training", file=sys.stderr) as bar:
            for path in options.recordings:
                recording = open_recording(path)
                for number, (name, option) in enumerate(OPTIONS.items()):
                    bar.set_postfix_str(f"{path.stem}, {name}")
                    kept = options.out / f"{path.stem}_{config.digest[:12]}_{number}.json"
                    if not kept.exists():
                        write_json(validation_r2(recording, option, config), kept)
                    found[name].append(read_json(kept, float))
                    bar.update()
    except UserError as error:
        print(f"measure_inputs: {error}", file=sys.stderr)
        return 1
    first = np.array(next(iter(found.values())))
    print(f"float network: validation R², mean of {len(first)} recordings")
    print(f"{'R²':>7} {'difference':>10} {'± s.e.':>7}")
    for name, scores in found.items():
        difference = np.array(scores) - first
        error = difference.std(ddof=1) / np.sqrt(len(first)) if len(first) > 1 else np.nan
        print(f"{np.mean(scores):7.4f} {difference.mean():+10.4f} {error:7.4f}  {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
