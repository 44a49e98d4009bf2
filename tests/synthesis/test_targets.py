"""The targets by name, their lanes, and how little it takes to know them."""

import subprocess
import sys

import pytest

from aegru_hw.errors import UserError
from aegru_hw.rtl.lanes import LANES
from aegru_hw.synthesis.targets import TARGETS, possible_lanes, target_named, usual_lanes


def test_targets_by_name() -> None:
    for name in TARGETS:
        assert target_named(name).name == name
    with pytest.raises(UserError, match="no target ecp5; choose one of ice40up5k, ecp5-25k"):
        target_named("ecp5")


def test_lanes_that_make_sense() -> None:
    assert possible_lanes(TARGETS["ice40up5k"]) == (1,)
    for name in ("ecp5-25k", "ecp5-85k", "xc7"):
        assert possible_lanes(TARGETS[name]) == LANES == (1, 2, 4, 8, 16)


def test_lanes_where_none_are_given() -> None:
    assert usual_lanes(None) == 4
    lanes = {name: usual_lanes(target) for name, target in TARGETS.items()}
    assert lanes == {"ice40up5k": 1, "ecp5-25k": 4, "ecp5-85k": 4, "xc7": 4}


def test_targets_import_nothing_heavy() -> None:
    loads = "import sys, aegru_hw.synthesis.targets; print(*sys.modules)"
    command = [sys.executable, "-c", loads]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    loaded = {name for name in printed.split() if name.startswith("aegru_hw")}
    assert loaded == {
        *("aegru_hw", "aegru_hw.errors", "aegru_hw.rtl", "aegru_hw.rtl.lanes"),
        *("aegru_hw.synthesis", "aegru_hw.synthesis.targets"),
    }
    assert not {"numpy", "msgspec", "h5py", "tqdm"} & set(printed.split())
