"""One study and its workers."""

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import optuna
import pytest

from aegru_hw.cli import main
from aegru_hw.errors import UserError
from aegru_hw.recordings.recording import Recording
from aegru_hw.sweep import study as module
from aegru_hw.sweep.objective import Score
from aegru_hw.sweep.space import parse_space
from aegru_hw.sweep.study import Problem, sweep
from tests.support.recordings import QUICK, small_recording

VARIED = ("window.steps=1,2", "pruning.rate=0.2..0.8", "window.seconds=0.05,0.1")


@pytest.fixture(scope="module")
def recording() -> Recording:
    return small_recording(ticks=600)


def problem(*varied: str, seeds: int = 1) -> Problem:
    space = parse_space(varied or VARIED, "paper", QUICK)
    return Problem(space, "paper", tuple(QUICK), seed=0, seeds=seeds)


@pytest.fixture
def instant(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, float]]:
    """Scores that follow from the configuration at once; returns what was asked for."""
    asked: list[tuple[int, float]] = []

    def score(recording, config, folder) -> Score:
        asked.append((config.seed, config.pruning.rate))
        if config.pruning.rate > 0.95:
            raise UserError("too much")
        if config.pruning.rate > 0.9:
            return Score(float("nan"), 1.0, 0.0, 0.0)
        macs = 1000 * (1 - config.pruning.rate) * config.window.steps
        return Score(1 - config.pruning.rate**2 + config.seed, macs, 0.9, config.pruning.rate)

    def sampler(**options: object) -> optuna.samplers.BaseSampler:
        return optuna.samplers.RandomSampler(seed=1)

    monkeypatch.setattr(module, "score", score)
    monkeypatch.setattr(optuna.samplers, "TPESampler", sampler)
    return asked


def trials_of(folder: Path) -> list[optuna.trial.FrozenTrial]:
    storage = f"sqlite:///{folder / 'study.db'}"
    return optuna.load_study(study_name="sweep", storage=storage).get_trials()


@pytest.mark.slow
def test_the_command(recording: Recording, tmp_path: Path, capsys) -> None:
    recording.save(tmp_path / "small.h5")
    out = tmp_path / "out"
    command = ["sweep", str(tmp_path / "small.h5"), "--out", str(out), "--json"]
    command += [part for text in VARIED for part in ("--vary", text)]
    command += [part for text in QUICK for part in ("--set", text)]
    assert main([*command, "--trials", "3"]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    summary = json.loads(captured.out)
    assert summary == json.loads((out / "summary.json").read_text())
    assert summary["trials"] == len(trials_of(out)) == 3
    front = summary["pareto"]
    assert [row["macs"] for row in front] == sorted(row["macs"] for row in front)
    assert [row["r2"] for row in front] == sorted(row["r2"] for row in front)
    assert set(front[0]) == {"trial", "r2", "macs"} | set(problem().space)
    assert Path(summary["plots"]).stat().st_size > 10**6
    assert main([*command, "--trials", "4"]) == 0  # goes on
    assert len(trials_of(out)) == 4
    capsys.readouterr()
    assert main([*command, "--trials", "4", "--seed", "1"]) == 1
    assert "begun with another config" in capsys.readouterr().err
    assert len(trials_of(out)) == 4


def test_progress_and_text(recording, instant, tmp_path: Path, capsys) -> None:
    sweep(recording, problem("pruning.rate=0.2,0.5"), tmp_path, trials=2)
    assert "trials: 100%" in capsys.readouterr().err


def test_scores_are_means_over_seeds(recording, instant, tmp_path: Path) -> None:
    kept = problem("pruning.rate=0.5", seeds=3)
    summary = sweep(recording, kept, tmp_path, trials=1, progress=False)
    assert instant == [(0, 0.5), (1, 0.5), (2, 0.5)]
    assert summary.pareto[0]["r2"] == pytest.approx(1.75)


def test_the_same_values_are_not_trained_again(recording, instant, tmp_path: Path) -> None:
    varied = problem("pruning.rate=0.2,0.5,0.96", "window.steps=1..2")
    summary = sweep(recording, varied, tmp_path, trials=40, progress=False)
    assert sorted(instant) == [(0, rate) for rate in (0.2, 0.5, 0.96) for _ in range(2)]
    assert (summary.trials, len(summary.refused), summary.combinations) == (4, 2, 6)
    assert summary.exhausted
    assert [trial.state.name for trial in trials_of(tmp_path)].count("COMPLETE") == 4


def test_the_command_says_when_all_were_tried(recording, instant, tmp_path: Path, capsys) -> None:
    recording.save(tmp_path / "small.h5")
    command = ["sweep", str(tmp_path / "small.h5"), "--out", str(tmp_path / "out"), "--quiet"]
    assert main([*command, "--vary", "pruning.rate=0.2,0.5", "--trials", "9"]) == 0
    first, *_ = capsys.readouterr().out.splitlines()
    assert first.startswith("2 trials; all 2 combinations were tried; Pareto front")


def test_a_study_without_end_is_not_exhausted(recording, instant, tmp_path: Path) -> None:
    summary = sweep(recording, problem(), tmp_path, trials=3, progress=False)
    assert (summary.trials, summary.combinations, summary.exhausted) == (3, None, False)


def test_workers_at_once_do_not_try_the_same(recording, instant, tmp_path, monkeypatch) -> None:
    """Four workers of one process; each opens the study for itself."""
    score = module.score

    def slow(*arguments):
        time.sleep(0.02)  # so that the others look while this one is at it
        return score(*arguments)

    monkeypatch.setattr(module, "score", slow)
    varied = problem("pruning.rate=0.1,0.2,0.3,0.4,0.5", "window.steps=1,2")
    sweep(recording, varied, tmp_path, trials=1, progress=False)

    def work(_: int) -> int:
        return sweep(recording, varied, tmp_path, trials=40, progress=False).trials

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(work, range(4))) == [10] * 4
    assert len(instant) == 10


def test_a_refused_trial_does_not_stop_the_others(recording, instant, tmp_path: Path) -> None:
    varied = problem("pruning.rate=0.2,0.96", "window.steps=1,2,3,4,5,6,7,8")
    summary = sweep(recording, varied, tmp_path, trials=8, progress=False)
    assert summary.refused
    assert set(summary.refused) == {"too much"}
    assert summary.trials + len(summary.refused) == 8
    with pytest.raises(UserError, match="every trial was refused; the first: R² is not a number"):
        sweep(recording, problem("pruning.rate=0.93"), tmp_path / "nan", trials=2, progress=False)


def test_another_problem_needs_another_name(recording, instant, tmp_path: Path) -> None:
    sweep(recording, problem("pruning.rate=0.2"), tmp_path, trials=1, progress=False)
    for other, what in (
        (problem("pruning.rate=0.3"), "vary"),
        (problem("pruning.rate=0.2", seeds=2), "seeds"),
    ):
        with pytest.raises(UserError, match=f"begun with another {what}; .* --study NAME"):
            sweep(recording, other, tmp_path, trials=1, progress=False)
    with pytest.raises(UserError, match="begun with another recording"):
        sweep(small_recording(3), problem("pruning.rate=0.2"), tmp_path, trials=1, progress=False)
    sweep(recording, problem("pruning.rate=0.3"), tmp_path, trials=1, name="two", progress=False)


@pytest.mark.parametrize(
    ("storage", "says"),
    [
        ("nonsense", "the address given cannot be used"),
        ("sqlite:////nowhere/at/all.db", "unable to open database file"),
        ("postgresql://me:secret@127.0.0.1:1/study", r"postgresql://me:\*\*\*@127"),
        ("oracel://me:secret@host/study", r"oracel://me:\*\*\*@host"),
    ],
)
def test_storages_that_cannot_be_used(
    storage: str, says: str, recording, instant, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=says) as caught:
        sweep(recording, problem(), tmp_path, trials=1, storage=storage, progress=False)
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_without_optuna(recording, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(UserError, match=r"needs optuna, .* pip install 'aegru-hw\[sweep\]'"):
        sweep(recording, problem(), tmp_path, trials=1)


def test_a_worker_that_was_taken_for_dead_goes_on(
    recording, instant, tmp_path: Path, monkeypatch
) -> None:
    """Another worker fails its trial while it computes, as happens to a suspended machine."""
    score = module.score

    def interrupted(*arguments):
        if not instant:
            storage = optuna.storages.RDBStorage(f"sqlite:///{tmp_path / 'study.db'}")
            storage.set_trial_state_values(1, optuna.trial.TrialState.FAIL)
        return score(*arguments)

    monkeypatch.setattr(module, "score", interrupted)
    summary = sweep(recording, problem("pruning.rate=0.2,0.4,0.6,0.8"), tmp_path, trials=3)
    assert [trial.state.name for trial in trials_of(tmp_path)] == ["FAIL", *["COMPLETE"] * 3]
    assert summary.trials == 3


def test_an_error_in_a_trial_is_not_swallowed(recording, tmp_path: Path, monkeypatch) -> None:
    def broken(*arguments):
        raise ValueError("a bug")

    monkeypatch.setattr(module, "score", broken)
    with pytest.raises(ValueError, match="a bug"):
        sweep(recording, problem(), tmp_path, trials=1)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
def test_a_killed_worker_loses_only_its_trial(recording: Recording, tmp_path: Path) -> None:
    wanted = 5
    recording.save(tmp_path / "small.h5")
    out = tmp_path / "out"
    command = [sys.executable, "-m", "aegru_hw", "sweep", str(tmp_path / "small.h5")]
    command += ["--out", str(out), "--trials", str(wanted), "--heartbeat", "1", "--json"]
    command += [part for text in VARIED for part in ("--vary", text)]
    command += [part for text in QUICK for part in ("--set", text)]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as victim,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as survivor,
    ):
        killed = kill_in_a_trial(victim, out)
        output, errors = survivor.communicate(timeout=300)
    assert survivor.returncode == 0, errors.decode()
    trials = trials_of(out)
    assert trials[killed.number].state.name == "FAIL"
    retried_number = optuna.storages.RetryHeartbeatStaleTrialCallback.retried_trial_number
    (retry,) = [trial for trial in trials if retried_number(trial) == killed.number]
    assert retry.state.name == "COMPLETE"
    assert retry.params == killed.params
    assert retry.user_attrs["worker"].endswith(f":{survivor.pid}")
    states = [trial.state.name for trial in trials]
    assert states.count("FAIL") == 1
    # Two workers may both begin the last one.
    assert wanted <= states.count("COMPLETE") == len(trials) - 1 <= wanted + 1
    assert json.loads(output)["trials"] == states.count("COMPLETE")


def kill_in_a_trial(worker: subprocess.Popen, folder: Path) -> optuna.trial.FrozenTrial:
    """Kill a worker (SIGKILL) while it is at a trial; return that trial."""
    study = None
    while worker.poll() is None:
        time.sleep(0.05)
        try:
            if study is None:
                study = optuna.load_study(study_name="sweep", storage=impatient(folder))
            if trial_of(worker, study) is None:
                continue
        except Exception:  # the file or its tables are not all there yet, or it is locked
            continue
        os.kill(worker.pid, signal.SIGSTOP)  # so that it stays in the trial while we look
        try:
            trial = trial_of(worker, study)
        except optuna.exceptions.StorageInternalError:  # it was stopped with the file's lock
            trial = None
        os.kill(worker.pid, signal.SIGKILL if trial else signal.SIGCONT)
        if trial is not None:
            worker.communicate()
            return trial
    raise AssertionError(f"the worker ended by itself: {worker.communicate()[1].decode()}")


def impatient(folder: Path) -> optuna.storages.RDBStorage:
    """Open a folder's study; a locked file is an error soon, before a stopped worker seems dead."""
    address = f"sqlite:///{folder / 'study.db'}"
    return optuna.storages.RDBStorage(address, engine_kwargs={"connect_args": {"timeout": 0.2}})


def trial_of(worker: subprocess.Popen, study: optuna.Study) -> optuna.trial.FrozenTrial | None:
    """Return the trial that a worker is at, None where it is at none."""
    running = study.get_trials(states=(optuna.trial.TrialState.RUNNING,))
    mine = (trial for trial in running if len(trial.params) == len(VARIED))
    return next((t for t in mine if t.user_attrs["worker"].endswith(f":{worker.pid}")), None)
