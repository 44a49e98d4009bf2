"""A study that many workers share: each takes a trial, and a killed one loses only its own."""

import json
import math
import os
import random
import socket
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from tqdm import tqdm

from aegru_hw.decoder.config import Config, make_config
from aegru_hw.errors import UserError
from aegru_hw.recordings.recording import Recording
from aegru_hw.strict_json import to_json, write_json
from aegru_hw.sweep.objective import Score, score
from aegru_hw.sweep.space import Choices, Facts, Space, Value, as_facts

STUDY_FILE = "study.db"
FLOAT_FOLDER = "float"
PLOTS_FILE = "sweep.html"
SUMMARY_FILE = "summary.json"
DIRECTIONS = ("maximize", "minimize")
"""Of R² and of MACs."""

HEARTBEATS_MISSED = 3
"""A worker that was silent for so many heartbeats is taken for dead."""

OPENING_ATTEMPTS = 4
"""Workers that begin at once meet while the tables are made; one of them has to come again."""

REFUSED = "refused"
PROBLEM = "problem"


@dataclass(frozen=True)
class ProblemFacts:
    """What a study is about: a recording by its content, what is varied, and from where."""

    recording: str
    source: str
    vary: Facts
    seeds: int
    config: Config


@dataclass(frozen=True)
class Problem:
    """What all workers of a study have in common.

    preset, overrides, seed: the configuration that each trial varies.
    seeds: trainings a trial, with the seeds from `seed` on; a trial's score is their mean.
    """

    space: Space
    preset: str
    overrides: tuple[str, ...]
    seed: int
    seeds: int

    def facts(self, recording: Recording) -> ProblemFacts:
        """Return what identifies the problem."""
        base = make_config(self.preset, self.overrides, self.seed)
        return ProblemFacts(
            recording.content_hash, recording.source, as_facts(self.space), self.seeds, base
        )


@dataclass(frozen=True)
class Trial:
    """A finished trial: its number, the varied constants, and its score on the validation split."""

    number: int
    values: dict[str, Value]
    r2: float
    macs: float
    on_front: bool


@dataclass(frozen=True)
class Summary:
    """What a study came to, summary.json.

    trials: how many were scored; refused: why others were not.
    pareto: trials that no other beats in both scores, by MACs: trial, r2, macs, and each varied
        constant under its name.
    plots: path of the page.
    """

    study: str
    problem: ProblemFacts
    trials: int
    refused: tuple[str, ...]
    pareto: tuple[dict[str, Value], ...]
    plots: str


def sweep(
    recording: Recording,
    problem: Problem,
    folder: Path,
    *,
    trials: int,
    storage: str | None = None,
    name: str = "sweep",
    heartbeat: int = 30,
    progress: bool = True,
) -> Summary:
    """Work on a study until it has so many finished trials; plot it; return its summary.

    Any number of workers may do so at once, on one folder or on one storage. A trial of a worker
    that was killed is given up after three missed heartbeats and run again by another.

    storage: address of a database that optuna can use, such as postgresql://host/name; the
        folder's own SQLite file unless given.
    name: of the study in the storage.
    heartbeat: seconds between two signs of life of a worker.

    Raises UserError where the study was begun with another recording, space or configuration,
    where the storage cannot be used, and where every trial was refused.
    """
    optuna = _optuna()
    (folder / FLOAT_FOLDER).mkdir(parents=True, exist_ok=True)
    with _quiet(), _storage_errors(storage):
        study = _open_study(optuna, storage or _sqlite(folder), name, heartbeat)
        facts = problem.facts(recording)
        _agree(study, facts)
        _work(optuna, study, recording, problem, folder, trials, heartbeat, progress)
        finished = finished_trials(study)
        if not finished:
            raise UserError(f"every trial was refused; the first: {_refusals(study)[0]}")
        summary = _summary(study, facts, finished, folder)
    from aegru_hw.sweep.plots import write_plots

    write_plots(folder / PLOTS_FILE, finished, recording.source)
    write_json(summary, folder / SUMMARY_FILE)
    return summary


def finished_trials(study: Any) -> list[Trial]:
    """Return the finished trials of a study in their order."""
    complete = [trial for trial in study.get_trials(deepcopy=False) if _is(trial, "COMPLETE")]
    front = {trial.number for trial in study.best_trials} if complete else set()
    return [
        Trial(
            trial.number,
            dict(trial.params),
            trial.values[0],
            trial.values[1],
            trial.number in front,
        )
        for trial in complete
    ]


def _work(
    optuna: Any,
    study: Any,
    recording: Recording,
    problem: Problem,
    folder: Path,
    wanted: int,
    heartbeat: int,
    progress: bool,
) -> None:
    """Run trials until the study has enough, also those of workers that died."""

    lost = optuna.exceptions.UpdateFinishedTrialError
    done: set[int] = set()

    def objective(trial: Any) -> tuple[float, float]:
        trial.set_user_attr("worker", f"{socket.gethostname()}:{os.getpid()}")
        values = {name: _suggest(trial, name, kind) for name, kind in problem.space.items()}
        twin = next((other for other in finished_trials(study) if other.values == values), None)
        if twin is not None:
            done.add(trial.number)
            return twin.r2, twin.macs
        try:
            mean = _mean_score(recording, problem, values, folder / FLOAT_FOLDER)
        except UserError as error:
            done.add(trial.number)
            with suppress(lost):
                trial.set_user_attr(REFUSED, str(error))
            raise
        done.add(trial.number)
        with suppress(lost):
            trial.set_user_attr("float_r2", mean.float_r2)
            trial.set_user_attr("sparsity", mean.sparsity)
        return mean.r2, mean.macs

    with tqdm(
        total=wanted, desc="trials", unit="trial", file=sys.stderr, disable=not progress
    ) as bar:
        while True:
            optuna.storages.fail_stale_trials(study)
            finished, running = _counted(study)
            bar.update(min(finished, wanted) - bar.n)
            best = max((trial.r2 for trial in finished_trials(study)), default=math.nan)
            bar.set_postfix(best_r2=f"{best:.4f}", running=running)
            if finished >= wanted:
                return
            if finished + running >= wanted:  # others are at the last ones, or are dead
                time.sleep(heartbeat)
                continue
            done.clear()
            try:
                study.optimize(objective, n_trials=1, catch=(UserError,))
            except (ValueError, AssertionError):
                # optuna's, where the others took this worker for dead and its trial over.
                if not done:
                    raise


def _counted(study: Any) -> tuple[int, int]:
    """Return how many trials are finished (scored or refused), and how many running."""
    trials = study.get_trials(deepcopy=False)
    finished = sum(_is(trial, "COMPLETE") or REFUSED in trial.user_attrs for trial in trials)
    return finished, sum(_is(trial, "RUNNING") for trial in trials)


def _refusals(study: Any) -> list[str]:
    trials = study.get_trials(deepcopy=False)
    return [trial.user_attrs[REFUSED] for trial in trials if REFUSED in trial.user_attrs]


def _is(trial: Any, state: str) -> bool:
    return bool(trial.state.name == state)


def _suggest(trial: Any, name: str, kind: Any) -> Any:
    if isinstance(kind, Choices):
        return trial.suggest_categorical(name, list(kind.values))
    if isinstance(kind.low, int) and isinstance(kind.high, int):
        return trial.suggest_int(name, kind.low, kind.high)
    return trial.suggest_float(name, kind.low, kind.high)


def _mean_score(
    recording: Recording, problem: Problem, values: dict[str, Value], float_networks: Path
) -> Score:
    varied = [f"{name}={value}" for name, value in values.items()]
    scores = []
    for seed in range(problem.seed, problem.seed + problem.seeds):
        config = make_config(problem.preset, [*problem.overrides, *varied], seed)
        scores.append(asdict(score(recording, config, float_networks)))
    mean = Score(**{key: fmean(one[key] for one in scores) for key in scores[0]})
    if not math.isfinite(mean.r2):
        raise UserError("R² is not a number: the training diverged, or nothing moves")
    return mean


def _open_study(optuna: Any, storage: str, name: str, heartbeat: int) -> Any:
    from sqlalchemy.exc import IntegrityError, OperationalError

    for _ in range(OPENING_ATTEMPTS - 1):
        try:
            return _try_to_open(optuna, storage, name, heartbeat)
        except (IntegrityError, OperationalError, optuna.exceptions.StorageInternalError):
            time.sleep(random.uniform(0.3, 1))
    return _try_to_open(optuna, storage, name, heartbeat)


def _try_to_open(optuna: Any, storage: str, name: str, heartbeat: int) -> Any:
    options = {"connect_args": {"timeout": 100}} if storage.startswith("sqlite") else {}
    database = optuna.storages.RDBStorage(
        storage,
        engine_kwargs=options,
        heartbeat_interval=heartbeat,
        grace_period=HEARTBEATS_MISSED * heartbeat,
        heartbeat_stale_trial_callback=optuna.storages.RetryHeartbeatStaleTrialCallback(),
    )
    # Without a seed: workers with the same one would all try the same.
    return optuna.create_study(
        study_name=name,
        storage=database,
        directions=list(DIRECTIONS),
        sampler=optuna.samplers.TPESampler(constant_liar=True),
        load_if_exists=True,
    )


def _agree(study: Any, about: ProblemFacts) -> None:
    """Say what the study is about, or refuse to work on another problem than it is about."""
    facts = json.loads(to_json(about))
    begun = study.user_attrs.get(PROBLEM)
    if begun is None:
        study.set_user_attr(PROBLEM, facts)
        return
    different = [key for key in facts if begun.get(key) != facts[key]]
    if different:
        raise UserError(
            f"study '{study.study_name}' was begun with another {different[0]}; "
            "give the same arguments, or --study NAME for a new one"
        )


def _summary(study: Any, about: ProblemFacts, finished: list[Trial], folder: Path) -> Summary:
    front = sorted((trial for trial in finished if trial.on_front), key=lambda trial: trial.macs)
    return Summary(
        study=study.study_name,
        problem=about,
        trials=len(finished),
        refused=tuple(_refusals(study)),
        pareto=tuple(
            {"trial": trial.number, "r2": trial.r2, "macs": trial.macs, **trial.values}
            for trial in front
        ),
        plots=str(folder / PLOTS_FILE),
    )


def _sqlite(folder: Path) -> str:
    return f"sqlite:///{(folder / STUDY_FILE).resolve()}"


def _optuna() -> Any:
    try:
        import optuna
        import plotly
    except ImportError as error:
        raise UserError(
            f"sweep needs {error.name}, which is not installed: pip install 'aegru-hw[sweep]'"
        ) from None
    del plotly
    optuna.logging.set_verbosity(optuna.logging.CRITICAL)
    return optuna


@contextmanager
def _quiet() -> Iterator[None]:
    """Hide that optuna calls its heartbeat experimental."""
    import optuna

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        yield


@contextmanager
def _storage_errors(storage: str | None) -> Iterator[None]:
    """Say in one line, without its password, what is wrong with a storage."""
    import optuna
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (SQLAlchemyError, optuna.exceptions.OptunaError, ImportError) as error:
        try:
            shown = "the sweep's file" if storage is None else make_url(storage).render_as_string()
        except SQLAlchemyError:
            shown = "the address given"
        cause = getattr(error, "orig", None) or error.__cause__ or error
        reason = (str(cause).splitlines() or [type(cause).__name__])[0]
        raise UserError(
            f"storage {shown} cannot be used: {reason}; an address such as "
            "sqlite:///study.db or postgresql://user@host/name is accepted"
        ) from None
