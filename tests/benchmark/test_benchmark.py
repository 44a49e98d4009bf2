import json
import math
import os
from dataclasses import replace
from pathlib import Path
from statistics import fmean, stdev

import pytest

from aegru_hw.benchmark import measure as module
from aegru_hw.benchmark.decoders import DECODERS, FLOAT, LINEAR, PLAIN, PRUNED, ROWS, STOCK
from aegru_hw.benchmark.measure import CaseFacts
from aegru_hw.benchmark.published import published_rows
from aegru_hw.benchmark.rows import Row
from aegru_hw.benchmark.table import summarise
from aegru_hw.benchmark.text import table_text
from aegru_hw.cli import main
from aegru_hw.cost.neurobench import Metrics
from aegru_hw.runs.lock import FolderLock
from aegru_hw.strict_json import read_json, write_json
from tests.support.recordings import QUICK, small_recording


def test_published_rows_name_their_sources() -> None:
    rows = {row.name: row for row in published_rows()}
    assert {"GRU-t1", "bigRSNN", "tinyRSNN"} < set(rows)
    assert all("arXiv" in row.source and 0.6 < row.r2 < 0.8 for row in rows.values())
    aegru = rows["AEGRU, 50 % pruned"]
    assert aegru.recordings is not None
    assert round(fmean(aegru.recordings.values()), 3) == aegru.r2
    assert len(aegru.recordings) == 6


FACTS = CaseFacts("made", "small", "0" * 64, channels=12, ticks=600, tick_seconds=0.05)


def result(r2: float | None, mismatches: int | None = None) -> Row:
    return Row(r2, r2, r2, macs=100 * (r2 or 0), footprint_bytes=7, mismatches=mismatches)


def test_table_is_mean_and_standard_error_over_seeds_then_over_recordings() -> None:
    scores = {"one": [0.5, 0.6, 0.9], "two": [0.1, 0.1, 0.4]}
    results = {
        name: {
            seed: {row: result(r2, mismatches=seed) for row in ROWS} for seed, r2 in enumerate(r)
        }
        for name, r in scores.items()
    }
    table = summarise(results, dict.fromkeys(scores, FACTS))
    for name, r2 in scores.items():
        line = table.recordings[name].rows[PLAIN]
        assert line.r2 == pytest.approx(fmean(r2))
        assert line.se == pytest.approx(stdev(r2) / math.sqrt(3))
        assert line.macs == pytest.approx(100 * fmean(r2))
        assert line.mismatches == 3
    means = [fmean(pair) for pair in zip(*scores.values(), strict=True)]
    assert table.mean[PLAIN].r2 == pytest.approx(fmean(means))
    assert table.mean[PLAIN].se == pytest.approx(stdev(means) / math.sqrt(3))


def test_what_was_not_measured_stays_so() -> None:
    """An undefined R² of one seed leaves the mean undefined, and no zero stands for a lack."""
    results = {
        "one": {seed: dict.fromkeys(ROWS, result(r2)) for seed, r2 in enumerate((0.5, None))}
    }
    table = summarise(results, {"one": FACTS})
    line = table.recordings["one"].rows[PLAIN]
    assert (line.r2, line.se, line.mismatches, line.neurobench) == (None, None, None, None)
    assert table.mean[PLAIN].r2 is None
    shown = next(text for text in table_text(table, 2).splitlines() if text.startswith(PLAIN))
    assert shown.split()[len(PLAIN.split()) :] == ["none", "25", "7"]


def test_a_row_survives_its_file(tmp_path: Path) -> None:
    row = replace(result(0.5, mismatches=0), neurobench=Metrics(7, 0.5, 0.0, 3.5, 2.0, 0.0))
    write_json(row, tmp_path / "row.json")
    assert read_json(tmp_path / "row.json", Row) == row


def test_an_undefined_r2_is_none_and_not_a_number_of_the_table() -> None:
    rows, still, other = (dict.fromkeys(ROWS, result(r2)) for r2 in (0.5, None, 0.7))
    results = {"moves": {0: rows, 1: rows, 2: rows}, "still": {0: still, 1: rows, 2: other}}
    table = summarise(results, dict.fromkeys(results, FACTS))
    for line in (table.recordings["still"].rows[PLAIN], table.mean[PLAIN]):
        assert (line.r2, line.se) == (None, None)
    assert table.recordings["moves"].rows[PLAIN].r2 == 0.5
    lines = [line for line in table_text(table, 3).splitlines() if line[:34].strip() == PLAIN]
    assert [line[34:].split()[0] for line in lines] == ["0.5000", "none", "none"]


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
        patch.setattr(module.Bench, "stock", lambda bench, name, bits: {name: result(0.5)})
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
        monkeypatch.setattr(module.Bench, method, lambda *_: pytest.fail("measured again"))
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
    assert [row["name"] for row in table["published"]] == [row.name for row in published_rows()]
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


@pytest.mark.slow
def test_an_error_names_recording_and_seed(measured, capsys) -> None:
    """Of two processes too; the rows of the others stay."""
    _, out, arguments = measured
    (case,) = out.iterdir()
    before = sorted(case.rglob("*"))
    other = [*arguments, "--quiet", "--jobs", "2", "--set=training.epochs=3", "--decoders=float"]
    assert main(other) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"aegru-hw: {case.name}, seed 0: {case} holds results of other settings")
    assert sorted(case.rglob("*")) == before


def test_another_process_at_the_same_seed_is_named(tmp_path, capsys) -> None:
    small_recording(ticks=200).save(tmp_path / "small.h5")
    name = module.case_of("small.h5", small_recording(ticks=200)).name
    home = tmp_path / "out" / name / "seed_0"
    home.mkdir(parents=True)
    with FolderLock(home).held():
        arguments = ["benchmark", tmp_path / "small.h5", "--out", tmp_path / "out", "--quiet"]
        assert main([*map(str, arguments), "--seeds", "1", *SETTINGS]) == 1
    assert f"{name}, seed 0: {home} is in use by process {os.getpid()}" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--jobs", "--heartbeat"])
def test_numbers_are_checked(option, tmp_path, capsys) -> None:
    assert main(["benchmark", "small.h5", option, "0", "--out", str(tmp_path)]) == 1
    assert f"{option} is 0; accepted is a whole number from 1" in capsys.readouterr().err


def test_number_of_seeds_is_checked(tmp_path, capsys) -> None:
    recording = tmp_path / "small.h5"
    small_recording(ticks=200).save(recording)
    assert main(["benchmark", str(recording), "--seeds", "0", "--out", str(tmp_path)]) == 1
    assert "--seeds is 0; accepted is a whole number from 1" in capsys.readouterr().err
