"""Telling recordings apart, opening, importing and describing them."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from aegru_hw.recordings.channels import select_channels
from aegru_hw.recordings.containers import container_of, open_container
from aegru_hw.recordings.formats import Asked, format_of
from aegru_hw.recordings.imported import Imported
from aegru_hw.recordings.likely import check_plausible
from aegru_hw.recordings.recording import Recording


def detect_layout(path: str | Path) -> str:
    """Return the name of a file's format, or else the kind of its container.

    "recording" (our own), "odoherty", "nwb" or "temporaldata"; "hdf5", "npz", "npy", "mat5" or
    "mat4". Raises UserError for a missing file and for any other kind.
    """
    path = Path(path)
    name = format_of(path).name
    return container_of(path).kind if name == "arrays" else name


def open_recording(path: str | Path, *, units: str | None = None) -> Recording:
    """Read a recording whose layout says all.

    That is our own HDF5, O'Doherty's, temporaldata's, or an unambiguous NWB. `units` is
    `read_odoherty`'s option ("all" where not given) and refused for our own file, whose units were
    settled when it was made, and for the others. Raises UserError for any other file, naming the
    command that imports it.
    """
    path = Path(path)
    return format_of(path).open(path, units)


def import_file(path: str | Path, **options: Any) -> Recording:
    """Read a file as the user asks; the options are those of `Asked` and `select_channels`."""
    channels = options.pop("channels", None)
    drop_silent = options.pop("drop_silent", False)
    asked = Asked(**options)
    return import_with_notes(path, asked, channels=channels, drop_silent=drop_silent).recording


def import_with_notes(
    path: str | Path, asked: Asked, *, channels: str | None = None, drop_silent: bool = False
) -> Imported:
    """Read a file as the user asks, and only some of its channels (`select_channels`).

    Where nothing is asked, the file is read as `open_recording` does. Raises UserError as the
    file's format does, and for an option that it needs and lacks, or lacks and has.
    """
    path = Path(path)
    imported = format_of(path).read(path, asked)
    whole = imported.recording
    recording = select_channels(whole, channels, drop_silent=drop_silent)
    notes = imported.notes
    if recording.channels < whole.channels:
        notes += (f"{recording.channels} of {whole.channels} channels were kept",)
    odd: list[str] = []
    check_plausible(recording, odd.append)
    return replace(imported, recording=recording, notes=(*notes, *odd))


def describe(path: str | Path) -> dict[str, Any]:
    """Return what is in a file, in types that JSON has.

    Always `path`, `layout` and `variables` (name to shape; null for a length that differs from
    trial to trial). For NWB also `nwb`: its units, series and intervals. For a recording also
    `recording` (`facts_of`); for a file that leaves a choice `choice` says which. For any file but
    our own, last, `guessed`, the reason for each part of the command that one would try, and
    `import`, that command, which was tried; where nothing could be guessed it has KEY or NAME for
    what is to be named. Raises UserError as `open_recording` does for damaged files.
    """
    path = Path(path)
    shapes = {} if path.is_dir() else open_container(path).shapes()
    return {
        "path": str(path),
        "layout": detect_layout(path),
        "variables": {name: list(shape) for name, shape in shapes.items()},
        **format_of(path).describe(path),
    }
