"""Files that are damaged, or made to harm: the page stands, and their text is only text."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from aegru_hw.hls.vendor import Bounds, ClockPeriod, VendorReport
from aegru_hw.report.bounded import LARGEST, MAX_ENTRIES, MAX_TEXT, bounded
from aegru_hw.runs.evidence import Stale
from aegru_hw.runs.folder import RunFolder
from aegru_hw.runs.results import (
    ENGINE,
    FIRMWARE,
    QUANTISATION,
    TRAINING,
    FirmwareProject,
    Measured,
    Quantisation,
    Training,
)
from aegru_hw.runs.summary import Summary
from aegru_hw.strict_json import read_json
from aegru_hw.synthesis.resources import CriticalPath, Use
from tests.report.pages import HOSTILE, page_of
from tests.support.runs import (
    ENERGY,
    change_result,
    complete_run,
    resources,
    result_name,
    write_run,
)

JUNK = [None, "x", [1], True, {"a": {"b": []}}, -1, 1e308, 10**4000]


def hostile_run(folder: Path, text: str) -> RunFolder:
    """Return a run in which every text of a result that can be is this one."""
    target = resources(
        text,
        device=text,
        board=text,
        critical_path=CriticalPath(text, text),
        bitstream=text,
        tools={text: text},
        resources={text: Use(1, 2, 50.0)},
    )
    run = complete_run(folder, targets=(target,))
    training = read_json(run.results / TRAINING, Training)
    change_result(
        run,
        TRAINING,
        Training,
        tools={text: text},
        remarks=(text,),
        recording=replace(training.recording, source=text, made_by=text),
    )
    quantised = read_json(run.results / QUANTISATION, Quantisation)
    change_result(
        run,
        QUANTISATION,
        Quantisation,
        tools={text: text},
        stages=quantised.stages | {text: quantised.stages["pruned"]},
        r2=quantised.r2 | {text: quantised.r2["pruned"]},
    )
    vendor = VendorReport(text, ClockPeriod(1, 1), Bounds(1, 1), Bounds(1, 1), {text: 1}, {text: 2})
    change_result(run, FIRMWARE, FirmwareProject, strategy=text, part=text, vendor=vendor)
    energy = replace(
        ENERGY,
        source=text,
        technology=text,
        assumptions=(text,),
        parts=ENERGY.parts | {"engine": {text: 1.0}},
    )
    change_result(
        run, result_name(run, "rtl"), Measured, energy=energy, macs={"rtl": 1.0, text: 2.0}
    )
    change_result(run, result_name(run, "live"), Measured, made_of={text: text})
    return run


def test_text_from_files_is_only_text(tmp_path) -> None:
    plain, page = (
        page_of(complete_run(tmp_path / "plain")),
        page_of(hostile_run(tmp_path / "run", HOSTILE)),
    )
    assert page.count("script") == plain.count("script")
    assert page.count("img") == 0
    assert page.text.count(HOSTILE) > 20
    figures = json.dumps(page.figures)
    assert "<script>" not in figures
    assert "<img" not in figures


def test_text_from_files_is_short_and_printable(tmp_path) -> None:
    page = page_of(hostile_run(tmp_path / "run", "\u202e\x00" + "long " * 100_000))
    assert max(map(len, page.text.split("\n"))) < 5 * MAX_TEXT
    assert "\u202e" not in page.text
    assert "\x00" not in page.text


def test_a_source_of_a_recording_is_only_text(tmp_path) -> None:
    page = page_of(write_run(tmp_path / "run", source=HOSTILE))
    assert page.count("img") == 0
    assert page.text.count(HOSTILE) > 2


@pytest.mark.parametrize("junk", JUNK, ids=lambda junk: str(junk)[:12])
def test_damaged_values_do_no_harm(tmp_path, junk) -> None:
    run = complete_run(tmp_path / "run")
    names = [TRAINING, QUANTISATION, FIRMWARE, ENGINE, result_name(run, "rtl")]
    paths = [run.results / name for name in names] + [run.synth / "ecp5-25k" / "resources.json"]
    whole = {path: json.loads(path.read_text()) for path in paths}
    for change in (_all_of_it, _each_value, _numbers):
        for path, values in whole.items():
            path.write_text(json.dumps(change(values, junk)))
        run.summary.write_text(json.dumps(junk))
        page_of(run)


def _all_of_it(value: Any, junk: Any) -> Any:
    return junk


def _each_value(value: Any, junk: Any) -> Any:
    """Return a JSON object in which every value but texts is this one."""
    return {key: item if isinstance(item, str) else junk for key, item in value.items()}


def _numbers(value: Any, junk: Any) -> Any:
    """Return JSON in which every number is this one, as far as it is of the same kind."""
    if isinstance(value, dict):
        return {key: _numbers(item, junk) for key, item in value.items()}
    if type(value) is int and type(junk) is int:
        return junk
    wanted = type(value) is float and type(junk) in (int, float)
    return min(junk, 10**300) if wanted else value


def test_bounded_keeps_what_is_usual() -> None:
    summary = Summary(made_of={"decoder": "0" * 64}, seed=3, remarks=("a remark",))
    assert bounded(summary) == summary
    path = CriticalPath("a", "b")
    assert bounded(path) == path
    assert bounded(True) is True


def test_bounded_cuts_what_is_not() -> None:
    stale = Stale("x" * 1000, ("line\nend", "\u202etext"), "y")
    found = bounded(stale)
    assert len(found.result) == MAX_TEXT
    assert found.result.endswith("…")
    assert found.because == ("lineend", "text")
    assert bounded((10**4000, -(10**30), 1e300)) == (LARGEST, -LARGEST, float(LARGEST))
    assert len(bounded(tuple(range(1000)))) == MAX_ENTRIES
    assert len(bounded({number: 1 for number in range(1000)})) == MAX_ENTRIES
