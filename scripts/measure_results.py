"""Measure a recording the whole way: seeds by norms by weight widths, every execution compared."""

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tqdm import tqdm

from aegru_hw import pipeline
from aegru_hw.decoder.config import NORMS, make_config
from aegru_hw.errors import UserError
from aegru_hw.fixedpoint import load_decoder
from aegru_hw.hls import Firmware, write_project
from aegru_hw.recordings.layout import open_recording
from aegru_hw.recordings.recording import Recording
from aegru_hw.run_folder import RunFolder

COLUMNS = ("float", "pruned", "fixed", "firmware")


def measure(
    recording: Recording, options: argparse.Namespace, folder: Path
) -> Iterator[dict[str, Any]]:
    """Yield one row for each seed, norm and width; the widths of a seed share the float network."""
    for norm in options.norms:
        for seed in range(options.seeds):
            config = make_config(options.preset, [*options.set, f"network.norm={norm}"], seed)
            trained = RunFolder(folder / f"{norm}_{seed}")
            pipeline.train(trained, recording, config, progress=False)
            for width in options.widths:
                run = RunFolder(folder / f"{norm}_{seed}_{width}")
                shutil.copytree(trained.path, run.path)
                pipeline.quantize(run, [f"widths.weight={width}"], progress=False)
                write_project(load_decoder(run.decoder), run.hls)
                Firmware(run.hls).compile()
                summary = pipeline.verify(run, progress=False)
                yield {"norm": norm, "seed": seed, "width": width} | {
                    key: summary[key]
                    for key in ("r2", "mismatches", "ticks_compared", "macs", "sparsity")
                }


def mean_rows(rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the mean over seeds of each norm and width, mismatches summed over pairs and seeds."""
    cases = dict.fromkeys((row["norm"], row["width"]) for row in rows)
    for norm, width in cases:
        same = [row for row in rows if (row["norm"], row["width"]) == (norm, width)]
        yield {"norm": norm, "width": width} | {
            "r2": {name: mean(row["r2"][name]["mean"] for row in same) for name in COLUMNS},
            "streaming_effective": mean(row["macs"]["streaming_effective"] for row in same),
            "mismatches": sum(sum(row["mismatches"].values()) for row in same),
            "ticks_compared": sum(row["ticks_compared"] for row in same),
        }


def mean(values: Iterator[float]) -> float:
    listed = list(values)
    return sum(listed) / len(listed)


def print_table(rows: list[dict[str, Any]], seeds: int) -> None:
    print(f"mean test R² of {seeds} seeds; mismatching ticks of all pairs of executions")
    print(f"{'norm':6} {'bits':>4} " + " ".join(f"{name:>9}" for name in COLUMNS), end="")
    print(f" {'MACs':>8} {'ticks':>8} {'mismatches':>10}")
    for row in mean_rows(rows):
        print(f"{row['norm']:6} {row['width']:4} ", end="")
        print(" ".join(f"{row['r2'][name]:9.4f}" for name in COLUMNS), end="")
        print(f" {row['streaming_effective']:8,.0f} {row['ticks_compared']:8}", end="")
        print(f" {row['mismatches']:10}")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog="example: python scripts/measure_results.py stevenson.h5 --seeds 2",
    )
    parser.add_argument("recording", type=Path)
    parser.add_argument("--preset", choices=("fast", "paper"), default="paper")
    parser.add_argument("--set", action="append", default=[], metavar="section.key=value")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--norms", nargs="+", choices=NORMS, default=list(NORMS))
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
        print(f"measure_results.py: {error}", file=sys.stderr)
        return 1
    if options.json:
        print(json.dumps({"rows": rows, "means": list(mean_rows(rows))}, indent=2))
    else:
        print_table(rows, options.seeds)
    return 1 if any(any(row["mismatches"].values()) for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
