"""A small quantised network, its recording, and another day's."""

import copy
from dataclasses import dataclass

import pytest

from aegru_hw.decoder import stages
from aegru_hw.decoder.config import Config, make_config
from aegru_hw.decoder.data import Dataset
from aegru_hw.decoder.quantized_network import QuantizedAegru
from tests.support.recordings import QUICK, small_recording

CONFIG = make_config(overrides=(*QUICK, "training.epochs=12", "quantisation.epochs=4"))


@dataclass(frozen=True)
class Days:
    """A network of the first day, and the datasets of both."""

    network: QuantizedAegru
    config: Config
    first: Dataset
    second: Dataset


@pytest.fixture(scope="package")
def trained_days() -> Days:
    first = Dataset.from_recording(small_recording(), CONFIG)
    network, _ = stages.train_float(first, CONFIG, progress=False)
    stages.prune(network, first, CONFIG, progress=False)
    quantized, _ = stages.quantize(network, first, CONFIG, progress=False)
    second = Dataset.from_recording(small_recording(day=1), CONFIG)
    return Days(quantized, CONFIG, first, second)


@pytest.fixture
def days(trained_days) -> Days:
    """Return the days with a network of one's own."""
    return Days(
        copy.deepcopy(trained_days.network),
        trained_days.config,
        trained_days.first,
        trained_days.second,
    )
