"""Guessing which arrays of a file are spike times, and of which unit each is."""

import contextlib
import re

from aegru_hw.errors import UserError
from aegru_hw.recordings.containers.container import Container, Shape
from aegru_hw.recordings.guess import Guess, guess_movement, last_part, size_of
from aegru_hw.recordings.spike_arrays import times_beside

_TIMES = ("spike", "spk", "timestamp", "event", "unit", "st")
_UNITS = ("unit", "clu", "neuron", "cell", "channel", "electrode", "id")
_OF_A_UNIT = ("ts", "st", "times", "timestamps", "spikes", "spike_times")
"""A field of a struct array of units."""

_OF_SAMPLES = ("time", "_t", "ts")
_LEAST = 3


def guess_spike_times(container: Container) -> Guess | None:
    """Return how one would try to import spike times with movement; None for no sign of them.

    Spike times are a list of times beside a list of as many units, or a cell of times a unit.
    """
    shapes = container.shapes()
    spikes, units = _trains(shapes)
    if spikes is None:
        return None
    options: dict[str, str | float | bool] = {"spikes": spikes}
    reasons = [f"spikes: '{spikes}', after its name: times in seconds"]
    if units is None:
        reasons.append("each cell of it is a unit")
    else:
        options["units"] = units
        reasons.append(f"units: '{units}', after its name and its length, that of the times")
    moved = guess_movement(shapes, lambda name, shape: name not in (spikes, units))
    if moved is None:
        return None
    options[moved.what] = moved.selector
    reasons.append(moved.reason)
    first = moved.selector.split(":")[0].split(",")[0]
    if _is_regular(container, first):
        reasons.append(f"times: '{first}' is sampled at a rate that the file says")
        return Guess(options, tuple(reasons))
    times = _times(container, first, {spikes, units})
    if times is None:
        return None
    options["times"] = times
    reasons.append(f"times: '{times}', after its name and its length")
    return Guess(options, tuple(reasons))


def _trains(shapes: dict[str, Shape]) -> tuple[str | None, str | None]:
    """Return the name of the spike times, and of their units where these are a list too."""
    for name, shape in shapes.items():
        unit = re.split("[./]", name.lower())[-2:-1]
        of_a_unit = any(part in "".join(unit) for part in _UNITS)
        if of_a_unit and last_part(name) in _OF_A_UNIT and _are_lists(shape):
            return name, None
    for word in _TIMES:
        for name, shape in shapes.items():
            if word not in last_part(name):
                continue
            if _are_lists(shape):
                return name, None
            if not _is_list(shape):
                continue
            for other, length in shapes.items():
                known = any(part in last_part(other) for part in _UNITS)
                same = _is_list(length) and size_of(length) == size_of(shape)
                if other != name and known and same:
                    return name, other
    return None, None


def _are_lists(shape: Shape) -> bool:
    """Tell whether a shape is that of a list of each unit, of lengths that differ."""
    return None in shape and len([one for one in shape[1:] if one != 1]) == 1


def _is_regular(container: Container, movement: str) -> bool:
    try:
        return container.regular(movement) is not None
    except UserError:  # said when it is imported
        return False


def _times(container: Container, movement: str, others: set[str | None]) -> str | None:
    """Return the name of as many times as the movement has samples, those beside it first."""
    shapes = container.shapes()
    fitting = [
        name
        for name, shape in shapes.items()
        if _is_list(shape) and size_of(shape) in shapes[movement] and name not in others
    ]
    with contextlib.suppress(UserError):
        beside = times_beside(container, movement)
        if beside in fitting:
            return beside
    named = (name for name in fitting if any(one in last_part(name) for one in _OF_SAMPLES))
    return next(named, None)


def _is_list(shape: Shape) -> bool:
    return None not in shape and size_of(shape) >= _LEAST and size_of(shape) in shape
