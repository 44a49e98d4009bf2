import numpy as np
import pytest
from hypothesis import given

from aegru_hw.fixedpoint import run_streaming_form, run_window_form
from aegru_hw.fixedpoint.made_up import random_counts, random_decoder
from aegru_hw.fixedpoint.startup import startup
from aegru_hw.fixedpoint.streaming_form import changes_of
from aegru_hw.fixedpoint.traces import streaming_traces
from tests.fixedpoint.geometries import Stream, exact, streams


@pytest.mark.parametrize(
    ("channels", "reference", "streaming"), [(96, 46_144, 18_496), (192, 61_504, 21_568)]
)
def test_dense_macs_are_those_of_the_design(channels: int, reference: int, streaming: int) -> None:
    decoder = random_decoder(1, channels=channels)
    counts = random_counts(1, 3, channels)
    assert run_window_form(decoder, counts).macs_dense == reference
    assert run_streaming_form(decoder, counts).macs_dense == streaming


def test_changes_alone_are_those_of_the_velocities() -> None:
    decoder = random_decoder(1, channels=9, latent=6, hidden=5, window=2, steps=3)
    counts = random_counts(1, 300, 9, rate=0.5)
    found = run_streaming_form(decoder, counts)
    macs = changes_of(decoder, counts).macs(decoder)
    assert (sum(macs.values()) == found.macs_effective).all()


def test_effective_macs_of_dense_weights_and_all_channels_are_the_dense_ones() -> None:
    decoder = random_decoder(1, channels=9, latent=6, hidden=5, window=2, steps=3, sparsity=0)
    for linear in decoder.matrices.values():
        linear.weight[linear.weight == 0] = 1
    every_channel = np.repeat([[1], [2], [3]], 9, axis=1)
    found = run_window_form(decoder, every_channel)
    assert found.macs_effective.tolist() == [found.macs_dense] * 3


def test_streaming_macs_where_everything_changes_are_the_dense_ones() -> None:
    decoder = random_decoder(1, channels=9, latent=6, hidden=5, window=2, steps=3, sparsity=0)
    for linear in decoder.matrices.values():
        linear.weight[linear.weight == 0] = 1
    found = run_streaming_form(decoder, random_counts(1, 400, 9, rate=3.0, maximum=9))
    assert found.macs_effective.max() == found.macs_dense


@exact
@given(streams(most_ticks=40))
def test_effective_macs_by_brute_force(stream: Stream) -> None:
    """Every multiplication of a schedule, counted where the weight is not 0 and its input changed.

    The recurrent ones of a tick are those that the next tick needs.
    """
    decoder, geometry = stream.decoder, stream.decoder.geometry
    non_zero = {
        name: [[weight != 0 for weight in row] for row in linear.weight.tolist()]
        for name, linear in decoder.matrices.items()
    }
    full = {name: sum(map(sum, rows)) for name, rows in non_zero.items()}
    step = full["encoder"] + full["input"] + full["recurrent"]
    reference = geometry.steps * step + full["readout"]
    longer = np.pad(stream.counts, ((0, 1), (0, 0)))
    traces, silence = streaming_traces(decoder, longer), startup(decoder)
    latents = [decoder.latents(silence.accumulator).tolist(), *traces["latent"].tolist()]

    def past(tick: int, chain: int) -> list[int]:
        at = tick - geometry.window
        codes = silence.states[chain] if at < 0 else traces["state"][at, chain]
        return codes.tolist()

    def multiplied(matrix: str, now: list[int], before: list[int]) -> int:
        changed = [a != b for a, b in zip(now, before, strict=True)]
        return sum(
            weight and change
            for row in non_zero[matrix]
            for weight, change in zip(row, changed, strict=True)
        )

    streaming, before = [], [0] * geometry.channels
    for tick in range(len(stream.counts)):
        ticks = stream.counts[max(tick - geometry.window + 1, 0) : tick + 1].tolist()
        now = [min(sum(column), 63) for column in zip(*ticks, strict=True)]
        macs = full["readout"] + multiplied("encoder", now, before)
        macs += multiplied("input", latents[tick + 1], latents[tick])
        for chain in range(geometry.steps - 1):
            macs += multiplied("recurrent", past(tick + 1, chain), past(tick, chain))
        streaming.append(macs)
        before = now
    found = run_window_form(decoder, stream.counts).macs_effective
    assert found.tolist() == [reference] * len(stream.counts)
    assert run_streaming_form(decoder, stream.counts).macs_effective.tolist() == streaming
