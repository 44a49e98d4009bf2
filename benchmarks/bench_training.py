"""Windows per second of training, float and quantised, in three ways in one run.

gathered: batches gathered from one tensor of window counts, as `aegru-hw train` does.
collated: a DataLoader that sums each sample's windows in Python and collates them to batches.
one by one: the naive loop, the same DataLoader with one sample a step.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader
from torch.utils.data import Dataset as TorchDataset

from aegru_hw.decoder import stages
from aegru_hw.decoder.calibration import calibrate
from aegru_hw.decoder.config import Config, make_config
from aegru_hw.decoder.data import Dataset
from aegru_hw.decoder.folding import fold_batch_norm
from aegru_hw.decoder.network import Aegru
from aegru_hw.decoder.quantized_network import QuantizedAegru
from aegru_hw.recordings.recording import Recording

Batches = Iterator[tuple[Tensor, Tensor]]


class PerSample(TorchDataset):
    """Every sample sums its own windows of spikes, one at a time."""

    def __init__(self, recording: Recording, dataset: Dataset) -> None:
        self.counts = torch.from_numpy(recording.counts.astype(np.int16))
        self.dataset = dataset

    def __len__(self) -> int:
        return len(self.dataset.train)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        ticks = self.dataset.history(self.dataset.train[index : index + 1])[0].tolist()
        window = self.dataset.window
        counts = torch.stack(
            [self.counts[tick - window + 1 : tick + 1].sum(dim=0) for tick in ticks]
        )
        return counts, self.dataset.labels[ticks]


def made_up_recording(channels: int, ticks: int) -> Recording:
    generator = np.random.default_rng(0)
    return Recording(
        counts=(generator.random((ticks, channels)) < 0.05).astype(np.uint8),
        velocity=generator.normal(size=(ticks, 2)),
        tick_seconds=0.004,
        segment_starts=np.zeros(1, dtype=np.int64),
        reach_starts=np.zeros(0, dtype=np.int64),
        channel_names=tuple(map(str, range(channels))),
        source="made up",
        sha256="",
    )


def windows_per_second(
    network: nn.Module,
    loss_of: Callable[[Tensor, Tensor], Tensor],
    batches: Callable[[], Batches],
    seconds: float,
) -> float:
    """Return the rate of whole training steps, after a warm-up of three."""
    optimiser = torch.optim.Adam([p for p in network.parameters() if p.requires_grad], lr=1e-3)
    network.train()
    windows, steps, start = 0, 0, time.perf_counter()
    while True:
        for counts, labels in batches():
            optimiser.zero_grad(set_to_none=True)
            loss_of(counts, labels).backward()
            optimiser.step()
            steps, windows = steps + 1, windows + len(counts)
            if steps == 3:
                windows, start = 0, time.perf_counter()
            elif steps > 3 and time.perf_counter() - start > seconds:
                return windows / (time.perf_counter() - start)


def measure(config: Config, channels: int, seconds: float) -> dict[str, float]:
    recording = made_up_recording(channels, 40_000)
    dataset = Dataset.from_recording(recording, config)
    torch.manual_seed(0)
    network = Aegru(channels, config.network)
    folded = Aegru(channels, config.network).eval()
    fold_batch_norm(folded)
    types = calibrate(folded, dataset.batch(dataset.train[:1024])[0], config.widths)
    quantized = QuantizedAegru.from_float(folded, channels, types)
    batch = config.training.batch
    samples = PerSample(recording, dataset)
    collated = DataLoader(samples, batch, shuffle=True, drop_last=True)
    one_by_one = DataLoader(samples, 1, shuffle=True)
    feeds: dict[str, Callable[[], Batches]] = {
        "gathered": lambda: dataset.shuffled(dataset.train, batch),
        "collated": lambda: iter(collated),
        "one by one": lambda: iter(one_by_one),
    }
    losses = {
        "float": (network, stages.autoencoder_loss(network, config)),
        "quantised": (quantized, stages.velocity_loss(quantized, config, folded)),
    }
    return {
        f"{stage} {feed}": windows_per_second(model, loss, feeds[feed], seconds)
        for stage, (model, loss) in losses.items()
        for feed in feeds
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="example: python -m benchmarks.bench_training --channels 192",
    )
    parser.add_argument("--channels", type=int, default=96)
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--seconds", type=float, default=10.0, help="length of each measurement")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    config = make_config("paper")
    config = replace(config, training=replace(config.training, batch=options.batch))
    rates = measure(config, options.channels, options.seconds)
    ratios = {
        f"{stage} gathered / {other}": rates[f"{stage} gathered"] / rates[f"{stage} {other}"]
        for stage in ("float", "quantised")
        for other in ("collated", "one by one")
    }
    if options.json:
        print(json.dumps({"windows_per_second": rates, "ratios": ratios}, indent=2))
        return
    for name, rate in rates.items():
        print(f"{name:22} {rate:10,.0f} windows/s")
    for name, ratio in ratios.items():
        print(f"{name:34} {ratio:6.1f}")


if __name__ == "__main__":
    main()
