import numpy as np
import pytest
from hypothesis import given

from aegru_hw.fixedpoint import run_streaming_form, run_window_form
from aegru_hw.fixedpoint.made_up import random_counts, random_decoder
from tests.fixedpoint.geometries import Stream, exact, streams


@pytest.mark.parametrize(
    ("channels", "reference", "streaming"), [(96, 46_144, 18_496), (192, 61_504, 21_568)]
)
def test_dense_macs_are_those_of_the_design(channels: int, reference: int, streaming: int) -> None:
    decoder = random_decoder(1, channels=channels)
    counts = random_counts(1, 3, channels)
    assert run_window_form(decoder, counts).macs_dense == reference
    assert run_streaming_form(decoder, counts).macs_dense == streaming


def test_effective_macs_of_dense_weights_and_all_channels_are_the_dense_ones() -> None:
    decoder = random_decoder(1, channels=9, latent=6, hidden=5, window=2, steps=3, sparsity=0)
    for linear in decoder.matrices.values():
        linear.weight[linear.weight == 0] = 1
    every_channel = np.repeat([[1], [2], [3]], 9, axis=1)
    for run in (run_window_form, run_streaming_form):
        found = run(decoder, every_channel)
        assert found.macs_effective.tolist() == [found.macs_dense] * 3


@exact
@given(streams(most_ticks=40))
def test_effective_macs_by_brute_force(stream: Stream) -> None:
    """Every multiplication of a schedule, counted where neither the weight nor the event is 0."""
    decoder, geometry = stream.decoder, stream.decoder.geometry
    non_zero = {
        name: [[weight != 0 for weight in row] for row in linear.weight.tolist()]
        for name, linear in decoder.matrices.items()
    }
    full = {name: sum(map(sum, rows)) for name, rows in non_zero.items()}
    step = full["encoder"] + full["input"] + full["recurrent"]
    reference = geometry.steps * step + full["readout"]
    streaming, before = [], [0] * geometry.channels
    for tick in range(len(stream.counts)):
        ticks = stream.counts[max(tick - geometry.window + 1, 0) : tick + 1].tolist()
        now = [min(sum(column), 63) for column in zip(*ticks, strict=True)]
        macs = full["input"] + (geometry.steps - 1) * full["recurrent"] + full["readout"]
        for channel in range(geometry.channels):
            if now[channel] != before[channel]:
                macs += sum(row[channel] for row in non_zero["encoder"])
        streaming.append(macs)
        before = now
    found = run_window_form(decoder, stream.counts).macs_effective
    assert found.tolist() == [reference] * len(stream.counts)
    assert run_streaming_form(decoder, stream.counts).macs_effective.tolist() == streaming
