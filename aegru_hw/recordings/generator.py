"""Generator of recordings in O'Doherty's layout, for the demo and the tests."""

from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from aegru_hw.errors import UserError
from aegru_hw.files import atomic_path
from aegru_hw.recordings.odoherty import TICK_SECONDS

Array = NDArray[np.float64]

GRID_TARGETS = 8
GRID_SPACING = 15.0
"""Distance of neighbouring targets in mm."""

NEURAL_LEAD_SECONDS = 0.1
"""How far firing runs ahead of the movement."""

REACTION_SECONDS = (0.08, 0.25)
SHORTEST_REACH_SECONDS = 0.5
LONGEST_REACH_SECONDS = 0.9
START_SECONDS = 12.5
"""Time of the first sample; recordings do not begin at zero."""

RATE_RANGE = (5.5, 29.5)
"""Mean rate of a channel in spikes/s."""

REFERENCE_SPEED = 150.0
"""Speed in mm/s at which tuning to speed is one, about the mean peak speed of a reach."""

DIRECTION_SPEED = 25.0
"""Speed in mm/s at which tuning to direction has risen to tanh(1)."""

VELOCITY_GAIN = 0.15
DIRECTION_GAIN = 0.5
SPEED_GAIN = 0.8
POSITION_GAIN = 0.25
SHARED_DEVIATION = 0.65
SHARED_SECONDS = 0.6
PRIVATE_DEVIATION = 0.3
PRIVATE_SECONDS = 0.3
DRIVE_LIMIT = 2.5
"""Where the logarithm of the relative rate saturates."""

MAX_UNITS = 5


@dataclass(frozen=True, eq=False)
class Movement:
    """Kinematics at 250 Hz: time (T,) in s, cursor and target (T, 2) in mm."""

    time: Array
    cursor: Array
    target: Array


def generate(
    path: str | Path,
    *,
    channels: int = 96,
    seconds: float = 300.0,
    seed: int = 0,
    progress: bool = False,
) -> None:
    """Write a synthetic recording in the layout of O'Doherty's .mat files.

    A hand makes minimum-jerk reaches to random targets on a grid, after a reaction time, with
    endpoint errors and small drift. Each channel has one to five units whose rate is an
    exponential of tuning to velocity, direction, speed and position 100 ms ahead, of noise shared
    by all channels and of private noise; spikes are Poisson. Mean rates are 5 to 30 spikes/s a
    channel. The same arguments give the same arrays. The file appears only when it is complete.

    Raises UserError for fewer than 1 or more than 1024 channels, for less than 5 or more than
    36000 seconds, and for a negative seed.
    """
    if not 1 <= channels <= 1024:
        raise UserError(f"{channels} channels cannot be generated; 1 to 1024 are accepted")
    if not 5 <= seconds <= 36000:
        raise UserError(f"{seconds} s cannot be generated; 5 to 36000 are accepted")
    if seed < 0:
        raise UserError(f"seed {seed} is negative; 0 or more is accepted")
    random = np.random.default_rng([seed, channels])
    movement = move(random, round(seconds / TICK_SECONDS))
    features = _features(movement)
    shared = _smooth_noise(random, SHARED_SECONDS, (2, len(movement.time))) * SHARED_DEVIATION
    with atomic_path(Path(path)) as temporary:
        with h5py.File(temporary, "w", userblock_size=512) as file:
            writer = _MatlabWriter(file)
            _write_movement(writer, movement)
            writer.cells("chan_names", [[f"M1 {number:03d}" for number in range(1, channels + 1)]])
            cells = [
                _channel_spikes(random, features, shared, movement.time)
                for _ in tqdm(range(channels), desc="channels", disable=not progress)
            ]
            writer.cells("spikes", [list(row) for row in zip(*cells, strict=True)])
        _write_matlab_header(temporary)


def move(random: np.random.Generator, samples: int) -> Movement:
    """Make `samples` samples of a hand that reaches for one random target after another."""
    grid = (np.arange(GRID_TARGETS) - (GRID_TARGETS - 1) / 2) * GRID_SPACING
    planned = np.empty((samples, 2))
    target = np.empty((samples, 2))
    hand, goal, at = np.zeros(2), np.zeros(2), 0
    while at < samples:
        previous = goal
        while np.array_equal(goal, previous):
            goal = random.choice(grid, 2)
        aim = goal + random.normal(0, 2.0, 2)
        wait = random.uniform(*REACTION_SECONDS)
        distance = float(np.hypot(*(aim - hand)))
        length = SHORTEST_REACH_SECONDS + distance / 250.0 + random.uniform(-0.05, 0.05)
        length = min(max(length, SHORTEST_REACH_SECONDS), LONGEST_REACH_SECONDS)
        reach = hand + _minimum_jerk(length)[:, None] * (aim - hand)
        still = np.repeat(hand[None], round(wait / TICK_SECONDS), axis=0)
        piece = np.concatenate([still, reach])[: samples - at]
        planned[at : at + len(piece)] = piece
        target[at : at + len(piece)] = goal
        hand, at = aim, at + len(piece)
    drift = _low_pass(0.03 * _smooth_noise(random, 0.25, (2, samples)), 0.97).T
    time = START_SECONDS + np.arange(samples, dtype=np.float64) * TICK_SECONDS
    return Movement(time, planned + 2.0 * drift, target)


def _minimum_jerk(seconds: float) -> Array:
    phase = np.arange(1, round(seconds / TICK_SECONDS) + 1) / round(seconds / TICK_SECONDS)
    return np.asarray(phase**3 * (10 + phase * (6 * phase - 15)))


def _smooth_noise(random: np.random.Generator, seconds: float, shape: tuple[int, int]) -> Array:
    """First-order noise of unit variance along the last axis, with its time constant in seconds."""
    keep = float(np.exp(-TICK_SECONDS / seconds))
    white = random.standard_normal(shape)
    white[:, 1:] *= np.sqrt(1 - keep**2)
    return _low_pass(white, keep)


def _low_pass(values: Array, keep: float) -> Array:
    """Return y(t) = values(t) + keep * y(t-1) along the last axis."""
    from scipy.signal import lfilter  # slow to import, and only the generator needs it

    return np.asarray(lfilter([1.0], [1.0, -keep], values, axis=-1))


def _features(movement: Movement) -> Array:
    """What units are tuned to, (7, T): velocity, direction, speed, position (100 ms ahead)."""
    ahead = round(NEURAL_LEAD_SECONDS / TICK_SECONDS)
    index = np.minimum(np.arange(len(movement.time)) + ahead, len(movement.time) - 1)
    velocity = (np.gradient(movement.cursor, axis=0) / TICK_SECONDS)[index]
    speed = np.hypot(velocity[:, 0], velocity[:, 1])
    direction = (
        velocity / np.maximum(speed, 1e-9)[:, None] * np.tanh(speed / DIRECTION_SPEED)[:, None]
    )
    position = movement.cursor[index] / (GRID_SPACING * GRID_TARGETS / 2)
    columns = [velocity / REFERENCE_SPEED, direction, speed[:, None] / REFERENCE_SPEED, position]
    return np.concatenate(columns, axis=1).T


def _unit_tuning(random: np.random.Generator, units: int) -> Array:
    """Weights of the features, (units, 7)."""

    def planar(gain: float) -> Array:
        angle = random.uniform(0, 2 * np.pi, units)
        depth = gain * random.gamma(4.0, 0.25, units)
        return np.stack([depth * np.cos(angle), depth * np.sin(angle)], axis=1)

    speed = random.normal(SPEED_GAIN / 2, SPEED_GAIN, (units, 1))
    return np.concatenate(
        [planar(VELOCITY_GAIN), planar(DIRECTION_GAIN), speed, planar(POSITION_GAIN)], axis=1
    )


def _channel_spikes(
    random: np.random.Generator, features: Array, shared: Array, time: Array
) -> list[Array]:
    """Return the spike times of the five units of a channel; missing units have none."""
    units = int(random.integers(1, MAX_UNITS + 1))
    loading = random.normal([1.0, 0.0], [0.3, 0.5], (units, 2))
    drive = _unit_tuning(random, units) @ features + loading @ shared
    drive += PRIVATE_DEVIATION * _smooth_noise(random, PRIVATE_SECONDS, drive.shape)
    relative = np.exp(DRIVE_LIMIT * np.tanh(drive / DRIVE_LIMIT))
    rate = np.exp(random.uniform(*np.log(RATE_RANGE)))
    share = random.dirichlet(np.full(units, 2.0))
    expected = relative * (share * rate * TICK_SECONDS / relative.mean(axis=1))[:, None]
    spikes = random.poisson(expected)
    trains = []
    for train in spikes:
        sample = np.repeat(np.arange(len(time)), train)
        times = time[sample] + random.uniform(0, TICK_SECONDS, len(sample))
        trains.append(np.sort(times))
    return trains + [np.zeros(0)] * (MAX_UNITS - units)


def _write_movement(writer: "_MatlabWriter", movement: Movement) -> None:
    writer.array("t", movement.time[None])
    writer.array("cursor_pos", movement.cursor.T)
    writer.array("target_pos", movement.target.T)
    # The finger's frame in the recordings: height, then the plane, in cm and mirrored.
    height = np.zeros_like(movement.time)
    finger = np.stack([height, -movement.cursor[:, 0] / 10, -movement.cursor[:, 1] / 10])
    writer.array("finger_pos", finger)


class _MatlabWriter:
    """Writes arrays and cells the way MATLAB v7.3 does."""

    def __init__(self, file: h5py.File) -> None:
        self._file = file
        self._cells = file.create_group("#refs#")

    def array(self, name: str, values: NDArray[np.float64]) -> None:
        dataset = self._file.create_dataset(name, data=values, compression="gzip", shuffle=True)
        dataset.attrs["MATLAB_class"] = np.bytes_("double")

    def cells(self, name: str, rows: list[list[Array]] | list[list[str]]) -> None:
        """Write a cell array, given as h5py shows it, of texts or of spike times."""
        references = np.array([[self._cell(value) for value in row] for row in rows], dtype=object)
        dataset = self._file.create_dataset(name, data=references, dtype=h5py.ref_dtype)
        dataset.attrs["MATLAB_class"] = np.bytes_("cell")

    def _cell(self, value: Array | str) -> h5py.Reference:
        name = f"cell{len(self._cells)}"
        if isinstance(value, str):
            codes = np.array([[ord(letter)] for letter in value], dtype=np.uint16)
            dataset = self._cells.create_dataset(name, data=codes)
            dataset.attrs["MATLAB_class"] = np.bytes_("char")
        elif len(value) == 0:
            dataset = self._cells.create_dataset(name, data=np.zeros(2, dtype=np.uint64))
            dataset.attrs["MATLAB_class"] = np.bytes_("double")
            dataset.attrs["MATLAB_empty"] = np.uint8(1)
        else:
            dataset = self._cells.create_dataset(name, data=value[None])
            dataset.attrs["MATLAB_class"] = np.bytes_("double")
        return dataset.ref


def _write_matlab_header(path: Path) -> None:
    """Fill the user block with the header that MATLAB looks for."""
    text = b"MATLAB 7.3 MAT-file, Platform: GLNXA64, written by aegru_hw".ljust(116)
    with open(path, "r+b") as file:
        file.write(text + bytes(8) + b"\x00\x02IM")
