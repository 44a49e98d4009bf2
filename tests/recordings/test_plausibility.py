from collections.abc import Callable

import numpy as np
import pytest

from aegru_hw.recordings.plausibility import r2_remarks, remarks
from aegru_hw.recordings.r2 import R2
from aegru_hw.recordings.recording import Recording
from aegru_hw.recordings.splits import split

Make = Callable[..., Recording]


def counts(silent: int = 0) -> np.ndarray:
    counts = np.ones((40, 20), dtype=np.uint8)
    counts[:, :silent] = 0
    return counts


def test_nothing_is_said_of_a_usual_recording(make_recording: Make) -> None:
    assert remarks(make_recording(40, 20, counts=counts())) == ()
    assert remarks(make_recording(40, 20, counts=counts(silent=1))) == ()


def test_no_spike_at_all(make_recording: Make) -> None:
    said = remarks(make_recording(40, 20, counts=counts(silent=20)))
    assert said == ("all counts are zero: there is no spike to decode from",)


@pytest.mark.parametrize(("silent", "share"), [(2, "10%"), (19, "95%")])
def test_silent_channels(make_recording: Make, silent: int, share: str) -> None:
    said = remarks(make_recording(40, 20, counts=counts(silent)))
    assert said == (f"{silent} of 20 channels ({share}) never fire",)


def test_an_axis_that_never_changes(make_recording: Make) -> None:
    velocity = np.random.default_rng(1).normal(size=(40, 2))
    velocity[:, 1] = 0.1
    said = remarks(make_recording(40, 20, counts=counts(), velocity=velocity))
    assert said == ("velocity y never changes: its R² is undefined",)


def test_an_axis_that_never_changes_in_the_test_split(make_recording: Make) -> None:
    velocity = np.random.default_rng(1).normal(size=(40, 2))
    velocity[split(make_recording(40, 20)).test, 0] = 0.1
    said = remarks(make_recording(40, 20, counts=counts(), velocity=velocity))
    assert said == ("velocity x never changes in the test split: its R² is undefined",)


def test_a_silent_test_split(make_recording: Make) -> None:
    usual = make_recording(40, 20, counts=counts())
    silent, nearly = counts(), counts()
    test = split(usual).test
    silent[test] = 0
    nearly[np.flatnonzero(test)[:-1]] = 0
    said = remarks(make_recording(40, 20, counts=silent))
    assert said == ("no channel fires in the test split: its R² says nothing of the decoder",)
    assert remarks(make_recording(40, 20, counts=nearly)) == ()


def test_a_recording_too_short_to_be_split(make_recording: Make) -> None:
    assert remarks(make_recording(2, 20, counts=counts()[:2])) == ()


def test_remarks_of_r2() -> None:
    assert r2_remarks(R2(0.5, 0.0, 1.0)) == ()
    assert r2_remarks(R2(0.1, 0.5, -0.3)) == ("R² of y is -0.3000: worse than the mean velocity",)
    assert r2_remarks(R2(None, None, -0.3)) == (
        "R² of x is undefined: the true velocity x is constant",
        "R² of y is -0.3000: worse than the mean velocity",
    )
