"""Measure a recording the whole way: seeds by norms by weight widths, every execution compared."""

import argparse
import math
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import get_args

from tqdm import tqdm

from aegru_hw.decoder.config import Norm, make_config
from aegru_hw.errors import UserError
from aegru_hw.recordings.layout import open_recording
from aegru_hw.recordings.r2 import R2
from aegru_hw.recordings.recording import Recording
from aegru_hw.runs import training
from aegru_hw.runs.folder import RunFolder
from aegru_hw.runs.hardware import write_firmware
from aegru_hw.runs.quantisation import quantize
from aegru_hw.runs.verification import verify
from aegru_hw.strict_json import to_json

COLUMNS = ("float", "pruned", "fixed", "firmware")


@dataclass(frozen=True)
class Row:
    """One decoder: R² by stage and execution, mismatching ticks by pair, ticks scored, MACs."""

    norm: str
    seed: int
    width: int
    r2: dict[str, R2]
    mismatches: dict[str, int]
    ticks_scored: int | None
    macs: dict[str, float]
    sparsity: float | None


@dataclass(frozen=True)
class MeanRow:
    """One norm and width: means over seeds, mismatches summed over pairs and seeds."""

    norm: str
    width: int
    r2: dict[str, float]
    streaming_effective: float
    mismatches: int
    ticks_scored: int


def measure(recording: Recording, options: argparse.Namespace, folder: Path) -> Iterator[Row]:
    """Yield one row for each seed, norm and width; the widths of a seed share the float network."""
    for norm in options.norms:
        for seed in range(options.seeds):
            config = make_config(options.preset, [*options.set, f"network.norm={norm}"], seed)
            trained = RunFolder(folder / f"{norm}_{seed}")
            training.begin(trained, recording, config)
            training.train(trained, progress=False)
            for width in options.widths:
                run = RunFolder(folder / f"{norm}_{seed}_{width}")
                shutil.copytree(trained.path, run.path)
                quantize(run, [f"widths.weight={width}"], progress=False)
                write_firmware(run)
                found = verify(run, progress=False)
                yield Row(
                    norm,
                    seed,
                    width,
                    found.r2,
                    found.mismatches,
                    found.ticks_scored,
                    found.macs,
                    found.sparsity,
                )


def mean_rows(rows: list[Row]) -> Iterator[MeanRow]:
    """Yield the mean row of each norm and width."""
    for norm, width in dict.fromkeys((row.norm, row.width) for row in rows):
        same = [row for row in rows if (row.norm, row.width) == (norm, width)]
        yield MeanRow(
            norm,
            width,
            {name: fmean(_defined(row.r2[name]) for row in same) for name in COLUMNS},
            fmean(row.macs["streaming_effective"] for row in same),
            sum(sum(row.mismatches.values()) for row in same),
            sum(row.ticks_scored or 0 for row in same),
        )


def _defined(r2: R2) -> float:
    return math.nan if r2.mean is None else r2.mean


def print_table(rows: list[Row], seeds: int) -> None:
    print(f"mean test R² of {seeds} seeds; mismatching ticks of all pairs of executions")
    print(f"{'norm':6} {'bits':>4} " + " ".join(f"{name:>9}" for name in COLUMNS), end="")
    print(f" {'MACs':>8} {'ticks':>8} {'mismatches':>10}")
    for row in mean_rows(rows):
        print(f"{row.norm:6} {row.width:4} ", end="")
        print(" ".join(f"{row.r2[name]:9.4f}" for name in COLUMNS), end="")
        print(f" {row.streaming_effective:8,.0f} {row.ticks_scored:8}", end="")
        print(f" {row.mismatches:10}")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog="example: python -m benchmarks.measure_results stevenson.h5 --seeds 2",
    )
    parser.add_argument("recording", type=Path)
    parser.add_argument("--preset", choices=("fast", "paper"), default="paper")
    parser.add_argument("--set", action="append", default=[], metavar="section.key=value")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--norms", nargs="+", choices=get_args(Norm), default=get_args(Norm))
    parser.add_argument("--widths", nargs="+", type=int, default=[8, 6, 4])
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    cases = len(options.norms) * options.seeds * len(options.widths)
    try:
        recording = open_recording(options.recording)
        with tempfile.TemporaryDirectory() as folder:
            measured = measure(recording, options, Path(folder))
            rows = list(tqdm(measured, total=cases, unit="decoder", disable=options.json))
    except UserError as error:
        print(f"measure_results: {error}", file=sys.stderr)
        return 1
    if options.json:
        print(to_json({"rows": rows, "means": list(mean_rows(rows))}))
    else:
        print_table(rows, options.seeds)
    return 1 if any(any(row.mismatches.values()) for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
