"""The length of a bin that a file says beside its counts, as `bin_size` of TrialData does."""

import math
from dataclasses import dataclass

import numpy as np

from aegru_hw.errors import UserError
from aegru_hw.recordings.containers.container import MAX_TRIALS, Container
from aegru_hw.recordings.floats import Floats

NAME = "bin_size"
LONGEST_SECONDS = 1.0


@dataclass(frozen=True)
class BinSize:
    """What a file says.

    Attributes:
        name: of the number, or of one number a trial.
        values: those that occur, increasing.
    """

    name: str
    values: Floats

    @property
    def seconds(self) -> float | None:
        """The length in seconds; None where it cannot be one, or trials differ."""
        if len(self.values) == 1 and 0 < self.values[0] <= LONGEST_SECONDS:
            return float(self.values[0])
        return None

    @property
    def milliseconds(self) -> float | None:
        """The length in milliseconds, where it would be one of at least 1 ms if taken for such."""
        if len(self.values) == 1 and LONGEST_SECONDS < self.values[0] <= 1000 * LONGEST_SECONDS:
            return float(self.values[0])
        return None

    @property
    def problem(self) -> str:
        """Why it is no length in seconds, and what to do."""
        if len(self.values) > 1:
            return (
                f"'{self.name}' differs from trial to trial, from {self.values[0]:g} to "
                f"{self.values[-1]:g}; a recording has one tick: --tick SECONDS says which"
            )
        said = f"{self.values[0]:g}, " if len(self.values) else ""
        hint = "SECONDS"
        if self.milliseconds is not None:
            hint = f"{self.milliseconds / 1000:g} if milliseconds are meant"
        return f"'{self.name}' is {said}no bin length in seconds; give --tick {hint}"


def bin_size_of(container: Container, counts: str) -> BinSize | None:
    """Return what is said beside the counts of a whole name, or elsewhere; None for nothing."""
    shapes = container.shapes()
    beside = f"{counts.rpartition('.')[0]}.{NAME}"
    try:
        name = container.resolve(beside if beside in shapes else NAME)
        if math.prod(length or 1 for length in shapes[name]) > MAX_TRIALS:
            return None
        found = container.load(name)
    except UserError:
        return None
    numbers = found if isinstance(found, list) else [found]
    return BinSize(name, np.unique(np.concatenate([np.ravel(number) for number in numbers])))
