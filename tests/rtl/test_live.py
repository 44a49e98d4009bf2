"""The engine tick by tick, as a live decoder."""

import numpy as np
import pytest

from aegru_hw.errors import UserError
from aegru_hw.fixedpoint import LiveDecoder
from aegru_hw.fixedpoint.made_up import random_counts
from aegru_hw.rtl.live import RtlDecoder
from tests.export.decoders import small, with_rate
from tests.fixedpoint.geometries import spikes

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("every", [1, 3])
def test_every_velocity_is_the_live_decoders(every: int) -> None:
    decoder = with_rate(small(), every)
    engine, live = RtlDecoder(decoder, 1), LiveDecoder(decoder)
    counts = random_counts(4, 150, 7, rate=0.5, maximum=3)
    for _ in range(2):  # and again after a reset
        for row in counts:
            found, expected = engine.step(spikes(row)), live.step(spikes(row))
            assert found.tobytes() == expected.tobytes()
            assert engine.is_output == live.is_output
            assert engine.velocity_codes.tolist() == live.velocity_codes.tolist()
        engine.reset()
        live.reset()
    engine.close()


def test_a_refused_tick_changes_nothing() -> None:
    decoder = small()
    engine, live = RtlDecoder(decoder, 1), LiveDecoder(decoder)
    for step in (engine.step, live.step):
        with pytest.raises(UserError, match=r"^channel 7 is not within 0 to 6"):
            step([3, 7])
    assert engine.step([3, 3]).tolist() == live.step([3, 3]).tolist()
    assert np.isfinite(engine.step([])).all()
    engine.close()
