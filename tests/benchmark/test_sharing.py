"""One benchmark, however it is shared out: exactly the same rows."""

from pathlib import Path

import pytest

from aegru_hw.benchmark.benchmark import Sharing, benchmark
from aegru_hw.benchmark.measure import Case, Measurement, case_of
from aegru_hw.benchmark.table import Results
from aegru_hw.errors import UserError
from tests.support.recordings import QUICK, small_recording

DECODERS = ("AEGRU float", "AEGRU float, pruned", "ridge, lagged (Wiener)")
SETTINGS = (*QUICK, "training.epochs=1")


def measurement(folder: Path, *more: str) -> Measurement:
    return Measurement(folder, "paper", (*SETTINGS, *more), DECODERS)


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    recordings = {name: small_recording(seed, ticks=400) for seed, name in enumerate("ab")}
    return [case_of(f"{name}.h5", recording) for name, recording in recordings.items()]


@pytest.fixture(scope="module")
def one_by_one(cases, tmp_path_factory) -> tuple[Path, Results]:
    """The folder and the results of two recordings and two seeds, measured in this process."""
    folder = tmp_path_factory.mktemp("one_by_one")
    return folder, benchmark(cases, 2, measurement(folder), progress=False)


@pytest.fixture
def sharing(tmp_path) -> Sharing:
    return Sharing(f"sqlite:///{tmp_path / 'shared.db'}", heartbeat=1)


def rows_in(folder: Path) -> dict[str, bytes]:
    """Return the files of results in a folder."""
    files = [*folder.glob("*/*.json"), *folder.glob("*/seed_*/*.json")]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.mark.slow
def test_processes_side_by_side_find_the_same(cases, one_by_one, tmp_path, capsys) -> None:
    folder, results = one_by_one
    assert benchmark(cases, 2, measurement(tmp_path), jobs=2) == results
    assert rows_in(tmp_path) == rows_in(folder)
    assert len(rows_in(folder)) == 2 * (
        1 + 2 + 2 * 3
    )  # settings, both linear; float, pruned, fixed
    assert "100%" in capsys.readouterr().err
    for case in cases:
        assert all(set(rows) == set(DECODERS) for rows in results[case.name].values())


@pytest.mark.slow
def test_machines_that_share_a_database_find_the_same(
    cases, one_by_one, sharing, tmp_path, monkeypatch
) -> None:
    """The first machine leaves some to the second; both, and one that comes later, have all."""
    _, results = one_by_one
    first = benchmark(cases[:1], 1, measurement(tmp_path / "one"), sharing=sharing)
    assert first[cases[0].name][0] == results[cases[0].name][0]
    assert benchmark(cases, 2, measurement(tmp_path / "two"), sharing=sharing) == results
    assert not (tmp_path / "two" / cases[0].name / "seed_0").exists()
    monkeypatch.setattr(Measurement, "measure", lambda *_, **__: pytest.fail("measured again"))
    assert benchmark(cases, 2, measurement(tmp_path / "late"), sharing=sharing) == results
    other = measurement(tmp_path, "training.epochs=3")
    with pytest.raises(UserError, match="study 'benchmark' was begun with another config"):
        benchmark(cases, 2, other, sharing=sharing)
