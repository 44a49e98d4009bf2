import numpy as np
import torch

from aegru_hw.decoder.config import make_config
from aegru_hw.decoder.data import Dataset, jittered
from tests.support.recordings import small_recording


def test_batch_gathers_the_windows_of_the_definition() -> None:
    recording = small_recording()
    dataset = Dataset.from_recording(recording, make_config("paper", ["window.seconds=0.15"]))
    assert (dataset.window, dataset.steps) == (3, 5)
    ticks = dataset.test[::17]
    counts, labels = dataset.batch(ticks)
    for row, tick in enumerate(ticks.tolist()):
        for step in range(5):
            at = tick - (4 - step) * 3
            expected = recording.counts[at - 2 : at + 1].sum(axis=0)
            assert np.array_equal(counts[row, step].numpy(), expected)
            truth = dataset.scaling.normalise(recording.velocity)[at]
            np.testing.assert_allclose(labels[row, step].numpy(), truth, rtol=1e-6)


def test_no_window_reaches_across_a_segment() -> None:
    recording = small_recording()
    dataset = Dataset.from_recording(recording, make_config("paper"))
    break_at = recording.segment_starts[1]
    for ticks in (dataset.train, dataset.validation, dataset.test):
        oldest = dataset.history(ticks)[:, 0] - dataset.window + 1
        assert not ((oldest < break_at) & (ticks >= break_at)).any()
        assert (oldest >= 0).all()


def test_labels_are_scaled_with_training_ticks_only() -> None:
    recording = small_recording()
    recording.velocity[-200:] += 100
    dataset = Dataset.from_recording(recording, make_config("paper"))
    train = dataset.labels[dataset.train]
    torch.testing.assert_close(train.mean(dim=0), torch.zeros(2), atol=1e-5, rtol=0)
    torch.testing.assert_close(train.std(dim=0, correction=0), torch.ones(2), atol=1e-5, rtol=0)


def test_an_epoch_sees_each_tick_once() -> None:
    dataset = Dataset.from_recording(small_recording(), make_config("paper"))
    torch.manual_seed(0)
    ticks = dataset.train[:64]
    seen = torch.cat([labels[:, -1] for _, labels in dataset.shuffled(ticks, 16)])
    assert len(seen) == 64
    assert torch.equal(seen.sort(dim=0).values, dataset.labels[ticks].sort(dim=0).values)


def test_jitter_replaces_about_the_share_asked_for() -> None:
    torch.manual_seed(0)
    counts = torch.full((200, 5, 50), 1000, dtype=torch.int16)
    changed = (jittered(counts, 0.5) != counts).float().mean()
    assert abs(float(changed) - 0.5 * 0.987) < 0.01  # a draw hits its mean in 1.3 % of cases
    assert torch.equal(jittered(counts, 0.0), counts)
    assert torch.equal(jittered(torch.zeros_like(counts), 1.0), torch.zeros_like(counts))
    assert abs(float(jittered(counts, 1.0).float().mean()) - 1000) < 1
