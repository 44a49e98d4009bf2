"""What cannot be a recording is refused, what is odd is said."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from aegru_hw.errors import UserError
from aegru_hw.recordings.generator import generate
from aegru_hw.recordings.likely import (
    check_plausible,
    check_spike_times,
    check_tick,
    velocity_remark,
)
from aegru_hw.recordings.nwb import read_nwb
from aegru_hw.recordings.odoherty import read_odoherty
from aegru_hw.recordings.recording import Recording
from benchmarks.made.nwb import write_nwb

Make = Callable[..., Recording]
RANDOM = np.random.default_rng(2)
SPIKES = np.sort(RANDOM.uniform(100, 400, 6000))


def spoken(spikes: np.ndarray, begin: float = 100.0, end: float = 400.0) -> list[str]:
    said: list[str] = []
    check_spike_times(spikes, begin, end, 4, said.append)
    return said


def test_the_same_clock() -> None:
    assert spoken(SPIKES) == []
    assert spoken(np.append(SPIKES, np.nan)) == []
    assert spoken(np.zeros(0)) == spoken(np.array([np.nan])) == ["there is no spike"]


@pytest.mark.parametrize(
    ("factor", "unit"),
    [
        (1e3, "milliseconds"),
        (1e6, "microseconds"),
        (1e9, "nanoseconds"),
        (30000, "samples at 30 kHz"),
    ],
)
def test_another_unit_of_time(factor: float, unit: str) -> None:
    with pytest.raises(UserError, match=f"only 0 of 6000 spikes .*; they look like {unit}; sec"):
        spoken(SPIKES * factor)


def test_another_zero() -> None:
    with pytest.raises(UserError, match=r"another clock's, \+1\.7e\+09 s away; align the two"):
        spoken(SPIKES + 1.7e9)
    for extreme in ([-1e308, 1e308], [5e-324, 1e308]):
        with pytest.raises(UserError, match="both must be in seconds"):
            spoken(np.array(extreme))
    with pytest.raises(UserError, match="both must be in seconds on the same clock"):
        spoken(SPIKES * 77 + 1.7e9)


def test_a_movement_that_is_a_part_of_the_session() -> None:
    assert "1600 of 6000" not in "".join(spoken(SPIKES, 100, 260))
    (said,) = spoken(SPIKES, 200, 210)
    assert "spikes fall within the movement: spike times run from 100" in said


def test_an_nwb_file_in_milliseconds(tmp_path: Path) -> None:
    times = 3.0 + 0.01 * np.arange(1000)
    path = write_nwb(
        tmp_path / "ms.nwb",
        units=[(0, (1000 * RANDOM.uniform(3, 13, 300)).tolist())],
        series={"hand_vel": RANDOM.normal(size=(1000, 2))},
        times=times,
    )
    with pytest.raises(UserError, match="they look like milliseconds; seconds are needed"):
        read_nwb(path)


@pytest.mark.parametrize(
    ("tick", "ticks", "text"),
    [
        (50.0, 9, "a tick of 50 s is longer than any movement.*; for 50 ms give 0.05$"),
        (5000.0, 9, "a tick of 5000 s is longer .* 1 s is accepted$"),
        (5e-5, 9, "a tick of 5e-05 s is shorter than a spike"),
        (0.5, 10**6, "1000000 ticks of 0.5 s last 138.9 h; at most 24 h"),
    ],
)
def test_ticks_that_cannot_be(tick: float, ticks: int, text: str) -> None:
    with pytest.raises(UserError, match=text):
        check_tick(tick, ticks)


def test_a_short_recording() -> None:
    said: list[str] = []
    check_tick(0.05, 1000, said.append)
    assert said == []
    check_tick(0.00025, 1000, said.append)
    assert said == ["the recording lasts 0.25 s only; check the tick length, 0.00025 s"]


def remark(factor: float | np.ndarray, tick: float = 0.05, jump: float = 0.0) -> str | None:
    velocity = np.stack([np.sin(np.arange(400) / 9), np.cos(np.arange(400) / 7)], axis=1)
    position = np.cumsum(velocity, axis=0) * tick * factor
    position[200:] += jump
    return velocity_remark(position, velocity, tick)


@pytest.mark.parametrize(
    ("factor", "text"),
    [
        (20.0, "20 times too small for position: it looks like a step per tick, not per second"),
        (10.0, "10 times too small for position: it looks like cm/s where position is in mm"),
        (1000.0, "1e+03 times too small for position: it looks like m/s where position is in mm"),
        (0.1, "10 times too large for position: it looks like mm/s where position is in cm"),
        (3.0, "3 times too small for position: the units differ, or the tick is not 0.05 s"),
    ],
)
def test_velocity_in_another_unit(factor: float, text: str) -> None:
    assert remark(factor) == f"velocity is {text}"
    assert remark(factor, jump=1e4) == f"velocity is {text}"


def test_velocity_of_either_side() -> None:
    position = np.cumsum(RANDOM.normal(size=(400, 2)), axis=0)
    step = np.diff(position, axis=0) / 0.1
    for velocity in (np.vstack([[0, 0], step]), np.vstack([step, [0, 0]])):
        assert velocity_remark(position, velocity, 0.1) is None
        assert str(velocity_remark(position, velocity, 0.05)).startswith("velocity is 2 times too")


def test_velocity_that_agrees_or_says_nothing() -> None:
    assert remark(1.0) is None
    assert remark(1.0, jump=300.0) is None
    assert "against position" in str(remark(-1.0))
    noise = RANDOM.normal(size=(2, 400, 2))
    assert velocity_remark(noise[0], noise[1], 0.05) is None
    assert velocity_remark(np.zeros((9, 2)), np.zeros((9, 2)), 0.05) is None
    assert velocity_remark(np.full((9, 2), np.nan), np.ones((9, 2)), 0.05) is None
    assert velocity_remark(np.full((9, 2), 1e300), np.full((9, 2), 1e300), 0.05) is None


def about(recording: Recording) -> list[str]:
    said: list[str] = []
    check_plausible(recording, said.append)
    return said


def test_a_usual_recording_is_passed_over(tmp_path: Path) -> None:
    generate(tmp_path / "made.mat", channels=4, seconds=20)
    assert about(read_odoherty(tmp_path / "made.mat")) == []


def test_rates(make_recording: Make) -> None:
    counts = np.full((4000, 3), 3, dtype=np.uint8)
    counts[:, 1] = 0
    (said,) = about(make_recording(4000, 3, counts=counts))
    assert said == (
        "2 of 3 channels have more than 500 spikes/s, 'channel 0' 750: counts may be rates, or "
        "the tick not 0.004 s"
    )
    counts[:] = 0
    counts[5, 0] = 1
    (said,) = about(make_recording(4000, 3, counts=counts))
    assert said.startswith("the channels fire 0.021 spikes/s on average: next to none")
    with pytest.raises(UserError, match=r"for 50 ms give 0.05"):
        about(make_recording(4000, 3, tick_seconds=50.0))


def test_an_artefact(make_recording: Make) -> None:
    velocity = RANDOM.normal(size=(4000, 2))
    counts = (RANDOM.random((4000, 3)) < 0.1).astype(np.uint8)
    assert about(make_recording(4000, 3, counts=counts, velocity=velocity)) == []
    velocity[77, 1] = -5000.0
    (said,) = about(make_recording(4000, 3, counts=counts, velocity=velocity))
    assert said.startswith("velocity y is -5000 at tick 77, far beyond the rest (1 ticks)")
