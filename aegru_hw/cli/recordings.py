"""Commands about recordings: generate, import, fetch, inspect."""

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path

from aegru_hw.cli.options import Commands, add_force, add_recording
from aegru_hw.cli.output import show, shows_progress
from aegru_hw.cli.paths import check_output, recording_path
from aegru_hw.errors import UserError


def add_commands(commands: Commands) -> None:
    """Add the family's commands."""
    added = commands.add(
        "generate",
        generate,
        "Write a made-up recording in O'Doherty's layout, or one of fine ticks out of coarse bins.",
        "made.mat --channels 96 --seconds 300",
        "fine.h5 --from session.h5 --tick 0.004",
    )
    added.add_argument("out", type=Path, metavar="OUT")
    added.add_argument("--channels", type=int, help="electrodes (default 96)")
    added.add_argument("--seconds", type=float, help="length (default 300)")
    added.add_argument(
        "--from",
        type=Path,
        dest="recording",
        metavar="RECORDING",
        help="place its spikes at random within its bins, and interpolate its velocity",
    )
    added.add_argument(
        "--tick",
        type=float,
        metavar="SECONDS",
        help="with --from: divides its bins (default 0.004)",
    )
    added.add_argument("--seed", type=int, default=0)
    add_force(added)

    added = commands.add(
        "import",
        import_recording,
        "Make a recording of a .mat, .npz or .nwb file whose arrays are named.",
        "stevenson2011.mat out.h5 --counts spikes --velocity handVel:0,1 --tick 0.05",
    )
    added.add_argument("file", type=Path, metavar="FILE")
    added.add_argument("out", type=Path, metavar="OUT.h5")
    _add_import(added)
    add_force(added)

    added = commands.add(
        "fetch",
        fetch,
        "Download published recordings (Zenodo record 583331) by name, where they are on no disk.",
        "indy_20160622_01",
    )
    added.add_argument("names", nargs="+", metavar="NAME", help="such as indy_20160622_01")
    added.add_argument(
        "--mirror", metavar="BASE", help="address that the file names follow (default Zenodo's)"
    )
    add_force(added)

    added = commands.add(
        "inspect",
        inspect,
        "Say what a file offers, and the import line that one would try; look at a recording.",
        "recording.h5",
        "recording.h5 --plot out.html",
    )
    add_recording(added)
    added.add_argument(
        "--plot",
        type=Path,
        metavar="OUT.html",
        help="a page of the recording: spikes, rates, velocity, segments",
    )
    add_force(added)


def _add_import(added: argparse.ArgumentParser) -> None:
    """Add the options that name arrays."""
    selector = "KEY[:rows][@time axis]"
    added.add_argument(
        "--counts",
        metavar=selector,
        help="spikes per bin, KEY,KEY for several areas; in NWB `units` (spike times) or a series",
    )
    added.add_argument(
        "--spikes",
        metavar="TIMES",
        help="instead of --counts: times of spikes in seconds, with --units, or a cell a unit",
    )
    added.add_argument(
        "--units",
        metavar="KEY",
        help="whose spike each of --spikes is; of O'Doherty's files all, sorted or unsorted",
    )
    added.add_argument(
        "--times",
        metavar="KEY",
        help="with --spikes: times of the movement's samples (default those beside it)",
    )
    added.add_argument(
        "--velocity",
        metavar=selector,
        help="two rows, or two arrays VX,VY: x and y",
    )
    added.add_argument(
        "--tick",
        type=float,
        metavar="SECONDS",
        help="bin length (default the file's bin_size; spike times: the movement's or 0.004)",
    )
    added.add_argument(
        "--position",
        metavar=selector,
        help="instead of velocity, which is then its difference; with it, finds breaks; of "
        "O'Doherty's files cursor_pos or finger_pos",
    )
    added.add_argument(
        "--reaches",
        metavar="KEY",
        help="first bin of each reach; times of them for spike times; in NWB intervals",
    )
    added.add_argument("--reach-base", type=int, choices=(0, 1), help="index of the first bin")
    added.add_argument(
        "--rates",
        action=argparse.BooleanOptionalAction,
        help="--counts are spikes per second; --no-rates: counts that look like rates are counts",
    )
    added.add_argument(
        "--channels",
        metavar="LIST",
        help="such as 0:96 (without 96), 3,5 or names ('M1*'); for any file",
    )
    added.add_argument(
        "--drop-silent", action="store_true", help="leave out channels without a spike"
    )
    added.add_argument(
        "--merge",
        choices=("or", "count", "none"),
        help="NWB, O'Doherty: units of one electrode are OR-ed to 0/1 a tick (default up to 4 ms, "
        "as the published benchmark does), their spikes counted (default beyond), or kept apart",
    )
    added.add_argument(
        "--observed",
        choices=("all", "any", "ignore"),
        help="NWB: movement counts where all units are observed (default), any, or everywhere",
    )
    added.add_argument(
        "--bridge",
        type=float,
        metavar="SECONDS",
        help="NWB, spike times: across gaps in the samples of movement up to so long it is "
        "interpolated, longer ones end a segment (default 0.05 in NWB; 1.5 samples or ticks)",
    )


def generate(options: argparse.Namespace) -> int:
    from aegru_hw.recordings.generator import generate as write

    if options.recording is not None:
        return _resample(options)
    if options.tick is not None:
        raise UserError("--tick is for --from RECORDING; a made-up recording has samples of 4 ms")
    check_output(options.out, force=options.force)
    facts = {
        "channels": 96 if options.channels is None else options.channels,
        "seconds": 300.0 if options.seconds is None else options.seconds,
        "seed": options.seed,
    }
    write(options.out, **facts, progress=shows_progress(options))
    return show(options, {"path": str(options.out), **facts}, f"wrote {options.out}")


def _resample(options: argparse.Namespace) -> int:
    from aegru_hw.recordings.layout import open_recording
    from aegru_hw.recordings.resample import resample

    for name in ("channels", "seconds"):
        if getattr(options, name) is not None:
            raise UserError(f"--{name} is not for --from: the recording has its own; leave it out")
    path = recording_path(options)
    check_output(options.out, force=options.force, read=(path,))
    tick_seconds = 0.004 if options.tick is None else options.tick
    made = resample(open_recording(path), tick_seconds, options.seed)
    made.save(options.out)
    facts = {
        "path": str(options.out),
        "source": made.source,
        "ticks": made.ticks,
        "tick_seconds": made.tick_seconds,
        "channels": made.channels,
        "seconds": made.seconds,
        "seed": options.seed,
    }
    return show(options, facts, f"wrote {options.out}, {made.source}")


def import_recording(options: argparse.Namespace) -> int:
    from aegru_hw.recordings.formats import Asked
    from aegru_hw.recordings.import_summary import import_lines, import_summary
    from aegru_hw.recordings.layout import import_with_notes

    check_output(options.out, force=options.force, read=(options.file,))
    asked = Asked(
        counts=options.counts,
        spikes=options.spikes,
        units=options.units,
        velocity=options.velocity,
        position=options.position,
        times=options.times,
        reaches=options.reaches,
        reach_base=options.reach_base,
        tick_seconds=options.tick,
        merge=options.merge,
        rates=options.rates,
        observed=options.observed,
        bridge_seconds=options.bridge,
    )
    imported = import_with_notes(
        options.file, asked, channels=options.channels, drop_silent=options.drop_silent
    )
    imported.recording.save(options.out)
    summary = import_summary(str(options.out), imported)
    return show(options, asdict(summary), "\n".join(import_lines(summary)))


def fetch(options: argparse.Namespace) -> int:
    from aegru_hw.recordings.fetch import fetch

    progress = shows_progress(options)
    paths = {
        name: str(fetch(name, mirror=options.mirror, force=options.force, progress=progress))
        for name in options.names
    }
    return show(options, {"recordings": paths}, "\n".join(paths.values()))


def inspect(options: argparse.Namespace) -> int:
    from aegru_hw.recordings.formats import Asked
    from aegru_hw.recordings.layout import describe, import_with_notes

    path = recording_path(options)
    if options.plot is not None:
        check_output(options.plot, force=options.force, read=(path,))
    facts = describe(path)
    if options.plot is not None:
        from aegru_hw.report.look import write_look

        imported = import_with_notes(path, Asked())
        write_look(imported.recording, options.plot, imported.notes)
        facts = {"plot": str(options.plot), **facts}
    return show(options, facts, "\n".join(_outline(facts)))


def _outline(facts: Mapping[str, object], indent: str = "") -> Iterator[str]:
    """Yield nested facts as indented lines."""
    for key, value in facts.items():
        if isinstance(value, Mapping):
            yield f"{indent}{key}"
            yield from _outline(value, indent + "  ")
        elif isinstance(value, list) and value and all(isinstance(one, str) for one in value):
            yield f"{indent}{key}"
            yield from (f"{indent}  {one}" for one in value)
        else:
            yield f"{indent}{key}: {value}"
