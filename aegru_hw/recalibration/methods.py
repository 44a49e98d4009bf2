"""The methods of recalibration, and the choice among them."""

import copy
from collections.abc import Callable
from dataclasses import dataclass

import torch

from aegru_hw.decoder.data import Dataset
from aegru_hw.decoder.quantized_network import QuantizedAegru
from aegru_hw.decoder.stages import decode, validation_r2
from aegru_hw.recalibration.names import ALL, AUTO, ENCODER, METHODS, STATISTICS
from aegru_hw.recalibration.statistics import Statistics, aligned
from aegru_hw.recalibration.tuning import Part, Tuning, encoder_of, set_encoder, tune
from aegru_hw.recordings.r2 import r2_score

TUNINGS = {ENCODER: Tuning(core=False), ALL: Tuning()}


EASY, SPAN = 0.6, 0.6
"""R² over the minutes, by their statistics alone, from which on fine-tuning is as gentle as it can
be, and how far below it is as hard."""


@dataclass(frozen=True)
class Choice:
    """The method that was taken, and by what: R² over the last part of the minutes, by method.

    A method that was asked for is not validated.
    """

    method: str
    validation: dict[str, float | None]


def recalibrate(
    network: QuantizedAegru,
    before: Statistics,
    dataset: Dataset,
    method: str,
    seed: int,
    say: Callable[[str], None] = lambda _: None,
    *,
    words: int | None = None,
) -> Choice:
    """Recalibrate a network in place to the training and validation ticks of another day.

    before: the features' statistics that its encoder was made for.
    method: of METHODS, or AUTO: the best one by R² over the validation ticks after the training
    ticks alone; then it is given all of them.
    """
    validation: dict[str, float | None] = {}
    if method == AUTO:
        for name in METHODS:
            say(f"trying {name}")
            tried = copy.deepcopy(network)
            _apply(tried, before, dataset, dataset.train, name, seed, words)
            validation[name] = validation_r2(tried, dataset)()
        method = max(METHODS, key=lambda name: _rank(validation[name]))
    say(f"recalibrating: {method}")
    _apply(network, before, dataset, dataset.train_and_validation(1), method, seed, words)
    return Choice(method, validation)


def _apply(
    network: QuantizedAegru,
    before: Statistics,
    dataset: Dataset,
    ticks: torch.Tensor,
    method: str,
    seed: int,
    words: int | None,
) -> None:
    today = Statistics.of(dataset, ticks)
    encoder = aligned(encoder_of(network), before, today)
    set_encoder(network, encoder)
    network.eval()
    if method != STATISTICS:
        tuning = TUNINGS[method].harder(_lost(network, dataset, ticks))
        tune(network, [Part(dataset, ticks, today, encoder)], tuning, seed, words=words)


def _lost(network: QuantizedAegru, dataset: Dataset, ticks: torch.Tensor) -> float:
    """Return how much of what a network knows another day has made useless, 0 to 1."""
    r2 = r2_score(dataset.labels[ticks].numpy(), decode(network, dataset, ticks)).mean
    return 0.0 if r2 is None else min(max((EASY - r2) / SPAN, 0.0), 1.0)


def _rank(r2: float | None) -> float:
    return float("-inf") if r2 is None else r2
