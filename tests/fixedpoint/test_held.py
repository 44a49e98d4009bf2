"""Outputs that something else decodes, each of K ticks' spikes, beside the live decoder's."""

from dataclasses import replace

import numpy as np
import pytest

from aegru_hw.errors import UserError
from aegru_hw.fixedpoint.counts import MAX_COUNT
from aegru_hw.fixedpoint.held import HeldOutputs
from aegru_hw.fixedpoint.live import LiveDecoder
from aegru_hw.fixedpoint.made_up import random_decoder
from aegru_hw.fixedpoint.rate import per_output
from aegru_hw.fixedpoint.types import Codes

EVERY_TICK = random_decoder(5, channels=6, latent=5, hidden=4, steps=3, window=4)
DECODER = replace(EVERY_TICK, geometry=replace(EVERY_TICK.geometry, every=2))


class ByAnother(HeldOutputs):
    """Decodes outputs with a live decoder that has one in each call."""

    def __init__(self) -> None:
        self._another = LiveDecoder(per_output(DECODER))
        super().__init__(DECODER)

    def _restart(self) -> None:
        self._another.reset()

    def _output(self, spikes: Codes) -> Codes:
        self._another.step_counts(spikes)
        return self._another.velocity_codes

    def close(self) -> None:
        raise NotImplementedError


def test_velocities_are_the_live_decoder_s_and_held_in_between() -> None:
    held, live = ByAnother(), LiveDecoder(DECODER)
    counts = np.random.default_rng(1).poisson(0.6, (24, 6))
    counts[8:10] = MAX_COUNT  # whose sum is more than a count can be
    for run in range(2):
        for tick, row in enumerate(counts):
            if tick % 3:
                found, expected = held.step_counts(row), live.step_counts(row)
            else:
                channels = np.repeat(np.arange(6), np.minimum(row, 3))
                found, expected = held.step(channels), live.step(channels)
            assert (found == expected).all(), f"run {run}, tick {tick}"
            assert (held.tick, held.is_output) == (live.tick, live.is_output)
        held.reset()
        live.reset()
        assert (held.velocity_codes == live.velocity_codes).all()


def test_a_refused_call_changes_nothing() -> None:
    held = ByAnother()
    for refused in (lambda: held.step([6]), lambda: held.step_counts([1] * 5)):
        with pytest.raises(UserError):
            refused()
    assert (held.tick, held.is_output) == (0, False)
