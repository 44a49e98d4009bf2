import numpy as np
import pytest
import torch

from aegru_hw.baselines.plain_gru import (
    PlainGru,
    plain_gru_macs,
    score_plain_gru,
    train_plain_gru,
)
from aegru_hw.baselines.stock_hls4ml import predict, stock_hls4ml
from aegru_hw.decoder.config import make_config
from aegru_hw.decoder.data import Dataset
from aegru_hw.fixedpoint.types import FixedType
from tests.support.recordings import QUICK, small_recording

WIDE = dict.fromkeys(
    ("input", "weight", "recurrent_weight", "state", "readout_weight", "velocity"),
    FixedType(24, 18),
)


def small_network(channels: int = 5, hidden: int = 4) -> PlainGru:
    torch.manual_seed(0)
    network = PlainGru(channels, hidden, 0.0).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(2.0)
    return network


@torch.no_grad()
def test_cost_is_every_weight_at_every_step_but_the_readout_once() -> None:
    network = small_network()
    matrices = network.gru.weight_ih_l0.numel() + network.gru.weight_hh_l0.numel()
    assert plain_gru_macs(network, 3) == 3 * matrices + network.readout.weight.numel()


@pytest.mark.slow
def test_training_is_repeatable_and_decodes() -> None:
    config = make_config(overrides=[*QUICK, "training.epochs=4", "training.learning_rate=2e-2"])
    data = Dataset.from_recording(small_recording(ticks=800), config)
    networks = [train_plain_gru(data, config, progress=False) for _ in range(2)]
    score = score_plain_gru(networks[0], data)
    assert score == score_plain_gru(networks[1], data)
    assert score.r2.mean > 0.3
    numbers = sum(parameter.numel() for parameter in networks[0].parameters())
    assert score.footprint_bytes == 4 * (numbers + data.channels)


@pytest.mark.slow
def test_stock_hls4ml_agrees_with_torch_before_precision_is_cut() -> None:
    network = small_network()
    counts = torch.randint(0, 6, (64, 3, 5))
    with torch.no_grad():
        expected = network(counts).numpy()
        np.testing.assert_allclose(predict(network, counts, WIDE), expected, atol=0.03)
        # Another order of gates would show: so far are the numbers apart.
        for name in ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"):
            parameter = getattr(network.gru, name)
            reset, update, candidate = parameter.chunk(3)
            parameter.copy_(torch.cat([update, reset, candidate]))
        assert np.abs(network(counts).numpy() - expected).max() > 0.3


@pytest.mark.slow
def test_stock_hls4ml_scores_evenly_chosen_ticks(monkeypatch) -> None:
    monkeypatch.setattr("aegru_hw.baselines.stock_hls4ml.MOST_TICKS", 50)
    config = make_config(overrides=QUICK)
    data = Dataset.from_recording(small_recording(ticks=600), config)
    network = small_network(data.channels)
    score = stock_hls4ml(network, data, 8)
    step = -(-len(data.test) // 50)
    assert score.ticks == len(range(0, len(data.test), step))
    assert score.footprint_bytes == score_plain_gru(network, data).footprint_bytes // 4
