"""What a trial sees and is scored on."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from aegru_hw.decoder import stages
from aegru_hw.decoder.config import Config, make_config
from aegru_hw.decoder.data import Dataset
from aegru_hw.decoder.export import export
from aegru_hw.errors import UserError
from aegru_hw.recordings.recording import Recording
from aegru_hw.recordings.splits import split
from aegru_hw.sweep import objective
from aegru_hw.sweep.objective import Score, TrainingOnly, score
from tests.support.recordings import QUICK, small_recording


@pytest.fixture(scope="module")
def recording() -> Recording:
    return small_recording(ticks=900)


@pytest.fixture(scope="module")
def config() -> Config:
    return make_config("paper", [*QUICK, "training.epochs=1", "window.steps=2"])


@pytest.fixture(scope="module")
def floats(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("float")


@pytest.fixture(scope="module")
def scored(recording: Recording, config: Config, floats: Path) -> Score:
    return score(recording, config, floats)


def altered(recording: Recording, part: str, *, counts: bool) -> Recording:
    """Return the recording with other velocities, and if asked other counts, in one split."""
    mask = getattr(split(recording), part)
    random = np.random.default_rng(8)
    velocity, spikes = recording.velocity.copy(), recording.counts.copy()
    velocity[mask] = random.normal(size=(mask.sum(), 2))
    if counts:
        spikes[mask] = random.integers(0, 9, (mask.sum(), recording.channels))
    return replace(recording, velocity=velocity, counts=spikes)


def test_the_test_split_is_not_seen(
    recording: Recording, config: Config, scored: Score, tmp_path: Path
) -> None:
    assert score(altered(recording, "test", counts=True), config, tmp_path) == scored


def test_no_stage_trains_on_the_validation_split(
    recording: Recording, config: Config, scored: Score, tmp_path: Path, monkeypatch
) -> None:
    """With other movements there the decoder stays the same; only what it is judged by changes."""
    decoders = []

    def exported(*arguments):
        decoders.append(export(*arguments))
        return decoders[-1]

    monkeypatch.setattr(objective, "export", exported)
    assert score(recording, config, tmp_path) == scored
    other = score(altered(recording, "validation", counts=False), config, tmp_path)
    assert other.r2 != scored.r2
    for name in ("encoder", "input", "recurrent", "readout"):
        one, two = (getattr(decoder, name) for decoder in decoders)
        assert np.array_equal(one.weight, two.weight)
        assert np.array_equal(one.bias, two.bias)


def test_fine_tuning_uses_the_training_ticks(recording: Recording, config: Config) -> None:
    dataset = TrainingOnly.from_recording(recording, config)
    assert dataset.train_and_validation(1).equal(dataset.train)
    usual = Dataset.from_recording(recording, config)
    assert len(usual.train_and_validation(1)) > len(usual.train)


def test_a_float_network_is_trained_once(
    recording: Recording, config: Config, scored: Score, floats: Path, monkeypatch
) -> None:
    def unwanted(*arguments, **options):
        raise AssertionError("the float network is there already")

    monkeypatch.setattr(stages, "train_float", unwanted)
    assert score(recording, config, floats) == scored
    more = score(recording, replace(config, pruning=replace(config.pruning, rate=0.8)), floats)
    assert more.float_r2 == scored.float_r2
    assert more.sparsity > 0.75 > scored.sparsity
    assert more.macs < scored.macs
    for changed in (replace(config, seed=1), make_config("paper", [*QUICK, "window.steps=3"])):
        with pytest.raises(AssertionError):
            score(recording, changed, floats)
    with pytest.raises(AssertionError):
        score(altered(recording, "train", counts=False), config, floats)


def test_a_split_without_movement_is_refused(
    recording: Recording, config: Config, tmp_path: Path
) -> None:
    velocity = recording.velocity.copy()
    velocity[split(recording).validation, 1] = 0.5
    with pytest.raises(UserError, match="R² is undefined: an axis never moves in the validation"):
        score(replace(recording, velocity=velocity), config, tmp_path)


def test_a_history_that_no_decoder_holds(recording: Recording, config: Config, floats) -> None:
    long = replace(config, window=replace(config.window, seconds=40.0))
    with pytest.raises(UserError):
        score(recording, long, floats)
