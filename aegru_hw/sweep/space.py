"""What a sweep varies: constants of the configuration, each over choices or a range."""

import math
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass

from aegru_hw.decoder.config import make_config
from aegru_hw.errors import UserError

DEFAULT_SPACE = (
    "pruning.rate=0.3..0.9",
    "window.seconds=0.04,0.08,0.16",
    "window.steps=3,5,7",
    "widths.weight=4,6,8",
)
"""What is varied unless said otherwise."""

Value = int | float | str


@dataclass(frozen=True)
class Choices:
    """One of a few values."""

    values: tuple[Value, ...]


@dataclass(frozen=True)
class Range:
    """Any number from low to high; whole numbers where both ends are."""

    low: int | float
    high: int | float


Space = dict[str, Choices | Range]


def parse_space(
    texts: Iterable[str], preset: str = "paper", overrides: Iterable[str] = ()
) -> Space:
    """Read `section.key=a,b,c` (choices) and `section.key=low..high` (a range).

    Raises UserError for a text of another form, a constant given twice, and a value that the
    configuration refuses.
    """
    space: Space = {}
    fixed = list(overrides)
    for text in texts:
        name, separator, rest = text.partition("=")
        name = name.strip()
        if not separator or not rest.strip():
            raise UserError(
                f"--vary {text}: accepted is section.key=a,b,c or section.key=low..high, such as "
                f"{DEFAULT_SPACE[0]}"
            )
        if name in space:
            raise UserError(f"--vary gives {name} twice; give all its values at once")
        space[name] = _variation(text, rest)
        for value in ends(space[name]):
            make_config(preset, [*fixed, f"{name}={value}"])
    if not space:
        raise UserError("nothing is varied; give at least one --vary section.key=a,b")
    return space


def ends(variation: Choices | Range) -> tuple[Value, ...]:
    """Return all choices, or both ends of a range."""
    if isinstance(variation, Choices):
        return variation.values
    return (variation.low, variation.high)


Facts = dict[str, list[Value] | dict[str, int | float]]


def as_facts(space: Space) -> Facts:
    """Return the space in types that JSON has: lists of choices, and ranges by low and high."""
    return {
        name: list(kind.values)
        if isinstance(kind, Choices)
        else {"low": kind.low, "high": kind.high}
        for name, kind in space.items()
    }


def _variation(text: str, rest: str) -> Choices | Range:
    if ".." not in rest:
        values = tuple(dict.fromkeys(_value(part.strip()) for part in rest.split(",")))
        return Choices(values)
    low, high = (_value(part.strip()) for part in rest.split("..", 1))
    if isinstance(low, str) or isinstance(high, str) or not -math.inf < low < high < math.inf:
        raise UserError(f"--vary {text}: a range goes from a number to a greater one")
    return Range(low, high)


def _value(text: str) -> Value:
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
    return value if isinstance(value, int | float | str) else text
