"""What a sweep tries next: what a sampler proposes, and of finitely many values each once."""

import math
import random
from collections.abc import Sequence
from typing import TYPE_CHECKING

from aegru_hw.storage import Claim, Direction, SharedStudy, State
from aegru_hw.storage.address import not_installed
from aegru_hw.storage.trials import key_of_values
from aegru_hw.sweep.space import Choices, Range, Space, Value

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution


class Proposals:
    """The proposals of one worker.

    combinations: how many there are of the values varied; None where a range has no end of them.

    Raises UserError where optuna is not installed.
    """

    def __init__(self, space: Space, directions: Sequence[Direction]) -> None:
        try:
            import optuna
        except ImportError as error:
            raise not_installed("sweep", error.name) from None
        self._finite = _finite(space)
        self._directions = directions
        self._distributions = {name: _distribution(kind) for name, kind in space.items()}
        # Without a seed: workers with the same one would all try the same.
        self._sampler = optuna.samplers.TPESampler(constant_liar=True)
        self.combinations = (
            None if self._finite is None else math.prod(map(len, self._finite.values()))
        )

    def exhausted(self, state: State) -> bool:
        """Tell whether all combinations were tried, or are being tried."""
        return len(state.keys) == self.combinations

    def take(self, shared: SharedStudy, state: State) -> Claim | None:
        """Take what the sampler proposes, or where that was tried already what was not.

        They may not be exhausted. None where another worker was faster.
        """
        values = self._sampled(state)
        while key_of_values(values) in state.keys:
            values = self._sampled(state) if self._finite is None else _any_of(self._finite)
        return shared.take(key_of_values(values), values, self._distributions)

    def _sampled(self, state: State) -> dict[str, Value]:
        # In a study of its own, so that a proposal is no trial before it is known to be new.
        import optuna

        study = optuna.create_study(sampler=self._sampler, directions=list(self._directions))
        study.add_trials([*state.complete, *state.running])
        return study.ask(self._distributions).params


def _any_of(finite: dict[str, Sequence[Value]]) -> dict[str, Value]:
    return {name: random.choice(values) for name, values in finite.items()}


def _finite(space: Space) -> dict[str, Sequence[Value]] | None:
    """Return all values of each constant; None where one has no end of them."""
    values: dict[str, Sequence[Value]] = {}
    for name, kind in space.items():
        if isinstance(kind, Choices):
            values[name] = kind.values
        elif isinstance(kind.low, int) and isinstance(kind.high, int):
            values[name] = range(kind.low, kind.high + 1)
        else:
            return None
    return values


def _distribution(kind: Choices | Range) -> "BaseDistribution":
    from optuna.distributions import (
        CategoricalDistribution,
        FloatDistribution,
        IntDistribution,
    )

    if isinstance(kind, Choices):
        return CategoricalDistribution(list(kind.values))
    if isinstance(kind.low, int) and isinstance(kind.high, int):
        return IntDistribution(kind.low, kind.high)
    return FloatDistribution(kind.low, kind.high)
