"""A stream in parts side by side gives what it gives in one."""

from pathlib import Path

import numpy as np
import pytest

from aegru_hw.fixedpoint import run_streaming_form
from aegru_hw.rtl.verification import run_engine
from tests.support.decoders import random_counts, random_decoder


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
