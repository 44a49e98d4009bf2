"""The page of a recording."""

from pathlib import Path

import numpy as np
import pytest

from aegru_hw.recordings.generator import generate
from aegru_hw.recordings.odoherty import read_odoherty
from aegru_hw.recordings.recording import Recording
from aegru_hw.report.look import plot_recording
from tests.report.html_page import Page
from tests.report.pages import HOSTILE

SECTIONS = ["spikes", "rates", "velocity", "segments"]


def made(ticks: int = 5000, channels: int = 4, **fields: object) -> Recording:
    random = np.random.default_rng(8)
    counts = random.poisson(0.4, (ticks, channels)).astype(np.uint8)
    velocity = np.cumsum(random.normal(size=(ticks, 2)), axis=0)
    defaults = {"counts": counts, "velocity": velocity, "tick_seconds": 0.02}
    return Recording(**(defaults | fields))  # type: ignore[arg-type]


def test_a_recording(tmp_path: Path) -> None:
    generate(tmp_path / "made.mat", channels=4, seconds=20)
    recording = read_odoherty(tmp_path / "made.mat")
    page = Page(plot_recording(recording))
    assert page.open_elements == []
    assert list(page.sections) == SECTIONS
    assert set(page.figures) == {
        *("raster", "activity", "channels", "movement", "speeds", "reaches_lengths"),
    }
    assert "5,000 ticks of 4 ms" in page.text
    assert f"{recording.counts.sum():,} spikes, at most 1 in a tick" in page.sections["spikes"]
    assert "1 segment of 20 to 20 s" in page.sections["segments"]
    assert not any(attributes.get("src") for _, attributes in page.elements)
    assert "decoder report" not in page.text


def test_the_numbers_are_the_recordings() -> None:
    recording = made(segment_starts=np.array([0, 1000, 4000]))
    page = Page(plot_recording(recording))
    rates = recording.counts.sum(axis=0) / 100
    head = f"{rates.min():.3g} to {rates.max():.3g} spikes/s a channel"
    assert head in page.sections["rates"]
    assert "3 segments of 20 to 60 s" in page.sections["segments"]
    assert [shape["x0"] for shape in page.figures["movement"]["layout"]["shapes"]] == [20, 80]
    assert "10 s of the longest segment" in page.sections["spikes"]
    assert f"{recording.velocity[:, 0].max():,.4g}" in page.sections["velocity"]


def test_what_is_odd_stands_at_the_head() -> None:
    counts = made().counts.copy()
    counts[:, 0] = 0
    page = Page(plot_recording(made(counts=counts), ["a trial is left out"]))
    assert "a trial is left out" in page.text
    assert "1 of 4 channels (25%) never fire" in page.text
    slow = Page(plot_recording(made(tick_seconds=50.0)))
    assert "a tick of 50 s is longer than any movement" in slow.text


@pytest.mark.parametrize(
    "recording",
    [
        made(1, 1),
        made(2, 3),
        made(3, 1, counts=np.zeros((3, 1), dtype=np.uint8), velocity=np.zeros((3, 2))),
        made(600, 4096),
        made(velocity=np.full((5000, 2), 1e308)),
        made(tick_seconds=1e-9),
        made(counts=np.full((5000, 4), 65535, dtype=np.uint16)),
        made(segment_starts=np.arange(5000)),
        made(reach_starts=np.zeros(3, dtype=np.int64)),
    ],
    ids=str,
)
def test_odd_recordings_have_a_page(recording: Recording) -> None:
    source = plot_recording(recording)
    assert list(Page(source).sections) == SECTIONS
    assert len(source) < 12_000_000


def test_text_of_the_file_is_only_text() -> None:
    hostile = HOSTILE[:200]
    page = Page(plot_recording(made(source=hostile, channel_names=(hostile,) * 4), [HOSTILE]))
    plain = Page(plot_recording(made(), ["said"]))
    assert [tag for tag, _ in page.elements] == [tag for tag, _ in plain.elements]
    names = page.figures["channels"]["data"][0]["customdata"]
    assert not any("<" in name for name in names)


def test_the_page_is_the_same_each_time() -> None:
    assert plot_recording(made()) == plot_recording(made())
