"""The arrays of a file with spike times: the times of each unit, and the movement's samples."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from aegru_hw.errors import UserError
from aegru_hw.recordings.containers import Container, Numbers
from aegru_hw.recordings.fields import MAX_CHANNELS
from aegru_hw.recordings.floats import Floats, as_floats
from aegru_hw.recordings.selector import Selector
from aegru_hw.recordings.stretches import usable
from aegru_hw.recordings.trials import read_trials

TIMES = ("timestamps", "timestamp", "times", "time", "t", "tt", "timeframe", "time_frame")
"""Names of the times of samples, looked for beside the movement and then anywhere."""

LEAST = 3
"""Samples of the shortest movement, and ticks of the shortest segment."""


@dataclass(frozen=True)
class Named:
    """The arrays that make a recording, by name; None where there is none.

    Attributes:
        spikes: times in seconds, (n,), or one array a unit.
        units: the unit of each time, (n,).
        velocity, position: a selector of two columns, exactly one of the two.
        times: times in seconds of the movement's samples; found beside it where it is None.
        reaches: times in seconds at which reaches start.
        domain: first and last times of the stretches that were recorded.
    """

    spikes: str
    units: str | None = None
    velocity: str | None = None
    position: str | None = None
    times: str | None = None
    reaches: str | None = None
    domain: tuple[str, str] | None = None


def vector(container: Container, name: str) -> Floats:
    """Read an array of one axis, or with all others 1, as float64; UserError for another."""
    array = container.read(name)
    if isinstance(array, list) or array.size != max(array.shape, default=0):
        raise UserError(f"'{name}' is not a list of numbers")
    return as_floats(np.ravel(array))


@dataclass(frozen=True)
class Movement:
    """Samples of a movement.

    Attributes:
        times: (T,), in seconds, increasing.
        values: (T, 2).
        valid: (T,), which samples are finite and were taken.
        unit: of the values, empty where the file says none.
        name: of the times.
    """

    times: Floats
    values: Floats
    valid: NDArray[np.bool_]
    unit: str
    name: str


def read_movement(container: Container, text: str, times: str | None) -> Movement:
    """Read the movement that a selector names, and when its samples were taken.

    `times` names their times; where it is None they are looked for beside the movement, or the
    file says a rate.
    """
    selector = Selector.parse(text)
    whole = container.resolve(selector.parts[0].key)
    regular = container.regular(whole) if times is None else None
    if regular is not None:
        first = 0 if selector.time_axis is None else selector.time_axis
        (values,) = _one_stretch(container, [replace(selector, time_axis=first)])
        name = f"{whole}, sampled at {regular.rate:g} Hz"
        seconds, taken = regular.times(len(values)), regular.valid(len(values))
    else:
        name = times or times_beside(container, whole)
        values, column = _one_stretch(container, [selector, Selector.parse(name)])
        if column.shape[1] != 1 or len(column) < LEAST:
            raise UserError(f"'{name}' has shape {column.shape}; the time of each sample is needed")
        seconds, taken = column[:, 0], np.ones(len(column), dtype=np.bool_)
    if not np.isfinite(seconds).all() or not (np.diff(seconds) > 0).all():
        raise UserError(f"'{name}' is not finite and increasing; times in seconds are needed")
    if values.shape[1] != 2:
        raise UserError(f"'{text}' has {values.shape[1]} rows; select two, for example {text}:0,1")
    if len(values) < LEAST:
        raise UserError(f"'{text}' has {len(values)} samples; at least {LEAST} are needed")
    return Movement(seconds, values, usable(values) & taken, container.unit(whole), name)


def _one_stretch(container: Container, selectors: list[Selector]) -> list[Floats]:
    trials = read_trials(container, selectors).arrays
    if len(trials) > 1:
        name = selectors[0].key
        raise UserError(f"'{name}' has trials; spike times need one movement with its times")
    return [as_floats(array) for array in trials[0]]


def times_beside(container: Container, movement: str) -> str:
    """Return the name of the times beside the movement; UserError where there is none."""
    shapes = container.shapes()
    parent = movement[: max(movement.rfind("/"), movement.rfind(".")) + 1]
    for place in dict.fromkeys((parent, "")):
        for name in TIMES:
            if f"{place}{name}" in shapes:
                return f"{place}{name}"
    raise UserError(
        f"the times of '{movement}' are not beside it; name them with --times KEY, in seconds"
    )


def read_trains(container: Container, named: Named) -> tuple[list[Floats], tuple[str, ...]]:
    """Return the sorted spike times of each unit, and the units' names."""
    spikes = container.read(named.spikes)
    if isinstance(spikes, list):
        if named.units is not None:
            raise UserError(f"'{named.spikes}' has a list of times a unit; leave --units out")
        _check_units(len(spikes))
        trains = [_sorted(np.ravel(train)) for train in spikes]
        return trains, tuple(f"unit {number}" for number in range(len(trains)))
    times = vector(container, named.spikes)
    if named.units is None:
        raise UserError(f"'{named.spikes}' is one list of times; --units KEY says whose each is")
    ids = vector(container, named.units)
    if len(ids) != len(times):
        raise UserError(
            f"'{named.spikes}' has {len(times)} times and '{named.units}' {len(ids)} units"
        )
    if not len(ids) or not (np.isfinite(ids).all() and (ids == np.rint(ids)).all()):
        raise UserError(f"'{named.units}' is no list of whole numbers")
    order = np.argsort(ids, kind="stable")
    numbers, starts = np.unique(ids[order], return_index=True)
    _check_units(len(numbers))
    pieces = np.split(times[order], starts[1:])
    return [_sorted(piece) for piece in pieces], tuple(f"unit {number:.0f}" for number in numbers)


def _check_units(number: int) -> None:
    if not 0 < number <= MAX_CHANNELS:
        raise UserError(f"{number} units are not possible; 1 to {MAX_CHANNELS} are accepted")


def _sorted(times: Numbers) -> Floats:
    seconds = np.sort(as_floats(times))
    return seconds[np.isfinite(seconds)]
