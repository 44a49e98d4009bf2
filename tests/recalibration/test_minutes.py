"""The first minutes of a recording."""

import numpy as np
import pytest

from aegru_hw.decoder.data import Dataset
from aegru_hw.errors import UserError
from aegru_hw.recalibration.minutes import first_minutes
from tests.recalibration.conftest import CONFIG
from tests.support.recordings import small_recording


def test_ticks_of_the_first_minutes_and_the_test_split_as_it_was() -> None:
    recording = small_recording()
    whole, minutes = (
        Dataset.from_recording(recording, CONFIG),
        first_minutes(recording, CONFIG, 0.5),
    )
    ticks = minutes.train_and_validation(1)
    assert int(ticks.max()) == round(0.5 * 60 / 0.05) - 1
    assert len(minutes.train) == round(0.75 * len(ticks))
    assert (ticks.diff() > 0).all()
    assert (minutes.test == whole.test).all()
    labels = minutes.labels[ticks].numpy()
    assert np.abs(labels.mean(axis=0)).max() < 1e-5
    assert np.abs(labels.std(axis=0) - 1).max() < 1e-5


def test_minutes_end_before_the_test_split() -> None:
    recording = small_recording()
    minutes = first_minutes(recording, CONFIG, 60)
    assert int(minutes.validation.max()) < int(minutes.test.min())


def test_too_few_minutes_are_refused() -> None:
    with pytest.raises(UserError, match=r"first 0.05 minutes hold \d+ windows .* at least 64"):
        first_minutes(small_recording(), CONFIG, 0.05)
