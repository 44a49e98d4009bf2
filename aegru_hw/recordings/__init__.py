"""Recordings: readers, the generator, splits, windows and the tick stream."""

from aegru_hw.recordings.binned import read_binned
from aegru_hw.recordings.generator import generate
from aegru_hw.recordings.layout import describe, open_recording
from aegru_hw.recordings.nwb import read_nwb
from aegru_hw.recordings.odoherty import read_odoherty
from aegru_hw.recordings.r2 import R2, r2_score
from aegru_hw.recordings.recording import Recording, load_recording
from aegru_hw.recordings.splits import Split, split
from aegru_hw.recordings.stream import TickStream

__all__ = [
    "R2",
    "Recording",
    "Split",
    "TickStream",
    "describe",
    "generate",
    "load_recording",
    "open_recording",
    "r2_score",
    "read_binned",
    "read_nwb",
    "read_odoherty",
    "split",
]
