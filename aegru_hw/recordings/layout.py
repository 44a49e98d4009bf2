"""Telling recordings apart, opening and describing them."""

from pathlib import Path
from typing import Any

import numpy as np

from aegru_hw.errors import UserError
from aegru_hw.recordings.arrays import array_shapes, file_kind
from aegru_hw.recordings.binned import read_binned
from aegru_hw.recordings.hdf5 import open_hdf5
from aegru_hw.recordings.nwb import describe_nwb, read_nwb
from aegru_hw.recordings.nwb_contents import is_nwb
from aegru_hw.recordings.odoherty import is_odoherty, read_odoherty
from aegru_hw.recordings.recording import Recording, is_recording, load_recording

KIND_TEXT = {"hdf5": "MATLAB v7.3 or HDF5", "npz": "NumPy .npz", "mat5": "MATLAB v5"}


def detect_layout(path: str | Path) -> str:
    """Return "recording" (our own), "odoherty", "nwb", or else "hdf5", "npz" or "mat5".

    Raises UserError for a missing file and for any other kind.
    """
    kind = file_kind(path)
    if kind != "hdf5":
        return kind
    with open_hdf5(path) as file:
        if is_recording(file):
            return "recording"
        if is_nwb(file):
            return "nwb"
        return "odoherty" if is_odoherty(file) else kind


def open_recording(path: str | Path, *, units: str | None = None) -> Recording:
    """Read a recording whose layout says all: our own HDF5, O'Doherty's, or an unambiguous NWB.

    `units` is `read_odoherty`'s option ("all" where not given) and refused for our own file, whose
    units were settled when it was made, and for NWB. Raises UserError for any other file, naming
    the command that imports it.
    """
    path = Path(path)
    layout = detect_layout(path)
    if layout == "odoherty":
        return read_odoherty(path, units=units or "all")
    if layout == "recording":
        if units is not None:
            raise UserError(f"{path} has its units already chosen; leave units '{units}' out")
        return load_recording(path)
    if layout == "nwb":
        if units is not None:
            raise UserError(f"{path} is NWB; units '{units}' are for O'Doherty's files")
        return read_nwb(path)
    raise UserError(
        f"{path} is a {KIND_TEXT[layout]} file whose arrays must be named; make a recording of it "
        "with `aegru-hw import FILE OUT.h5 --counts KEY --velocity KEY --tick SECONDS`"
    )


def import_file(
    path: str | Path,
    *,
    counts: str | None = None,
    velocity: str | None = None,
    position: str | None = None,
    reaches: str | None = None,
    reach_base: int | None = None,
    tick_seconds: float | None = None,
    merge: str | None = None,
) -> Recording:
    """Read a file whose arrays the user names: `read_nwb` for NWB, `read_binned` for the others.

    Raises UserError as they do, and for an option that the file's kind needs and lacks, or lacks
    and has.
    """
    path = Path(path)
    if detect_layout(path) == "nwb":
        if reach_base is not None:
            raise UserError("--reach-base is not for NWB, whose intervals are in seconds")
        return read_nwb(
            path,
            counts=counts,
            velocity=velocity,
            position=position,
            reaches=reaches,
            tick_seconds=tick_seconds,
            merge=merge,
        )
    if merge is not None:
        raise UserError(f"--merge is for NWB; {path} has its channels already")
    if counts is None or velocity is None or tick_seconds is None:
        raise UserError(f"--counts, --velocity and --tick are needed to import {path}")
    return read_binned(
        path,
        counts=counts,
        velocity=velocity,
        tick_seconds=tick_seconds,
        position=position,
        reaches=reaches,
        reach_base=reach_base,
    )


def describe(path: str | Path) -> dict[str, Any]:
    """Return what is in a file, in types that JSON has.

    Always `path`, `layout` and `variables` (name to shape). For NWB also `nwb`: its units, series
    and intervals. For a recording also `recording`: the facts of `describe_recording`; for an
    NWB file that leaves a choice `choice` says which. Raises UserError as `open_recording` does
    for damaged files.
    """
    path = Path(path)
    layout = detect_layout(path)
    facts: dict[str, Any] = {
        "path": str(path),
        "layout": layout,
        "variables": {name: list(shape) for name, shape in array_shapes(path).items()},
    }
    if layout in ("recording", "odoherty"):
        facts["recording"] = describe_recording(open_recording(path))
    if layout == "nwb":
        facts["nwb"] = describe_nwb(path)
        try:
            facts["recording"] = describe_recording(read_nwb(path))
        except UserError as error:
            facts["choice"] = str(error)
    return facts


def describe_recording(recording: Recording) -> dict[str, Any]:
    """Return a recording's size, rates (spikes/s a channel), boundaries and velocity range."""
    spikes = recording.counts.sum(axis=0, dtype=np.int64)
    rates = spikes / recording.seconds
    lengths = np.diff(recording.segments)
    return {
        "source": recording.source,
        "sha256": recording.sha256,
        "channels": recording.channels,
        "ticks": recording.ticks,
        "tick_seconds": recording.tick_seconds,
        "seconds": recording.seconds,
        "spikes": int(spikes.sum()),
        "silent_channels": int((spikes == 0).sum()),
        "largest_count": int(recording.counts.max()),
        "rate": _range(rates),
        "segments": len(recording.segment_starts),
        "segment_ticks": {"least": int(lengths.min()), "most": int(lengths.max())},
        "reaches": len(recording.reach_starts),
        "velocity": {
            axis: {
                "least": float(recording.velocity[:, index].min()),
                "most": float(recording.velocity[:, index].max()),
                "standard_deviation": float(recording.velocity[:, index].std()),
            }
            for index, axis in enumerate("xy")
        },
    }


def _range(values: np.ndarray[Any, np.dtype[np.float64]]) -> dict[str, float]:
    return {
        "least": float(values.min()),
        "mean": float(values.mean()),
        "most": float(values.max()),
    }
