"""Fine ticks out of coarse bins: what stays exactly as it was."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aegru_hw.errors import UserError
from aegru_hw.recordings.fields import MAX_TEXT
from aegru_hw.recordings.recording import Recording, load_recording
from aegru_hw.recordings.resample import resample
from tests.support.recordings import small_recording


@st.composite
def coarse(draw) -> Recording:
    bins, channels = draw(st.integers(1, 12)), draw(st.integers(1, 4))
    random = np.random.default_rng(draw(st.integers(0, 99)))
    starts = draw(st.sets(st.integers(1, bins), max_size=3)) - {bins}
    return Recording(
        counts=random.integers(0, draw(st.sampled_from([2, 9, 400])), (bins, channels)),
        velocity=random.normal(size=(bins, 2)),
        tick_seconds=0.064,
        segment_starts=np.array([0, *sorted(starts)]),
        reach_starts=np.array([0, *sorted(starts)]),
    )


@settings(max_examples=60, deadline=None)
@given(coarse(), st.sampled_from([2, 4, 16]), st.integers(0, 5))
def test_counts_are_kept_bin_by_bin_and_nothing_crosses_a_segment(recording, parts, seed) -> None:
    made = resample(recording, 0.064 / parts, seed)
    sums = made.counts.reshape(recording.ticks, parts, -1).sum(axis=1, dtype=np.int64)
    assert np.array_equal(sums, recording.counts)
    assert np.array_equal(made.segments, recording.segments * parts)
    assert np.array_equal(made.reaches, recording.reaches * parts)
    assert made.seconds == pytest.approx(recording.seconds)
    assert made == resample(recording, 0.064 / parts, seed)
    for start, end in recording.segments:
        alone = replace(
            recording,
            counts=recording.counts[start:end],
            velocity=recording.velocity[start:end],
            segment_starts=np.zeros(1, np.int64),
            reach_starts=np.zeros(1, np.int64),
        )
        velocity = resample(alone, 0.064 / parts).velocity
        assert np.array_equal(velocity, made.velocity[start * parts : end * parts])


def test_velocity_is_a_line_between_the_centres_of_bins() -> None:
    velocity = np.array([[0.0, 8.0], [4.0, 0.0], [100.0, 4.0], [104.0, 4.0]])
    recording = Recording(np.ones((4, 1)), velocity, 0.1, segment_starts=np.array([0, 2]))
    made = resample(recording, 0.025).velocity
    x = [0, 0, 0.5, 1.5, 2.5, 3.5, 4, 4, *(100, 100, 100.5, 101.5, 102.5, 103.5, 104, 104)]
    y = [8, 8, 7, 5, 3, 1, 0, 0, *[4] * 8]
    assert np.allclose(made, np.stack([x, y], axis=1), rtol=0, atol=1e-12)


def test_spikes_are_spread_evenly_and_by_chance() -> None:
    recording = Recording(np.full((1000, 2), 8), np.zeros((1000, 2)), 0.064)
    made = resample(recording)
    per_tick = made.counts.reshape(1000, 16, 2).sum(axis=(0, 2), dtype=np.int64)
    assert per_tick.sum() == 16000
    assert np.all(np.abs(per_tick - 1000) < 5 * np.sqrt(1000 * 15 / 16))
    assert made.counts.max() > 1  # a tick may get more than one
    assert not np.array_equal(made.counts, resample(recording, seed=1).counts)


def test_what_it_is_made_from_is_said(tmp_path) -> None:
    recording = small_recording(ticks=50, tick_seconds=0.064)
    made = resample(recording)
    assert made.source == "made from small: spikes placed at random within bins of 64 ms"
    assert (made.sha256, made.channel_names) == (recording.sha256, recording.channel_names)
    assert made.tick_seconds == 0.004
    made.save(tmp_path / "made.h5")
    assert load_recording(tmp_path / "made.h5") == made
    long = resample(replace(recording, source="s" * MAX_TEXT))
    assert len(long.source) == MAX_TEXT
    assert long.source.endswith("within bins of 64 ms")


@pytest.mark.parametrize(
    ("tick", "says"),
    [
        (
            0.005,
            r"tick 0\.005 s does not divide the bins of 0\.064 s; accepted is 0\.064 s divided",
        ),
        (0.064, "does not divide"),
        (0.128, "does not divide"),
        (1e-6, "whole number from 2 to 1,000"),
        (0.0, "give a positive number"),
        (float("nan"), "give a positive number"),
    ],
)
def test_ticks_that_are_refused(tick, says) -> None:
    with pytest.raises(UserError, match=says):
        resample(small_recording(ticks=50, tick_seconds=0.064), tick)


def test_a_seed_is_not_negative() -> None:
    with pytest.raises(UserError, match="seed -1 is not possible"):
        resample(small_recording(ticks=50, tick_seconds=0.064), seed=-1)
