"""All of a change or none of it, whenever the process ends."""

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aegru_hw.errors import UserError
from aegru_hw.runs.transaction import FOLDER, Transaction, recover
from tests.runs.killing import killed_at_every_step, tree

NAMES = ("a", "b", "c/d", "c/e", "f")


def write(folder: Path, name: str, text: str) -> None:
    """Write a file, or for a name in capitals a folder with a file in it."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.fixture
def before(tmp_path) -> Path:
    folder = tmp_path / "before"
    for name in ("config", "results/old.json", "hls/firmware/x.cpp", "kept.txt"):
        write(folder, name, f"old {name}")
    return folder


def change(folder: Path) -> None:
    """Replace a file and a folder, remove a folder and put a new file in it, and add one."""
    transaction = Transaction(folder)
    transaction.path("config").write_text("new config")
    hls = transaction.path("hls")
    hls.mkdir()
    (hls / "y.cpp").write_text("new y")
    transaction.remove("results", "absent")
    transaction.path("results/new.json").write_text("new result")
    transaction.commit()


def test_a_change_is_carried_out(before) -> None:
    change(before)
    assert tree(before) == {
        "config": b"new config",
        "hls/y.cpp": b"new y",
        "results/new.json": b"new result",
        "kept.txt": b"old kept.txt",
    }


def test_a_kill_at_any_file_operation_leaves_the_state_before_or_after(before, tmp_path) -> None:
    old = tree(before)
    whole = tmp_path / "whole"
    os.system(f"cp -r {before} {whole}")
    change(whole)
    new = tree(whole)
    seen = []
    for folder in killed_at_every_step(before, change):
        recover(folder)
        assert not (folder / FOLDER).exists()
        found = tree(folder)
        assert found in (old, new)
        seen.append(found == new)
    # Once carried out, never back again; both states were met.
    assert seen == sorted(seen)
    assert set(seen) == {False, True}
    assert len(seen) > 20


def test_recovery_may_be_killed_too(before) -> None:
    states = []
    for folder in killed_at_every_step(before, change):
        old = tree(folder, without=FOLDER)
        for again in killed_at_every_step(folder, recover):
            recover(again)
            states.append(tree(again))
        recover(folder)
        assert tree(folder) == states[-1]
        assert len({tuple(sorted(state.items())) for state in states}) == 1, old
        states.clear()


def test_a_change_that_is_not_committed_leaves_nothing(before) -> None:
    old = tree(before)
    transaction = Transaction(before)
    transaction.path("config").write_text("half")
    recover(before)
    assert tree(before) == old


@pytest.mark.parametrize("name", ["/etc/passwd", "../x", "a/../../x", "", FOLDER, f"{FOLDER}/x"])
def test_no_name_leads_out_of_the_folder(before, name) -> None:
    with pytest.raises(UserError):
        Transaction(before).path(name)
    with pytest.raises(UserError):
        Transaction(before).remove(name)


def test_a_link_is_replaced_and_what_it_points_to_stays(before, tmp_path) -> None:
    elsewhere = tmp_path / "elsewhere"
    write(elsewhere, "precious", "years of work")
    (before / "rtl").symlink_to(elsewhere)
    transaction = Transaction(before)
    transaction.remove("rtl")
    transaction.commit()
    assert not os.path.lexists(before / "rtl")
    assert (elsewhere / "precious").read_text() == "years of work"


@settings(max_examples=60, deadline=None)
@given(
    there=st.sets(st.sampled_from(NAMES)),
    put=st.sets(st.sampled_from(NAMES)),
    removed=st.sets(st.sampled_from((*NAMES, "c"))),
)
def test_what_is_seen_before_is_what_is_there_after(tmp_path_factory, there, put, removed) -> None:
    folder = tmp_path_factory.mktemp("run")
    for name in there:
        write(folder, name, f"old {name}")
    transaction = Transaction(folder)
    for name in put:
        transaction.path(name).write_text(f"new {name}")
    transaction.remove(*removed)

    def seen() -> dict[str, str]:
        paths = {name: transaction.present(name) for name in NAMES}
        return {name: path.read_text() for name, path in paths.items() if path.is_file()}

    announced, listed = seen(), transaction.listing("c")
    transaction.commit()
    assert tree(folder) == {name: text.encode() for name, text in announced.items()}
    assert listed == sorted(path.name for path in (folder / "c").glob("*"))
