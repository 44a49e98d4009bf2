"""A study that many workers share: each takes a trial, and a killed one loses only its own."""

import math
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING

from tqdm import tqdm

from aegru_hw.decoder.config import Config, make_config
from aegru_hw.errors import UserError
from aegru_hw.recordings.recording import Recording
from aegru_hw.storage import HEARTBEAT, Claim, Direction, SharedStudy, State, storage_errors
from aegru_hw.strict_json import write_json
from aegru_hw.sweep.objective import Score, score
from aegru_hw.sweep.proposals import Proposals
from aegru_hw.sweep.space import Facts, Space, Value, as_facts

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

STUDY_FILE = "study.db"
FLOAT_FOLDER = "float"
PLOTS_FILE = "sweep.html"
SUMMARY_FILE = "summary.json"
DIRECTIONS: tuple[Direction, ...] = ("maximize", "minimize")
"""Of R² and of MACs."""

POLL_SECONDS = 1.0
"""How often a worker looks that waits for the others."""


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
    combinations: of the values that are varied; None where a range has no end of them. Each is
        tried once, so that a study ends when all were.
    pareto: trials that no other beats in both scores, by MACs: trial, r2, macs, and each varied
        constant under its name.
    plots: path of the page.
    """

    study: str
    problem: ProblemFacts
    trials: int
    refused: tuple[str, ...]
    combinations: int | None
    pareto: tuple[dict[str, Value], ...]
    plots: str

    @property
    def exhausted(self) -> bool:
        """Whether all combinations were tried."""
        return self.trials + len(self.refused) == self.combinations


def sweep(
    recording: Recording,
    problem: Problem,
    folder: Path,
    *,
    trials: int,
    storage: str | None = None,
    name: str = "sweep",
    heartbeat: int = HEARTBEAT,
    progress: bool = True,
) -> Summary:
    """Work on a study until it has so many finished trials; plot it; return its summary.

    Any number of workers may do so at once, on one folder or on one storage. A trial of a worker
    that was killed is given up after three missed heartbeats and run again by another. No two try
    the same values, and where these are finitely many the study ends when all were tried.

    storage: address of a database that optuna can use, such as postgresql://host/name; the
        folder's own SQLite file unless given.
    name: of the study in the storage.
    heartbeat: seconds between two signs of life of a worker.

    Raises UserError where the study was begun with another recording, space or configuration,
    where the storage cannot be used, and where every trial was refused.
    """
    proposals = Proposals(problem.space, DIRECTIONS)
    (folder / FLOAT_FOLDER).mkdir(parents=True, exist_ok=True)
    with storage_errors(storage):
        shared = SharedStudy.open(storage or _sqlite(folder), name, DIRECTIONS, heartbeat=heartbeat)
        facts = problem.facts(recording)
        shared.agree(facts)
        _Worker(shared, proposals, recording, problem, folder).work(trials, progress)
        state = shared.state()
        finished = finished_trials(shared, state)
    if not finished:
        raise UserError(f"every trial was refused; the first: {state.reasons[0]}")
    front = sorted((trial for trial in finished if trial.on_front), key=lambda trial: trial.macs)
    summary = Summary(
        study=name,
        problem=facts,
        trials=len(finished),
        refused=state.reasons,
        combinations=proposals.combinations,
        pareto=tuple(
            {"trial": trial.number, "r2": trial.r2, "macs": trial.macs, **trial.values}
            for trial in front
        ),
        plots=str(folder / PLOTS_FILE),
    )
    from aegru_hw.sweep.plots import write_plots

    write_plots(folder / PLOTS_FILE, finished, recording.source)
    write_json(summary, folder / SUMMARY_FILE)
    return summary


def finished_trials(shared: SharedStudy, state: State) -> list[Trial]:
    """Return the scored trials of a study in their order."""
    front = {trial.number for trial in shared.study.best_trials} if state.complete else set()
    return [_trial(trial, trial.number in front) for trial in state.complete]


def _trial(trial: "FrozenTrial", on_front: bool) -> Trial:
    r2, macs = trial.values
    return Trial(trial.number, dict(trial.params), r2, macs, on_front)


@dataclass(frozen=True)
class _Worker:
    """One of those who work on a study."""

    shared: SharedStudy
    proposals: Proposals
    recording: Recording
    problem: Problem
    folder: Path

    def work(self, wanted: int, progress: bool) -> None:
        """Run trials until the study has enough, also those of workers that died."""
        combinations = self.proposals.combinations
        total = wanted if combinations is None else min(wanted, combinations)
        with tqdm(
            total=total, desc="trials", unit="trial", file=sys.stderr, disable=not progress
        ) as bar:
            while True:
                state = self.shared.state()
                finished = len(state.complete) + len(state.refused)
                bar.update(min(finished, total) - bar.n)
                best = max((trial.values[0] for trial in state.complete), default=math.nan)
                bar.set_postfix(best_r2=f"{best:.4f}", running=len(state.running))
                if finished >= total:
                    return
                claim = None
                if state.lost:
                    claim = self.shared.take_again(state.lost[0])
                elif finished + len(state.running) >= total or self.proposals.exhausted(state):
                    time.sleep(POLL_SECONDS)  # others are at the last ones, or are dead
                else:
                    claim = self.proposals.take(self.shared, state)
                if claim is not None:
                    self._try(claim)

    def _try(self, claim: Claim) -> None:
        with self.shared.alive(claim):
            try:
                mean = _mean_score(
                    self.recording, self.problem, claim.values, self.folder / FLOAT_FOLDER
                )
            except UserError as error:
                self.shared.refuse(claim, str(error))
                return
            self.shared.note(claim, "float_r2", mean.float_r2)
            self.shared.note(claim, "sparsity", mean.sparsity)
            self.shared.complete(claim, (mean.r2, mean.macs))


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


def _sqlite(folder: Path) -> str:
    return f"sqlite:///{(folder / STUDY_FILE).resolve()}"
