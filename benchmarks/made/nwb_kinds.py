"""NWB files as laboratories have them."""

from pathlib import Path

import h5py
import numpy as np
from pynwb import NWBFile

from benchmarks.made.kind import Kind
from benchmarks.made.nwb import make_series, write_nwb
from benchmarks.made.signals import Signals
from benchmarks.made.zarr import write_store


def write(path: Path, made: Signals, **options: object) -> None:
    """Write an NWB file of the signals; options of `write_nwb` replace what it holds."""
    units = [(channel, train.tolist()) for channel, train in enumerate(made.trains)]
    defaults = {
        "units": units,
        "series": {"cursor_vel": made.velocity},
        "times": made.times,
        "trials": made.times[:: made.ticks // made.trials].tolist(),
    }
    write_nwb(path, **(defaults | options))  # type: ignore[arg-type]


def rewrite(path: Path, name: str, values: np.ndarray) -> None:
    """Replace an array in place, with its attributes."""
    with h5py.File(path, "r+") as file:
        attributes = dict(file[name].attrs)
        del file[name]
        file[name] = values
        file[name].attrs.update(attributes)


def of_position(path: Path, made: Signals) -> None:
    write(path, made, series={"hand_pos": made.position})


def of_axes(path: Path, made: Signals) -> None:
    x, y = made.velocity.T
    write(path, made, series={"hand_vel_x": x, "hand_vel_y": y})


def of_bins(path: Path, made: Signals) -> None:
    series = {"spike_counts": made.counts, "cursor_vel": made.velocity}
    write(path, made, units=None, series=series)


def of_two_movements(path: Path, made: Signals) -> None:
    write(path, made, series={"a_vel": -made.velocity, "cursor_vel": made.velocity})


def with_unusable_series(path: Path, made: Signals) -> None:
    def add(file: NWBFile) -> None:
        series = make_series("hand_vel", made.velocity, made.times)
        file.processing["behavior"].add(series)

    write(path, made, change=add)
    rewrite(path, "processing/behavior/hand_vel/timestamps", made.times[::-1])


def without_electrodes(path: Path, made: Signals) -> None:
    write(path, made, units=[(None, train.tolist()) for train in made.trains])


def observed_apart(path: Path, made: Signals) -> None:
    begin, end = float(made.times[0]), float(made.times[-1])
    write(path, made, observed=[(begin, end)])
    bounds = np.array([[begin, end]] * made.channels)
    bounds[0, 1] = begin + 0.8 * (end - begin)
    rewrite(path, "units/obs_intervals", bounds)


def with_a_trial_of_no_start(path: Path, made: Signals) -> None:
    write(path, made)
    with h5py.File(path, "r+") as file:
        file["intervals/trials/start_time"][2] = np.nan


def with_jitter(path: Path, made: Signals) -> None:
    times = made.times + made.random.uniform(-0.2, 0.2, made.ticks) * made.tick_seconds
    kept = np.delete(np.arange(made.ticks), made.random.choice(made.ticks - 2, 9) + 1)
    write(path, made, times=times[kept], series={"cursor_vel": made.velocity[kept]})


def of_rate(path: Path, made: Signals) -> None:
    begin = made.times[0]
    units = [(channel, (train - begin).tolist()) for channel, train in enumerate(made.trains)]
    write(path, made, units=units, times=None, rate=1 / made.tick_seconds, trials=[])


def store(path: Path, made: Signals) -> None:
    write_store(
        path,
        units=[(channel, train.tolist()) for channel, train in enumerate(made.trains)],
        velocity=made.velocity,
        times=made.times,
        trials=made.times[:: made.ticks // made.trials].tolist(),
    )


CURSOR = "--counts units --velocity cursor_vel --tick 0.02"
NWB_KINDS = (
    Kind("NWB, units and velocity", "nwb", "plain.nwb", CURSOR, write),
    Kind("NWB, position", "nwb", "position.nwb", "--position hand_pos --tick 0.02", of_position),
    Kind("NWB, axes apart", "nwb", "axes.nwb", "--velocity hand_vel_x,hand_vel_y", of_axes),
    Kind("NWB, binned counts", "nwb", "bins.nwb", "--counts spike_counts", of_bins),
    Kind("NWB, two movements", "nwb", "two.nwb", CURSOR, of_two_movements),
    Kind("NWB, an unusable series", "nwb", "unusable.nwb", CURSOR, with_unusable_series),
    Kind("NWB, units without electrodes", "nwb", "loose.nwb", CURSOR, without_electrodes),
    Kind("NWB, observed apart", "nwb", "observed.nwb", f"{CURSOR} --observed any", observed_apart),
    Kind("NWB, a trial without start", "nwb", "trial.nwb", CURSOR, with_a_trial_of_no_start),
    Kind("NWB, jitter and lost samples", "nwb", "jitter.nwb", CURSOR, with_jitter),
    Kind("NWB, a rate and no timestamps", "nwb", "rate.nwb", CURSOR, of_rate),
    Kind("NWB in a Zarr store", "zarr", "store.zarr", CURSOR, store),
)
