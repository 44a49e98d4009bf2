"""What an NWB 2 file offers: its time series, its units and its intervals."""

import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from aegru_hw.errors import UserError
from aegru_hw.recordings.hdf5 import open_hdf5, read_numbers
from aegru_hw.recordings.recording import MAX_TEXT

MAX_UNITS = 2**16
MAX_SERIES_BYTES = 2**31

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Series:
    """A time series of the file, not yet read.

    Attributes:
        name: where it stands, such as "behavior/Velocity/cursor_vel".
        shape: of its data, time first.
        whole_numbers: its data are integers.
        container: pynwb's own object.
    """

    name: str
    shape: tuple[int, ...]
    whole_numbers: bool
    container: Any

    def times(self) -> Floats:
        """Return the time of each sample in seconds, (T,), strictly increasing."""
        length = self.shape[0]
        if 8 * length > MAX_SERIES_BYTES:
            raise UserError(f"'{self.name}' has {length} samples; that is too many to read")
        if self.container.timestamps is not None:
            times = _numbers(self.container.timestamps, f"timestamps of '{self.name}'", 1)
        else:
            start, rate = self.container.starting_time, self.container.rate
            start = 0.0 if start is None else float(start)
            if rate is None or not (math.isfinite(rate) and rate > 0 and math.isfinite(start)):
                raise UserError(f"'{self.name}' has rate {rate}; a positive number is needed")
            times = start + np.arange(length, dtype=np.float64) / float(rate)
        if len(times) != length:
            raise UserError(f"'{self.name}' has {length} samples and {len(times)} timestamps")
        if not (np.isfinite(times).all() and (np.diff(times) > 0).all()):
            raise UserError(f"'{self.name}' has timestamps that are not finite and increasing")
        return times

    def columns(self) -> Floats:
        """Return the data in the series' own unit, (T, columns)."""
        data = _numbers(self.container.data, f"'{self.name}'", None)
        if data.ndim == 1:
            data = data[:, None]
        if data.ndim != 2 or len(data) < 2:
            raise UserError(f"'{self.name}' has shape {data.shape}; time by columns is needed")
        factor, offset = float(self.container.conversion), float(self.container.offset or 0.0)
        if not (math.isfinite(factor) and math.isfinite(offset)):
            raise UserError(f"'{self.name}' has conversion {factor} and offset {offset}")
        return data * factor + offset


@dataclass(frozen=True)
class Units:
    """Sorted units or threshold crossings.

    Attributes:
        times: all spike times in seconds, unit after unit.
        ends: (U,), where in `times` each unit ends.
        electrodes: (U,), row of the electrode that each came from; None where not said.
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


class Contents:
    """An open NWB file."""

    def __init__(self, path: Path, file: Any) -> None:
        self.path = path
        self._file = file
        self.series = dict(_walk(file))
        tables = [*file.intervals.values(), file.trials, file.epochs, file.invalid_times]
        self._intervals = {table.name: table for table in tables if table is not None}

    @property
    def intervals(self) -> dict[str, int]:
        """Number of rows of each table of intervals by name."""
        return {name: len(table) for name, table in self._intervals.items()}

    def interval_bounds(self, name: str) -> Floats:
        """Return start and stop of the named intervals in seconds, (n, 2)."""
        table = self._intervals.get(name)
        if table is None:
            listed = ", ".join(sorted(self._intervals)) or "none"
            raise UserError(f"{self.path.name} has no intervals '{name}'; it has: {listed}")
        columns = [
            _numbers(table[key].data, f"'{key}' of '{name}'", 1)
            for key in ("start_time", "stop_time")
        ]
        if len(columns[0]) != len(columns[1]) or not np.isfinite(columns[0]).all():
            raise UserError(f"intervals '{name}' of {self.path.name} have no finite start each")
        return np.stack(columns, axis=1)

    @property
    def unit_count(self) -> int:
        """Number of units with spike times."""
        units = self._file.units
        return 0 if units is None or "spike_times" not in units.colnames else len(units)

    def units(self) -> Units:
        """Read the units; UserError where there are none or their table is damaged."""
        count = self.unit_count
        if not 0 < count <= MAX_UNITS:
            raise UserError(f"{self.path.name} has {count} units; 1 to {MAX_UNITS} are accepted")
        table = self._file.units
        times, ends = _ragged(table, "spike_times", count, 1)
        observed: list[Floats] = []
        if "obs_intervals" in table.colnames:
            bounds, rows = _ragged(table, "obs_intervals", count, 2)
            observed = np.split(bounds, rows[:-1])
        electrodes: Integers | None = None
        names: tuple[str, ...] = ()
        if "electrodes" in table.colnames:
            electrodes, names = self._electrodes(table, count)
        return Units(times, ends, electrodes, names, observed)

    def _electrodes(self, table: Any, count: int) -> tuple[Integers, tuple[str, ...]]:
        names = tuple(
            f"electrode {number}"
            for number in _whole(self._file.electrodes.id.data, "electrode numbers")
        )
        rows, ends = _ragged(table, "electrodes", count, 1)
        starts = np.concatenate([[0], ends[:-1]])
        if np.any(starts == ends):
            unit = int(np.argmax(starts == ends))
            raise UserError(f"unit {unit} of {self.path.name} has no electrode; try --merge none")
        first = rows[starts]
        if np.any(first != np.rint(first)) or first.min() < 0 or first.max() >= len(names):
            raise UserError(f"a unit of {self.path.name} has an electrode that is not listed")
        return first.astype(np.int64), names


@contextmanager
def open_nwb(path: str | Path) -> Iterator[Contents]:
    """Open an NWB 2 file for reading.

    Raises UserError where pynwb is not installed, where the file is missing, damaged or reaches
    into other files, also while the body reads from it.
    """
    try:
        import pynwb
    except ImportError:
        raise UserError(
            f"{path} is an NWB file, and reading one needs pynwb: pip install 'aegru-hw[nwb]'"
        ) from None
    path = Path(path)
    with open_hdf5(path) as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            _check_links(file, path)
            with pynwb.NWBHDF5IO(file=file, mode="r") as reader:
                yield Contents(path, reader.read())
        except UserError:
            raise
        except Exception as error:  # hdmf raises many types on damaged input
            raise UserError(f"{path} is a damaged NWB file: {_reason(error)}") from None


def is_nwb(file: h5py.File) -> bool:
    """Tell whether an open HDF5 file declares itself NWB 2."""
    return "nwb_version" in file.attrs


def _reason(error: BaseException) -> str:
    """Return what the error says that began it all; hdmf wraps it in descriptions of the file."""
    while error.__cause__ is not None:
        error = error.__cause__
    lines = str(error).splitlines()
    return (lines[0] if lines else type(error).__name__)[:MAX_TEXT]


def _check_links(file: h5py.File, path: Path) -> None:
    # h5py's visititems_links would do, but an error inside it comes out as a SystemError.
    groups, seen = [file["/"]], set()
    while groups:
        group = groups.pop()
        address = h5py.h5o.get_info(group.id).addr
        if address in seen:
            continue
        seen.add(address)
        for name in group:
            if isinstance(group.get(name, getlink=True), h5py.ExternalLink):
                raise UserError(
                    f"'{name}' in {group.name} of {path} lies in another file; one file is accepted"
                )
            if group.get(name, getclass=True) is h5py.Group:
                groups.append(group[name])


def _walk(file: Any) -> Iterator[tuple[str, Series]]:
    for module in file.processing.values():
        for container in module.data_interfaces.values():
            yield from _series_in(container, module.name)
    for place in ("acquisition", "analysis"):
        for container in getattr(file, place).values():
            yield from _series_in(container, place)


def _series_in(container: Any, place: str) -> Iterator[tuple[str, Series]]:
    from pynwb import TimeSeries

    name = f"{place}/{container.name}"
    if isinstance(container, TimeSeries):
        data = container.data
        if isinstance(data, h5py.Dataset) and data.shape and data.dtype.kind in "buif":
            yield name, Series(name, tuple(data.shape), data.dtype.kind in "bui", container)
        return
    for child in container.children:
        yield from _series_in(child, name)


def _ragged(table: Any, name: str, count: int, dimensions: int) -> tuple[Floats, Integers]:
    """Return the values of a column, row after row, and where each of `count` rows ends."""
    column = table[name]
    target = getattr(column, "target", None)
    if target is None or not hasattr(target, "data"):
        values = _numbers(column.data, f"'{name}' of the units", dimensions)
        ends = np.arange(1, count + 1)
    else:
        values = _numbers(target.data, f"'{name}' of the units", dimensions)
        ends = _whole(column.data, f"index of '{name}' of the units")
    if len(ends) != count or np.any(np.diff(ends, prepend=0) < 0) or ends[-1] != len(values):
        raise UserError(f"'{name}' of the units does not belong to {count} units; damaged file")
    return values, ends


def _whole(data: Any, what: str) -> Integers:
    values = _array(data, what)
    if values.ndim != 1 or values.dtype.kind not in "iu":
        raise UserError(f"{what} holds {values.dtype} {values.shape}; a list of numbers is needed")
    return values.astype(np.int64)


def _numbers(data: Any, what: str, dimensions: int | None) -> Floats:
    values = _array(data, what)
    if dimensions is not None and values.ndim != dimensions:
        raise UserError(f"{what} has shape {values.shape}; {dimensions} dimensions are needed")
    return values.astype(np.float64)


def _array(data: Any, what: str) -> NDArray[Any]:
    if not isinstance(data, h5py.Dataset):
        raise UserError(f"{what} is no array of numbers")
    return read_numbers(data, what=what, max_bytes=MAX_SERIES_BYTES)
