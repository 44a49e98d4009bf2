"""Real NWB files, written with pynwb."""

import datetime
from collections.abc import Callable
from pathlib import Path

import numpy as np
from pynwb import NWBHDF5IO, NWBFile, TimeSeries
from pynwb.base import ProcessingModule
from pynwb.behavior import SpatialSeries

Train = tuple[int | None, list[float]]
"""A unit: the row of its electrode, None for no electrodes table, and its spike times."""


def write_nwb(
    path: Path,
    *,
    units: list[Train] | None = None,
    observed: list[tuple[float, float]] | None = None,
    series: dict[str, np.ndarray] | None = None,
    times: np.ndarray | None = None,
    rate: float | None = None,
    trials: list[float] | None = None,
    change: Callable[[NWBFile], None] | None = None,
) -> Path:
    """Write units, series of the behaviour module, and trials that start at the given times."""
    file = NWBFile(
        session_description="made",
        identifier="made",
        session_start_time=datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC),
    )
    if units is not None:
        _add_units(file, units, observed)
    module = file.create_processing_module(name="behavior", description="movement")
    for name, data in (series or {}).items():
        module.add(make_series(name, data, times, rate))
    for start in trials or []:
        file.add_trial(start_time=start, stop_time=start + 0.01)
    if change is not None:
        change(file)
    with NWBHDF5IO(path, "w") as writer:
        writer.write(file)
    return path


def make_series(
    name: str, data: np.ndarray, times: np.ndarray | None = None, rate: float | None = None
) -> TimeSeries:
    timing = {"timestamps": times} if times is not None else {"rate": rate, "starting_time": 0.0}
    if "pos" in name:
        return SpatialSeries(name=name, data=data, reference_frame="screen", unit="mm", **timing)
    return TimeSeries(name=name, data=data, unit="mm/s", **timing)


def module(file: NWBFile, name: str) -> ProcessingModule:
    return file.create_processing_module(name=name, description="made")


def _add_units(
    file: NWBFile, units: list[Train], observed: list[tuple[float, float]] | None
) -> None:
    rows = [row for row, _ in units if row is not None]
    if rows:
        group = file.create_electrode_group(
            name="array",
            description="made",
            location="M1",
            device=file.create_device(name="array"),
        )
        for _ in range(max(rows) + 1):
            file.add_electrode(group=group, location="M1")
    for row, train in units:
        options = {} if row is None else {"electrodes": [row]}
        if observed is not None:
            options["obs_intervals"] = np.array(observed)
        file.add_unit(spike_times=np.array(train, dtype=np.float64), **options)
