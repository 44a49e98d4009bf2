"""The recordings that commands read, and the files that they write."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from aegru_hw.cli.output import shows_progress
from aegru_hw.errors import UserError
from aegru_hw.files import refuse_same_file

if TYPE_CHECKING:
    from aegru_hw.recordings.recording import Recording


def recording_path(options: argparse.Namespace) -> Path:
    """Return where the recording lies that is given by path or by published name."""
    from aegru_hw.recordings.fetch import recording_path

    return recording_path(options.recording, progress=shows_progress(options))


def given_recording(options: argparse.Namespace) -> "Recording | None":
    """Return the recording that is given; None where none is."""
    from aegru_hw.recordings.layout import open_recording

    return None if options.recording is None else open_recording(recording_path(options))


def check_output(path: Path, *, force: bool, read: tuple[Path, ...] = ()) -> None:
    """Refuse to overwrite a file unless told to, and one that is read in any case."""
    for source in read:
        refuse_same_file(source, path)
    if path.exists() and not force:
        raise UserError(f"{path} exists; --force replaces it")
