import torch

from aegru_hw.decoder.config import make_config
from aegru_hw.decoder.data import Dataset, jittered
from aegru_hw.decoder.neighbours import Neighbours, jittered_neighbours
from tests.support.recordings import small_recording


def test_batches_hold_outputs_and_those_before_them() -> None:
    dataset = Dataset.from_recording(small_recording(), make_config())
    torch.manual_seed(0)
    windows = 0
    for counts, labels in Neighbours.of(dataset, 2).shuffled(dataset.train, 16):
        assert len(counts) == len(labels) == 16
        windows += len(counts)
        for row in range(8):
            (tick,) = torch.nonzero((dataset.labels == labels[row, -1]).all(dim=1))[:, 0].tolist()
            for place, at in ((row, tick), (row + 8, max(tick - 2, 4 * dataset.window))):
                expected, truth = dataset.batch(torch.tensor([at]))
                assert torch.equal(counts[place], expected[0])
                assert torch.equal(labels[place], truth[0])
    assert len(dataset.train) - 32 < windows <= len(dataset.train)


def test_where_history_begins_an_output_is_its_own_neighbour() -> None:
    dataset = Dataset.from_recording(small_recording(), make_config())
    first = (dataset.steps - 1) * dataset.window
    ticks = torch.tensor([first, first + 1, first + 5])
    assert dataset.before(ticks, 3).tolist() == [first, first + 1, first + 2]


def test_jittered_neighbours_differ_as_they_did() -> None:
    now = torch.randint(20, 40, (6, 5, 8), dtype=torch.int16)
    before = now + torch.randint(-1, 2, now.shape, dtype=torch.int16)
    counts = torch.cat([now, before])
    torch.manual_seed(3)
    moved = jittered_neighbours(counts, 0.5)
    torch.manual_seed(3)
    assert torch.equal(moved[:6], jittered(now, 0.5))
    assert not torch.equal(moved[:6], now)
    assert torch.equal(moved[6:] - moved[:6], before - now)
    emptied = jittered_neighbours(torch.cat([now * 0 + 1, now * 0]), 1.0)
    assert int(emptied.min()) == 0
    assert torch.equal(jittered_neighbours(counts, 0.0), counts)
