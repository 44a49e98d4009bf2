"""Units of an NWB file: spike times, electrodes, and when each was observed."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from aegru_hw.errors import UserError
from aegru_hw.recordings.floats import Floats
from aegru_hw.recordings.nwb_numbers import Integers, ragged, whole

MAX_UNITS = 2**16
NOWHERE = -1
"""The electrode of a unit that has none."""


@dataclass(frozen=True)
class Units:
    """Sorted units or threshold crossings.

    Attributes:
        times: all spike times in seconds, unit after unit.
        ends: (U,), where in `times` each unit ends.
        electrodes: (U,), row of the electrode that each came from, NOWHERE where a unit has none;
            None where the file says of none, or was not asked.
        electrode_names: name of each row of the electrodes table.
        observed: for each unit the intervals (n, 2) in which it was observed; empty where not said.
    """

    times: Floats
    ends: Integers
    electrodes: Integers | None
    electrode_names: tuple[str, ...]
    observed: list[Floats]

    def __len__(self) -> int:
        return len(self.ends)

    def trains(self) -> list[Floats]:
        """Return each unit's spike times, sorted."""
        return [np.sort(train) for train in np.split(self.times, self.ends[:-1])]


def unit_count(file: Any) -> int:
    """Return the number of units with spike times in pynwb's open file."""
    units = file.units
    return 0 if units is None or "spike_times" not in units.colnames else len(units)


def read_units(file: Any, name: str, *, electrodes: bool) -> Units:
    """Read the units, with their electrodes where asked; `name` is the file's.

    Raises UserError where there are no units or their table is damaged.
    """
    count = unit_count(file)
    if not 0 < count <= MAX_UNITS:
        raise UserError(f"{name} has {count} units; 1 to {MAX_UNITS} are accepted")
    table = file.units
    times, ends = ragged(table, "spike_times", count, 1)
    observed: list[Floats] = []
    if "obs_intervals" in table.colnames:
        bounds, rows = ragged(table, "obs_intervals", count, 2)
        if bounds.shape[1] != 2:
            raise UserError(f"'obs_intervals' of {name} has shape {bounds.shape}; (n, 2) is needed")
        observed = np.split(bounds, rows[:-1])
    if electrodes and "electrodes" in table.colnames and file.electrodes is not None:
        return Units(times, ends, *_electrodes(file, count, name), observed)
    return Units(times, ends, None, (), observed)


def _electrodes(file: Any, count: int, name: str) -> tuple[Integers | None, tuple[str, ...]]:
    names = tuple(
        f"electrode {number}" for number in whole(file.electrodes.id.data, "electrode numbers")
    )
    rows, ends = ragged(file.units, "electrodes", count, 1)
    starts = np.concatenate([[0], ends[:-1]])
    known = starts < ends
    if not known.any():
        return None, ()
    electrodes = np.full(count, NOWHERE, dtype=np.int64)
    first = rows[starts[known]]
    if np.any(first != np.rint(first)) or first.min() < 0 or first.max() >= len(names):
        raise UserError(f"a unit of {name} has an electrode that is not listed; try --merge none")
    electrodes[known] = first.astype(np.int64)
    return electrodes, names
