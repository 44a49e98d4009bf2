"""Files of named arrays: MATLAB of all versions, HDF5, .npz and .npy."""

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import scipy.io
import scipy.sparse

from benchmarks.made.kind import Kind
from benchmarks.made.matlab73 import write_matlab73
from benchmarks.made.signals import Signals

TICK = "--tick 0.02"


def plain(signals: Signals) -> dict[str, Any]:
    return {"spikes": signals.counts.astype(float), "vel": signals.velocity}


def nested(signals: Signals) -> dict[str, Any]:
    inner = {"spikeratedata": signals.counts.astype(float), "velocbin": signals.velocity}
    return {"session": {"binnedData": inner, "meta": {"day": 3.0}}}


def trial_data(signals: Signals) -> dict[str, Any]:
    half = signals.channels // 2
    arrays = (signals.counts.astype(float), signals.velocity, signals.position)
    trials = zip(*(signals.cut(array) for array in arrays), strict=True)
    return {
        "trial_data": [
            {"M1_spikes": c[:, :half], "PMd_spikes": c[:, half:], "vel": v, "pos": p}
            | {"bin_size": signals.tick_seconds, "idx_go_cue": 5.0 if n else np.nan}
            | {"kin": {"hand": {"vel": v}}}
            for n, (c, v, p) in enumerate(trials)
        ]
    }


def tensors(signals: Signals) -> dict[str, Any]:
    return {
        "train_spikes_heldin": np.stack(signals.cut(signals.counts.astype(float))),
        "train_behavior": np.stack(signals.cut(signals.velocity)),
    }


def cells(signals: Signals) -> dict[str, Any]:
    return {
        "spikes": list(signals.cut(signals.counts.astype(float))),
        "hand": [velocity.T for velocity in signals.cut(signals.velocity)],
    }


def sparse(signals: Signals) -> dict[str, Any]:
    return plain(signals) | {"spikes": scipy.sparse.csc_matrix(signals.counts.astype(float))}


def logical(signals: Signals) -> dict[str, Any]:
    return plain(signals) | {"spikes": signals.counts > 0}


def rates(signals: Signals) -> dict[str, Any]:
    return plain(signals) | {"spikes": signals.counts / signals.tick_seconds}


def with_nan(signals: Signals) -> dict[str, Any]:
    velocity = signals.velocity.copy()
    for third in (1, 2):  # three segments, which can be split
        begin = third * len(velocity) // 3
        velocity[begin : begin + 20] = np.nan
    return plain(signals) | {"vel": velocity}


def axes(signals: Signals) -> dict[str, Any]:
    x, y = signals.velocity.T
    return {"spikes": signals.counts.astype(float), "vel_x": x, "vel_y": y}


def position_only(signals: Signals) -> dict[str, Any]:
    return {"spikes": signals.counts.astype(float), "hand_pos": signals.position}


def spike_times(signals: Signals) -> dict[str, Any]:
    times = {"spike_times": signals.spike_times, "unit_index": signals.units}
    return times | {"vel": signals.velocity, "time": signals.times}


def trains(signals: Signals) -> dict[str, Any]:
    return {"units": list(signals.trains), "pos": signals.position, "time": signals.times}


def matlab(version: str, compress: bool = False) -> Any:
    """Return a function that writes a dict as a MATLAB file of a version."""

    def write(path: Path, variables: dict[str, Any]) -> None:
        if version == "7.3":
            write_matlab73(path, variables)
            return
        for name, value in variables.items():
            if isinstance(value, list):
                variables[name] = _struct_array(value)
        scipy.io.savemat(path, variables, format=version, do_compression=compress)

    return write


def _struct_array(values: list[Any]) -> np.ndarray:
    if not isinstance(values[0], dict):
        cell = np.empty(len(values), dtype=object)
        cell[:] = values
        return cell
    array = np.empty((1, len(values)), dtype=[(field, object) for field in values[0]])
    for number, value in enumerate(values):
        for field in value:
            array[field][0, number] = value[field]
    return array


def hdf5(path: Path, variables: dict[str, Any]) -> None:
    with h5py.File(path, "w") as file:
        for name, value in variables.items():
            file[name] = value


def npz(path: Path, variables: dict[str, Any]) -> None:
    np.savez_compressed(path, **variables)


def npy(path: Path, variables: dict[str, Any]) -> None:
    for name, value in variables.items():
        np.save(path.with_stem(name), value)


def regular_series(path: Path, signals: Signals) -> None:
    """Write temporaldata's layout, the movement without timestamps."""
    temporaldata(path, signals)
    with h5py.File(path, "r+") as file:
        cursor = file["cursor"]
        del cursor["timestamps"]
        cursor.attrs["object"] = "RegularTimeSeries"
        cursor.attrs["sampling_rate"] = 1 / signals.tick_seconds
        cursor["domain/start"] = signals.times[:1]
        cursor["domain/end"] = signals.times[-1:] + signals.tick_seconds


def temporaldata(path: Path, signals: Signals) -> None:
    with h5py.File(path, "w") as file:
        order = np.argsort(signals.spike_times)
        file["spikes/timestamps"] = signals.spike_times[order]
        file["spikes/unit_index"] = signals.units[order]
        file["cursor/timestamps"], file["cursor/vel"] = signals.times, signals.velocity
        file["cursor"].attrs["object"] = "IrregularTimeSeries"
        file["domain/start"], file["domain/end"] = signals.times[:1], signals.times[-1:]
        file["trials/start"] = signals.times[:: signals.ticks // signals.trials]


def own(path: Path, signals: Signals) -> None:
    """Write our own format."""
    from aegru_hw.recordings.recording import Recording

    Recording(signals.counts, signals.velocity, signals.tick_seconds).save(path)


def _kind(name: str, reader: str, file: str, words: str, arrays: Any, write: Any) -> Kind:
    return Kind(name, reader, file, words, lambda path, made: write(path, arrays(made)))


V4, V5, V73 = matlab("4"), matlab("5", compress=True), matlab("7.3")
PLAIN = f"--counts spikes --velocity vel {TICK}"
NESTED = f"--counts binnedData.spikeratedata --velocity binnedData.velocbin {TICK}"
AREAS = "--counts M1_spikes,PMd_spikes --velocity trial_data.vel"
CUES = "--counts M1_spikes --velocity trial_data.kin.hand.vel --reaches idx_go_cue"
TENSORS = f"--counts train_spikes_heldin --velocity train_behavior {TICK}"
COARSE = TENSORS.replace("0.02", "0.064")
CELLS = f"--counts spikes --velocity hand {TICK}"
TIMES = "--spikes spike_times --units unit_index --velocity vel --times time"

ARRAY_KINDS = (
    _kind("MATLAB v4", "matlab4", "v4.mat", PLAIN, plain, V4),
    _kind("MATLAB v5", "matlab5", "v5.mat", PLAIN, plain, V5),
    _kind("MATLAB v5, flat", "matlab5", "flat.mat", PLAIN, plain, matlab("5")),
    _kind("nested structs, v5", "matlab5", "struct5.mat", NESTED, nested, V5),
    _kind("nested structs, v7.3", "matlab73", "struct73.mat", NESTED, nested, V73),
    _kind("trial_data, v5", "matlab5", "td5.mat", AREAS, trial_data, V5),
    _kind("trial_data, v7.3", "matlab73", "td73.mat", AREAS, trial_data, V73),
    _kind("trial_data, go cues, nested, v5", "matlab5", "cue5.mat", CUES, trial_data, V5),
    _kind("trial_data, go cues, nested, v7.3", "matlab73", "cue73.mat", CUES, trial_data, V73),
    _kind("trial tensors, HDF5", "matlab73", "tensor.h5", TENSORS, tensors, hdf5),
    _kind("trial tensors, .npz", "npz", "tensor.npz", TENSORS, tensors, npz),
    _kind("trial tensors, v5", "matlab5", "tensor5.mat", TENSORS, tensors, V5),
    _kind("trial tensors, v7.3", "matlab73", "tensor73.mat", TENSORS, tensors, V73),
    _kind("a cell a trial, v5", "matlab5", "cells5.mat", CELLS, cells, V5),
    _kind("a cell a trial, v7.3", "matlab73", "cells73.mat", CELLS, cells, V73),
    _kind("sparse, v4", "matlab4", "sparse4.mat", PLAIN, sparse, V4),
    _kind("sparse, v5", "matlab5", "sparse5.mat", PLAIN, sparse, V5),
    _kind("sparse, v7.3", "matlab73", "sparse73.mat", PLAIN, sparse, V73),
    _kind("logical, v5", "matlab5", "logical5.mat", PLAIN, logical, V5),
    _kind("logical, v7.3", "matlab73", "logical73.mat", PLAIN, logical, V73),
    _kind(".npy, one array a file", "npy", "spikes.npy", PLAIN, plain, npy),
    _kind("rates in Hz", "npz", "rates.npz", f"{PLAIN} --rates", rates, npz),
    _kind("NaN in the movement", "npz", "nan.npz", PLAIN, with_nan, npz),
    _kind(
        "separate axes", "npz", "axes.npz", f"--counts spikes --velocity vel_x,vel_y {TICK}",
        axes, npz,
    ),
    _kind(
        "position only", "npz", "position.npz", f"--counts spikes --position hand_pos {TICK}",
        position_only, npz,
    ),
    _kind("tensors at 64 ms", "npz", "coarse.npz", COARSE, tensors, npz),
    _kind("spike times, HDF5", "matlab73", "times.h5", TIMES, spike_times, hdf5),
    _kind("spike times, v5", "matlab5", "times.mat", f"{TIMES} --tick 0.05", spike_times, V5),
    _kind(
        "a cell of times a unit, v5", "matlab5", "trains.mat", "--spikes units --position pos",
        trains, V5,
    ),
    Kind("temporaldata", "temporaldata", "irregular.h5", "", temporaldata),
    Kind("temporaldata, regular series", "temporaldata", "regular.h5", "", regular_series),
    Kind("our own", "own", "own.h5", "", own),
)  # fmt: skip
