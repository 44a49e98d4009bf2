"""A sweep and a benchmark through a PostgreSQL server."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from aegru_hw.benchmark.benchmark import Sharing, benchmark
from aegru_hw.benchmark.measure import Measurement, case_of
from aegru_hw.sweep import study as module
from aegru_hw.sweep.objective import Score
from aegru_hw.sweep.space import parse_space
from aegru_hw.sweep.study import Problem, sweep
from tests.support.postgresql import postgresql
from tests.support.recordings import QUICK, small_recording


@pytest.fixture(scope="module")
def address():
    with postgresql() as server:
        yield server


def test_a_sweep_of_two_workers(address, tmp_path: Path, monkeypatch) -> None:
    tried = []

    def score(recording, config, folder) -> Score:
        tried.append((config.pruning.rate, config.window.steps))
        return Score(1 - config.pruning.rate**2, 1000.0 * config.window.steps, 0.9, 0.5)

    monkeypatch.setattr(module, "score", score)
    space = parse_space(("pruning.rate=0.1,0.2,0.3,0.4", "window.steps=1..3"), "paper", QUICK)
    problem = Problem(space, "paper", QUICK, seed=0, seeds=1)

    def work(name: str):
        options = {"trials": 40, "storage": address, "progress": False}
        return sweep(small_recording(ticks=600), problem, tmp_path / name, **options)

    with ThreadPoolExecutor(2) as pool:
        one, two = pool.map(work, ("one", "two"))
    assert len(tried) == len(set(tried)) == one.trials == two.trials == 12
    assert one.exhausted
    assert one.pareto == two.pareto


@pytest.mark.slow
def test_a_benchmark(address, tmp_path: Path, monkeypatch) -> None:
    cases = [case_of("small.h5", small_recording(ticks=400))]
    decoders = ("AEGRU float", "ridge, lagged (Wiener)")
    settings = (*QUICK, "training.epochs=1")

    def measured(name: str, sharing: Sharing | None):
        measurement = Measurement(tmp_path / name, "paper", settings, decoders)
        return benchmark(cases, 2, measurement, sharing=sharing, progress=False)

    alone, shared = measured("alone", None), measured("shared", Sharing(address))
    assert shared == alone
    monkeypatch.setattr(Measurement, "measure", lambda *_, **__: pytest.fail("measured again"))
    assert measured("late", Sharing(address)) == alone
