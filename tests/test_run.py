"""The Python interface: a run in a few lines, and what importing it costs."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import aegru_hw as ah
from aegru_hw.runs.folder import RunFolder
from tests.support.recordings import QUICK, small_recording

ROOT = Path(__file__).parents[1]
SETTINGS = {name: value for name, _, value in (text.partition("=") for text in QUICK)}


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> tuple[ah.Recording, ah.Run]:
    made = small_recording(ticks=500)
    recording = ah.Recording(made.counts, made.velocity, tick_seconds=made.tick_seconds)
    out = str(tmp_path_factory.mktemp("runs") / "my_run")
    return recording, ah.train(recording, preset="fast", out=out, settings=SETTINGS, seed=3)


def test_a_whole_way(trained) -> None:
    recording, run = trained
    decoder = run.quantize(weight=4, settings={"pruning.rate": 0.6})
    assert decoder.encoder.weight_type.width == 4
    assert decoder.sparsity >= 0.6
    summary = run.verify()
    assert len(summary.mismatches) == 15
    assert not any(summary.mismatches.values())
    assert summary.seed == 3
    velocity = decoder.decode(recording.counts)
    assert velocity.shape == (500, 2)
    live = ah.LiveDecoder.load(str(run.path / "decoder.h5"))
    stepped = [live.step_counts(counts) for counts in recording.counts[:40]]
    np.testing.assert_array_equal(stepped, velocity[:40])
    assert run.decoder == decoder
    assert run.recording == recording
    assert run.report().is_file()
    assert run.status().next is None or "synth" in run.status().next


def test_a_decoder_that_is_there_is_not_replaced_unasked(trained) -> None:
    _, run = trained
    if not RunFolder(run.path).decoder.exists():
        run.quantize()
    with pytest.raises(ah.UserError, match="--force"):
        run.quantize(weight=5)
    assert run.quantize(weight=5, force=True).encoder.weight_type.width == 5


def test_mistakes_are_user_errors(trained, tmp_path) -> None:
    recording, run = trained
    with pytest.raises(ah.UserError, match="holds no run"):
        ah.Run(tmp_path)
    with pytest.raises(ah.UserError, match=r"widths\.weight is 99"):
        run.quantize(weight=99, force=True)
    with pytest.raises(ah.UserError, match="widths"):
        run.quantize(depth=3, force=True)
    with pytest.raises(ah.UserError, match="--force"):
        ah.train(recording, out=run.path, settings=SETTINGS)
    with pytest.raises(ah.UserError, match="accepted are"):
        run.verify(without=["nothing"])


def test_every_public_name_is_there_and_none_besides() -> None:
    for name in ah.__all__:
        assert getattr(ah, name).__name__ == name
    assert set(dir(ah)) >= set(ah.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = ah.nothing


@pytest.mark.parametrize(
    "code",
    [
        "import aegru_hw",
        "import aegru_hw; aegru_hw.LiveDecoder, aegru_hw.FixedDecoder, aegru_hw.load_decoder",
        "import aegru_hw; aegru_hw.Recording",
        "from aegru_hw.cli import build_parser; build_parser()",
    ],
)
def test_no_torch_before_it_is_needed(code, tmp_path) -> None:
    program = f"import sys; {code}; print(*sys.modules)"
    environment = dict(os.environ, PYTHONPATH=str(ROOT))
    said = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    imported = {name.partition(".")[0] for name in said.stdout.split()}
    assert not imported & {"torch", "brevitas", "hls4ml", "plotly", "pandas", "cocotb"}
