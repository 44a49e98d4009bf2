"""A checkpoint serves only the training it was written by, and only while it is whole."""

from dataclasses import replace
from pathlib import Path

import pytest

from aegru_hw.decoder import fit as fit_module
from aegru_hw.decoder import stages
from aegru_hw.decoder.config import Config, make_config, override
from aegru_hw.decoder.data import Dataset
from aegru_hw.errors import UserError
from tests.support.recordings import QUICK, small_recording

RECORDING = small_recording(ticks=400)
CONFIG = make_config("paper", [*QUICK, "window.steps=2"])


def train(checkpoint: Path, config: Config = CONFIG, *, resume: bool = True, **made_of: str):
    digests = {"configuration": config.digest, "recording": RECORDING.content_hash} | made_of
    return stages.train_float(
        Dataset.from_recording(RECORDING, config),
        config,
        checkpoint=checkpoint,
        resume=resume,
        made_of=digests,
        progress=False,
    )


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The checkpoint of a training that was interrupted after one of two epochs."""
    path = tmp_path_factory.mktemp("training") / "checkpoint.safetensors"
    real_epoch, calls = fit_module._epoch, []

    def interrupted_epoch(*arguments):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real_epoch(*arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fit_module, "_epoch", interrupted_epoch)
        with pytest.raises(KeyboardInterrupt):
            train(path, resume=False)
    return path.read_bytes()


@pytest.fixture
def checkpoint(written: bytes, tmp_path: Path) -> Path:
    path = tmp_path / "checkpoint.safetensors"
    path.write_bytes(written)
    return path


def test_the_same_training_goes_on(checkpoint: Path) -> None:
    _, facts = train(checkpoint)
    assert (facts.epochs, len(facts.history)) == (2, 2)
    _, again = train(checkpoint)  # it stays until the caller has the weights in their place
    assert again == facts


@pytest.mark.parametrize(
    ("config", "made_of", "differs"),
    [
        (override(CONFIG, ["seed=1"]), {}, "seed and configuration"),
        (override(CONFIG, ["training.learning_rate=0.01"]), {}, "configuration"),
        (override(CONFIG, ["training.epochs=3"]), {}, "epochs and configuration"),
        (override(CONFIG, ["training.batch=64"]), {}, "batch and configuration"),
        (CONFIG, {"recording": replace(RECORDING, source="b").content_hash}, "recording"),
        (CONFIG, {"tool": "other"}, "tool"),
    ],
)
def test_another_trainings_checkpoint_is_refused(
    checkpoint: Path, config: Config, made_of: dict[str, str], differs: str
) -> None:
    before = checkpoint.read_bytes()
    with pytest.raises(UserError, match=f"is the checkpoint of another {differs}; give the same"):
        train(checkpoint, config, **made_of)
    assert checkpoint.read_bytes() == before


def test_a_cut_checkpoint_is_one_line(checkpoint: Path, written: bytes) -> None:
    for length in (0, 1, 7, 8, 9, 100, len(written) // 2, len(written) - 1):
        checkpoint.write_bytes(written[:length])
        refused_as_damaged(checkpoint)


def test_a_changed_byte_anywhere_is_one_line(checkpoint: Path, written: bytes) -> None:
    for place in range(0, len(written), len(written) // 60):
        checkpoint.write_bytes(
            written[:place] + bytes([written[place] ^ 0x10]) + written[place + 1 :]
        )
        refused_as_damaged(checkpoint)


def test_what_is_no_checkpoint_is_one_line(checkpoint: Path) -> None:
    checkpoint.write_bytes(b"not safetensors at all")
    refused_as_damaged(checkpoint)


def refused_as_damaged(checkpoint: Path) -> None:
    with pytest.raises(UserError) as refused:
        train(checkpoint)
    assert str(refused.value).startswith(f"{checkpoint} is damaged: ")
    assert "\n" not in str(refused.value)
