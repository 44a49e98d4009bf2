"""Formats of recordings: one a module, all listed in `FORMATS`."""

from pathlib import Path

from aegru_hw.recordings.containers import container_of
from aegru_hw.recordings.formats.arrays import Arrays
from aegru_hw.recordings.formats.format import Asked, Format
from aegru_hw.recordings.formats.nwb import Nwb
from aegru_hw.recordings.formats.odoherty import ODoherty
from aegru_hw.recordings.formats.own import Own
from aegru_hw.recordings.formats.temporaldata import TemporalData
from aegru_hw.recordings.zarr_store import is_zarr

__all__ = ["FORMATS", "Asked", "Format", "format_of"]

NWB = Nwb()
FORMATS: tuple[Format, ...] = (Own(), NWB, TemporalData(), ODoherty(), Arrays())
"""The formats in the order in which they are tried; the last takes any file with arrays."""


def format_of(path: Path) -> Format:
    """Return the format of a file; UserError for none and for no file."""
    if is_zarr(path):
        return NWB
    kind = container_of(path).kind
    return next(form for form in FORMATS if form.sniff(path, kind))
