"""The row of a rival that does not fit, or whose tools fail; the tools themselves are stood in."""

from dataclasses import replace

import numpy as np
import pytest

from aegru_hw.decoder.config import make_config
from aegru_hw.decoder.data import Dataset
from aegru_hw.peers import placing
from aegru_hw.peers.placing import place_rival
from aegru_hw.synthesis.flow import DoesNotFitError
from aegru_hw.synthesis.targets import TARGETS
from aegru_hw.synthesis.tools import ToolFailedError
from tests.peers.networks import CHANNELS, STEPS, needs_peers, small_qgru
from tests.support.recordings import QUICK, small_recording
from tests.support.runs import resources

pytestmark = [*needs_peers, pytest.mark.slow]

ECP5 = TARGETS["ecp5-85k"]
PLACED = resources("ecp5-85k", fmax_mhz=50.0)


@pytest.fixture(scope="module")
def network():
    return small_qgru()


@pytest.fixture(scope="module")
def data() -> Dataset:
    config = make_config(overrides=[*QUICK, f"window.steps={STEPS}"])
    return Dataset.from_recording(small_recording(ticks=300, channels=CHANNELS), config)


@pytest.fixture
def tools(monkeypatch) -> dict[str, object]:
    """What Yosys and nextpnr give, under "found"; the simulation gives what Keras does."""
    given: dict[str, object] = {"found": PLACED}

    def synthesise(*_: object, **__: object) -> object:
        if isinstance(given["found"], BaseException):
            raise given["found"]
        return given["found"]

    monkeypatch.setattr(placing, "synthesise", synthesise)
    monkeypatch.setattr(
        placing, "simulate", lambda verilog, rounded, _: verilog.logic.velocity(rounded)
    )
    return given


def test_a_placed_rival(network, data, tools, monkeypatch) -> None:
    whole = place_rival(network, data, "unrolled", ECP5)
    step = place_rival(network, data, "one step", ECP5)
    assert (whole.says, whole.mismatches, whole.ticks) == (None, 0, len(data.test))
    assert whole.outputs_a_second == 50e6
    assert step.outputs_a_second == 50e6 / step.latency_cycles
    monkeypatch.setattr(placing, "simulate", lambda verilog, rounded, _: np.ones((len(rounded), 2)))
    assert place_rival(network, data, "one step", ECP5).mismatches == len(data.test)


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (DoesNotFitError("the design does not fit; log: x.log"), "the design does not fit"),
        (ToolFailedError("yosys was ended after 1200 s; log: x"), "yosys was ended after 1200 s"),
    ],
)
def test_what_the_tools_refuse_is_a_row(network, data, tools, error, says) -> None:
    tools["found"] = error
    row = place_rival(network, data, "one step", ECP5)
    assert (row.says, row.resources, row.fmax_mhz, row.outputs_a_second) == (says, None, None, None)
    assert (row.mismatches, row.traced_mismatches) == (None, 0)


def test_a_hopeless_design_is_not_synthesised(network, data, tools) -> None:
    tools["found"] = AssertionError("it was synthesised")
    small = replace(ECP5, available={**ECP5.available, "logic_cells": 10})
    row = place_rival(network, data, "one step", small)
    assert row.says == (
        f"does not fit: {row.estimate:,} LUTs by alkaid's estimate, of 10; not synthesised"
    )
    assert (row.mismatches, row.traced_mismatches, row.resources) == (None, 0, None)
