"""A run's decoder for other programs, in RUN/export or elsewhere."""

from pathlib import Path

from aegru_hw.errors import UserError
from aegru_hw.export.formats import FILES, FORMATS
from aegru_hw.files import atomic_path
from aegru_hw.fixedpoint import load_decoder
from aegru_hw.recordings.recording import load_recording
from aegru_hw.recordings.stream import first_test_ticks
from aegru_hw.runs.folder import RunFolder

VECTOR_TICKS = 1000
"""Of the test split, in the test vectors."""


def export(run: RunFolder, kind: str, out: Path | None = None, *, force: bool = False) -> Path:
    """Write a run's decoder in a format of FORMATS; return the folder, RUN/export/KIND or `out`.

    `force` replaces an export of that format that is there, and nothing else.
    Raises UserError where a package is missing, and for a decoder that the format does not hold.
    """
    with run.held():
        decoder = load_decoder(run.require(run.decoder, "aegru-hw quantize RUN"))
        counts = first_test_ticks(load_recording(run.recording), decoder.geometry, VECTOR_TICKS)
        target = run.export / kind if out is None else out
        _check_free(target, kind, force=force)
        if out is None:
            with run.transaction() as change:
                FORMATS[kind](decoder, counts, change.path(f"export/{kind}"))
        else:
            with atomic_path(out) as folder:
                FORMATS[kind](decoder, counts, folder)
    return target


def _check_free(target: Path, kind: str, *, force: bool) -> None:
    """Refuse a folder that is there, unless `force` is given and it holds such an export alone."""
    if not target.exists() and not target.is_symlink():
        return
    if not force:
        raise UserError(f"{target} exists; --force replaces an export that is there")
    is_ours = (
        target.is_dir()
        and not target.is_symlink()
        and {entry.name for entry in target.iterdir()} <= set(FILES[kind])
    )
    if not is_ours:
        raise UserError(f"{target} holds more than an export to {kind}; choose another folder")
