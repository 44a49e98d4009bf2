"""Guessing which arrays are spikes and movement where no name says so, after their numbers."""

import numpy as np

from aegru_hw.errors import UserError
from aegru_hw.recordings.containers.container import Container, Numbers, Shape
from aegru_hw.recordings.guess import Guess, size_of, tick_of

MOST = 2**24
"""Numbers of the largest array that is looked at."""


def guess_by_values(container: Container) -> Guess | None:
    """Return how one would try to import two matrices that share a length; None for no such two.

    Counts are the larger, of whole numbers from 0 on; the other moves. Its first two columns are
    taken.
    """
    shapes = container.shapes()
    matrices = [name for name, shape in shapes.items() if _is_matrix(shape)]
    for name in sorted(matrices, key=lambda one: -size_of(shapes[one])):
        others = [
            other
            for other in matrices
            if other != name and {*shapes[other]} & {*shapes[name]} and _columns(shapes[other]) >= 2
        ]
        others = [other for other in others if size_of(shapes[other]) < size_of(shapes[name])]
        if others and _are_counts(_read(container, name)):
            moved = others[0] if _columns(shapes[others[0]]) == 2 else f"{others[0]}:0,1"
            reasons = (
                f"counts: '{name}', as its numbers are whole; its name says nothing",
                f"velocity: '{moved}', as it has as many rows; or is it a --position?",
            )
            tick, reason = tick_of(container, name)
            return Guess(
                {"counts": name, "velocity": moved, "tick_seconds": tick}, (*reasons, reason)
            )
    return None


def _is_matrix(shape: Shape) -> bool:
    return len(shape) == 2 and None not in shape and _columns(shape) >= 2 and size_of(shape) <= MOST


def _columns(shape: Shape) -> int:
    return min(length or 0 for length in shape)


def _read(container: Container, name: str) -> Numbers | None:
    try:
        values = container.load(name)
    except UserError:
        return None
    return None if isinstance(values, list) else values


def _are_counts(values: Numbers | None) -> bool:
    if values is None or not np.isfinite(values).all():
        return False
    return bool((values >= 0).all() and (values == np.rint(values)).all())
