"""A stream in parts side by side gives what it gives in one."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from aegru_hw.fixedpoint import run_streaming_form
from aegru_hw.fixedpoint.made_up import random_counts, random_decoder
from aegru_hw.rtl.verification import CycleFacts, cycle_facts, run_engine
from aegru_hw.strict_json import read_json, write_json


@pytest.mark.parametrize(("steps", "window"), [(1, 5), (4, 3)])
def test_parts(engine_cache: Path, steps: int, window: int) -> None:
    decoder = random_decoder(12, channels=30, hidden=12, steps=steps, window=window)
    counts = random_counts(12, 200, 30, rate=0.3)
    whole, parted = (
        run_engine(decoder, 4, counts, parts=parts, cache=engine_cache) for parts in (1, 3)
    )
    reference = run_streaming_form(decoder, counts).velocity
    np.testing.assert_array_equal(whole.velocity, reference)
    np.testing.assert_array_equal(parted.velocity, reference)
    assert whole.ticks_unlike_predicted == parted.ticks_unlike_predicted == 0
    assert whole.clock_cycles < parted.clock_cycles


def test_few_ticks_are_one_part(engine_cache: Path) -> None:
    decoder = random_decoder(13, channels=30)
    result = run_engine(decoder, 4, random_counts(13, 7, 30), cache=engine_cache)
    assert len(result.velocity) == 7


def test_cycle_facts_as_json(engine_cache: Path, tmp_path: Path) -> None:
    decoder = random_decoder(13, channels=30)
    result = run_engine(decoder, 4, random_counts(13, 40, 30), cache=engine_cache)
    facts = cycle_facts(result, np.arange(40) >= 10)
    assert facts.predicted_equal
    assert facts.per_tick_max == result.costs["cycles"][10:].max()
    write_json(facts, tmp_path / "cycles.json")
    assert read_json(tmp_path / "cycles.json", CycleFacts) == facts
    counted = {**result.costs, "encoder": result.costs["encoder"] + (np.arange(40) == 3)}
    assert not cycle_facts(replace(result, costs=counted), np.arange(40) >= 10).predicted_equal
