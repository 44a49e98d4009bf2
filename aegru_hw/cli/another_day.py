"""Commands for another day's decoder on the same hardware: recalibrate, drift, fits."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from aegru_hw.cli.options import TARGET_NAMES, Commands, add_force, add_recording, add_run
from aegru_hw.cli.output import note, show, shows_progress, with_entry
from aegru_hw.cli.paths import recording_path
from aegru_hw.cli.texts import r2_lines
from aegru_hw.drift.columns import COLUMNS, USUAL
from aegru_hw.errors import UserError
from aegru_hw.recalibration.names import ALL, AUTO, METHODS

if TYPE_CHECKING:
    from aegru_hw.recordings.r2 import R2
    from aegru_hw.recordings.recording import Recording
    from aegru_hw.runs.folder import RunFolder

ACCEPTED = (AUTO, *METHODS)
NOTHING, SESSION = "minutes", "session"
WHOLE = "session"


def add_commands(commands: Commands) -> None:
    """Add the family's commands."""
    added = commands.add(
        "recalibrate",
        recalibrate,
        "Make of a run's decoder that of another day, from the first minutes of its recording; "
        "number formats stay, and the schedule has room for it: it loads into the same bitstream.",
        "my_run tuesday.h5 --out tuesday_run",
        "my_run tuesday.h5 --out tuesday_run --minutes 1 --method statistics",
        "my_run tuesday.h5 --out tuesday_run --minutes session",
    )
    add_run(added)
    add_recording(added)
    added.add_argument("--out", type=Path, required=True, metavar="RUN2")
    added.add_argument(
        "--minutes",
        type=minutes,
        default=2.0,
        metavar="M",
        help="of the recording's beginning (default 2), before its test split; `session` trains on "
        "all before it, together with the sessions of the days before",
    )
    added.add_argument(
        "--method",
        choices=ACCEPTED,
        default=AUTO,
        help="statistics: the features' mean and spread put right, without labels; encoder: the "
        "first layer fine-tuned; all: all layers; auto (default): the best by validation within "
        "the minutes",
    )
    added.add_argument(
        "--compare",
        action="append",
        default=[],
        choices=(NOTHING, SESSION),
        help="train decoders from nothing too, on the same minutes or on the whole session, and "
        "say their R²; takes as long as training",
    )
    add_force(added)

    added = commands.add(
        "drift",
        drift,
        "How a decoder ages over sessions in order of days, and what recalibration gives back: a "
        "table and a page. After each session the decoder is trained on all until then and carried "
        "on.",
        "my_run tuesday.h5 wednesday.h5 --out my_drift",
        "my_run *.h5 --seeds 3 --jobs 2 --column unchanged --column 'recalibrated, 2 min'",
    )
    add_run(added)
    added.add_argument("recordings", type=Path, nargs="+", metavar="RECORDING")
    added.add_argument(
        "--out",
        type=Path,
        default=Path("drift"),
        metavar="DRIFT",
        help="keeps every result, so that an interrupted drift goes on (default drift)",
    )
    added.add_argument("--seeds", type=int, default=1, help="seeds 0, 1, ... (default 1)")
    added.add_argument(
        "--jobs", type=int, default=1, metavar="N", help="processes side by side (default 1)"
    )
    added.add_argument(
        "--method", choices=ACCEPTED, default=ALL, help="of recalibration (default all)"
    )
    added.add_argument(
        "--column",
        action="append",
        choices=COLUMNS,
        metavar="NAME",
        help=f"of the table, may be given again: {'; '.join(COLUMNS)} (default {'; '.join(USUAL)})",
    )
    added.add_argument(
        "--anew",
        type=Path,
        metavar="FOLDER",
        help="of a benchmark that has the sessions' decoders trained anew, or is to have them "
        "(default DRIFT/anew)",
    )

    added = commands.add(
        "fits",
        fits,
        "Tell whether a decoder loads into the engine and the bitstreams of a run as they are; "
        "exit status 1 where not.",
        "monday/decoder.h5 my_run",
        "monday/decoder.h5 my_run --target ecp5-25k",
    )
    added.add_argument("decoder", type=Path, metavar="DECODER")
    added.add_argument("run_path", type=Path, metavar="BITSTREAM_RUN")
    added.add_argument("--target", metavar="T", help=f"only on this one of {TARGET_NAMES}")


def minutes(text: str) -> float | None:
    """Return the minutes that are asked for, None for all; ValueError for what is no number."""
    if text == WHOLE:
        return None
    value = float(text)
    if not 0 < value < 1e4:
        raise ValueError(text)
    return value


def recalibrate(options: argparse.Namespace) -> int:
    from aegru_hw.recordings.layout import open_recording
    from aegru_hw.runs.folder import RunFolder
    from aegru_hw.runs.recalibration import recalibrate_run
    from aegru_hw.runs.results import RECALIBRATION, Recalibration
    from aegru_hw.strict_json import read_json

    if options.minutes is None and (options.method != AUTO or NOTHING in options.compare):
        raise UserError("--minutes session trains all layers; leave --method out")
    parent, run = RunFolder(options.run_path), RunFolder(options.out)
    recording = open_recording(recording_path(options))
    recalibrate_run(
        parent,
        recording,
        run,
        minutes=options.minutes,
        method=options.method,
        force=options.force,
        say=lambda text: note(options, text),
    )
    found = read_json(run.results / RECALIBRATION, Recalibration)
    others = _others(options, recording, parent)
    lines = [f"R² on the test split of {recording.source}"]
    lines += r2_lines(
        {"unchanged": found.r2["unchanged"], "recalibrated": found.r2["quantised"]}, 20
    )
    lines += r2_lines(others, 20)
    tried = ", ".join(
        f"{name} {'-' if r2 is None else f'{r2:.3f}'}" for name, r2 in found.validation.items()
    )
    lines.append(f"method {found.method}" + (f" (R² within the minutes: {tried})" if tried else ""))
    lines.append(f"{found.seconds:.1f} s; {run.path}")
    return show(options, with_entry(found, "others", others), "\n".join(lines))


def _others(
    options: argparse.Namespace, recording: "Recording", run: "RunFolder"
) -> "dict[str, R2]":
    """Return R² of decoders that are trained from nothing, those that were asked for."""
    from aegru_hw.decoder.config import Config
    from aegru_hw.decoder.data import Dataset
    from aegru_hw.recalibration.minutes import first_minutes
    from aegru_hw.recalibration.others import trained_from_nothing

    config, found = Config.load(run.config), {}
    for name in dict.fromkeys(options.compare):
        note(options, f"training from nothing on the {name}")
        dataset = (
            Dataset.from_recording(recording, config)
            if name == SESSION
            else first_minutes(recording, config, options.minutes)
        )
        found[f"from nothing, {name}"] = trained_from_nothing(dataset, config)
    return found


def drift(options: argparse.Namespace) -> int:
    from aegru_hw.benchmark.measure import case_of
    from aegru_hw.drift.drift import drift
    from aegru_hw.drift.measure import DriftMeasurement
    from aegru_hw.drift.page import write_page
    from aegru_hw.drift.table import summarise
    from aegru_hw.drift.text import table_text
    from aegru_hw.recordings.layout import open_recording

    for name in ("seeds", "jobs"):
        if getattr(options, name) < 1:
            raise UserError(f"--{name} is {getattr(options, name)}; accepted is 1 and more")
    columns = tuple(name for name in COLUMNS if name in (options.column or USUAL))
    cases = [case_of(str(path), open_recording(path)) for path in options.recordings]
    results = drift(
        cases,
        options.seeds,
        DriftMeasurement(
            options.out,
            options.run_path,
            options.anew or options.out / "anew",
            columns,
            options.method,
        ),
        jobs=options.jobs,
        progress=shows_progress(options),
    )
    table = summarise(results, columns)
    page = write_page(options.out, table, options.run_path, options.seeds)
    return show(options, table, f"{table_text(table, options.seeds)}\n{page}")


def fits(options: argparse.Namespace) -> int:
    from aegru_hw.fixedpoint import load_decoder
    from aegru_hw.runs.fitting import fits
    from aegru_hw.runs.folder import RunFolder

    found = fits(load_decoder(options.decoder), RunFolder(options.run_path), options.target)
    lines = []
    for fit in found:
        lines.append(f"{fit.engine}, {fit.lanes} lanes: {'yes' if fit.fits else 'no'}")
        lines += [f"  {reason}" for reason in fit.because]
        if fit.bitstream_sha256 is not None:
            lines.append(f"  bitstream SHA-256 {fit.bitstream_sha256}")
    show(options, found, "\n".join(lines))
    return 0 if all(fit.fits for fit in found) else 1
