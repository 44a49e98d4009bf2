"""The commands that give a run again."""

from dataclasses import asdict, replace

from aegru_hw.decoder.config import make_config
from aegru_hw.fixedpoint import load_decoder, save_decoder
from aegru_hw.report.sections.provenance import training_options
from aegru_hw.runs.results import TRAINING, RecordingFacts, Training
from aegru_hw.strict_json import read_json
from tests.report.pages import facts_of, page_of
from tests.support.runs import change_result, complete_run, verified_run


def test_commands_give_the_same_configuration(tmp_path) -> None:
    run = complete_run(tmp_path / "complete")
    page, facts, path = page_of(run), facts_of(run), run.path
    options = training_options(facts.config)
    assert options == ["--preset fast", "--seed 0", "--set pruning.rate=0.6"]
    overrides = [option.removeprefix("--set ") for option in options[2:]]
    assert make_config("fast", overrides, 0) == facts.config
    for line in (
        f"aegru-hw train RECORDING --out {path} --preset fast --seed 0 --set pruning.rate=0.6",
        f"aegru-hw synth {path} --part xc7a35tcsg324-1 --clock-period 10 --strategy resource "
        "--reuse-factor 32 --io-type io_parallel",
        f"aegru-hw synth {path} --backend rtl --lanes 2",
        f"aegru-hw synth {path} --backend rtl --target ice40up5k --lanes 1 --clock 12 "
        "--board upduino3 --place-seed 1",
        f"aegru-hw report {path}",
    ):
        assert f"{line}\n" in page.sections["provenance"]


def test_demo_names_the_command_that_made_its_recording(tmp_path) -> None:
    made_by = "aegru-hw generate generated.mat --seed 3"
    run = verified_run(tmp_path / "run", source="generated.mat", made_by=made_by)
    text = page_of(run).sections["provenance"]
    assert f"{made_by}\naegru-hw train generated.mat --out {run.path} " in text


def test_no_other_command_is_passed_on(tmp_path) -> None:
    run = verified_run(tmp_path / "run")
    recording = read_json(run.results / TRAINING, Training).recording
    for made_by, shown in (
        ("rm -rf /", None),
        ("aegru-hw generate 'a b'; rm -rf /", "aegru-hw generate 'a b;' rm -rf /"),
        ("aegru-hw generate 'unfinished", None),
    ):
        facts = RecordingFacts(**{**vars(recording), "made_by": made_by})
        change_result(run, TRAINING, Training, recording=facts)
        text = page_of(run).sections["provenance"]
        assert made_by not in text
        assert ("# RECORDING" in text) == (shown is None)
        assert shown is None or shown in text


def test_configuration_is_the_decoders_own(tmp_path) -> None:
    run = verified_run(tmp_path / "run")
    own = make_config("fast", ["pruning.rate=0.7"])
    decoder = load_decoder(run.decoder)
    save_decoder(replace(decoder, provenance={"config": asdict(own)}), run.decoder)
    make_config("fast", ["pruning.rate=0.3"]).save(run.config)
    text = page_of(run).sections["provenance"]
    assert "--set pruning.rate=0.7" in text
    assert "0.3" not in text


def test_configuration_that_was_edited_is_said(tmp_path) -> None:
    run = verified_run(tmp_path / "run")
    make_config("fast", ["pruning.rate=0.3"]).save(run.config)
    page = page_of(run)
    assert "quantisation: config.toml changed" in page.text
    assert "0 mismatches in 21 pairs" in page.sections["verification"]
