"""The decoder's interface of the FALCON challenge, against the real package."""

import inspect
from dataclasses import replace

import numpy as np
import pytest

from aegru_hw.errors import UserError
from aegru_hw.fixedpoint import FixedDecoder, save_decoder
from aegru_hw.fixedpoint.made_up import random_counts
from tests.export.decoders import small, with_rate

interface = pytest.importorskip(
    "falcon_challenge.interface", reason="falcon-challenge is not installed"
)
config = pytest.importorskip("falcon_challenge.config", reason="hydra-core is not installed")


def made(tick_seconds: float = 0.02, every: int = 1, channels: int = 96) -> FixedDecoder:
    decoder = with_rate(small(channels=channels), every)
    return replace(decoder, geometry=replace(decoder.geometry, tick_seconds=tick_seconds))


@pytest.fixture
def path(tmp_path):
    save_decoder(made(), tmp_path / "decoder.h5")
    return tmp_path / "decoder.h5"


def test_two_sessions_beside_each_other(path) -> None:
    """Called as the evaluator does: reset, then on_done and predict for each bin."""
    from aegru_hw.adapters.falcon import FalconDecoder

    decoder = FalconDecoder(config.FalconConfig(config.FalconTask.m2), path, batch_size=2)
    assert isinstance(decoder, interface.BCIDecoder)
    counts = np.stack([random_counts(seed, 80, 96, rate=0.3, maximum=3) for seed in (1, 2)], axis=1)
    expected = [made().decode(counts[:, one]) for one in (0, 1)]
    for _ in range(2):
        decoder.reset(dataset_tags=["one", "other"])
        found = []
        for bin_ in counts.astype(np.float32):
            decoder.on_done(np.zeros(2, dtype=bool))
            found.append(decoder.predict(bin_))
        assert np.stack(found, axis=1).tolist() == [one.tolist() for one in expected]


@pytest.mark.parametrize(
    ("task", "options"),
    [("h1", {}), ("m2", {"tick_seconds": 0.004}), ("m2", {"channels": 95}), ("m2", {"every": 2})],
)
def test_another_task_is_one_line(task, options, tmp_path) -> None:
    from aegru_hw.adapters.falcon import FalconDecoder

    save_decoder(made(**options), tmp_path / "decoder.h5")
    with pytest.raises(UserError, match=r"^the task has .* channels in bins of 20 ms and "):
        FalconDecoder(config.FalconConfig(config.FalconTask[task]), tmp_path / "decoder.h5")


def test_every_method_of_the_interface_has_its_arguments() -> None:
    from aegru_hw.adapters.falcon import FalconDecoder

    for name in ("reset", "predict", "observe", "on_done", "set_batch_size"):
        ours, theirs = (
            list(inspect.signature(getattr(one, name)).parameters)
            for one in (FalconDecoder, interface.BCIDecoder)
        )
        assert ours == theirs
