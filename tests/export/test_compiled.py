"""The compiled decoder: LiveDecoder's velocities and refusals, call by call."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from aegru_hw.errors import UserError
from aegru_hw.export.compiled import CompiledDecoder, load_live
from aegru_hw.fixedpoint import LiveDecoder
from aegru_hw.fixedpoint.made_up import random_counts
from tests.export.decoders import small, with_rate
from tests.fixedpoint.geometries import spikes

pytestmark = pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler")


@pytest.fixture(scope="module")
def compiled() -> CompiledDecoder:
    return CompiledDecoder(with_rate(small(4), 2))


@pytest.fixture
def fresh(compiled: CompiledDecoder) -> CompiledDecoder:
    compiled.reset()
    return compiled


@pytest.mark.parametrize("form", ["list", "array", "numpy numbers", "counts"])
def test_every_call_gives_what_the_live_decoder_gives(fresh: CompiledDecoder, form: str) -> None:
    live = LiveDecoder(fresh.decoder)
    assert fresh.velocity_codes.tolist() == live.velocity_codes.tolist()  # of silence
    for row in random_counts(5, 80, 7, rate=0.5, maximum=4):
        given = spikes(row)
        if form == "counts":
            found = fresh.step_counts(row)
        elif form == "list":
            found = fresh.step(given.tolist())
        else:
            found = fresh.step(given if form == "array" else list(given))
        assert found.tolist() == live.step(given).tolist()
        assert (fresh.tick, fresh.is_output) == (live.tick, live.is_output)
        assert fresh.velocity_codes.tolist() == live.velocity_codes.tolist()


WRONG: list[object] = [
    *([7], [0, 1, 7], [-1], [2**64 + 1], [1.0], [True], [2, 10**12]),
    *("3", 4, [[1]], np.array([1.0])),
]


@pytest.mark.parametrize("channels", WRONG, ids=str)
def test_the_same_is_refused_and_leaves_no_trace(fresh: CompiledDecoder, channels: object) -> None:
    live = LiveDecoder(fresh.decoder)
    with pytest.raises(UserError) as said:
        live.step(channels)
    with pytest.raises(UserError) as found:
        fresh.step(channels)
    assert str(found.value) == str(said.value)
    assert fresh.tick == 0
    for row in random_counts(5, 12, 7, rate=0.5):
        assert fresh.step_counts(row).tolist() == live.step_counts(row).tolist()


@pytest.mark.parametrize("counts", [[0] * 6, [0.5] * 7, [-1] * 7, [70000] * 7, np.zeros((1, 7))])
def test_the_same_counts_are_refused(fresh: CompiledDecoder, counts: object) -> None:
    with pytest.raises(UserError) as said:
        LiveDecoder(fresh.decoder).step_counts(counts)
    with pytest.raises(UserError) as found:
        fresh.step_counts(counts)
    assert str(found.value) == str(said.value)


def test_two_of_one_decoder_are_two(fresh: CompiledDecoder) -> None:
    other = CompiledDecoder(fresh.decoder)
    first = [fresh.step([1, 2]).tolist() for _ in range(6)]
    assert [other.step([1, 2]).tolist() for _ in range(6)] == first
    assert first[0] != first[-1]


def test_the_greatest_counts(fresh: CompiledDecoder) -> None:
    live = LiveDecoder(fresh.decoder)
    for _ in range(20):
        counts = np.full(7, 65535)
        assert fresh.step_counts(counts).tolist() == live.step_counts(counts).tolist()


def test_without_a_compiler_python_decodes_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoder = small()
    decoder.save(tmp_path / "decoder.h5")
    assert isinstance(load_live(tmp_path / "decoder.h5"), CompiledDecoder)
    monkeypatch.setenv("PATH", str(tmp_path))
    line = r"^decoding in Python, which is slower: a part is missing or unfit: cc: it is not on"
    with pytest.warns(UserWarning, match=line):
        live = load_live(tmp_path / "decoder.h5")
    assert isinstance(live, LiveDecoder)


def test_a_compiler_that_fails_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = tmp_path / "cc"
    tool.write_text("#!/bin/sh\necho 'no room for it' >&2\nexit 3\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match=r"^cc could not compile the decoder: no room for it$"):
        CompiledDecoder(small())


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "decoder.h5").write_bytes(b"no HDF5")
    for load in (load_live, CompiledDecoder.load):
        with pytest.raises(UserError, match="cannot be read as HDF5"):
            load(tmp_path / "decoder.h5")
