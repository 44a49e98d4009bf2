"""Commands that train many times over: sweep, benchmark."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from aegru_hw.benchmark.decoders import SHORT
from aegru_hw.cli.options import (
    DEFAULT_PRESET,
    Commands,
    add_preset,
    add_recording,
    add_seed,
    add_set,
)
from aegru_hw.cli.output import note, show, shows_progress, with_entry
from aegru_hw.cli.paths import recording_path
from aegru_hw.errors import UserError
from aegru_hw.storage import HEARTBEAT

if TYPE_CHECKING:
    from aegru_hw.benchmark.measure import Case, Measurement
    from aegru_hw.benchmark.table import Table

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
    _add_storage(added, "sweep", "workers on many machines share (default SQLite in SWEEP)")
    added.add_argument("--seeds", type=int, default=1, help="trainings a trial (default 1)")
    add_preset(added, PRESETS)
    add_set(added)
    add_seed(added)

    added = commands.add(
        "benchmark",
        benchmark,
        "Measure decoders and baselines over seeds, beside published results.",
        "recording.h5 --seeds 5 --preset paper --out benchmark",
        "*.h5 --decoders float,pruned,fixed-8 --jobs 8 --storage postgresql://user@host/name",
        "recording.h5 --seeds 1 --decoders float,fixed-8,gru --peers",
    )
    added.add_argument(
        "recordings",
        type=Path,
        nargs="+",
        metavar="RECORDING",
        help="those that `generate --from` made of others are named so in the table",
    )
    added.add_argument("--seeds", type=int, default=5, help="seeds 0, 1, ... (default 5)")
    add_preset(added, PRESETS)
    added.add_argument(
        "--out",
        type=Path,
        default=Path("benchmark"),
        metavar="FOLDER",
        help="keeps every result, so that an interrupted benchmark goes on (default benchmark)",
    )
    added.add_argument(
        "--decoders",
        metavar="NAME,NAME",
        help=f"rows of the table, of {', '.join(SHORT.values())} (default all)",
    )
    added.add_argument(
        "--peers",
        action="store_true",
        help="train HGQ2's QGRU too, and place alkaid's Verilog of it beside the engine on an ECP5 "
        "(seed 0, half an hour a recording; wants the extras peers, rtl and synth)",
    )
    added.add_argument(
        "--jobs", type=int, default=1, metavar="N", help="processes side by side (default 1)"
    )
    _add_storage(added, "benchmark", "machines share, each with the same command")
    add_set(added)


def _add_storage(parser: argparse.ArgumentParser, study: str, shared_by: str) -> None:
    parser.add_argument("--storage", metavar="URL", help=f"database that {shared_by}")
    parser.add_argument("--study", default=study, metavar="NAME", help="name in the storage")
    parser.add_argument(
        "--heartbeat",
        type=int,
        default=HEARTBEAT,
        metavar="SECONDS",
        help="sign of life of a worker; after three missing ones others take its work over",
    )


def sweep(options: argparse.Namespace) -> int:
    from aegru_hw.recordings.layout import open_recording
    from aegru_hw.sweep.space import DEFAULT_SPACE, parse_space
    from aegru_hw.sweep.study import Problem, sweep

    _check_counts(options, "trials", "seeds", "heartbeat")
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
    tried = f"all {summary.combinations} combinations were tried; " if summary.exhausted else ""
    lines = [
        f"{summary.trials} trials; {tried}Pareto front of R² (validation split) and MACs per tick"
    ]
    for row in summary.pareto:
        varied = [
            f"{key}={value:.4g}" if isinstance(value, float) else f"{key}={value}"
            for key, value in row.items()
            if "." in key
        ]
        lines.append(f"  {row['r2']:.4f} {row['macs']:>10,.0f}  {' '.join(varied)}")
    return show(options, summary, "\n".join([*lines, summary.plots]))


def benchmark(options: argparse.Namespace) -> int:
    from aegru_hw.benchmark.benchmark import Sharing, benchmark
    from aegru_hw.benchmark.decoders import PEER, chosen
    from aegru_hw.benchmark.measure import Measurement, case_of
    from aegru_hw.benchmark.table import summarise
    from aegru_hw.benchmark.text import table_text
    from aegru_hw.recordings.layout import open_recording

    _check_counts(options, "seeds", "jobs", "heartbeat")
    sharing = None
    if options.storage is not None:
        sharing = Sharing(options.storage, options.study, options.heartbeat)
    decoders = chosen(options.decoders)
    if options.peers:
        _require_peers()
        decoders = (*decoders, PEER)
    preset = options.preset or DEFAULT_PRESET
    cases = [case_of(str(path), open_recording(path)) for path in options.recordings]
    measurement = Measurement(options.out, preset, tuple(options.set), decoders)
    results = benchmark(
        cases,
        options.seeds,
        measurement,
        jobs=options.jobs,
        sharing=sharing,
        progress=shows_progress(options),
    )
    table = summarise(results, {case.name: case.facts for case in cases}, decoders)
    text = table_text(table, options.seeds)
    if not options.peers:
        return show(options, table, text)
    return _show_peers(options, cases, measurement, table, text)


def _require_peers() -> None:
    """Raise UserError where something of `--peers` is missing; hours later would be late."""
    from aegru_hw.needs.doctor import require

    require(("train", "peers", "rtl", "ecp5"))
    from aegru_hw.peers.backend import keras_on_torch

    keras_on_torch()  # before others import Keras


def _show_peers(
    options: argparse.Namespace,
    cases: "Sequence[Case]",
    measurement: "Measurement",
    table: "Table",
    text: str,
) -> int:
    from aegru_hw.benchmark.peers import measure_peers
    from aegru_hw.benchmark.peers_text import peers_text

    peers = measure_peers(cases, measurement, lambda said: note(options, said))
    return show(options, with_entry(table, "peers", peers), f"{text}\n\n{peers_text(peers)}")


def _check_counts(options: argparse.Namespace, *names: str) -> None:
    for name in names:
        value = getattr(options, name)
        if value < 1:
            raise UserError(f"--{name} is {value}; accepted is a whole number from 1")
