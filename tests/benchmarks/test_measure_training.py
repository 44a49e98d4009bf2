"""What the comparison of training options does by itself."""

import pytest
import torch

from aegru_hw.decoder import stages
from aegru_hw.decoder.config import make_config
from aegru_hw.decoder.data import Dataset
from aegru_hw.decoder.network import Aegru, features
from benchmarks.measure_training import balanced_mask, channel_dropout_loss, table
from tests.support.recordings import QUICK, small_recording


def case() -> tuple[Aegru, Dataset, stages.Config]:
    config = make_config("paper", [*QUICK, "training.jitter=0"])
    torch.manual_seed(1)
    dataset = Dataset.from_recording(small_recording(), config)
    return Aegru(dataset.channels, config.network).train(), dataset, config


def test_without_dropped_channels_the_loss_is_the_networks_own() -> None:
    network, dataset, config = case()
    batch = dataset.batch(dataset.train[:64])
    torch.manual_seed(3)
    loss = channel_dropout_loss(network, config, dataset=dataset, probability=0.0)(*batch)
    torch.manual_seed(3)
    torch.rand(64, 1, dataset.channels)  # what choosing channels draws
    torch.testing.assert_close(loss, stages.autoencoder_loss(network, config)(*batch))


def test_a_dropped_channel_is_dropped_from_all_steps_at_its_mean(monkeypatch) -> None:
    network, dataset, config = case()
    seen: list[torch.Tensor] = []
    real = network.training_output
    monkeypatch.setattr(network, "training_output", lambda x: (seen.append(x), real(x))[1])
    counts, labels = dataset.batch(dataset.train[:200])
    channel_dropout_loss(network, config, dataset=dataset, probability=0.3)(counts, labels)
    mean = features(dataset.counts[dataset.train]).mean(dim=0)
    dropped = seen[0] == mean
    assert (dropped == dropped[:, :1]).all()
    assert dropped.float().mean() == pytest.approx(0.3, abs=0.05)
    assert (seen[0] == features(counts))[~dropped].all()


def test_every_lane_keeps_equally_many_weights() -> None:
    torch.manual_seed(2)
    scores = torch.rand(96, 32) * torch.linspace(1, 3, 96)[:, None]
    mask = balanced_mask(scores, 0.75)
    kept = [int(mask[lane::16].sum()) for lane in range(16)]
    assert kept == [48] * 16
    lane = scores[5::16]
    assert lane[mask[5::16]].min() > lane[~mask[5::16]].max()


def test_the_table_pairs_each_option_with_its_baseline() -> None:
    rows = {
        "float": [{"r2": 0.5}, {"r2": 0.75}],
        "no LayerNorm": [{"r2": 0.25}, {"r2": 0.75}],
    }
    lines = table(rows)
    assert lines[2].split()[-3:] == ["0.5000", "-0.1250", "0.1250"]
