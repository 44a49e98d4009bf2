"""Commands that train many times over: sweep, benchmark."""

import argparse
from pathlib import Path

from aegru_hw.cli.options import (
    DEFAULT_PRESET,
    Commands,
    add_preset,
    add_recording,
    add_seed,
    add_set,
)
from aegru_hw.cli.output import show, shows_progress
from aegru_hw.cli.paths import recording_path
from aegru_hw.errors import UserError

PRESETS = ("fast", "paper")


def add_commands(commands: Commands) -> None:
    """Add the family's commands."""
    added = commands.add(
        "sweep",
        sweep,
        "Train many times over; plot validation R² against MACs, pruning rate, window and steps.",
        "recording.h5 --out my_sweep --preset fast --trials 40 --vary pruning.rate=0.3..0.9",
    )
    add_recording(added)
    added.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="SWEEP",
        help="folder of the study and its plots; the same one for all workers of a machine",
    )
    added.add_argument("--trials", type=int, default=40, help="of all workers (default 40)")
    added.add_argument(
        "--vary",
        action="append",
        metavar="section.key=a,b,c|low..high",
        help="a constant to vary; may be given again (default pruning rate, window, steps and "
        "weight bits)",
    )
    added.add_argument(
        "--storage",
        metavar="URL",
        help="database that workers on many machines share (default SQLite in SWEEP)",
    )
    added.add_argument("--study", default="sweep", metavar="NAME", help="name in the storage")
    added.add_argument(
        "--heartbeat",
        type=int,
        default=30,
        metavar="SECONDS",
        help="sign of life of a worker; after three missing ones others take its trial over",
    )
    added.add_argument("--seeds", type=int, default=1, help="trainings a trial (default 1)")
    add_preset(added, PRESETS)
    add_set(added)
    add_seed(added)

    added = commands.add(
        "benchmark",
        benchmark,
        "Measure decoders and baselines over seeds, beside published results.",
        "recording.h5 --seeds 5 --preset paper --out benchmark",
    )
    added.add_argument("recordings", type=Path, nargs="+", metavar="RECORDING")
    added.add_argument("--seeds", type=int, default=5, help="seeds 0, 1, ... (default 5)")
    add_preset(added, PRESETS)
    added.add_argument(
        "--out",
        type=Path,
        default=Path("benchmark"),
        metavar="FOLDER",
        help="keeps every result, so that an interrupted benchmark goes on (default benchmark)",
    )
    add_set(added)


def sweep(options: argparse.Namespace) -> int:
    from aegru_hw.recordings.layout import open_recording
    from aegru_hw.sweep.space import DEFAULT_SPACE, parse_space
    from aegru_hw.sweep.study import Problem, sweep

    for name in ("trials", "seeds", "heartbeat"):
        if getattr(options, name) < 1:
            raise UserError(f"--{name} is {getattr(options, name)}; 1 or more is accepted")
    preset = options.preset or DEFAULT_PRESET
    problem = Problem(
        space=parse_space(options.vary or DEFAULT_SPACE, preset, options.set),
        preset=preset,
        overrides=tuple(options.set),
        seed=options.seed or 0,
        seeds=options.seeds,
    )
    summary = sweep(
        open_recording(recording_path(options)),
        problem,
        options.out,
        trials=options.trials,
        storage=options.storage,
        name=options.study,
        heartbeat=options.heartbeat,
        progress=shows_progress(options),
    )
    lines = [f"{summary.trials} trials; Pareto front of R² (validation split) and MACs per tick"]
    for row in summary.pareto:
        varied = [
            f"{key}={value:.4g}" if isinstance(value, float) else f"{key}={value}"
            for key, value in row.items()
            if "." in key
        ]
        lines.append(f"  {row['r2']:.4f} {row['macs']:>10,.0f}  {' '.join(varied)}")
    return show(options, summary, "\n".join([*lines, summary.plots]))


def benchmark(options: argparse.Namespace) -> int:
    from tqdm import tqdm

    from aegru_hw.benchmark.measure import ROWS, case_of, measure
    from aegru_hw.benchmark.table import Results, summarise, table_text
    from aegru_hw.recordings.layout import open_recording

    if options.seeds < 1:
        raise UserError(f"--seeds is {options.seeds}; accepted is a whole number from 1")
    preset = options.preset or DEFAULT_PRESET
    cases = [case_of(str(path), open_recording(path)) for path in options.recordings]
    results: Results = {case.name: {} for case in cases}
    total = len(cases) * options.seeds * len(ROWS)
    with tqdm(total=total, unit="row", disable=not shows_progress(options)) as bar:
        for seed in range(options.seeds):
            for case in cases:
                rows = results[case.name].setdefault(seed, {})
                measured = measure(
                    case,
                    seed,
                    options.out,
                    preset,
                    options.set,
                    say=lambda text, name=case.name, seed=seed: bar.set_description(  # type: ignore[misc]
                        f"{name}, seed {seed}: {text}"
                    ),
                )
                for name, row in measured:
                    rows[name] = row
                    bar.update()
    table = summarise(results, {case.name: case.facts for case in cases})
    return show(options, table, table_text(table, options.seeds))
