"""A recording: spike counts and velocity on one grid of ticks."""

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import h5py
import numpy as np
from numpy.typing import NDArray

from aegru_hw.errors import UserError
from aegru_hw.fixedpoint.counts import Counts
from aegru_hw.hdf5 import new_hdf5
from aegru_hw.recordings.fields import (
    as_counts,
    as_names,
    as_starts,
    as_velocity,
    check_printable,
    check_tick_seconds,
)
from aegru_hw.recordings.hdf5 import find_dataset, open_hdf5, read_numbers

FORMAT = "aegru-hw recording"
SCHEMA_VERSION = 1
MAX_NAMES_BYTES = 2**22

IN_PYTHON = "made in Python"


@dataclass(frozen=True, eq=False, repr=False)
class Recording:
    """Spike counts of T ticks on C channels, with the velocity to decode.

    Attributes:
        counts: (T, C), spikes per tick and channel, uint8 or uint16.
        velocity: (T, 2), x and y, in the source's own unit.
        tick_seconds: length of one tick in seconds.
        segment_starts: (S,), first tick of each segment, first 0, strictly increasing; no window
            reaches across one.
        reach_starts: (R,), first tick of each reach, first 0, never decreasing (a reach without
            ticks counts as a reach, as in the published split); empty where reaches are unknown.
        channel_names: C names; "channel 0" and so on where none are given.
        source: name of the file that the recording was read from.
        sha256: SHA-256 of that file in hexadecimal, empty where there was no file.

    Two recordings are equal where every field is (`content_hash`).

    The arrays given are checked and, where needed, converted to these types. Raises UserError for
    counts that are negative, not whole, not finite or above 65535, for velocity that is not
    finite, for shapes that do not belong together, for boundaries out of order, and for names that
    are not printable.

    >>> counts = np.array([[0, 2], [1, 0], [0, 0]])
    >>> velocity = np.array([[0.0, 1.5], [0.5, 1.0], [1.0, 0.5]])
    >>> recording = Recording(counts, velocity, tick_seconds=0.02)
    >>> recording
    Recording('made in Python', 3 ticks of 20 ms, 2 channels, 1 segment, 0 reaches)
    >>> recording.channel_names
    ('channel 0', 'channel 1')
    >>> recording == Recording(counts, velocity, tick_seconds=0.02)
    True
    >>> Recording(counts - 1, velocity, tick_seconds=0.02)
    Traceback (most recent call last):
        ...
    aegru_hw.errors.UserError: count -1 at tick 0, channel 0 is not a spike count; ...
    """

    counts: Counts
    velocity: NDArray[np.float64]
    tick_seconds: float
    segment_starts: NDArray[np.int64] = field(default_factory=lambda: np.zeros(1, np.int64))
    reach_starts: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    channel_names: tuple[str, ...] = ()
    source: str = IN_PYTHON
    sha256: str = ""

    def __post_init__(self) -> None:
        counts = as_counts(self.counts)
        ticks = len(counts)
        _set(self, "counts", counts)
        _set(self, "velocity", as_velocity(self.velocity, ticks))
        _set(self, "tick_seconds", check_tick_seconds(self.tick_seconds))
        segments = as_starts(self.segment_starts, ticks, "segment")
        if len(segments) == 0:
            raise UserError("segment_starts is empty; the first segment starts at tick 0")
        if np.any(np.diff(segments) == 0):
            raise UserError("segment_starts has one tick twice; give strictly increasing ticks")
        _set(self, "segment_starts", segments)
        _set(self, "reach_starts", as_starts(self.reach_starts, ticks, "reach"))
        check_printable(self.source, "source")
        check_printable(self.sha256, "sha256")
        _set(self, "channel_names", as_names(self.channel_names, counts.shape[1]))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Recording):
            return NotImplemented
        return self is other or self.content_hash == other.content_hash

    def __hash__(self) -> int:
        return hash(self.content_hash)

    def __repr__(self) -> str:
        segments, reaches = len(self.segment_starts), len(self.reach_starts)
        return (
            f"Recording({self.source!r}, {_counted(self.ticks, 'tick')} of "
            f"{self.tick_seconds * 1000:g} ms, {_counted(self.channels, 'channel')}, "
            f"{_counted(segments, 'segment')}, {_counted(reaches, 'reach', 'es')})"
        )

    @property
    def ticks(self) -> int:
        """Number of ticks T."""
        return len(self.counts)

    @property
    def channels(self) -> int:
        """Number of channels C."""
        return int(self.counts.shape[1])

    @property
    def seconds(self) -> float:
        """Length of the recording in seconds."""
        return self.ticks * self.tick_seconds

    @property
    def segments(self) -> NDArray[np.int64]:
        """First tick and end (exclusive) of each segment, (S, 2)."""
        return ranges(self.segment_starts, self.ticks)

    @property
    def reaches(self) -> NDArray[np.int64]:
        """First tick and end (exclusive) of each reach, (R, 2)."""
        return ranges(self.reach_starts, self.ticks)

    @property
    def content_hash(self) -> str:
        """SHA-256 in hexadecimal over every field, with the type and shape of each array."""
        digest = hashlib.sha256()
        facts = [self.tick_seconds.hex(), self.source, self.sha256, list(self.channel_names)]
        digest.update(json.dumps(facts).encode())
        for name in ("counts", "velocity", "segment_starts", "reach_starts"):
            array = getattr(self, name)
            digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
            digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a recording that `save` wrote; UserError as `load_recording` says."""
        return cls(**vars(load_recording(path)))

    def save(self, path: str | Path) -> None:
        """Write the recording as an HDF5 file that `load_recording` reads.

        Root attributes: `format` = "aegru-hw recording", `schema_version` = 1, `tick_seconds`
        (float64), `source`, `sha256`, `checksum` (`content_hash`). Arrays: `counts` (T, C) uint8
        or uint16, `velocity` (T, 2) float64, `segment_starts` (S,) int64, `reach_starts` (R,)
        int64, `channel_names` (bytes of a JSON list in UTF-8) uint8.
        """
        with new_hdf5(path) as file:
            file.attrs["format"] = FORMAT
            file.attrs["schema_version"] = SCHEMA_VERSION
            file.attrs["tick_seconds"] = self.tick_seconds
            file.attrs["source"] = self.source
            file.attrs["sha256"] = self.sha256
            file.attrs["checksum"] = self.content_hash
            for name in ("counts", "velocity"):
                file.create_dataset(
                    name, data=getattr(self, name), compression="gzip", shuffle=True
                )
            file["segment_starts"] = self.segment_starts
            file["reach_starts"] = self.reach_starts
            names = json.dumps(list(self.channel_names), ensure_ascii=False).encode()
            file["channel_names"] = np.frombuffer(names, dtype=np.uint8)


def load_recording(path: str | Path) -> Recording:
    """Read a recording that `Recording.save` wrote.

    Raises UserError for a missing file, one of another kind or schema version, and for one whose
    arrays do not have the declared types and shapes or do not match the checksum.
    """
    path = Path(path)
    with open_hdf5(path) as file:
        if not is_recording(file):
            raise UserError(f"{path} is not an {FORMAT}; make one with `aegru-hw import`")
        version = _number(file, "schema_version")
        if version != SCHEMA_VERSION:
            raise UserError(
                f"{path} has schema version {version:g}; this program reads {SCHEMA_VERSION}"
            )
        _check_declared(file)
        recording = Recording(
            counts=_read(file, "counts"),
            velocity=_read(file, "velocity"),
            tick_seconds=_number(file, "tick_seconds"),
            segment_starts=_read(file, "segment_starts"),
            reach_starts=_read(file, "reach_starts"),
            channel_names=_read_names(file),
            source=_text(file, "source"),
            sha256=_text(file, "sha256"),
        )
        if recording.content_hash != _text(file, "checksum"):
            raise UserError(f"{path} does not match its checksum; it was damaged or altered")
    return recording


def is_recording(file: h5py.File) -> bool:
    """Tell whether an open HDF5 file declares itself an aegru-hw recording."""
    return "format" in file.attrs and _text(file, "format") == FORMAT


def ranges(starts: NDArray[np.int64], ticks: int) -> NDArray[np.int64]:
    """Return (n, 2) first tick and end of the n stretches that begin at `starts`."""
    return np.stack([starts, np.append(starts[1:], ticks)[: len(starts)]], axis=1)


def _counted(number: int, one: str, plural: str = "s") -> str:
    return f"{number:,} {one}{'' if number == 1 else plural}"


def _set(recording: Recording, name: str, value: object) -> None:
    object.__setattr__(recording, name, value)


def _read(file: h5py.File, name: str) -> NDArray[Any]:
    return read_numbers(find_dataset(file, name), what=f"'{name}'")


def _check_declared(file: h5py.File) -> None:
    declared = {
        "counts": (2, (np.uint8, np.uint16)),
        "velocity": (2, (np.float64,)),
        "segment_starts": (1, (np.int64,)),
        "reach_starts": (1, (np.int64,)),
        "channel_names": (1, (np.uint8,)),
    }
    for name, (dimensions, types) in declared.items():
        dataset = find_dataset(file, name)
        if len(dataset.shape or ()) != dimensions or dataset.dtype not in types:
            raise UserError(
                f"'{name}' of {Path(file.filename).name} is {dataset.dtype} {dataset.shape}; "
                "the file is damaged"
            )


def _read_names(file: h5py.File) -> tuple[str, ...]:
    dataset = find_dataset(file, "channel_names")
    text = read_numbers(dataset, what="'channel_names'", max_bytes=MAX_NAMES_BYTES).tobytes()
    try:
        names = json.loads(text.decode())
    except (ValueError, RecursionError):
        names = None
    if not isinstance(names, list):
        raise UserError("'channel_names' is not a JSON list; the file is damaged")
    return tuple(names)


def _text(file: h5py.File, name: str) -> str:
    value = file.attrs.get(name)
    if not isinstance(value, str):
        raise UserError(f"attribute '{name}' of {Path(file.filename).name} is missing or no text")
    return value


def _number(file: h5py.File, name: str) -> float:
    value = file.attrs.get(name)
    if not isinstance(value, (np.integer, np.floating)):
        raise UserError(f"attribute '{name}' of {Path(file.filename).name} is missing or no number")
    return float(value)
