"""Guessing which arrays of a file are spikes and movement, after their names and shapes."""

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aegru_hw.errors import UserError
from aegru_hw.recordings.containers.container import Container, Shape
from aegru_hw.recordings.spike_arrays import TIMES

_SPIKES = ("spike", "count", "neural", "rate", "fr", "binned")
_VELOCITY = ("vel",)
_POSITION = ("pos", "behavior", "kinematic")
_NOT_A_HAND = ("target", "eye", "gaze", "pupil")
_LENGTHS = ("bin_size", "binsize", "bin_width", "bin_width_s", "dt", "tick", "bin")
_NO_SIGN = 0.05


@dataclass(frozen=True)
class Guess:
    """What might import a file, and why each part of it.

    Attributes:
        options: of `import_binned`: `counts`, `velocity` or `position`, and `tick_seconds` where
            the file has no `bin_size`.
        reasons: a sentence for each.
    """

    options: Mapping[str, str | float]
    reasons: tuple[str, ...]

    def command(self, path: Path, *, rates: bool) -> str:
        """Return the `import` command."""
        words = ["aegru-hw", "import", str(path), "OUT.h5"]
        for name, value in self.options.items():
            text = value if isinstance(value, str) else f"{value:g}"
            words += [f"--{name.removesuffix('_seconds')}", text]
        return shlex.join(words + ["--rates"] * rates)


def guess_import(container: Container) -> Guess | None:
    """Return how one would try to import a file; None where no array looks like spikes.

    Spikes and movement are guessed after names, and the lengths that two arrays share; the tick
    after an array named as a bin length or as times, else it is 0.05 s, which is said.
    """
    shapes = container.shapes()
    spikes = _first(shapes, _SPIKES, lambda shape: len(shape) >= 2 and _size(shape) > 2)
    if spikes is None:
        return None
    options: dict[str, str | float] = {"counts": spikes}
    reasons = [f"counts: '{spikes}', after its name"]
    for what, words in (("velocity", _VELOCITY), ("position", _POSITION)):
        movement = _movement(shapes, words, spikes)
        if movement is not None:
            options[what] = movement
            reasons.append(f"{what}: '{movement}', after its name and shape")
            break
    else:
        return None
    if not _tick_of_the_file(container, spikes):
        options["tick_seconds"], reason = _tick(container, shapes, spikes)
        reasons.append(reason)
    return Guess(options, tuple(reasons))


def _last(name: str) -> str:
    return name.replace("/", ".").rpartition(".")[2].lower()


def _size(shape: Shape) -> int:
    return int(np.prod([length or 100 for length in shape]))


def _first(
    shapes: dict[str, Shape], words: tuple[str, ...], fits: Callable[[Shape], bool]
) -> str | None:
    for word in words:
        for name, shape in shapes.items():
            if word in _last(name) and fits(shape):
                return name
    return None


def _movement(shapes: dict[str, Shape], words: tuple[str, ...], spikes: str) -> str | None:
    """Return a selector of two columns: an array of two or more, or a pair NAMEx,NAMEy."""
    times = {length for length in shapes[spikes] if length != 1}
    named = {
        name: shape
        for name, shape in shapes.items()
        if any(word in _last(name) for word in words)
        and not any(word in _last(name) for word in _NOT_A_HAND)
        and name != spikes
        and (None in shape or times & set(shape))
    }
    for name, shape in named.items():
        others = [length for length in shape if length is not None]
        if len(shape) >= 2 and 2 in others:
            return name
    for name in named:
        for x, y in (("x", "y"), ("X", "Y")):
            at = _last(name).rfind(x.lower())
            if at >= 0 and name.endswith(x) and f"{name[:-1]}{y}" in named:
                return f"{name},{name[:-1]}{y}"
    for name, shape in named.items():
        if len(shape) >= 2 and any(length is not None and 2 < length <= 12 for length in shape):
            return f"{name}:0,1"
    return None


def _tick_of_the_file(container: Container, spikes: str) -> bool:
    parent = spikes.rpartition(".")[0]
    return f"{parent}.bin_size" in container.shapes() or "bin_size" in container.shapes()


def _tick(container: Container, shapes: dict[str, Shape], spikes: str) -> tuple[float, str]:
    for name, shape in shapes.items():
        if _last(name) in _LENGTHS and _size(shape) == 1:
            value = _numbers(container, name)
            if value is not None and 0 < value[0] <= 1:
                return float(value[0]), f"tick: the number '{name}'"
    ticks = {length for length in shapes[spikes] if length is not None and length > 1}
    for name, shape in shapes.items():
        if _last(name) in TIMES and _size(shape) in ticks:
            value = _numbers(container, name)
            if value is not None and len(value) > 1:
                step = float(np.median(np.diff(value)))
                if np.isfinite(step) and step > 0:
                    return float(f"{step:.6g}"), f"tick: the usual step of '{name}'"
    return _NO_SIGN, f"tick: {_NO_SIGN:g} s for want of any sign of it; give the true one"


def _numbers(container: Container, name: str) -> NDArray[np.float64] | None:
    try:
        value = container.load(name)
    except UserError:
        return None
    return None if isinstance(value, list) else np.ravel(value).astype(np.float64)
