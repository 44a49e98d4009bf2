"""Time series of an NWB file."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from aegru_hw.errors import UserError
from aegru_hw.recordings.floats import Floats
from aegru_hw.recordings.intervals import nominal_interval
from aegru_hw.recordings.nwb_numbers import MAX_SERIES_BYTES, holds_numbers, numbers


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
            times = numbers(self.container.timestamps, f"timestamps of '{self.name}'", 1)
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
        data = numbers(self.container.data, f"'{self.name}'", None)
        if data.ndim == 1:
            data = data[:, None]
        if data.ndim != 2 or len(data) < 2:
            raise UserError(f"'{self.name}' has shape {data.shape}; time by columns is needed")
        factor, offset = float(self.container.conversion), float(self.container.offset or 0.0)
        if not (math.isfinite(factor) and math.isfinite(offset)):
            raise UserError(f"'{self.name}' has conversion {factor} and offset {offset}")
        return data * factor + offset

    def described(self) -> str:
        """Return shape, rate and unit in words, or "unusable" and why."""
        shape = " x ".join(map(str, self.shape))
        try:
            times = self.times()
        except UserError as error:
            return f"{shape}, unusable: {error}"
        rate = 1 / nominal_interval(times) if len(times) > 1 else 0.0
        return f"{shape}, {round(rate, 6):g} Hz, {self.container.unit}"

    @property
    def usable(self) -> bool:
        """Whether its times can be read."""
        try:
            self.times()
        except UserError:
            return False
        return True


def series_of(file: Any) -> Iterator[tuple[str, Series]]:
    """Yield the names and series of numbers in pynwb's open file."""
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
        if holds_numbers(data):
            yield name, Series(name, tuple(data.shape), data.dtype.kind in "bui", container)
        return
    for child in container.children:
        yield from _series_in(child, name)
