"""Processes side by side: what each finds, and what happens when one ends."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from aegru_hw.errors import UserError
from tests.benchmark.fakes import TASKS, row_of, work

ROOT = Path(__file__).parents[2]


def files(folder: Path, suffix: str) -> list[str]:
    return sorted(path.name.split(".")[0] for path in folder.glob(f"*.{suffix}"))


def process_ids(folder: Path) -> set[int]:
    return {int(path.name.split(".")[1]) for path in folder.iterdir()}


def is_alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False


def test_each_task_is_done_once_and_its_rows_come_back(tmp_path: Path) -> None:
    tasks = work(tmp_path)
    expected = {task: {"fake": row_of(task.recording, task.seed)} for task in TASKS}
    assert tasks.results == expected
    assert len(files(tmp_path, "ended")) == len(TASKS)
    assert 1 <= len(process_ids(tmp_path)) <= 2
    assert os.getpid() not in process_ids(tmp_path)


def test_a_killed_process_loses_only_its_task(tmp_path: Path) -> None:
    tasks = work(tmp_path, "killed once")
    assert set(tasks.results) == set(TASKS)
    assert files(tmp_path, "began") == ["b0"]  # of the one that was killed
    assert files(tmp_path, "ended").count("b0") == 1
    assert len(files(tmp_path, "ended")) == len(TASKS)


def test_a_task_that_kills_twice_ends_the_whole(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"^b, seed 0: its process ended 2 times with SIGKILL; is "):
        work(tmp_path, "killed", jobs=1)


@pytest.mark.parametrize(
    ("what", "kind", "says"),
    [
        ("refused", UserError, "^b, seed 0: it is too small; give a larger one$"),
        ("broken", ValueError, "^a bug\nTraceback"),
    ],
)
def test_an_error_of_one_ends_the_whole(what, kind, says, tmp_path: Path) -> None:
    with pytest.raises(kind, match=says):
        work(tmp_path, what)
    assert files(tmp_path, "began") == []
    assert not any(map(is_alive, process_ids(tmp_path)))


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGKILL, -9)])
def test_no_process_outlives_the_first(number, status, tmp_path: Path) -> None:
    """Whether it is interrupted or killed, the others clean up and end."""
    command = [sys.executable, "-m", "tests.benchmark.fakes", str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as parent:
        wait_until(lambda: len(files(tmp_path, "began")) == 2)
        parent.send_signal(number)
        assert parent.wait(30) == status
        wait_until(lambda: not any(map(is_alive, process_ids(tmp_path))))
        assert parent.stderr.read() == ""
    assert files(tmp_path, "began") == []
    assert len(files(tmp_path, "ended")) == 2


def wait_until(condition, seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.05)
