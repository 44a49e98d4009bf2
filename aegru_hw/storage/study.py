"""A study in a database, from which workers take what is to be done, each thing once.

A trial of optuna's is what a worker has taken: it is running, then complete, refused, or given
back. A key says what it is. Its worker gives signs of life; one that is silent is taken for dead,
and what it had taken is lost, for another to take again.

Workers may take the same at once. Trials are numbered in the order in which all can see them, and
one is given back at once where another of its key with a smaller number is alive: so of each key
only one is ever worked on. (A trial that waits cannot serve for this: in SQLite two workers can
both get it.)
"""

import json
import os
import random
import socket
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Literal, Self

from aegru_hw.errors import UserError
from aegru_hw.storage.address import is_sqlite, not_installed, shown, with_driver
from aegru_hw.storage.trials import (
    GIVEN_BACK,
    HEARD,
    KEY,
    REFUSED,
    WORKER,
    Claim,
    State,
    history_of,
    key_of,
    kind_of,
)
from aegru_hw.strict_json import to_json

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

Direction = Literal["maximize", "minimize"]

HEARTBEAT = 30
"""Seconds between two signs of life of a worker, unless said otherwise."""

HEARTBEATS_MISSED = 3
"""A worker that was silent for so many heartbeats is taken for dead."""

OPENING_ATTEMPTS = 4
"""Workers that begin at once meet while the tables are made; one of them has to come again."""

PROBLEM = "problem"
"""What a study is about, among its attributes."""


class SharedStudy:
    """A study in a database that optuna can use; see this module."""

    def __init__(self, study: Any, storage: Any, heartbeat: int) -> None:
        self.study, self.heartbeat = study, heartbeat
        self._storage = storage
        self._unheard: dict[int, float] = {}
        self._study_id = storage.get_study_id_from_name(study.study_name)

    @classmethod
    def open(
        cls,
        address: str,
        name: str,
        directions: Sequence[Direction],
        *,
        heartbeat: int = HEARTBEAT,
    ) -> Self:
        """Open a study, or begin it; within `storage_errors`.

        UserError where the database's driver is not installed.
        """
        import optuna
        from sqlalchemy.exc import IntegrityError, OperationalError

        optuna.logging.set_verbosity(optuna.logging.CRITICAL)
        for attempt in range(OPENING_ATTEMPTS):
            try:
                return cls._open(address, name, directions, heartbeat)
            except ImportError as error:
                driver = getattr(error.__cause__ or error, "name", None)
                raise not_installed(f"storage {shown(address)}", driver) from None
            except (IntegrityError, OperationalError, optuna.exceptions.StorageInternalError):
                if attempt == OPENING_ATTEMPTS - 1:
                    raise
                time.sleep(random.uniform(0.3, 1))
        raise AssertionError("not reached")

    @classmethod
    def _open(
        cls, address: str, name: str, directions: Sequence[Direction], heartbeat: int
    ) -> Self:
        import optuna

        options: dict[str, object] = {"pool_pre_ping": True}
        if is_sqlite(address):
            options = {"connect_args": {"timeout": 100}}
        with _quiet():
            storage = optuna.storages.RDBStorage(
                with_driver(address),
                engine_kwargs=options,
                heartbeat_interval=heartbeat,
                grace_period=HEARTBEATS_MISSED * heartbeat,
            )
            study = optuna.create_study(
                study_name=name,
                storage=storage,
                directions=list(directions),
                load_if_exists=True,
            )
        return cls(study, storage, heartbeat)

    def agree(self, about: object) -> None:
        """Say what the study is about (a dataclass), or refuse where it is about something else."""
        facts = json.loads(to_json(about))
        begun = self.study.user_attrs.get(PROBLEM)
        if begun is None:
            self.study.set_user_attr(PROBLEM, facts)
            return
        different = [key for key in facts if begun.get(key) != facts[key]]
        if different:
            raise UserError(
                f"study '{self.study.study_name}' was begun with another {different[0]}; "
                "give the same arguments, or --study NAME for a new one"
            )

    def state(self) -> State:
        """Give up what the dead had taken; return what there is."""
        import optuna

        with _quiet():
            optuna.storages.fail_stale_trials(self.study)
        found: dict[str, list[FrozenTrial]] = {}
        for trial in self.study.get_trials(deepcopy=False):
            found.setdefault(kind_of(trial), []).append(trial)
        complete, refused, running, failed = (
            tuple(found.get(kind, ())) for kind in ("COMPLETE", REFUSED, "RUNNING", "FAIL")
        )
        self._give_up_the_unheard(running)
        keys = frozenset(map(key_of, (*complete, *refused, *running)))
        lost = {key_of(trial): trial for trial in failed if key_of(trial) not in keys}
        return State(complete, refused, running, tuple(lost.values()), keys)

    def take(
        self,
        key: str,
        values: dict[str, Any] | None = None,
        distributions: dict[str, Any] | None = None,
        *,
        again: "FrozenTrial | None" = None,
    ) -> Claim | None:
        """Take what a key says; None where another has it.

        values, distributions: for optuna's samplers. again: the lost trial that had it.
        """
        from optuna.trial import TrialState, create_trial

        trial_id = self._storage.create_new_trial(
            self._study_id,
            create_trial(
                state=TrialState.RUNNING,
                params=values or {},
                distributions=distributions or {},
                user_attrs={KEY: key, WORKER: _worker()},
                system_attrs=history_of(again),
            ),
        )
        claim = Claim(trial_id, key, values or {})
        self._storage.record_heartbeat(trial_id)
        self.note(claim, HEARD, True)
        for trial in self.study.get_trials(deepcopy=False):
            if trial._trial_id == trial_id:
                return claim
            if key_of(trial) == key and kind_of(trial) in ("RUNNING", "COMPLETE", REFUSED):
                break
        self.give_back(claim)
        return None

    def take_again(self, lost: "FrozenTrial") -> Claim | None:
        """Take what a dead worker had taken; None where another has it."""
        return self.take(key_of(lost), dict(lost.params), dict(lost.distributions), again=lost)

    @contextmanager
    def alive(self, claim: Claim) -> Iterator[None]:
        """Give signs of life for what was taken; it is given back where the body fails."""
        ended = threading.Event()
        thread = threading.Thread(target=self._beat, args=(claim, ended), daemon=True)
        thread.start()
        try:
            yield
        except BaseException:
            self.give_back(claim)
            raise
        finally:
            ended.set()
            thread.join()

    def note(self, claim: Claim, name: str, value: object) -> None:
        """Keep a value that JSON has beside what was taken; nothing where it was taken over."""
        self._unless_taken_over(self._storage.set_trial_user_attr, claim.trial_id, name, value)

    def complete(self, claim: Claim, values: Sequence[float]) -> None:
        """Finish what was taken; where this worker was taken for dead, another finishes it."""
        self._finish(claim, "COMPLETE", values)

    def refuse(self, claim: Claim, reason: str) -> None:
        """Finish what cannot be done by anybody."""
        self.note(claim, REFUSED, reason)
        self._finish(claim, "FAIL")

    def give_back(self, claim: Claim) -> None:
        """Let go of what was taken; it may be taken again."""
        self.note(claim, GIVEN_BACK, True)
        self._finish(claim, "FAIL")

    def _finish(self, claim: Claim, state: str, values: Sequence[float] | None = None) -> None:
        from optuna.trial import TrialState

        self._unless_taken_over(
            self._storage.set_trial_state_values, claim.trial_id, TrialState[state], values
        )

    def _unless_taken_over(self, change: Callable[..., object], *arguments: object) -> None:
        from optuna.exceptions import UpdateFinishedTrialError

        with suppress(UpdateFinishedTrialError):
            change(*arguments)

    def _beat(self, claim: Claim, ended: threading.Event) -> None:
        while not ended.wait(self.heartbeat):
            with suppress(Exception):  # a server that is away for a moment; the next may arrive
                self._storage.record_heartbeat(claim.trial_id)

    def _give_up_the_unheard(self, running: Sequence["FrozenTrial"]) -> None:
        """Give up trials whose workers died before the first heartbeat, which optuna overlooks."""
        from optuna.trial import TrialState

        now = time.monotonic()
        unheard = [trial._trial_id for trial in running if HEARD not in trial.user_attrs]
        self._unheard = {trial_id: self._unheard.get(trial_id, now) for trial_id in unheard}
        for trial_id, since in self._unheard.items():
            if now - since > HEARTBEATS_MISSED * self.heartbeat:
                self._unless_taken_over(
                    self._storage.set_trial_state_values, trial_id, TrialState.FAIL, None
                )


def _worker() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"


@contextmanager
def _quiet() -> Iterator[None]:
    """Hide that optuna calls its heartbeat experimental."""
    import optuna

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        yield
