"""Published recordings by name, from a server on loopback."""

import contextlib
import hashlib
import json
import os
import random
import resource
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from aegru_hw import cli
from aegru_hw.errors import UserError
from aegru_hw.recordings import fetch as module
from aegru_hw.recordings.fetch import BENCHMARK_MD5, fetch, find, published_name, recording_path
from aegru_hw.recordings.generator import generate
from aegru_hw.recordings.odoherty import read_odoherty
from aegru_hw.recordings.patience import Patience

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
NAME = "indy_20160622_01"
OTHER = "loco_20170213_02"


class Server:
    """Files by address path, and what becomes of each request: whole, or cut after some bytes."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.cuts: list[int] = []
        self.statuses: list[int] = []
        self.headers: dict[str, str] = {}
        self.answer = b""
        self.says_length = True
        self.requests: list[str] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.requests.append(self.path)
                content = server.files.get(self.path)
                status = server.statuses.pop(0) if server.statuses else 200
                if content is None or status != 200:
                    self.send_response(404 if content is None else status)
                    for name, value in server.headers.items():
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(server.answer)
                    self.close_connection = True
                    return
                self.send_response(200)
                if server.says_length:
                    self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                cut = server.cuts.pop(0) if server.cuts else len(content)
                with contextlib.suppress(ConnectionError):
                    self.wfile.write(content[:cut])
                self.close_connection = True

            def log_message(self, *arguments: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.base = f"http://127.0.0.1:{self.http.server_port}/record/files"


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    thread = threading.Thread(target=server.http.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.http.shutdown()
    thread.join()
    server.http.server_close()


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("made") / "made.mat"
    generate(path, channels=2, seconds=6)
    return path.read_bytes()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that AEGRU_RECORDINGS names, with an empty cache beside it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("AEGRU_RECORDINGS", str(tmp_path / "recordings"))
    return tmp_path / "recordings"


@pytest.fixture
def served(server: Server, content: bytes, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Server:
    """A server with a benchmark recording, whose MD5 is the made file's, and another one."""
    for name in (NAME, OTHER):
        server.files[f"/record/files/{name}.mat"] = content
    monkeypatch.setitem(BENCHMARK_MD5, NAME, hashlib.md5(content).hexdigest())
    return server


@pytest.fixture
def hasty() -> Patience:
    """Patience that waits for nothing; `waits` are the seconds that it would have waited."""
    patience = Patience(retries=2, jitter=random.Random(1), now=lambda: NOON)
    patience.waits = []  # type: ignore[attr-defined]
    patience.sleep = patience.waits.append  # type: ignore[attr-defined]
    return patience


def files_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*"))


def test_the_published_checksums() -> None:
    assert len(BENCHMARK_MD5) == 6
    for name, md5 in BENCHMARK_MD5.items():
        assert published_name(name) == published_name(f"{name}.mat") == name
        assert len(bytes.fromhex(md5)) == 16


@pytest.mark.parametrize(
    "text", ["", "indy", "indy_2016", "../indy_20160622_01", "indy_20160622_01.mat.exe", "a/b"]
)
def test_what_is_no_name(text: str) -> None:
    assert published_name(text) is None
    with pytest.raises(UserError, match=r"accepted are indy_20160622_01, .* Zenodo record 583331"):
        fetch(text)


def test_fetched_once_and_then_found(served: Server, folder: Path, content: bytes) -> None:
    path = fetch(NAME, mirror=served.base + "/")
    assert path == folder / f"{NAME}.mat"
    assert path.read_bytes() == content
    assert fetch(f"{NAME}.mat", mirror=served.base) == find(NAME) == path
    assert served.requests == [f"/record/files/{NAME}.mat"]
    assert files_in(folder) == [f"{NAME}.mat"]
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~mask
    assert read_odoherty(path).channels == 2


def test_another_file_of_the_record(served: Server, folder: Path, content: bytes) -> None:
    assert OTHER not in BENCHMARK_MD5
    assert fetch(OTHER, mirror=served.base).read_bytes() == content
    assert files_in(folder) == [f"{OTHER}.mat"]


def test_the_cache_folder_of_the_platform(
    served: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AEGRU_RECORDINGS")
    path = fetch(NAME, mirror=served.base)
    assert path == tmp_path / "cache" / "aegru-hw" / f"{NAME}.mat"
    monkeypatch.setenv("AEGRU_RECORDINGS", str(tmp_path / "recordings"))
    assert find(NAME) == path
    assert fetch(NAME, mirror="http://127.0.0.1:9") == path


def test_a_wrong_checksum(served: Server, folder: Path, content: bytes) -> None:
    served.files[f"/record/files/{NAME}.mat"] = content[:-1] + b"?"
    with pytest.raises(
        UserError, match=r"01\.mat from .* is not what was published: MD5"
    ) as caught:
        fetch(NAME, mirror=served.base, patience=Patience(0))
    assert "\n" not in str(caught.value)
    assert files_in(folder) == []


def test_a_damaged_file_on_disk(served: Server, folder: Path, content: bytes) -> None:
    folder.mkdir()
    path = folder / f"{NAME}.mat"
    path.write_bytes(content + b"?")
    with pytest.raises(UserError, match=r"is damaged: its MD5 is not .* --force"):
        fetch(NAME, mirror=served.base)
    served.cuts = [1000]
    with pytest.raises(UserError, match="could not be had whole"):
        fetch(NAME, mirror=served.base, force=True, patience=Patience(0))
    assert path.read_bytes() == content + b"?"
    assert fetch(NAME, mirror=served.base, force=True).read_bytes() == content


@pytest.mark.parametrize("name", [NAME, OTHER])
@pytest.mark.parametrize("says_length", [True, False])
def test_truncation(
    name: str, says_length: bool, served: Server, folder: Path, content: bytes
) -> None:
    served.says_length = says_length
    served.cuts = [len(content) - 1]
    with pytest.raises(UserError, match=f"{name}.mat"):
        fetch(name, mirror=served.base, patience=Patience(0))
    assert files_in(folder) == []


def test_a_broken_transfer_starts_again(
    served: Server, folder: Path, content: bytes, hasty: Patience
) -> None:
    served.cuts = [len(content) // 2]
    served.statuses = [200, 503]
    assert fetch(NAME, mirror=served.base, patience=hasty).read_bytes() == content
    assert len(served.requests) == 3
    assert 0.5 <= hasty.waits[0] <= 1 <= hasty.waits[1] <= 2
    assert files_in(folder) == [f"{NAME}.mat"]


@pytest.mark.parametrize("status", [403, 429, 503])
@pytest.mark.parametrize(
    ("header", "least"), [("7", 7.0), ("Wed, 25 Nov 2026 12:00:40 GMT", 40.0), ("soon", 0.5)]
)
def test_a_server_that_is_busy(
    status: int, header: str, least: float, served: Server, content: bytes, hasty: Patience
) -> None:
    served.statuses = [status]
    served.headers = {"Retry-After": header}
    assert fetch(NAME, mirror=served.base, patience=hasty).read_bytes() == content
    assert len(served.requests) == 2
    assert len(hasty.waits) == 1
    assert least <= hasty.waits[0] <= least + 1


def test_a_busy_server_on_the_screen(
    served: Server, hasty: Patience, capsys: pytest.CaptureFixture[str]
) -> None:
    served.statuses = [429]
    served.headers = {"Retry-After": "7"}
    fetch(NAME, mirror=served.base, patience=hasty, progress=True)
    assert "429 Too Many Requests; again in 7 s" in capsys.readouterr().err


@pytest.mark.parametrize("status", [403, 429])
@pytest.mark.parametrize(
    ("kind", "answer", "said"),
    [
        ("application/json", b'{"message": "30 per minute\\u001b[31m"}', r"30 per minute\[31m"),
        ("text/plain; charset=utf-8", b"\n  slow down\nand again", "slow down"),
        ("text/html", b"<html>go away</html>", "(Forbidden|Too Many Requests)"),
        ("application/json", b"[" * 5000, "(Forbidden|Too Many Requests)"),
        ("text/plain", b"x" * 5000, "x{160}"),
    ],
)
def test_what_the_server_says(
    status: int,
    kind: str,
    answer: bytes,
    said: str,
    served: Server,
    folder: Path,
    hasty: Patience,
) -> None:
    served.statuses = [status] * 3
    served.headers = {"Content-Type": kind}
    served.answer = answer
    with pytest.raises(UserError, match=rf"refuses {NAME}.mat for now .*: {status} {said}$"):
        fetch(NAME, mirror=served.base, patience=hasty)
    assert len(served.requests) == 3
    assert files_in(folder) == []


def test_a_longer_wait_than_anyone_would_sit_through(
    served: Server, folder: Path, hasty: Patience
) -> None:
    served.statuses = [429]
    served.headers = {"Retry-After": "86400"}
    with pytest.raises(UserError, match=r"429 .*; it asks to be left alone for 86400 s"):
        fetch(NAME, mirror=served.base, patience=hasty)
    assert (len(served.requests), hasty.waits) == (1, [])


@pytest.mark.parametrize("status", [401, 451])
def test_a_refusal_that_time_does_not_mend(
    status: int, served: Server, folder: Path, hasty: Patience
) -> None:
    served.statuses = [status]
    with pytest.raises(UserError, match=f"refuses {NAME}.mat .*: {status} "):
        fetch(NAME, mirror=served.base, patience=hasty)
    assert (len(served.requests), hasty.waits) == (1, [])


def test_a_file_that_the_server_lacks_is_asked_for_once(served: Server, folder: Path) -> None:
    with pytest.raises(UserError, match=r"indy_19990101_01\.mat answers 404: there is no such"):
        fetch("indy_19990101_01", mirror=served.base)
    assert len(served.requests) == 1
    assert files_in(folder) == []


def test_a_refused_connection(folder: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        base = f"http://127.0.0.1:{unused.getsockname()[1]}"
    with pytest.raises(UserError, match=r"cannot reach .*refused.*--mirror BASE") as caught:
        fetch(NAME, mirror=base, patience=Patience(0))
    assert "\n" not in str(caught.value)
    assert files_in(folder) == []


@pytest.mark.parametrize("base", ["file:///etc", "ftp://127.0.0.1:9", "nonsense"])
def test_what_is_no_address(base: str, folder: Path) -> None:
    with pytest.raises(UserError, match="http"):
        fetch(NAME, mirror=base, patience=Patience(0))
    assert files_in(folder) == []


def test_a_folder_that_cannot_be_made(
    served: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("AEGRU_RECORDINGS", str(tmp_path / "file" / "below"))
    with pytest.raises(UserError, match=r"cannot create .*below: Not a directory"):
        fetch(NAME, mirror=served.base)


def test_a_full_disk(served: Server, folder: Path, content: bytes) -> None:
    """A limit on the size of files stops the write as a full disk does."""
    command = [sys.executable, "-m", "aegru_hw", "fetch", OTHER, "--mirror", served.base]
    limit = len(content) // 2
    run = subprocess.run(
        command,
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    assert run.returncode == 1
    assert run.stderr.splitlines()[-1] == f"aegru-hw: cannot write {OTHER}.mat: File too large"
    assert "Traceback" not in run.stderr
    assert files_in(folder) == []


def test_the_command(served: Server, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["fetch", NAME, OTHER, "--mirror", served.base, "--json"]) == 0
    captured = capsys.readouterr()
    paths = json.loads(captured.out)["recordings"]
    assert paths == {name: str(folder / f"{name}.mat") for name in (NAME, OTHER)}
    assert captured.err == ""
    assert cli.main(["fetch", NAME, "--mirror", served.base, "--force"]) == 0
    assert f"{NAME}.mat: 100%" in capsys.readouterr().err


def test_a_recording_by_name(
    served: Server,
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(module, "RECORD", served.base)
    assert cli.main(["inspect", NAME, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["path"] == str(folder / f"{NAME}.mat")
    Path(NAME).write_text("a file of that name wins")
    assert recording_path(Path(NAME)) == Path(NAME)
    assert recording_path(Path("nowhere/recording.h5")) == Path("nowhere/recording.h5")


@pytest.mark.parametrize(
    "command",
    [["run", "--out", "out"], ["train", "--out", "out"], ["inspect"], ["simulate", "out"]],
)
def test_an_unknown_name_is_one_line(
    command: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main([*command, "indy_2016"]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert "'indy_2016' is neither a file nor the name of a published recording" in lines[0]
    assert list(tmp_path.iterdir()) == []
