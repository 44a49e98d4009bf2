"""Files in O'Doherty's layout (Zenodo record 583331)."""

from pathlib import Path

import h5py
import numpy as np

from benchmarks.made.signals import Signals

SAMPLES_A_TICK = 5
"""Samples of 4 ms in one of the made-up signals' ticks."""


def write_odoherty(path: Path, signals: Signals) -> None:
    """Write unsorted spikes and one sorted unit a channel, a cursor, a finger and targets."""
    samples = SAMPLES_A_TICK * (signals.ticks - 1) + 1
    time = signals.times[0] + 0.004 * np.arange(samples)
    place = np.stack([np.interp(time, signals.times, x) for x in signals.position.T])
    target = np.repeat(np.arange(samples // 400 + 1), 400)[:samples]
    with h5py.File(path, "w") as file:
        file["t"], file["cursor_pos"] = time[None], place
        file["finger_pos"] = np.stack([np.zeros(samples), *-place / 10])
        file["target_pos"] = np.stack([target, -target]).astype(np.float64)
        cells = file.create_group("#refs#")
        rows = []
        for unit in range(2):
            rows.append([])
            for channel, train in enumerate(signals.trains):
                cell = cells.create_dataset(f"s{unit}.{channel}", data=train[unit::2][None])
                rows[-1].append(cell.ref)
        file.create_dataset("spikes", data=np.array(rows, dtype=h5py.ref_dtype))
        names = []
        for channel in range(signals.channels):
            label = f"{'M1' if channel < signals.channels // 2 else 'S1'} {channel:03}"
            codes = np.frombuffer(label.encode(), np.uint8).astype(np.uint16)
            names.append(cells.create_dataset(f"n{channel}", data=codes[:, None]).ref)
        file.create_dataset("chan_names", data=np.array([names], dtype=h5py.ref_dtype))
