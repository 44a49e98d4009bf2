import json
import math
from pathlib import Path
from statistics import fmean, stdev

import pytest

from aegru_hw.benchmark import measure as module
from aegru_hw.benchmark.measure import DECODERS, FLOAT, LINEAR, PLAIN, PRUNED, ROWS, STOCK
from aegru_hw.benchmark.published import published_rows
from aegru_hw.benchmark.table import summarise
from aegru_hw.cli import main
from tests.support.recordings import QUICK, small_recording


def test_published_rows_name_their_sources() -> None:
    rows = {row["name"]: row for row in published_rows()}
    assert {"GRU-t1", "bigRSNN", "tinyRSNN"} < set(rows)
    assert all("arXiv" in row["source"] and 0.6 < row["r2"] < 0.8 for row in rows.values())
    aegru = rows["AEGRU, 50 % pruned"]
    assert round(fmean(aegru["recordings"].values()), 3) == aegru["r2"]
    assert len(aegru["recordings"]) == 6


def result(r2: float, **more: float) -> dict:
    return {"r2": r2, "macs": 100 * r2, "footprint_bytes": 7} | more


def test_table_is_mean_and_standard_error_over_seeds_then_over_recordings() -> None:
    scores = {"one": [0.5, 0.6, 0.9], "two": [0.1, 0.1, 0.4]}
    results = {
        name: {
            seed: {row: result(r2, mismatches=seed) for row in ROWS} for seed, r2 in enumerate(r)
        }
        for name, r in scores.items()
    }
    table = summarise(results, {name: {"name": name} for name in scores})
    for name, r2 in scores.items():
        row = table["recordings"][name]["rows"][PLAIN]
        assert row["r2"] == pytest.approx(fmean(r2))
        assert row["se"] == pytest.approx(stdev(r2) / math.sqrt(3))
        assert row["macs"] == pytest.approx(100 * fmean(r2))
        assert row["mismatches"] == 3
    means = [fmean(pair) for pair in zip(*scores.values(), strict=True)]
    assert table["mean"][PLAIN]["r2"] == pytest.approx(fmean(means))
    assert table["mean"][PLAIN]["se"] == pytest.approx(stdev(means) / math.sqrt(3))


SETTINGS = [f"--set={text}" for text in (*QUICK, "pruning.min_updates=0")]


@pytest.fixture(scope="module")
def measured(tmp_path_factory) -> tuple[Path, Path, list[str]]:
    """A benchmark of one seed, without the rows that g++ compiles."""
    folder = tmp_path_factory.mktemp("benchmark")
    recording = folder / "small.h5"
    small_recording(ticks=600).save(recording)
    out = folder / "out"
    arguments = ["benchmark", str(recording), "--seeds", "1", "--out", str(out), *SETTINGS]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module._Bench, "stock", lambda bench, name, bits: {name: result(0.5)})
        assert main([*arguments, "--quiet"]) == 0
    return recording, out, arguments


@pytest.mark.slow
def test_benchmark_measures_every_row_and_goes_on(measured, capsys, monkeypatch) -> None:
    """The second run takes what is there, and makes only the row that is missing."""
    _, out, arguments = measured
    (case,) = out.iterdir()
    missing = module._path(case / "seed_0", list(DECODERS)[-1])
    before = json.loads(missing.read_text())
    missing.unlink()
    for method in ("float_row", "linear", "plain_gru", "stock"):
        monkeypatch.setattr(module._Bench, method, lambda *_: pytest.fail("measured again"))
    assert main([*arguments, "--json"]) == 0
    table = json.loads(capsys.readouterr().out)
    assert json.loads(missing.read_text()) == before
    rows = table["recordings"][case.name]["rows"]
    assert tuple(rows) == ROWS
    for name in DECODERS:
        assert rows[name]["mismatches"] == 0
        assert 0 < rows[name]["share"] < 1
    lean, plain = list(DECODERS)[2], next(iter(DECODERS))
    assert rows[lean]["macs"] < rows[plain]["macs"] < rows[FLOAT]["macs"]
    assert rows[PRUNED]["neurobench"]["connection_sparsity"] == pytest.approx(0.5, abs=0.05)
    assert rows[FLOAT]["neurobench"]["connection_sparsity"] == 0
    assert set(table["mean"]) == set(rows)
    assert [row["name"] for row in table["published"]] == [row["name"] for row in published_rows()]
    for name in (*LINEAR, *STOCK):
        assert rows[name]["se"] is None


@pytest.mark.slow
def test_results_of_other_settings_are_refused(measured, capsys) -> None:
    arguments = measured[2]
    assert main([*arguments, "--quiet", "--set=training.epochs=3"]) == 1
    assert "holds results of other settings; choose another --out" in capsys.readouterr().err


@pytest.mark.slow
def test_table_text_shows_recordings_mean_and_published(measured, capsys, monkeypatch) -> None:
    recording, _, arguments = measured
    assert main([*arguments, "--quiet"]) == 0
    text = capsys.readouterr().out
    for name in (*ROWS, "tinyRSNN", f"{recording.stem}_", "mean of 1 recordings"):
        assert name in text


def test_number_of_seeds_is_checked(tmp_path, capsys) -> None:
    recording = tmp_path / "small.h5"
    small_recording(ticks=200).save(recording)
    assert main(["benchmark", str(recording), "--seeds", "0", "--out", str(tmp_path)]) == 1
    assert "--seeds is 0; accepted is a whole number from 1" in capsys.readouterr().err
