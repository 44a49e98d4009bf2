"""Outputs every K ticks over a recording's segments: each as its segment alone gives it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aegru_hw.executions.execution import Context
from aegru_hw.executions.live import Live
from aegru_hw.executions.streaming import Streaming
from aegru_hw.executions.window import Window
from aegru_hw.fixedpoint import Geometry, run_window_form
from aegru_hw.fixedpoint.made_up import random_decoder
from aegru_hw.recordings import stream as streams
from aegru_hw.recordings.recording import Recording
from aegru_hw.recordings.stream import TickStream, output_ticks
from tests.fixedpoint.geometries import exact
from tests.support.recordings import small_recording

NOWHERE = Context(Path(), Path(), Path())
WINDOW, STEPS, CHANNELS = 6, 2, 4


def in_segments(seed: int, starts: list[int], ticks: int) -> Recording:
    recording = small_recording(seed, ticks=ticks, channels=CHANNELS)
    return replace(
        recording, segment_starts=np.array(starts), reach_starts=np.zeros(0, dtype=np.int64)
    )


@exact
@given(st.data(), st.integers(20, 150), st.sampled_from([1, 2, 3, 6]))
def test_scored_outputs_are_those_of_their_segment_alone(
    data: st.DataObject, ticks: int, every: int
) -> None:
    others = data.draw(st.sets(st.integers(1, ticks - 1), max_size=5))
    recording = in_segments(data.draw(st.integers(0, 99)), [0, *sorted(others)], ticks)
    decoder = random_decoder(
        1, channels=CHANNELS, latent=4, hidden=4, window=WINDOW, steps=STEPS, spread=2.0
    )
    decoder = replace(decoder, geometry=replace(decoder.geometry, every=every))
    wanted = np.zeros(ticks, dtype=bool)
    for _ in range(data.draw(st.integers(1, 4))):
        first = data.draw(st.integers(0, ticks - 1))
        wanted[first : data.draw(st.integers(first, ticks))] = True
    expected: dict[int, list[int]] = {}
    for start, stop in recording.segments.tolist():
        velocity = run_window_form(decoder, recording.counts[start:stop]).velocity
        for tick in range(start, stop):
            if wanted[tick] and (tick - start) % every == every - 1:
                expected[tick] = velocity[tick - start].tolist()
    if not expected:
        return
    stream = TickStream.from_recording(recording, wanted, WINDOW, STEPS, every)
    assert stream.scored_ticks.tolist() == list(expected)
    assert np.flatnonzero(wanted & output_ticks(recording, every)).tolist() == list(expected)
    assert len(stream.counts) == every * len(stream.scored)
    for execution in (Window(), Streaming(), Live()):
        output = execution.run(decoder, stream.counts, NOWHERE)
        assert output.velocity.shape == (len(stream.scored), 2)
        assert output.velocity[stream.scored].tolist() == list(expected.values()), execution.name
        for macs in output.macs.values():
            assert isinstance(macs, int) or macs.shape == (len(stream.scored),)


@pytest.mark.parametrize("every", [1, 2, 3, 6])
def test_the_test_split_is_scored_at_its_outputs(every: int) -> None:
    recording = in_segments(0, [0, 205, 380], 500)
    geometry = Geometry(CHANNELS, 1, 1, WINDOW, STEPS, recording.tick_seconds)
    _, of_all = streams.test_stream(recording, geometry)
    stream, wanted = streams.test_stream(recording, replace(geometry, every=every))
    assert wanted.tolist() == (of_all & output_ticks(recording, every)).tolist()
    assert stream.scored_ticks.tolist() == np.flatnonzero(wanted).tolist()
    assert abs(wanted.sum() - of_all.sum() / every) < 3
    assert output_ticks(recording, every)[[205 + every - 1, 380 + every - 1]].all()
