"""Several sessions in one training."""

from dataclasses import replace

import pytest
import torch

from aegru_hw.decoder.config import make_config
from aegru_hw.decoder.data import Dataset
from aegru_hw.decoder.metrics import test_r2 as r2_of
from aegru_hw.decoder.network import features
from aegru_hw.decoder.sessions import Sessions, counts_of, train_sessions
from aegru_hw.errors import UserError
from tests.support.recordings import QUICK, small_recording

CONFIG = make_config(overrides=(*QUICK, "training.epochs=4"))
DAYS = [small_recording(ticks=900, day=day) for day in (1, 2, 0)]


def test_sessions_lie_one_after_the_other_and_today_s_splits_are_its_own() -> None:
    sessions, parts = (
        Sessions.of(DAYS, CONFIG),
        [Dataset.from_recording(recording, CONFIG) for recording in DAYS],
    )
    assert torch.equal(sessions.counts, torch.cat([part.counts for part in parts]))
    assert torch.equal(sessions.test, parts[-1].test + 1800)
    assert torch.equal(sessions.validation, parts[-1].validation + 1800)
    assert len(sessions.train) == sum(len(p.train) + len(p.validation) for p in parts[:2]) + len(
        parts[-1].train
    )
    counts, labels = sessions.batch(sessions.test[:5])
    own_counts, own_labels = parts[-1].batch(parts[-1].test[:5])
    assert torch.equal(counts, own_counts)
    assert torch.equal(labels, own_labels)


def test_features_of_every_session_get_today_s_mean_and_spread() -> None:
    sessions = Sessions.of(DAYS, CONFIG)
    today = Dataset.from_recording(DAYS[-1], CONFIG)
    x = features(today.counts[today.train])
    for index, recording in enumerate(DAYS):
        part = Dataset.from_recording(recording, CONFIG)
        own = features(part.counts[part.train]) * sessions.scale[index] + sessions.shift[index]
        assert torch.allclose(own.mean(dim=0), x.mean(dim=0), atol=1e-4)
        # The silent channel of the days before has no spread to be changed.
        assert torch.allclose(own.std(dim=0)[1:], x.std(dim=0)[1:], rtol=1e-3)


def test_counts_of_features() -> None:
    counts = torch.arange(40)
    assert torch.allclose(counts_of(features(counts)), counts.float(), atol=1e-3)


@pytest.mark.parametrize("own", [True, False])
def test_one_network_comes_out_and_the_other_sessions_taught_it(own) -> None:
    network, facts = train_sessions(
        Sessions.of(DAYS, CONFIG), CONFIG, own_encoders=own, progress=False
    )
    assert set(network.state_dict()) == set(
        train_sessions(Sessions.of(DAYS[-1:], CONFIG), CONFIG, progress=False)[0].state_dict()
    )
    assert facts.windows == len(Sessions.of(DAYS, CONFIG).train)
    found = r2_of(network, Dataset.from_recording(DAYS[-1], CONFIG)).mean
    assert found is not None
    assert found > 0.2


def test_a_session_that_does_not_belong_is_named() -> None:
    other = replace(small_recording(ticks=900, channels=11), source="tuesday")
    with pytest.raises(UserError, match="session tuesday has 11 channels; small has 12"):
        Sessions.of([other, DAYS[-1]], CONFIG)
    slower = replace(small_recording(ticks=900, tick_seconds=0.1), source="tuesday")
    with pytest.raises(UserError, match=r"session tuesday has 0.1 s ticks; small has 0.05"):
        Sessions.of([slower, DAYS[-1]], CONFIG)
