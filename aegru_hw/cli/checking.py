"""Commands that check and show: simulate, verify, report, status, doctor."""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from aegru_hw.cli.beginning import config_of, way_of
from aegru_hw.cli.options import (
    Commands,
    add_every,
    add_firmware,
    add_force,
    add_lanes,
    add_preset,
    add_recording,
    add_run,
    add_seed,
    add_set,
    add_target,
    add_without,
    left_out,
)
from aegru_hw.cli.output import note, show, shows_progress, with_entry
from aegru_hw.cli.paths import check_output, given_recording, recording_path
from aegru_hw.needs.table import NEEDS_OF, ON_REQUEST, USUAL

if TYPE_CHECKING:
    from aegru_hw.runs.options import RunOptions
    from aegru_hw.runs.summary import Verification


def add_commands(commands: Commands) -> None:
    """Add the family's commands."""
    added = commands.add(
        "simulate",
        simulate,
        "Decode a recording with the integer simulator.",
        "my_run recording.h5 --out velocity.npz",
    )
    add_run(added)
    add_recording(added)
    added.add_argument(
        "--out", type=Path, metavar="OUT.npz", help="decoded velocity (O, 2) and its ticks (O,)"
    )
    add_lanes(added, "predict the cycles and energy of an engine")
    add_force(added)

    added = commands.add(
        "verify",
        verify,
        "Compare every execution over the test split, of another recording too.",
        "my_run --json",
        "my_run --without rtl",
        "my_run --board virtual",
    )
    add_run(added)
    add_recording(added, "?", "; the run's own where it is left out")
    add_without(added)
    added.add_argument(
        "--board",
        metavar="PORT",
        help="run a board too: virtual, a simulation of one, or where it is connected (`aegru-hw "
        "board --help`)",
    )

    added = commands.add(
        "report", write_page, "Write RUN/report.html, one page of everything.", "my_run"
    )
    add_run(added)

    added = commands.add(
        "status",
        show_status,
        "Say what of a run is there, stale or missing, and which command is next.",
        "my_run",
    )
    add_run(added)

    added = commands.add(
        "doctor",
        examine,
        "Look for the tools, packages and space that the steps need; exit status 1 where something "
        "is missing.",
        "--for train rtl",
    )
    added.add_argument(
        "--for",
        dest="groups",
        nargs="+",
        choices=tuple(NEEDS_OF),
        metavar="GROUP",
        help=f"of {', '.join(NEEDS_OF)} (default all but {', '.join(ON_REQUEST)})",
    )
    added.add_argument("--out", type=Path, metavar="RUN", help="folder of a run to be made")
    _add_way(added)


def _add_way(added: argparse.ArgumentParser) -> None:
    """Add what `run` would be given, whose options and sizes are then checked too."""
    added.add_argument(
        "--recording", type=Path, metavar="RECORDING", help="check that `run` could go its way"
    )
    add_preset(added)
    add_set(added)
    add_every(added)
    add_seed(added)
    add_firmware(added)
    add_lanes(added, "of that run")
    add_target(added, "of that run")
    add_without(added)


def simulate(options: argparse.Namespace) -> int:
    import numpy as np

    from aegru_hw.cli.texts import energy_line, prediction_lines, rate_words
    from aegru_hw.files import atomic_path
    from aegru_hw.recordings.layout import open_recording
    from aegru_hw.runs.folder import FILES, RunFolder
    from aegru_hw.runs.simulation import simulate

    run, path = RunFolder(options.run_path), recording_path(options)
    if options.out is not None:
        check_output(
            options.out, force=options.force, read=(path, *(run.path / name for name in FILES))
        )
    velocity, ticks, found = simulate(run, open_recording(path), options.lanes)
    lines = [
        f"{found.ticks} ticks, {found.r2}",
        f"{found.outputs} outputs: {rate_words(found.rate)}",
        f"MACs per output: {found.macs['streaming_effective']:.0f} of "
        f"{found.macs['streaming_dense']:.0f} dense streaming, "
        f"{found.macs['reference_dense']:.0f} dense reference",
    ]
    if found.engine is not None:
        lines += prediction_lines(found.engine)
    if found.energy is not None:
        lines.append(energy_line(found.energy))
    if options.out is None:
        return show(options, found, "\n".join(lines))
    with atomic_path(options.out) as temporary, open(temporary, "wb") as file:
        np.savez_compressed(file, velocity=velocity, ticks=ticks)
    return show(options, with_entry(found, "velocity", options.out), "\n".join(lines))


def verify(options: argparse.Namespace) -> int:
    from aegru_hw.cli.texts import summary_lines
    from aegru_hw.runs.folder import RunFolder
    from aegru_hw.runs.verification import verify

    without = left_out(options) or ()
    recording = given_recording(options)
    summary = verify(
        RunFolder(options.run_path),
        recording,
        without=without,
        board=options.board,
        progress=shows_progress(options),
        say=lambda text: note(options, text),
    )
    digest = None if recording is None else recording.content_hash
    if digest is not None and digest in summary.other_recordings:
        return _show_other(options, digest, summary.other_recordings[digest])
    show(options, summary, "\n".join(summary_lines(summary)))
    return 0 if summary.exact else 1


def _show_other(options: argparse.Namespace, digest: str, found: "Verification") -> int:
    """Show what was found over another recording than the run's own."""
    from aegru_hw.cli.texts import verification_lines
    from aegru_hw.recordings.plausibility import remarks_on

    head = f"test split of another recording, {found.source}; the run's own results stay"
    facts = with_entry(found, "recording", digest)
    lines = [head, *verification_lines(found)]
    lines += [f"note: {remark}" for remark in remarks_on(found.r2)]
    show(options, facts, "\n".join(lines))
    predicted = found.cycles is None or found.cycles.predicted_equal
    return 0 if predicted and not any(found.mismatches.values()) else 1


def write_page(options: argparse.Namespace) -> int:
    from aegru_hw.report import write_report
    from aegru_hw.runs.folder import RunFolder

    path = write_report(RunFolder(options.run_path))
    facts = {"path": str(path), "bytes": path.stat().st_size}
    return show(options, facts, f"wrote {path}")


def show_status(options: argparse.Namespace) -> int:
    from aegru_hw.runs.folder import RunFolder
    from aegru_hw.runs.status import status, status_text

    found = status(RunFolder(options.run_path))
    return show(options, found, status_text(found))


def examine(options: argparse.Namespace) -> int:
    from aegru_hw.needs.doctor import diagnosis_text, examine
    from aegru_hw.runs.options import RunOptions

    way = way_of(options)
    diagnosis = examine(options.groups or USUAL, options.out)
    if options.recording is not None or way != RunOptions():
        problems = _problems_of_way(options, way)
        diagnosis = replace(diagnosis, problems=(*diagnosis.problems, *problems))
    show(options, diagnosis, diagnosis_text(diagnosis))
    return 1 if diagnosis.problems else 0


def _problems_of_way(options: argparse.Namespace, way: "RunOptions") -> list[str]:
    """Return what stands in the way of a `run`, tools aside; sizes where there is a recording."""
    from aegru_hw.runs.preflight import problems_of_options, problems_of_sizes

    found = list(problems_of_options(way))
    recording = given_recording(options)
    if found or recording is None:
        return found
    return list(problems_of_sizes(recording, config_of(options), way))
