"""Files are written whole, with the usual modes, or not at all and with one line."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from aegru_hw import files
from aegru_hw.errors import UserError
from aegru_hw.files import atomic_path, refuse_same_file, same_file


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(params=[0o022, 0o077, 0o002], ids=oct)
def umask(request: pytest.FixtureRequest):
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def test_every_file_gets_the_mode_of_a_plain_open(tmp_path: Path, umask: int) -> None:
    with atomic_path(tmp_path / "weights") as temporary:
        save_file({"weight": torch.zeros(2)}, temporary)
    with atomic_path(tmp_path / "text") as temporary:
        temporary.write_text("hello")
    with atomic_path(tmp_path / "private") as temporary:
        temporary.touch(0o600)
    assert {mode(path) for path in tmp_path.iterdir()} == {0o666 & ~umask}


def test_a_folder_and_all_in_it_get_the_usual_modes(tmp_path: Path, umask: int) -> None:
    with atomic_path(tmp_path / "project") as temporary:
        temporary.mkdir(0o700)
        (temporary / "inner").mkdir(0o700)
        for name in ("data", "script.sh"):
            (temporary / "inner" / name).write_text(name)
        (temporary / "inner" / "data").chmod(0o600)
        (temporary / "inner" / "script.sh").chmod(0o700)
        (temporary / "link").symlink_to("/nowhere/at/all")
    inner = tmp_path / "project" / "inner"
    assert mode(inner.parent) == mode(inner) == 0o777 & ~umask
    assert mode(inner / "data") == 0o666 & ~umask
    assert mode(inner / "script.sh") == 0o777 & ~umask
    assert os.readlink(inner.parent / "link") == "/nowhere/at/all"


def write_and_fail(target: Path, error: Exception) -> None:
    with atomic_path(target) as temporary:
        temporary.write_text("half")
        raise error


def test_a_failure_leaves_what_was_there(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("before")
    with pytest.raises(ZeroDivisionError):
        write_and_fail(target, ZeroDivisionError())
    assert target.read_text() == "before"
    assert os.listdir(tmp_path) == ["target"]


def test_a_folder_replaces_a_folder(tmp_path: Path) -> None:
    target = tmp_path / "target"
    for name in ("first", "second"):
        with atomic_path(target) as temporary:
            temporary.mkdir()
            (temporary / name).touch()
    assert os.listdir(target) == ["second"]
    assert os.listdir(tmp_path) == ["target"]


def test_a_folder_that_cannot_be_replaced_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "target"
    target.mkdir()
    (target / "before").touch()
    replace = os.replace

    def refuse(source: Path, place: Path) -> None:
        if Path(place) == target and Path(source).name == "target":
            raise PermissionError(13, "Permission denied", str(source), None, str(place))
        replace(source, place)

    monkeypatch.setattr(files.os, "replace", refuse)
    with (
        pytest.raises(UserError, match=r"cannot write .*target: Permission denied"),
        atomic_path(target) as temporary,
    ):
        temporary.mkdir()
    assert os.listdir(target) == ["before"]
    assert os.listdir(tmp_path) == ["target"]


def refusal(target: Path, error: Exception) -> str:
    with pytest.raises(UserError) as caught:
        write_and_fail(target, error)
    assert not target.exists()
    assert os.listdir(target.parent) == []
    return str(caught.value)


@pytest.mark.parametrize(
    "error",
    [
        OSError(28, "No space left on device"),
        OSError(28, "No space left on device", "elsewhere"),
        RuntimeError("Can't decrement id ref count (error message = 'No space left on device')"),
        OSError("I/O error: No space left on device (os error 28)"),
    ],
)
def test_a_full_disk_is_one_line(tmp_path: Path, error: Exception) -> None:
    target = tmp_path / "target"
    assert refusal(target, error) == f"cannot write {target}: No space left on device"


@pytest.mark.parametrize("suffix", ["npz", "h5", "safetensors"])
def test_a_file_beyond_the_limit_is_one_line(tmp_path: Path, suffix: str) -> None:
    """What each library says of a disk that takes no more, by a limit that the system sets."""
    script = f"""
import resource, numpy, h5py
from safetensors.numpy import save_file
from aegru_hw.files import atomic_path
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
numbers = numpy.ones(100_000)
with atomic_path({str(tmp_path / "target")!r}) as path:
    if {suffix!r} == "npz":
        with open(path, "wb") as file:
            numpy.savez(file, numbers)
    elif {suffix!r} == "h5":
        with h5py.File(path, "w") as file:
            file["numbers"] = numbers
    else:
        save_file({{"numbers": numbers}}, path)
"""
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    last = ended.stderr.strip().splitlines()[-1]
    assert last == (
        f"aegru_hw.errors.UserError: cannot write {tmp_path / 'target'}: File too large"
    )
    assert os.listdir(tmp_path) == []


def test_a_missing_parent_and_a_read_only_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for target in (tmp_path / "none" / "target", Path(__file__) / "target"):
        with pytest.raises(UserError, match="in a folder that exists"), atomic_path(target):
            pass

    def read_only(**_: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(files.tempfile, "mkdtemp", read_only)
    with pytest.raises(UserError) as caught, atomic_path(tmp_path / "target"):
        pass
    assert str(caught.value) == f"cannot write {tmp_path / 'target'}: Read-only file system"


def test_a_file_for_a_folder_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "target").mkdir()
    with (
        pytest.raises(UserError, match=r"cannot write .*target: Is a directory"),
        atomic_path(tmp_path / "target") as temporary,
    ):
        temporary.touch()


def test_other_errors_keep_their_type(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="elsewhere"), atomic_path(tmp_path / "target"):
        (tmp_path / "elsewhere").read_text()


def test_a_name_as_long_as_the_system_takes(tmp_path: Path) -> None:
    target = tmp_path / ("n" * 255)
    with atomic_path(str(target)) as temporary:
        temporary.touch()
    assert target.is_file()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "folder").mkdir()
    source = tmp_path / "folder" / "source"
    source.write_text("source")
    return source


def links(source: Path) -> dict[str, Path]:
    top = source.parent.parent
    (top / "link").symlink_to(source)
    (top / "linked_folder").symlink_to(source.parent)
    os.link(source, top / "hard")
    return {
        "itself": source,
        "dotted": source.parent / ".." / "folder" / "source",
        "link": top / "link",
        "through a linked folder": top / "linked_folder" / "source",
        "hard link": top / "hard",
    }


def test_same_file_by_any_way(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(source.parent)
    for path in (*links(source).values(), Path("source")):
        assert same_file(source, path), path
        with pytest.raises(UserError, match=r"is the same file as .*, which is read"):
            refuse_same_file(source, path)


def test_same_file_that_does_not_exist_yet(source: Path) -> None:
    linked = links(source)["through a linked folder"].parent
    assert same_file(source.parent / "new", linked / "new")
    assert not same_file(source.parent / "new", linked / "newer")


def test_other_files_are_not_the_same(source: Path) -> None:
    twin = source.with_name("twin")
    twin.write_text("source")
    for other in (twin, source.with_name("new"), source.parent):
        assert not same_file(source, other)
        refuse_same_file(source, other)
