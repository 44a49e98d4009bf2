"""A result is shown only for what it was measured on."""

import json
import shutil
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from aegru_hw.decoder.config import Config
from aegru_hw.errors import UserError
from aegru_hw.executions import table
from aegru_hw.executions.execution import Execution, Output
from aegru_hw.fixedpoint import load_decoder
from aegru_hw.recordings.recording import load_recording
from aegru_hw.report import write_report
from aegru_hw.runs import summarise as summaries
from aegru_hw.runs.folder import RunFolder
from aegru_hw.runs.page import page_holds
from aegru_hw.runs.quantisation import quantize
from aegru_hw.runs.results import QUANTISATION, Quantisation
from aegru_hw.runs.status import LEFT_OUT, STALE, THERE, status
from aegru_hw.runs.summarise import summarise
from aegru_hw.runs.summary import Summary
from aegru_hw.runs.verification import verify
from aegru_hw.strict_json import read_json, to_json, write_json
from tests.support.recordings import small_recording

WITHOUT_HARDWARE = ("fixed", "brevitas", "streaming", "live", "c", "onnx")
PAIRS = {f"{second}_vs_{first}" for first, second in combinations(WITHOUT_HARDWARE, 2)}


def stale_of(run: RunFolder) -> dict[str, tuple[str, ...]]:
    return {stale.result: stale.because for stale in summarise(run).stale}


def own_folder(run: RunFolder) -> Path:
    """Return the folder of the results over the run's own recording."""
    return run.results / load_recording(run.recording).content_hash[:12]


def test_all_pairs_are_compared(run) -> None:
    summary = summarise(run)
    assert set(summary.mismatches) == PAIRS
    assert not any(summary.mismatches.values())
    assert summary.stale == ()
    assert summary.exact
    assert summary.ticks_compared >= summary.ticks_scored > 0


def test_the_file_is_what_is_derived_and_reads_back(run) -> None:
    derived = summarise(run)
    assert run.summary.read_text() == to_json(derived) + "\n"
    assert read_json(run.summary, Summary) == derived
    json.loads(run.summary.read_text(), parse_constant=pytest.fail)


def another_decoder(run: RunFolder) -> None:
    decoder = load_decoder(run.decoder)
    replace(decoder, provenance=decoder.provenance | {"by": "hand"}).save(run.decoder)


def another_recording(run: RunFolder) -> None:
    recording = load_recording(run.recording)
    counts = recording.counts.copy()
    counts[3, 2] += 1
    replace(recording, counts=counts).save(run.recording)


def other_weights(run: RunFolder) -> None:
    shutil.copy(run.pruned_weights, run.quantized_weights)


def another_setting(run: RunFolder) -> None:
    config = Config.load(run.config)
    replace(config, window=replace(config.window, steps=4)).save(run.config)


ALL = {*WITHOUT_HARDWARE}


@pytest.mark.parametrize(
    ("change", "says", "results"),
    [
        (another_decoder, "decoder.h5 changed", {"quantisation", *ALL}),
        (another_recording, "recording.h5 changed", {"training", "quantisation"}),
        (other_weights, "quantized.safetensors changed", {"quantisation", "brevitas"}),
        (another_setting, "config.toml", {"training", "quantisation"}),
    ],
)
def test_what_changed_makes_its_results_stale(run, change, says, results) -> None:
    change(run)
    stale = stale_of(run)
    assert {name.rpartition("/")[2] for name in stale} == results
    assert all(any(says in reason for reason in because) for because in stale.values())
    summary = summarise(run)
    gone = results & ALL or (ALL if change is another_recording else set())
    assert set(summary.r2) & ALL == ALL - gone
    assert all(name not in pair for pair in summary.mismatches for name in gone)
    assert "float" in summary.r2 or "training" in results
    parts = {part.name: part for part in status(run).parts}
    if "brevitas" in results:
        assert parts["verified: brevitas"].state == STALE
        assert "aegru-hw verify" in parts["verified: brevitas"].command


def test_a_page_holds_however_its_run_is_called(run, monkeypatch) -> None:
    other_weights(run)
    write_report(run)
    assert page_holds(run, summarise(run))
    monkeypatch.chdir(run.path.parent)
    called_otherwise = RunFolder(run.path.name)
    assert page_holds(called_otherwise, summarise(called_otherwise))
    another_decoder(run)
    assert not page_holds(run, summarise(run))


def test_results_of_another_recording_stand_apart(run) -> None:
    before = summarise(run)
    other = small_recording(seed=7, ticks=500)
    after = verify(run, other, progress=False)
    assert replace(after, other_recordings={}) == before
    found = after.other_recordings[other.content_hash]
    assert found.r2["fixed"] != before.r2["fixed"]
    assert set(found.mismatches) == PAIRS
    assert status(run).other_recordings == (other.source,)
    another_decoder(run)
    assert summarise(run).other_recordings == {}


def test_another_recording_must_fit_the_decoder(run) -> None:
    before = run.summary.read_bytes()
    with pytest.raises(UserError, match="13 channels"):
        verify(run, small_recording(ticks=500, channels=13), progress=False)
    assert run.summary.read_bytes() == before


def test_a_setting_edited_by_hand_does_not_change_what_is_compared(run) -> None:
    before = summarise(run)
    another_setting(run)
    after = verify(run, progress=False)
    assert (after.mismatches, after.ticks_scored) == (before.mismatches, before.ticks_scored)
    assert after.r2["fixed"] == before.r2["fixed"]
    assert any("config.toml" in reason for stale in after.stale for reason in stale.because)
    with pytest.raises(UserError, match=r"changed after training, in \[window\]"):
        quantize(run, [], force=True, progress=False)


def test_what_is_left_out_is_kept_and_said(run, quantised_run, tmp_path) -> None:
    fresh = RunFolder(shutil.copytree(quantised_run, tmp_path / "fresh"))
    summary = verify(fresh, without=("live", "onnx", "brevitas", "c"), progress=False)
    assert summary.left_out == ("brevitas", "c", "live", "onnx")
    assert set(summary.mismatches) == {"streaming_vs_fixed"}
    parts = {part.name: part.state for part in status(fresh).parts}
    assert parts["verified: live"] == parts["verified: brevitas"] == LEFT_OUT
    assert verify(fresh, progress=False).left_out == ()
    with pytest.raises(UserError, match="accepted are brevitas"):
        verify(fresh, without=("fixed",), progress=False)


def test_a_failing_execution_loses_no_other_result(quantised_run, tmp_path, monkeypatch) -> None:
    from aegru_hw.executions.live import Live

    def broken(*_, **__):
        raise UserError("the tool failed; log: tool.log")

    monkeypatch.setattr(Live, "run", broken)
    run = RunFolder(shutil.copytree(quantised_run, tmp_path / "run"))
    with pytest.raises(UserError, match="the tool failed"):
        verify(run, progress=False)
    summary = summarise(run)
    assert set(summary.r2) >= {"fixed", "brevitas", "streaming"}
    assert not any(summary.mismatches.values())
    assert len(summary.mismatches) == 3


def test_a_differing_execution_is_counted_in_each_of_its_pairs(run, monkeypatch) -> None:
    from aegru_hw.executions.streaming import Streaming

    real = Streaming.run

    def three_ticks_off(self, *arguments, **options):
        output = real(self, *arguments, **options)
        output.velocity[[10, 20, 30], [0, 1, 0]] += 1
        return output

    monkeypatch.setattr(Streaming, "run", three_ticks_off)
    summary = verify(run, progress=False)
    assert {pair: n for pair, n in summary.mismatches.items() if n} == {
        "streaming_vs_fixed": 3,
        "streaming_vs_brevitas": 3,
        "live_vs_streaming": 3,
        "c_vs_streaming": 3,
        "onnx_vs_streaming": 3,
    }
    assert not summary.exact


def test_a_result_whose_codes_were_exchanged_is_stale(run) -> None:
    path = own_folder(run) / "live.npy"
    np.save(path, np.load(path) + 1)
    assert set(summarise(run).r2) & ALL == ALL - {"live"}
    assert [name for name in stale_of(run) if "live" in name]


def test_a_damaged_result_is_stale_and_the_rest_stands(run) -> None:
    (own_folder(run) / "live.json").write_text('{"execution": "live"}')
    stale = stale_of(run)
    assert [name.rpartition("/")[2] for name in stale] == ["live"]
    assert "damaged" in next(iter(stale.values()))[0]
    assert set(summarise(run).r2) & ALL == ALL - {"live"}


def test_another_version_of_a_tool_makes_its_results_stale(run, monkeypatch) -> None:
    real = summaries.present_version
    monkeypatch.setattr(
        summaries, "present_version", lambda name: "99.0" if name == "brevitas" else real(name)
    )
    stale = stale_of(run)
    assert {name.rpartition("/")[2] for name in stale} >= {"brevitas"}
    assert not {name.rpartition("/")[2] for name in stale} & {"fixed", "streaming", "live"}


def test_a_tool_that_is_not_here_proves_nothing(run, monkeypatch) -> None:
    monkeypatch.setattr(summaries, "present_version", lambda name: None)
    assert stale_of(run) == {}


def test_a_quantisation_says_which_decoder_it_made(run) -> None:
    found = read_json(run.results / QUANTISATION, Quantisation)
    assert found.decoder == load_decoder(run.decoder).digest
    other = found.made_of | {"decoder": "0" * 64}
    write_json(replace(found, made_of=other), run.results / QUANTISATION)
    assert "quantisation" in stale_of(run)
    assert "pruned" not in summarise(run).r2


def test_a_new_execution_is_one_line_in_the_table(run, monkeypatch) -> None:
    class Constant(Execution):
        name = "constant"
        label = "Constant"
        what = "for this test"

        def run(self, decoder, counts, context) -> Output:
            return Output(np.zeros((len(counts), 2), dtype=np.int64))

    executions = (*table.EXECUTIONS, Constant())
    for module in ("table", "status", "summarise"):
        place = (
            table if module == "table" else __import__(f"aegru_hw.runs.{module}", fromlist=[module])
        )
        monkeypatch.setattr(place, "EXECUTIONS", executions)
    summary = verify(run, progress=False)
    assert summary.mismatches["constant_vs_fixed"] > 0
    assert {f"constant_vs_{name}" for name in ALL} <= set(summary.mismatches)
    assert "constant" in summary.r2
    assert "verified: constant" in {part.name for part in status(run).parts}


def test_status_names_the_next_command(begun_run, trained_run, quantised_run, run) -> None:
    steps = {}
    for path in (begun_run, trained_run, quantised_run, run.path):
        found = status(RunFolder(path))
        steps[path] = found.next
        assert found.parts[0].state == THERE
    nexts = list(steps.values())
    assert nexts[0].startswith("aegru-hw train --out ")
    assert nexts[0].endswith(" --resume")
    assert nexts[1].startswith("aegru-hw quantize ")
    assert nexts[2].startswith("aegru-hw synth ")
    before = {path: path.stat().st_mtime_ns for path in run.path.rglob("*")}
    status(run)
    assert {path: path.stat().st_mtime_ns for path in run.path.rglob("*")} == before
