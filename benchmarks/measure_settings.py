"""Compare settings over many recordings by validation R²: python -m benchmarks.measure_settings.

Each recording is trained, pruned and quantised with each group of settings, on training ticks
alone, and its fixed decoder is scored on the validation split. A group's recordings are paired with
those of the first: the table gives the mean difference and its standard error over recordings.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from tqdm import tqdm

from aegru_hw.decoder.config import make_config
from aegru_hw.errors import UserError
from aegru_hw.recordings.layout import open_recording
from aegru_hw.strict_json import read_json, write_json
from aegru_hw.sweep.objective import score


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog='example: python -m benchmarks.measure_settings *.h5 --out settings --settings "" '
        '"training.schedule=cosine training.averaging=0"',
    )
    parser.add_argument("recordings", type=Path, nargs="+", metavar="RECORDING")
    parser.add_argument("--settings", nargs="+", required=True, metavar='"key=value key=value"')
    parser.add_argument("--preset", default="paper")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True, help="results are kept here")
    options = parser.parse_args()
    (options.out / "float").mkdir(parents=True, exist_ok=True)
    found: dict[str, list[float]] = {settings: [] for settings in options.settings}
    try:
        total = len(options.recordings) * len(found)
        with tqdm(total=total, unit="training", file=sys.stderr) as bar:
            for path in options.recordings:
                recording = open_recording(path)
                for settings, scores in found.items():
                    bar.set_postfix_str(f"{path.stem} {settings}")
                    config = make_config(options.preset, settings.split(), options.seed)
                    kept = options.out / f"{path.stem}_{config.digest[:12]}.json"
                    if not kept.exists():
                        write_json(score(recording, config, options.out / "float").r2, kept)
                    scores.append(read_json(kept, float))
                    bar.update()
    except UserError as error:
        print(f"measure_settings: {error}", file=sys.stderr)
        return 1
    first = np.array(found[options.settings[0]])
    print(f"validation R², mean of {len(first)} recordings")
    print(f"{'R²':>7} {'difference':>10} {'± s.e.':>7}")
    for settings, scores in found.items():
        difference = np.array(scores) - first
        error = difference.std(ddof=1) / np.sqrt(len(first)) if len(first) > 1 else np.nan
        row = f"{np.mean(scores):7.4f} {difference.mean():+10.4f} {error:7.4f}"
        print(f"{row}  {settings or 'the preset'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
