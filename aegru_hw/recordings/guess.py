"""Guessing which arrays of a file are spikes and movement, after their names and shapes."""

import re
import shlex
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aegru_hw.errors import UserError
from aegru_hw.recordings.bin_size import bin_size_of
from aegru_hw.recordings.containers.container import Container, Shape
from aegru_hw.recordings.floats import as_floats
from aegru_hw.recordings.spike_arrays import TIMES

_SPIKES = ("spike", "count", "neural", "rate", "fr", "binned")
_MOVEMENTS = (
    ("velocity", r"vel|curs_v|^v_?[xy]$", ""),
    ("velocity", "behavior", ", as the Neural Latents Benchmark has it; or is it a --position?"),
    ("position", r"pos|kinematic|curs_p|^p_?[xy]$", ""),
    ("velocity", "hand|cursor|finger|wrist", "; or is it a --position?"),
)
"""What a movement is, the pattern of its names, and what is left open."""

MOVED = ("velocity", "position")
_NOT_A_HAND = ("target", "eye", "gaze", "pupil")
_SET_ASIDE = ("eval", "test", "heldout", "held_out", "forward")
_LENGTHS = ("bin_size", "binsize", "bin_width", "bin_width_s", "dt", "tick", "bin")
_NO_SIGN = 0.05
_JUDGED = 2**20
"""How many counts are looked at."""


@dataclass(frozen=True)
class Guess:
    """What might import a file, and why each part of it.

    Attributes:
        options: of `import`, as `Asked` names them; without `tick_seconds` where the file says it.
        reasons: a sentence for each.
    """

    options: Mapping[str, str | float | bool]
    reasons: tuple[str, ...]

    def command(self, path: Path) -> str:
        """Return the `import` command."""
        words = ["aegru-hw", "import", str(path), "OUT.h5"]
        for name, value in self.options.items():
            words.append(f"--{name.removesuffix('_seconds').replace('_', '-')}")
            if value is not True:
                words.append(value if isinstance(value, str) else f"{value:g}")
        return shlex.join(words)

    def also(self, options: Mapping[str, str | bool], reason: str) -> "Guess":
        """Return the guess with more options and the reason for them."""
        return Guess({**self.options, **options}, (*self.reasons, reason))


def guess_import(container: Container) -> Guess | None:
    """Return how one would try to import a file; None where no array looks like spikes.

    Spikes and movement are guessed after names, and the lengths that two arrays share; the tick
    after an array named as a bin length or as times, else it is 0.05 s, which is said.
    """
    guesses = (_with_movement(container, name) for name in _spikes(container.shapes()))
    return next((guess for guess in guesses if guess is not None), None)


def _spikes(shapes: Mapping[str, Shape]) -> list[str]:
    """Return the names that say spikes, those of data set aside for an evaluation last."""
    found = [
        name
        for word in _SPIKES
        for name, shape in shapes.items()
        if word in last_part(name) and len(shape) >= 2 and size_of(shape) > 2
    ]
    return sorted(
        dict.fromkeys(found), key=lambda name: any(part in last_part(name) for part in _SET_ASIDE)
    )


def _with_movement(container: Container, spikes: str) -> Guess | None:
    """Return the guess with these spikes; None where no movement belongs to them."""
    shapes = container.shapes()
    moved = guess_movement(
        shapes, lambda name, shape: name != spikes and _belong(shapes[spikes], shape)
    )
    if moved is None:
        return None
    options: dict[str, str | float | bool] = {"counts": spikes, moved.what: moved.selector}
    reasons = [f"counts: '{spikes}', after its name", moved.reason]
    said = bin_size_of(container, spikes)
    if said is None:
        options["tick_seconds"], reason = tick_of(container, spikes)
        reasons.append(reason)
    elif said.milliseconds is not None:
        options["tick_seconds"] = said.milliseconds / 1000
        reasons.append(f"tick: '{said.name}' is {said.milliseconds:g}: milliseconds?")
    return Guess(options, tuple(reasons))


def _belong(spikes: Shape, other: Shape) -> bool:
    """Tell whether two arrays share the length of time and, where there are trials, of these."""
    shared = Counter(spikes) & Counter(other)
    del shared[1]
    axes = sum(length != 1 for length in spikes)
    return shared.total() >= (2 if axes > 2 else 1)


def with_time_axis(container: Container, guess: Guess | None) -> Guess | None:
    """Return the guess for tensors of trials by columns by time, or time by columns by trials.

    Time is the longer of these axes. None where the two arrays share no first and last axis.
    """
    if guess is None:
        return None
    shapes = container.shapes()
    named = {key: str(guess.options[key]) for key in ("counts", *MOVED) if key in guess.options}
    of_both = [shapes.get(selector.split(":")[0], ()) for selector in named.values()]
    outer = {shape[::2] for shape in of_both}
    if any(len(shape) != 3 for shape in of_both) or len(outer) > 1:
        return None
    first, last = outer.pop()
    if first is None or last is None:
        return None
    axis = 2 if last > first else 0
    return guess.also(
        {key: f"{selector}@{axis}" for key, selector in named.items()},
        f"time: axis {axis}, the longer of the two that both share",
    )


def last_part(name: str) -> str:
    """Return the last part of a name, in small letters."""
    return name.replace("/", ".").rpartition(".")[2].lower()


def size_of(shape: Shape) -> int:
    """Return how many numbers an array has, about, where lengths differ."""
    return int(np.prod([length or 100 for length in shape]))


@dataclass(frozen=True)
class Moved:
    """A movement: "velocity" or "position", a selector of two columns, and why."""

    what: str
    selector: str
    reason: str


def guess_movement(shapes: Mapping[str, Shape], fits: Callable[[str, Shape], bool]) -> Moved | None:
    """Return the likeliest movement among the arrays that fit, by their names; else None."""
    for what, pattern, doubt in _MOVEMENTS:
        named = [
            name
            for name, shape in shapes.items()
            if re.search(pattern, last_part(name))
            and not any(word in last_part(name) for word in _NOT_A_HAND)
            and fits(name, shape)
        ]
        outermost = sorted(named, key=lambda name: len(re.split("[./]", name)))
        selector = _two_columns({name: shapes[name] for name in outermost})
        if selector is not None:
            return Moved(what, selector, f"{what}: '{selector}', after its name and shape{doubt}")
    return None


def _two_columns(named: Mapping[str, Shape]) -> str | None:
    """Return a selector of two columns: an array of two or more, or a pair NAMEx,NAMEy."""
    for name, shape in named.items():
        if len(shape) >= 2 and 2 in [length for length in shape if length is not None]:
            return name
    for name in named:
        for x, y in (("x", "y"), ("X", "Y")):
            if name.endswith(x) and f"{name[:-1]}{y}" in named:
                return f"{name},{name[:-1]}{y}"
    for name, shape in named.items():
        if len(shape) >= 2 and any(length is not None and 2 < length <= 12 for length in shape):
            return f"{name}:0,1"
    return None


def tick_of(container: Container, spikes: str) -> tuple[float, str]:
    """Return the likeliest length of a bin of these counts in seconds, and why."""
    shapes = container.shapes()
    for name, shape in shapes.items():
        if last_part(name) in _LENGTHS and size_of(shape) == 1:
            value = _numbers(container, name)
            if value is not None and 0 < value[0] <= 1:
                return float(value[0]), f"tick: the number '{name}'"
    ticks = {length for length in shapes[spikes] if length is not None and length > 1}
    for name, shape in shapes.items():
        if last_part(name) in TIMES and size_of(shape) in ticks:
            value = _numbers(container, name)
            if value is not None and len(value) > 1:
                step = float(np.median(np.diff(value)))
                if np.isfinite(step) and step > 0:
                    return float(f"{step:.6g}"), f"tick: the usual step of '{name}'"
    hertz = _hertz(_numbers(container, spikes))
    if hertz is not None:
        tick = float(f"{1 / hertz:.6g}")
        return tick, f"tick: {tick:g} s, as all counts are multiples of {hertz:g}: rates in Hz?"
    return _NO_SIGN, f"tick: {_NO_SIGN:g} s for want of any sign of it; give the true one"


def _hertz(values: NDArray[np.float64] | None) -> float | None:
    """Return the number, at least 5, of which all values are multiples; None where there is none.

    Rates of spikes counted in bins are multiples of one over the bin.
    """
    if values is None:
        return None
    values = values[:_JUDGED]
    values = values[np.isfinite(values)]
    steps = np.unique(values[values > 0])[:2]
    least = float(np.diff(steps, prepend=0).min(initial=np.inf))
    if not 5 <= least <= 1000 or len(steps) < 2:
        return None
    many = values / least
    return least if (np.abs(many - np.rint(many)) < 1e-3).all() else None


def _numbers(container: Container, name: str) -> NDArray[np.float64] | None:
    try:
        value = container.load(name)
    except UserError:
        return None
    return None if isinstance(value, list) else as_floats(np.ravel(value))
