"""What an NWB 2 file offers: its time series, its units and its intervals."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from aegru_hw.errors import UserError
from aegru_hw.recordings.fields import MAX_TEXT
from aegru_hw.recordings.floats import Floats
from aegru_hw.recordings.hdf5 import open_hdf5
from aegru_hw.recordings.nwb_numbers import numbers
from aegru_hw.recordings.nwb_series import Series, series_of
from aegru_hw.recordings.nwb_soundness import check_sound
from aegru_hw.recordings.nwb_units import Units, read_units, unit_count
from aegru_hw.recordings.nwb_zarr import open_zarr
from aegru_hw.recordings.say import Say, silent


class Contents:
    """An open NWB file.

    Attributes:
        path: of the file.
        series: its time series of numbers by name.
        say: takes a sentence on each thing that is left out.
    """

    def __init__(self, path: Path, file: Any, series: dict[str, Series], say: Say) -> None:
        self.path = path
        self.say = say
        self._file = file
        self.series = series
        tables = [*file.intervals.values(), file.trials, file.epochs, file.invalid_times]
        self._intervals = {table.name: table for table in tables if table is not None}

    @property
    def intervals(self) -> dict[str, int]:
        """Number of rows of each table of intervals by name."""
        return {name: len(table) for name, table in self._intervals.items()}

    def interval_bounds(self, name: str) -> Floats:
        """Return start and stop of the named intervals in seconds, (n, 2).

        An interval whose start is not finite is left out, and said; one without a stop never ends.
        """
        table = self._intervals.get(name)
        if table is None:
            listed = ", ".join(sorted(self._intervals)) or "none"
            raise UserError(f"{self.path.name} has no intervals '{name}'; it has: {listed}")
        starts, stops = (
            numbers(table[key].data, f"'{key}' of '{name}'", 1)
            for key in ("start_time", "stop_time")
        )
        if len(starts) != len(stops):
            raise UserError(f"intervals '{name}' of {self.path.name} have no start and stop each")
        known = np.isfinite(starts)
        if not known.all():
            self.say(f"{(~known).sum()} of {len(known)} '{name}' have no start and are left out")
        stops = np.where(np.isnan(stops), np.inf, stops)
        return np.stack([starts, stops], axis=1)[known]

    @property
    def unit_count(self) -> int:
        """Number of units with spike times."""
        return unit_count(self._file)

    def units(self, *, electrodes: bool = True) -> Units:
        """Read the units as `read_units` does."""
        return read_units(self._file, self.path.name, electrodes=electrodes)


@contextmanager
def open_nwb(path: str | Path, say: Say = silent) -> Iterator[Contents]:
    """Open an NWB 2 file, or a folder that holds one as a Zarr store, for reading.

    Raises UserError where pynwb, or for a store hdmf-zarr, is not installed, where the file is
    missing, damaged or reaches into other files, also while the body reads from it.
    """
    path = Path(path)
    if path.is_dir():
        try:
            kept = open_zarr(path)
            yield Contents(path, kept, kept.series, say)
        except OSError as error:
            raise UserError(f"{path} cannot be read: {_reason(error)}") from None
        return
    try:
        import pynwb
    except ImportError:
        raise UserError(
            f"{path} is an NWB file, and reading one needs pynwb: pip install 'aegru-hw[nwb]'"
        ) from None
    with open_hdf5(path) as store, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            check_sound(store, path)
            with pynwb.NWBHDF5IO(file=store, mode="r") as reader:
                file = reader.read()
                yield Contents(path, file, dict(series_of(file)), say)
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
