"""Commands about recordings: generate, import, fetch, inspect."""

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path

from aegru_hw.cli.options import Commands, add_force, add_recording
from aegru_hw.cli.output import show, shows_progress
from aegru_hw.cli.paths import check_output, recording_path


def add_commands(commands: Commands) -> None:
    """Add the family's commands."""
    added = commands.add(
        "generate",
        generate,
        "Write a made-up recording in O'Doherty's layout.",
        "made.mat --channels 96 --seconds 300",
    )
    added.add_argument("out", type=Path, metavar="OUT.mat")
    added.add_argument("--channels", type=int, default=96, help="electrodes (default 96)")
    added.add_argument("--seconds", type=float, default=300.0, help="length (default 300)")
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

    added = commands.add("inspect", inspect, "Say what a file offers.", "recording.h5")
    add_recording(added)


def _add_import(added: argparse.ArgumentParser) -> None:
    """Add the options that name arrays."""
    selector = "KEY[:rows][@time axis]"
    added.add_argument(
        "--counts",
        metavar=selector,
        help="spikes per bin; in NWB `units` (spike times) or a series",
    )
    added.add_argument(
        "--velocity", metavar=selector, help="two rows: x and y; in NWB two columns or two series"
    )
    added.add_argument(
        "--tick",
        type=float,
        metavar="SECONDS",
        help="bin length (NWB: default the movement's interval, at least 0.004)",
    )
    added.add_argument(
        "--position",
        metavar=selector,
        help="finds breaks, with the velocity; in NWB instead of it: velocity is its difference",
    )
    added.add_argument(
        "--reaches",
        metavar="KEY",
        help="first bin of each reach; in NWB intervals (default trials)",
    )
    added.add_argument("--reach-base", type=int, choices=(0, 1), help="index of the first bin")
    added.add_argument(
        "--merge",
        choices=("or", "count", "none"),
        help="NWB: units of one electrode are OR-ed to 0/1 a tick (default up to 4 ms, as the "
        "published benchmark does), their spikes counted (default beyond), or kept apart",
    )


def generate(options: argparse.Namespace) -> int:
    from aegru_hw.recordings.generator import generate as write

    check_output(options.out, force=options.force)
    write(
        options.out,
        channels=options.channels,
        seconds=options.seconds,
        seed=options.seed,
        progress=shows_progress(options),
    )
    facts = {
        "path": str(options.out),
        "channels": options.channels,
        "seconds": options.seconds,
        "seed": options.seed,
    }
    return show(options, facts, f"wrote {options.out}")


def import_recording(options: argparse.Namespace) -> int:
    from aegru_hw.recordings.layout import import_file

    check_output(options.out, force=options.force, read=(options.file,))
    recording = import_file(
        options.file,
        counts=options.counts,
        velocity=options.velocity,
        tick_seconds=options.tick,
        position=options.position,
        reaches=options.reaches,
        reach_base=options.reach_base,
        merge=options.merge,
    )
    recording.save(options.out)
    facts = {
        "path": str(options.out),
        "ticks": recording.ticks,
        "channels": recording.channels,
        "tick_seconds": recording.tick_seconds,
        "segments": len(recording.segment_starts),
        "reaches": len(recording.reach_starts),
    }
    text = (
        f"wrote {options.out}: {recording.ticks} ticks of {recording.tick_seconds:g} s, "
        f"{recording.channels} channels, {facts['segments']} segments, {facts['reaches']} reaches"
    )
    return show(options, facts, text)


def fetch(options: argparse.Namespace) -> int:
    from aegru_hw.recordings.fetch import fetch

    progress = shows_progress(options)
    paths = {
        name: str(fetch(name, mirror=options.mirror, force=options.force, progress=progress))
        for name in options.names
    }
    return show(options, {"recordings": paths}, "\n".join(paths.values()))


def inspect(options: argparse.Namespace) -> int:
    from aegru_hw.recordings.layout import describe

    facts = describe(recording_path(options))
    return show(options, facts, "\n".join(_outline(facts)))


def _outline(facts: Mapping[str, object], indent: str = "") -> Iterator[str]:
    """Yield nested facts as indented lines."""
    for key, value in facts.items():
        if isinstance(value, Mapping):
            yield f"{indent}{key}"
            yield from _outline(value, indent + "  ")
        else:
            yield f"{indent}{key}: {value}"
