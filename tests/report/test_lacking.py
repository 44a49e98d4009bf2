"""What the page says of results that do not hold, were left out, or are undefined."""

import re
import shlex
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from aegru_hw.executions import table
from aegru_hw.executions.window import Window
from aegru_hw.fixedpoint import save_decoder
from aegru_hw.fixedpoint.made_up import random_decoder
from aegru_hw.recordings.r2 import R2
from aegru_hw.recordings.recording import load_recording
from aegru_hw.report import write_report
from aegru_hw.runs import status, verification
from aegru_hw.runs import summarise as summaries
from aegru_hw.runs.options import RunOptions
from aegru_hw.runs.page import page_holds
from aegru_hw.runs.results import TRAINING, Measured, Training
from aegru_hw.runs.summarise import summarise
from aegru_hw.strict_json import read_json
from aegru_hw.synthesis.resources import read_resources, write_resources
from tests.report.html_page import Page
from tests.report.pages import SECTIONS, page_of
from tests.support.recordings import small_recording
from tests.support.runs import (
    TICK_SECONDS,
    change_result,
    complete_run,
    measure,
    result_name,
    verified_run,
)

MATRIX_OF_EIGHT = 2 * 7
"""Cells of one of eight executions in the matrix of pairs: its row and its column."""


def shown_numbers(page: Page, section: str) -> list[str]:
    """Return the classes of the cells with a number or a verdict."""
    return [kind for kind in page.kinds(section, "td") if "number" in kind or "good" in kind]


def test_firmware_that_was_replaced_is_not_proven(tmp_path) -> None:
    run = complete_run(tmp_path / "run")
    (run.hls / "build_lib.sh").write_text("exit 2\n")
    page = page_of(run)
    command = f"aegru-hw verify {run.path}"
    assert f"Firmware, verified: hls/ changed. Command: {command}" in page.text
    assert f"firmware: hls/ changed. Command: aegru-hw synth {run.path} --force" in page.text
    text = page.sections["verification"]
    assert "0 mismatches in 21 pairs" in text
    assert text.count("stale") == MATRIX_OF_EIGHT + 1
    assert page.sections["accuracy"].count("stale") == 1
    assert "Firmware: not run" not in page.text
    assert "--strategy" not in page.sections["provenance"]


def test_another_decoder_leaves_no_number_of_the_first(tmp_path) -> None:
    run = complete_run(tmp_path / "run")
    save_decoder(random_decoder(2, channels=12, window=4), run.decoder)
    page = page_of(run)
    for name in ("quantisation", "firmware", "engine", "synth/ecp5-25k"):
        assert f"{name}: decoder.h5 changed" in page.text
    for name in ("Simulator", "Brevitas", "Streaming", "Live", "Firmware", "RTL"):
        assert f"{name}, verified: decoder.h5 changed" in page.text
    assert "Nothing that holds was compared yet." in page.sections["verification"]
    assert shown_numbers(page, "verification") == []
    assert "0.8655" not in page.text
    assert "84.2 MHz" not in page.text
    assert "10.0 nJ" not in page.text
    assert page.kinds("", "li").count("tile missing") == 3
    assert "resources-chart" not in page.figures
    assert "energy-chart" not in page.figures
    assert "work-chart" not in page.figures
    known = [x for trace in page.figures["accuracy-chart"]["data"] for x in trace["x"]]
    assert sorted(x for x in known if x is not None) == [0.861, 0.871, 0.881]  # float alone
    assert "not run" not in page.sections["verification"]


def test_a_tool_of_another_version_makes_stale(tmp_path) -> None:
    run = verified_run(tmp_path / "run")
    name = result_name(run, "live")
    change_result(run, name, Measured, tools={"numpy": "0.0.1"})
    page = page_of(run)
    assert f"Live, verified: numpy 0.0.1 became {np.__version__}." in page.text
    assert "0 mismatches in 15 pairs" in page.sections["verification"]


def test_a_placement_of_another_engine_is_stale(tmp_path) -> None:
    run = complete_run(tmp_path / "run")
    folder = run.synth / "ecp5-25k"
    found = read_resources(folder)
    write_resources(folder, replace(found, made_of=found.made_of | {"decoder": "0" * 64}))
    page = page_of(run)
    command = f"aegru-hw synth {run.path} --target ecp5-25k"
    assert f"synth/ecp5-25k: decoder.h5 changed. Command: {command}" in page.text
    for section in ("resources", "latency", "provenance"):
        assert "ecp5-25k" not in page.sections[section]
        assert "ice40up5k" in page.sections[section]


def test_a_damaged_result_is_stale_and_the_rest_stands(tmp_path) -> None:
    run = complete_run(tmp_path / "run")
    (run.results / result_name(run, "rtl")).write_text("{")
    (run.results / result_name(run, "live")).with_suffix(".npy").write_bytes(b"")
    (run.synth / "xc7" / "resources.json").write_text("[]")
    page = page_of(run)
    assert "RTL, verified: " in page.text
    assert "Live, verified: " in page.text
    assert "synth/xc7: " in page.text
    assert "0 mismatches in 15 pairs" in page.sections["verification"]
    assert "energy-chart" not in page.figures


def test_what_was_left_out_is_said(tmp_path) -> None:
    run = verified_run(tmp_path / "run", options=RunOptions(without=("rtl",)))
    page = page_of(run)
    text = page.sections["verification"]
    assert "Left out on request (--without): RTL." in text
    assert text.count("left out") == MATRIX_OF_EIGHT + 1 + 1
    assert "not run" not in text
    assert f"RTL: left out. Commands: aegru-hw synth {run.path} --backend rtl" in page.text
    assert f"aegru-hw verify {run.path} --without rtl\n" in page.sections["provenance"]


def test_a_result_that_holds_is_shown_though_left_out_later(tmp_path) -> None:
    run = complete_run(tmp_path / "run", options=RunOptions(without=("rtl",)))
    page = page_of(run)
    assert "0 mismatches in 28 pairs" in page.sections["verification"]
    assert "left out" not in page.sections["verification"]


def test_other_recordings_stand_apart(tmp_path) -> None:
    run = verified_run(tmp_path / "run")
    before = page_of(run)
    assert "other-recordings" not in before.sections
    other = replace(small_recording(7, ticks=1400, tick_seconds=TICK_SECONDS), source="day two")
    measure(run, "fixed", "live", recording=other, r2=R2(0.4321, 0.45, None))
    measure(run, "live", recording=other, differing=3, r2=R2(0.4321, 0.45, None))
    page = page_of(run)
    assert list(page.sections) == [*SECTIONS[:3], "other-recordings", *SECTIONS[3:]]
    text = page.sections["other-recordings"]
    for part in ("day two", other.content_hash[:12], "0.4321", "undefined", "3 in 1 pair"):
        assert part in text
    for section in SECTIONS:
        assert page.sections[section] == before.sections[section]
    assert page.kinds("", "li") == before.kinds("", "li")


def test_r2_of_a_constant_axis_is_undefined(tmp_path) -> None:
    run = verified_run(tmp_path / "run")
    measure(run, "fixed", r2=R2(None, None, 0.5))
    page = page_of(run)
    assert "undefined" in page.text.partition("R² of the integer decoder")[0]
    text = page.sections["accuracy"]
    assert text.count("undefined") == 2
    assert re.search(r"\bnan\b", page.text, re.IGNORECASE) is None
    *_, mean = page.figures["accuracy-chart"]["data"]
    labels = dict(zip(mean["y"], mean["x"], strict=True))
    assert labels["Simulator"] is None
    assert labels["Live"] == 0.8655
    annotations = page.figures["accuracy-chart"]["layout"]["annotations"]
    notes = {note["y"]: note["text"] for note in annotations}
    assert notes == {"Simulator": "undefined", "RTL": "not run"}


def test_remarks_stand_near_the_top(tmp_path) -> None:
    run = verified_run(tmp_path / "run")
    change_result(run, TRAINING, Training, remarks=("12 channels (100%) never fire",))
    measure(run, "streaming", "live", r2=R2(-0.25, -0.5, 0.0))
    page = page_of(run)
    head = page.text.partition("Decoded against true velocity")[0]
    assert "12 channels (100%) never fire" in head
    assert "streaming, live: R² of x is -0.5000" in head


class Bench(Window):
    """An execution that the package knows nothing of."""

    name = "bench"
    label = "Bench"
    what = "an FPGA on the desk"
    made_by = "flash --now"


def test_a_new_execution_appears_by_itself(tmp_path, monkeypatch) -> None:
    run = verified_run(tmp_path / "run")
    executions = (*table.EXECUTIONS, Bench())
    for module in (table, summaries, status, verification):
        if hasattr(module, "EXECUTIONS"):
            monkeypatch.setattr(module, "EXECUTIONS", executions)
    monkeypatch.setitem(table.BY_NAME, "bench", executions[-1])
    page = page_of(run)
    assert f"Bench: not run. Command: aegru-hw verify {run.path}" in page.text
    measure(run, "bench", differing=2, macs={"bench": 1234.0})
    page = page_of(run)
    assert "14 mismatching ticks over 28 pairs" in page.sections["verification"]
    assert "an FPGA on the desk" in page.sections["verification"]
    assert "an FPGA on the desk" in page.sections["accuracy"]
    assert "Bench" in page.figures["accuracy-chart"]["data"][2]["y"]
    assert "Bench counters" in page.sections["work"]
    assert "Bench: not run" not in page.text


def test_what_a_new_execution_runs_is_written_first(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(Bench, "is_there", lambda self, context: False)
    run = verified_run(tmp_path / "run")
    for module in (table, summaries):
        monkeypatch.setattr(module, "EXECUTIONS", (*table.EXECUTIONS, Bench()))
    page = page_of(run)
    path = run.path
    commands = f"aegru-hw flash {path} --now, then aegru-hw verify {path}"
    assert f"Bench: not run. Commands: {commands}" in page.text


def test_the_page_is_a_result_of_the_run(tmp_path) -> None:
    run = verified_run(tmp_path / "run")
    write_report(run)
    assert page_holds(run, summarise(run))
    (run.hls / "build_lib.sh").write_text("exit 2\n")
    assert not page_holds(run, summarise(run))
    write_report(run)
    assert page_holds(run, summarise(run))


def test_a_report_that_fails_leaves_the_page_of_before(tmp_path, monkeypatch) -> None:
    from aegru_hw.report import page as page_module

    run = verified_run(tmp_path / "run")
    before = write_report(run).read_bytes()

    def fails(*_: object) -> str:
        raise RuntimeError("interrupted")

    monkeypatch.setattr(page_module, "render", fails)
    with pytest.raises(RuntimeError):
        write_report(run)
    assert run.report.read_bytes() == before
    assert not (run.path / ".transaction").exists()


@pytest.mark.parametrize("name", ["two words", "it's", "$(touch x)", "-rf", "éß 日本", 'a"b;c'])
def test_commands_take_the_folder_as_it_was_given(tmp_path, monkeypatch, name) -> None:
    monkeypatch.chdir(tmp_path)
    run = verified_run(Path(name))
    page = page_of(run)
    lines = page.sections["provenance"].splitlines()
    words = {" ".join(shlex.split(line, comments=True)) for line in lines if "aegru-hw" in line}
    folder = f"./{name}" if name.startswith("-") else name
    assert f"aegru-hw verify {folder}" in words
    assert f"aegru-hw quantize {folder}" in words
    assert f"aegru-hw report {folder}" in words


def test_tools_and_digests_are_named(tmp_path) -> None:
    run = complete_run(tmp_path / "run")
    page = page_of(run)
    text = page.sections["provenance"]
    recording = load_recording(run.recording)
    for part in ("numpy", np.__version__, "h5py", recording.content_hash, recording.sha256):
        assert part in text
    training = read_json(run.results / TRAINING, Training)
    assert training.made_of["float_weights"] in text
    assert summarise(run).made_of["engine"] in text


def test_the_tile_says_how_much_was_compared(tmp_path) -> None:
    run = complete_run(tmp_path / "run")
    (run.rtl / "parameters.json").write_text("{}")
    assert "mismatches: 21 of 28 pairs, 409 ticks each" in page_of(run).text


def test_a_board_is_shown_where_one_was_asked_for(tmp_path) -> None:
    run = complete_run(tmp_path / "run")
    assert "oard" not in page_of(run).sections["verification"]
    measure(run, "board", place="virtual")
    text = page_of(run).sections["verification"]
    assert "Virtual board" in text
    assert "0 mismatches in 36 pairs" in text
    measure(run, "board", place="spidev:/dev/spidev0.0")
    text = page_of(run).sections["verification"]
    assert "Board" in text
    assert "Virtual" not in text
