"""A disk that is full, and a folder that cannot be written: one line, and nothing half-written."""

import os
import resource
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from aegru_hw.cli import main
from aegru_hw.runs.folder import RunFolder
from aegru_hw.runs.hardware import write_engine
from tests.runs.killing import tree
from tests.support.recordings import QUICK, small_recording

SETTINGS = [part for text in QUICK for part in ("--set", text)]


def said_with(limit: int, step: Callable[[], int]) -> tuple[int, list[str]]:
    """Run a step in a child whose files may not grow beyond a limit, as on a full disk.

    Returns its exit status and the lines that it said on standard error.
    """
    reader, writer = os.pipe()  # which the limit does not hold for
    child = os.fork()
    if child == 0:
        sys.stderr = os.fdopen(writer, "w")
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        status = step()
        sys.stderr.flush()
        os._exit(status)
    os.close(writer)
    with os.fdopen(reader) as said:
        lines = said.read().strip().splitlines()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), lines


@pytest.fixture(scope="module")
def recording_path(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("recording") / "small.h5"
    small_recording(ticks=500).save(path)
    return path


@pytest.mark.parametrize("limit", [0, 100, 3000])
def test_no_room_for_a_new_run(recording_path, tmp_path, limit) -> None:
    out = tmp_path / "place" / "run"
    out.parent.mkdir()
    arguments = ["train", str(recording_path), "--out", str(out), "--quiet", *SETTINGS]
    status, lines = said_with(limit, lambda: main(arguments))
    assert status == 1
    assert len(lines) == 1, lines
    assert lines[0].startswith("aegru-hw: ")
    assert list(out.parent.iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize("limit", [1000, 20_000])
def test_no_room_for_a_decoder(run, tmp_path, limit) -> None:
    before = tree(run.path)
    arguments = ["quantize", str(run.path), "--force", "--quiet"]
    status, lines = said_with(limit, lambda: main(arguments))
    assert status == 1
    assert len(lines) == 1, lines
    after = tree(run.path)
    assert {k: v for k, v in after.items() if k != ".holder"} == {
        k: v for k, v in before.items() if k != ".holder"
    }


def test_a_place_that_cannot_be_written(recording_path, tmp_path, monkeypatch, capsys) -> None:
    place = tmp_path / "place"
    place.mkdir()
    real = os.mkdir

    def refused(path, *arguments, **options):
        if Path(path).parent == place:
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, *arguments, **options)

    monkeypatch.setattr(os, "mkdir", refused)
    arguments = ["train", str(recording_path), "--out", str(place / "run"), "--quiet", *SETTINGS]
    assert main(arguments) == 1
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert "Permission denied" in line
    assert list(place.iterdir()) == []


def test_all_files_of_a_run_have_the_same_mode(run) -> None:
    write_engine(run, 2)
    old = os.umask(0)
    os.umask(old)
    for path in run.path.rglob("*"):
        if path.name in (".lock", ".holder"):
            continue
        mode = path.stat().st_mode & 0o777
        if path.is_dir():
            assert mode == 0o777 & ~old, path
        else:
            assert mode & 0o666 == 0o666 & ~old, path


def test_results_stay_where_a_run_is_copied(run, tmp_path) -> None:
    from aegru_hw.runs.summarise import summarise

    before = summarise(run)
    copied = RunFolder(shutil.copytree(run.path, tmp_path / "elsewhere" / "ä b'c"))
    after = summarise(copied)
    assert after == before
