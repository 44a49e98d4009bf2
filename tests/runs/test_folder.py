"""What a run folder refuses, keeps and loses."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from aegru_hw.errors import UserError
from aegru_hw.runs.folder import MARKER, OWNED, RunFolder
from tests.runs.killing import DONE, FAILED, ended_at, killed_at_every_step, tree


def made(folder: Path, content: str = "one") -> RunFolder:
    run = RunFolder(folder)
    with run.created(force=False) as change:
        change.path("config.toml").write_text(content)
        change.path("results/training.json").write_text(content)
    return run


def again(folder: Path) -> None:
    """Replace a run by one that holds a configuration alone."""
    with RunFolder(folder).created(force=True) as change:
        change.path("config.toml").write_text("two")


def test_a_run_is_marked_and_holds_what_was_written(tmp_path) -> None:
    run = made(tmp_path / "run")
    assert run.is_run
    assert run.config.read_text() == "one"


def test_force_replaces_the_runs_own_names_and_nothing_else(tmp_path) -> None:
    run = made(tmp_path / "run")
    for name in OWNED:
        path = run.path / name
        if not path.exists():
            path.write_text("old")
    (run.path / "thesis.tex").write_text("years of work")
    (run.path / "content").mkdir()
    (run.path / "content" / "page.md").write_text("a page")
    again(run.path)
    left = tree(run.path)
    assert left.pop("thesis.tex") == b"years of work"
    assert left.pop("content/page.md") == b"a page"
    assert left.pop("config.toml") == b"two"
    assert set(left) == {MARKER, ".lock", ".holder"}


def site(folder: Path) -> Path:
    """Write a web site's folder, which has a config.toml too."""
    (folder / "content").mkdir(parents=True)
    (folder / "config.toml").write_text("title = 'a site'")
    (folder / "content" / "post.md").write_text("a post")
    return folder


def test_force_refuses_a_folder_that_is_no_run(tmp_path) -> None:
    folder = site(tmp_path / "site")
    before = tree(folder)
    with pytest.raises(UserError, match="holds no run to replace"):
        again(folder)
    assert tree(folder) == before


def test_force_refuses_the_working_folder_home_and_links(tmp_path, monkeypatch) -> None:
    run = made(tmp_path / "run")
    before = tree(run.path)
    monkeypatch.chdir(run.path)
    for path in (".", "../run", str(run.path)):
        with pytest.raises(UserError, match="working folder"):
            again(Path(path))
    (run.path / "below").mkdir()
    monkeypatch.chdir(run.path / "below")
    with pytest.raises(UserError, match="working folder"):
        again(run.path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(run.path))
    with pytest.raises(UserError, match="home folder"):
        again(run.path)
    monkeypatch.setenv("HOME", str(tmp_path / "elsewhere"))
    (tmp_path / "link").symlink_to(run.path)
    with pytest.raises(UserError, match="is a link"):
        again(tmp_path / "link")
    assert {name: text for name, text in tree(run.path).items() if name != ".holder"} == {
        name: text for name, text in before.items() if name != ".holder"
    }


def test_a_marker_of_another_layout_is_refused(tmp_path) -> None:
    run = made(tmp_path / "run")
    (run.path / MARKER).write_text('{"format": "aegru-hw run", "schema_version": 99}')
    with pytest.raises(UserError, match="schema 99"):
        again(run.path)
    (run.path / MARKER).write_text("no JSON")
    with pytest.raises(UserError, match="damaged"):
        run.require(run.config, "train")


@pytest.mark.parametrize("where", ["missing/run", "missing/deeper/run"])
def test_a_missing_parent_is_refused_and_not_made(tmp_path, where) -> None:
    with pytest.raises(UserError, match="there is no folder"):
        made(tmp_path / where)
    assert list(tmp_path.iterdir()) == []


def test_a_failure_leaves_no_folder_behind(tmp_path) -> None:
    def full_disk() -> None:
        with RunFolder(tmp_path / "run").created(force=False) as change:
            change.path("config.toml").write_text("half")
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError):
        full_disk()
    assert list(tmp_path.iterdir()) == []


def test_a_failure_leaves_the_folder_that_was_there(tmp_path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    with pytest.raises(RuntimeError), RunFolder(folder).created(force=False):
        raise RuntimeError
    assert folder.is_dir()
    made(folder)


def test_a_failed_transaction_changes_nothing(tmp_path) -> None:
    run = made(tmp_path / "run")
    before = tree(run.path)

    def full_disk() -> None:
        with run.transaction() as change:
            change.path("config.toml").write_text("half")
            change.remove("results")
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError):
        full_disk()
    assert tree(run.path) == before


def test_making_a_run_may_be_killed_at_any_step(tmp_path) -> None:
    (tmp_path / "parent").mkdir()
    states = set()
    for parent in killed_at_every_step(tmp_path / "parent", lambda folder: made(folder / "run")):
        run = RunFolder(parent / "run")
        if run.path.exists():
            run.check_free(force=True)
        whole = run.is_run
        states.add(whole)
        if whole:
            assert run.require(run.config, "train").read_text() == "one"
        else:
            made(run.path)  # what was left is no hindrance
    assert states == {False, True}


def test_replacing_a_run_may_be_killed_at_any_step(tmp_path) -> None:
    made(tmp_path / "run")
    seen = []
    for folder in killed_at_every_step(tmp_path / "run", again):
        run = RunFolder(folder)
        text = run.require(run.config, "train").read_text()
        assert (folder / "results" / "training.json").exists() == (text == "one")
        seen.append(text)
    assert seen == sorted(seen)
    assert set(seen) == {"one", "two"}


HOLD = """
import sys, time
from aegru_hw.runs.folder import RunFolder
with RunFolder(sys.argv[1]).held():
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    """Return a run and a process that holds it."""
    run = made(tmp_path / "run")
    command = [sys.executable, "-c", HOLD, str(run.path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2])
    assert process.stdout.readline() == b"held\n"
    yield run, process
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_second_process_is_refused_with_the_firsts_id(holder) -> None:
    run, process = holder
    for change in (lambda: run.held().__enter__(), lambda: again(run.path)):
        with pytest.raises(UserError, match=f"in use by process {process.pid}"):
            change()
    assert run.config.read_text() == "one"


def test_the_lock_of_a_killed_process_is_taken_over(holder) -> None:
    run, process = holder
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    began = time.monotonic()
    with run.held():
        assert (run.path / ".holder").read_text() == f"{os.getpid()}\n"
    assert time.monotonic() - began < 5


def test_a_forked_child_has_no_lock_of_its_parents(tmp_path) -> None:
    run = made(tmp_path / "run")

    def change() -> None:
        with run.transaction() as transaction:
            transaction.path("config.toml").write_text("the child's")

    with run.held():
        assert ended_at(0, change) == FAILED
    assert run.config.read_text() == "one"
    assert ended_at(0, change) == DONE
    assert run.config.read_text() == "the child's"


def test_the_lock_may_be_taken_again_within(tmp_path) -> None:
    run = made(tmp_path / "run")
    with run.held(), run.transaction() as change:
        change.path("config.toml").write_text("new")
    assert run.config.read_text() == "new"


def test_a_committed_transaction_is_finished_by_who_reads_next(tmp_path) -> None:
    made(tmp_path / "run")

    def change(folder: Path) -> None:
        with RunFolder(folder).transaction() as transaction:
            transaction.path("config.toml").write_text("two")
            transaction.remove("results")

    seen = []
    for folder in killed_at_every_step(tmp_path / "run", change):
        run = RunFolder(folder)
        text = run.require(run.config, "train").read_text()
        assert run.results.exists() == (text == "one")
        seen.append(text)
    assert seen == sorted(seen)
    assert set(seen) == {"one", "two"}
