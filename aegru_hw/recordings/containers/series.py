"""What an HDF5 file says beside an array of samples: when they were taken, and in which unit."""

from dataclasses import dataclass

import h5py
import numpy as np
from numpy.typing import NDArray

from aegru_hw.errors import UserError
from aegru_hw.recordings.floats import as_floats
from aegru_hw.recordings.hdf5 import find_dataset, read_numbers

REGULAR = "RegularTimeSeries"
MAX_RATE = 1e6
MAX_SECONDS = 1e12
MAX_UNIT = 64
_NO_UNITS = ("", "none", "unknown", "n/a", "unit", "-")


@dataclass(frozen=True)
class Regular:
    """A series that is sampled at a rate: temporaldata's RegularTimeSeries.

    Attributes:
        rate: samples a second.
        begins, ends: (n,), first times of the stretches that were sampled and the times behind
            their last samples. Samples between two stretches only fill the gap.
    """

    rate: float
    begins: NDArray[np.float64]
    ends: NDArray[np.float64]

    def times(self, samples: int) -> NDArray[np.float64]:
        """Return the times of the samples in seconds."""
        return self.begins[0] + np.arange(samples, dtype=np.float64) / self.rate

    def valid(self, samples: int) -> NDArray[np.bool_]:
        """Return which samples were taken, (samples,)."""
        first = np.rint(np.clip((self.begins - self.begins[0]) * self.rate, 0, samples))
        behind = np.rint(np.clip((self.ends - self.begins[0]) * self.rate, 0, samples))
        if len(self.begins) == 1:
            behind[:] = samples  # some writers end the domain with the last sample
        open_ = np.zeros(samples + 1, dtype=np.int64)
        np.add.at(open_, first.astype(np.int64), 1)
        np.add.at(open_, behind.astype(np.int64), -1)
        taken: NDArray[np.bool_] = np.cumsum(open_)[:samples] > 0
        return taken


def regular_series(group: h5py.Group, name: str) -> Regular | None:
    """Return the sampling of a group of HDF5 that is temporaldata's; `name` is of an array in it.

    None where the group is nothing of the kind. Raises UserError where its rate or domain is none.
    """
    if group.attrs.get("object") != REGULAR:
        return None
    rate = group.attrs.get("sampling_rate")
    number = isinstance(rate, int | float | np.integer | np.floating)
    if not (number and 1 / MAX_RATE <= rate <= MAX_RATE):
        raise UserError(f"the sampling_rate of '{name}' is no positive number of samples a second")
    bounds = []
    for key in ("start", "end"):
        dataset = find_dataset(group.file, f"{group.name}/domain/{key}")
        values = read_numbers(dataset, what=f"the domain of '{name}'")
        bounds.append(as_floats(values).ravel())
    begins, ends = bounds
    ordered = len(begins) == len(ends) > 0 and (np.abs([begins, ends]) < MAX_SECONDS).all()
    if not (ordered and (begins <= ends).all() and (begins[1:] >= ends[:-1]).all()):
        raise UserError(f"the domain of '{name}' is no list of stretches in order")
    return Regular(float(rate), begins, ends)


def unit_of(item: h5py.Dataset | h5py.Group) -> str:
    """Return the attribute `unit` or `units` of an array, where it is a word for one."""
    for key in ("unit", "units"):
        unit = plain_unit(item.attrs.get(key))
        if unit:
            return unit
    return ""


def plain_unit(value: object) -> str:
    """Return a unit as a printable word, empty for what is none."""
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
    if not isinstance(text, str) or len(text) > MAX_UNIT or not text.isprintable():
        return ""
    return "" if text.strip().lower() in _NO_UNITS else text.strip()
