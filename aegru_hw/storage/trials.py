"""Trials of optuna's: what they are about, how they ended, and what a study holds of them."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

KEY, WORKER, HEARD, REFUSED, GIVEN_BACK = "key", "worker", "heard", "refused", "given_back"


@dataclass(frozen=True)
class State:
    """What a study holds at a moment.

    complete, refused, running: trials by these states, in their order.
    lost: trials of the dead that nobody has taken again.
    keys: of the first three.
    """

    complete: tuple["FrozenTrial", ...]
    refused: tuple["FrozenTrial", ...]
    running: tuple["FrozenTrial", ...]
    lost: tuple["FrozenTrial", ...]
    keys: frozenset[str]

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why each of the refused was."""
        return tuple(trial.user_attrs[REFUSED] for trial in self.refused)


@dataclass(frozen=True)
class Claim:
    """A trial that this worker has taken: its id in the database, its key and its values."""

    trial_id: int
    key: str
    values: dict[str, Any]


def key_of(trial: "FrozenTrial") -> str:
    """Return what a trial is: its key, or where it has none its values."""
    return trial.user_attrs.get(KEY) or key_of_values(trial.params)


def key_of_values(values: dict[str, Any]) -> str:
    """Return the key of values that are varied."""
    return json.dumps(values, sort_keys=True)


def kind_of(trial: "FrozenTrial") -> str:
    """Return a trial's state, of those that failed why: refused, given back, or else FAIL."""
    reasons = (reason for reason in (REFUSED, GIVEN_BACK) if reason in trial.user_attrs)
    return next(reasons, trial.state.name)


def history_of(again: "FrozenTrial | None") -> dict[str, Any]:
    """Return what optuna keeps of a trial that is tried again."""
    if again is None:
        return {}
    before = again.system_attrs
    return {
        "failed_trial": before.get("failed_trial", again.number),
        "retry_history": [*before.get("retry_history", []), again.number],
    }
