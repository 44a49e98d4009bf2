"""Firmware: fresh start, what it accepts, and what it refuses."""

import _ctypes
import ctypes
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from aegru_hw.errors import UserError
from aegru_hw.fixedpoint import FixedDecoder, run_window_form
from aegru_hw.fixedpoint.made_up import random_counts
from aegru_hw.hls import Firmware, Options, write_project
from tests.hls.conftest import small_decoder

Compiled = Callable[[], tuple[FixedDecoder, Path]]


@pytest.fixture
def copy(compiled: Compiled, tmp_path: Path) -> Path:
    """A compiled project somewhere else than where it was compiled."""
    _, folder = compiled()
    return Path(shutil.copytree(folder, tmp_path / "moved"))


@pytest.mark.slow
def test_each_prediction_starts_after_silence(compiled: Compiled) -> None:
    decoder, folder = compiled()
    firmware = Firmware(folder)
    # While somebody holds the library, closing it would not unload it.
    held = ctypes.CDLL(str(firmware._library()))
    counts = random_counts(1, 80, 12, rate=0.5, maximum=9)
    expected = run_window_form(decoder, counts).velocity
    np.testing.assert_array_equal(firmware.predict(counts), expected)
    np.testing.assert_array_equal(firmware.predict(counts), expected)
    np.testing.assert_array_equal(Firmware(folder).predict(counts[:7]), expected[:7])
    _ctypes.dlclose(held._handle)


def test_one_tick_and_none(compiled: Compiled) -> None:
    decoder, folder = compiled()
    counts = random_counts(2, 1, 12, rate=0.5, maximum=9)
    velocity = Firmware(folder).predict(counts)
    assert velocity.dtype == np.int64
    np.testing.assert_array_equal(velocity, run_window_form(decoder, counts).velocity)
    assert Firmware(folder).predict(counts[:0]).shape == (0, 2)


def test_counts_beyond_the_type_of_counts_saturate(compiled: Compiled) -> None:
    decoder, folder = compiled()
    counts = np.random.default_rng(3).choice([0, 1, 255, 256, 65535], size=(60, 12))
    np.testing.assert_array_equal(
        Firmware(folder).predict(counts.astype(np.uint16)),
        run_window_form(decoder, counts).velocity,
    )


@pytest.mark.parametrize("shape", [(5, 11), (5, 13), (60,), (5, 12, 1)])
def test_other_shapes_are_refused(compiled: Compiled, shape: tuple[int, ...]) -> None:
    with pytest.raises(UserError, match=r"it takes \(ticks, 12\)"):
        Firmware(compiled()[1]).predict(np.zeros(shape, dtype=np.uint8))


@pytest.mark.parametrize("value", [-1, 0.5, np.nan, 65536])
def test_what_is_no_count_is_refused(compiled: Compiled, value: float) -> None:
    counts = np.zeros((20, 12))
    counts[17, 2] = value
    with pytest.raises(UserError, match=r"count .* at tick 17, channel 2 is not a spike count"):
        Firmware(compiled()[1]).predict(counts)


def test_whole_numbers_in_floating_point_are_counts(compiled: Compiled) -> None:
    decoder, folder = compiled()
    counts = random_counts(4, 40, 12, rate=0.5, maximum=9)
    np.testing.assert_array_equal(
        Firmware(folder).predict(counts.astype(float)), run_window_form(decoder, counts).velocity
    )


def test_nothing_is_printed(compiled: Compiled, capfd: pytest.CaptureFixture[str]) -> None:
    """Not even the reuse factors that do not fit, which hls4ml warns of."""
    _, folder = compiled()
    write_project(small_decoder(), folder.parent / "quiet", reuse_factor=7)
    Firmware(folder).predict(np.zeros((2, 12), dtype=np.uint8))
    assert capfd.readouterr() == ("", "")
    assert "ReuseFactor=7" in (folder.parent / "quiet" / "write.log").read_text()


def test_compiling_twice_compiles_once(compiled: Compiled) -> None:
    firmware = Firmware(compiled()[1])
    before = firmware._library().stat().st_mtime_ns
    firmware.compile()
    assert firmware._library().stat().st_mtime_ns == before


ODD = "ä b'c\"d$e\\f`g"
"""A folder's name with what shells, make and C++ strings take for something else."""


def test_any_letters_in_the_path(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / ODD / "hls"
    folder.parent.mkdir()
    decoder = small_decoder(channels=4, latent=4, hidden=4, steps=2)
    write_project(decoder, folder, reuse_factor=4)
    firmware = Firmware(folder)
    firmware.compile()
    counts = random_counts(4, 40, 4, rate=0.5)
    np.testing.assert_array_equal(
        firmware.predict(counts), run_window_form(decoder, counts).velocity
    )
    assert capfd.readouterr() == ("", "")


def test_options_are_those_written(tmp_path: Path) -> None:
    options = Options("xc7z020clg400-1", 8.0, "latency", 4, "io_stream")
    write_project(small_decoder(), tmp_path / "hls", **vars(options))
    assert Firmware(tmp_path / "hls").options == options
    (tmp_path / "hls" / "options.json").write_text('{"strategy": 3}')
    with pytest.raises(UserError, match=r"options\.json is damaged"):
        _ = Firmware(tmp_path / "hls").options
    (tmp_path / "hls" / "options.json").unlink()
    with pytest.raises(UserError, match=r"options\.json is missing"):
        _ = Firmware(tmp_path / "hls").options


def test_digest_of_the_sources(tmp_path: Path) -> None:
    """The same wherever they lie and whenever they were written; another one for others."""
    for name in ("one", "two"):
        write_project(small_decoder(), tmp_path / name)
    write_project(small_decoder(2), tmp_path / "weights")
    write_project(small_decoder(), tmp_path / "strategy", strategy="latency")
    shutil.copytree(tmp_path / "one", tmp_path / "moved")
    digests = {path.name: Firmware(path).sources_digest for path in tmp_path.iterdir()}
    assert digests["one"] == digests["two"] == digests["moved"]
    assert len({digests[name] for name in ("one", "weights", "strategy")}) == 3
    assert len(digests["one"]) == 64


@pytest.mark.slow
def test_moved_project_is_compiled_again(compiled: Compiled, copy: Path) -> None:
    decoder, _ = compiled()
    counts = random_counts(4, 40, 12, rate=0.5)
    firmware = Firmware(copy)
    with pytest.raises(UserError, match="compile it first"):
        firmware.predict(counts)
    firmware.compile()
    np.testing.assert_array_equal(
        firmware.predict(counts), run_window_form(decoder, counts).velocity
    )


@pytest.mark.parametrize("part", ["weights/w3.txt", "nnet_utils/gru_cell.h", "aegru.cpp"])
def test_changed_or_missing_source_is_noticed(compiled: Compiled, part: str) -> None:
    firmware = Firmware(compiled()[1])
    source = firmware.folder / "firmware" / part
    content = source.read_bytes()
    assert firmware.is_compiled
    try:
        source.write_bytes(content + b"\n")
        assert not firmware.is_compiled
        source.unlink()
        with pytest.raises(UserError, match="not compiled as it is now"):
            firmware.predict(np.zeros((1, 12), dtype=np.uint8))
    finally:
        source.write_bytes(content)
    assert firmware.is_compiled


def test_refused_source_leaves_no_library(copy: Path) -> None:
    (copy / "firmware" / "aegru.cpp").write_text("this is no C++\n")
    with pytest.raises(UserError, match=r"g\+\+ could not compile .*compile\.log"):
        Firmware(copy).compile()
    assert "error" in (copy / "compile.log").read_text()
    assert not [path for path in copy.rglob("*") if path.suffix in (".o", ".so")]
    assert not Firmware(copy).is_compiled


def test_missing_compiler(copy: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match=r"needs g\+\+, which is not on PATH"):
        Firmware(copy).compile()


def test_folder_without_project(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no hls4ml project"):
        Firmware(tmp_path)


def test_project_of_something_else(tmp_path: Path) -> None:
    (tmp_path / "hls4ml_config.yml").write_text("ProjectName: other\n")
    (tmp_path / "firmware").mkdir()
    (tmp_path / "firmware" / "defines.h").write_text("typedef ap_fixed<16,6> input2_t;\n")
    with pytest.raises(UserError, match="has no type 'input_t'"):
        Firmware(tmp_path)
