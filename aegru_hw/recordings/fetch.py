"""Published recordings by name: found on disk, or downloaded and checked."""

import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import h5py
from tqdm import tqdm

from aegru_hw.errors import UserError
from aegru_hw.files import atomic_path
from aegru_hw.recordings.patience import MOST_ASKED_SECONDS, Patience

FOLDER_VARIABLE = "AEGRU_RECORDINGS"
RECORD = "https://zenodo.org/records/583331/files"
"""Where O'Doherty, Cardoso, Makin and Sabes published their recordings (CC-BY 4.0)."""

BENCHMARK_MD5 = {
    "indy_20160622_01": "c33d5fff31320d709d23fe445561fb6e",
    "indy_20160630_01": "197413a5339630ea926cbd22b8b43338",
    "indy_20170131_02": "2790b1c869564afaa7772dbf9e42d784",
    "loco_20170210_03": "4cae63b58c4cb9c8abd44929216c703b",
    "loco_20170215_02": "739b70762d838f3a1f358733c426bb02",
    "loco_20170301_05": "47342da09f9c950050c9213c3df38ea3",
}
"""MD5 of the six recordings of the published benchmark."""

ABSENT = (404, 410)
BUSY = (403, 408, 425, 429)
"""Answers below 500 that may be another a while later; Zenodo turns crowds away with 403 too."""

CHUNK_BYTES = 2**18
TIMEOUT_SECONDS = 30
MAX_ANSWER_BYTES = 2**12
MAX_ANSWER_TEXT = 160

_NAME = re.compile(r"(?P<stem>(?:indy|loco)_\d{8}_\d{2})(?:\.mat)?")
_PLAIN_WORD = re.compile(r"[\w-]+")


def published_name(text: str) -> str | None:
    """Return the name that a text such as "indy_20160622_01" or "indy_20160622_01.mat" gives."""
    match = _NAME.fullmatch(text)
    return match["stem"] if match else None


def recording_path(given: str | Path, *, progress: bool = False) -> Path:
    """Return the path of a recording that is given by path or by published name.

    A path that exists wins; a published name is looked up, and downloaded where it is on no disk.
    Any other path is returned as it is. Raises UserError for a plain word that is neither, and as
    `fetch` does.
    """
    given = Path(given)
    if given.exists():
        return given
    name = published_name(str(given))
    if name is not None:
        return fetch(name, progress=progress)
    if _PLAIN_WORD.fullmatch(str(given)):
        raise UserError(
            f"'{given}' is neither a file nor the name of a published recording; {_accepted()}"
        )
    return given


def find(name: str) -> Path | None:
    """Return where a published recording lies: in AEGRU_RECORDINGS, else in the cache folder."""
    paths = [folder / f"{name}.mat" for folder in _folders()]
    return next((path for path in paths if path.is_file()), None)


def fetch(
    text: str,
    *,
    mirror: str | None = None,
    force: bool = False,
    patience: Patience | None = None,
    progress: bool = False,
) -> Path:
    """Return the path of a published recording, downloaded where it is on no disk.

    It is kept in the folder that AEGRU_RECORDINGS names, or where that is unset in the platform's
    cache folder. `mirror` is the address under which the files of the record lie, Zenodo's unless
    given. A broken transfer starts again from nothing, as often and after such waits as `patience`
    says; so does one that the server turns away for now (403, 408, 425, 429 and 500 up), after the
    wait that its Retry-After asks for, up to 600 s. The file appears only when it is whole, with
    the MD5 of `BENCHMARK_MD5` where that is known and readable as HDF5 where not. `force`
    downloads it anew.

    Raises UserError for a name that is none, a file with another MD5, a server that cannot be
    reached, does not have it, refuses it (the text says what it said) or asks for a longer wait,
    and a folder that cannot be written.
    """
    import pooch

    name = published_name(text)
    if name is None:
        raise UserError(f"'{text}' is not the name of a published recording; {_accepted()}")
    md5 = BENCHMARK_MD5.get(name)
    present = find(name)
    if present is not None and not force:
        if md5 is not None and pooch.file_hash(str(present), alg="md5") != md5:
            raise UserError(
                f"{present} is damaged: its MD5 is not {md5}; "
                f"`aegru-hw fetch {name} --force` downloads it anew"
            )
        return present
    target = _folders()[0] / f"{name}.mat"
    _make_folder(target.parent)
    with atomic_path(target) as temporary:
        _download(
            temporary,
            md5,
            (mirror or RECORD).rstrip("/"),
            patience=patience or Patience(),
            progress=progress,
        )
    return target


def _download(
    path: Path, md5: str | None, mirror: str, *, patience: Patience, progress: bool
) -> None:
    """Download one file of the record to a path, whose name it has there."""
    import pooch
    import requests

    pooch.get_logger().setLevel("WARNING")
    store = pooch.create(
        path=path.parent,
        base_url=f"{mirror}/",
        registry={path.name: None if md5 is None else f"md5:{md5}"},
    )
    download = _Download(checked=md5 is not None, progress=progress)
    for attempt in range(patience.retries + 1):
        try:
            store.fetch(path.name, downloader=download)
            return
        except (ValueError, requests.RequestException) as error:
            asked = patience.asked(_retry_after(error))
            if not _may_pass(error) or attempt == patience.retries:
                raise _told(error, path.name, mirror, asked) from None
            if asked is not None and asked > MOST_ASKED_SECONDS:
                raise _told(error, path.name, mirror, asked) from None
            seconds = patience.wait(attempt, asked)
            if progress:
                said = _told(error, path.name, mirror, None)
                print(f"{said}; again in {seconds:.0f} s", file=sys.stderr)
            patience.sleep(seconds)
        except OSError as error:
            raise UserError(f"cannot write {path.name}: {error.strerror or error}") from None


def _retry_after(error: Exception) -> str | None:
    response = getattr(error, "response", None)
    return None if response is None else response.headers.get("Retry-After")


def _may_pass(error: Exception) -> bool:
    """Tell whether the same request may succeed a while later."""
    import requests

    if isinstance(error, requests.HTTPError):
        status = error.response.status_code
        return status >= 500 or status in BUSY
    if isinstance(error, requests.RequestException):
        return not isinstance(error, ValueError)  # as an address that is none is, twice
    return True


def _told(error: Exception, name: str, mirror: str, asked: float | None) -> UserError:
    """Return a failure in one line, with what the server said."""
    import requests

    if isinstance(error, requests.HTTPError):
        status = error.response.status_code
        if status in ABSENT:
            return UserError(f"{mirror}/{name} answers {status}: there is no such recording")
        wish = "" if asked is None else f"; it asks to be left alone for {asked:.0f} s"
        return UserError(
            f"{mirror} refuses {name} for now or for good: {status} {_said(error.response)}{wish}"
        )
    if isinstance(error, requests.RequestException) and isinstance(error, ValueError):
        return UserError(f"{mirror} is not an address; http:// or https:// is needed")
    if isinstance(error, requests.ConnectionError):
        return UserError(
            f"cannot reach {mirror} ({_reason(error)}); --mirror BASE names another server"
        )
    if isinstance(error, requests.RequestException):
        return UserError(f"{name} could not be had whole from {mirror} ({_reason(error)})")
    return UserError(f"{name} from {mirror} is not what was published: {_first_line(error)}")


def _said(response: Any) -> str:
    """Return what a server says of its refusal: the message of its answer, else its reason."""
    message = getattr(response, "told", None) or response.reason or "without a reason"
    printable = "".join(letter for letter in str(message) if letter.isprintable())
    return printable[:MAX_ANSWER_TEXT]


def _message(response: Any) -> str | None:
    """Read the message of a refusal: a JSON object's "message", or the first line of plain text."""
    import requests

    kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind not in ("application/json", "text/plain"):
        return None
    try:
        content: bytes = next(response.iter_content(MAX_ANSWER_BYTES), b"")
        text = content.decode(errors="replace")
        if kind == "text/plain":
            return next((line.strip() for line in text.splitlines() if line.strip()), None)
        answer = json.loads(text)
    except (ValueError, RecursionError, requests.RequestException):
        return None
    message = answer.get("message") if isinstance(answer, dict) else None
    return message if isinstance(message, str) else None


class _Download:
    """pooch's HTTP download, which keeps what the server says of a refusal."""

    def __init__(self, *, checked: bool, progress: bool) -> None:
        self._checked = checked
        self._progress = progress

    def __call__(self, url: str, output: str, store: Any) -> None:
        import pooch
        import requests

        name = url.rpartition("/")[2]
        bar = tqdm(
            desc=name,
            total=1,
            unit="B",
            unit_scale=True,
            file=sys.stderr,
            disable=not self._progress,
        )
        download = pooch.HTTPDownloader(
            progressbar=bar,
            chunk_size=CHUNK_BYTES,
            timeout=TIMEOUT_SECONDS,
            headers={"Accept-Encoding": "identity", "User-Agent": "aegru-hw"},
        )
        try:
            download(url, output, store)
        except requests.HTTPError as error:
            error.response.told = _message(error.response)
            error.response.close()
            raise
        finally:
            bar.close()
        if not self._checked:
            _check_whole(output, name)


def _check_whole(path: str, name: str) -> None:
    """Refuse what is no HDF5 file or ends too soon; HDF5 knows where it has to end."""
    try:
        with h5py.File(path, "r") as file:
            len(file)
    except OSError:
        raise ValueError(f"{name} is not a whole MATLAB v7.3 file") from None


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"cannot create {folder}: {error.strerror}") from None


def _folders() -> list[Path]:
    """Return the folders in which recordings are looked for; new ones go into the first."""
    import pooch

    named = os.environ.get(FOLDER_VARIABLE)
    return ([Path(named)] if named else []) + [Path(pooch.os_cache("aegru-hw"))]


def _accepted() -> str:
    return (
        f"accepted are {', '.join(BENCHMARK_MD5)} and other files of Zenodo record 583331, "
        "such as indy_20160407_02"
    )


def _reason(error: Exception) -> str:
    """Return what the innermost of nested network errors says."""
    inner: BaseException = error
    while (deeper := inner.__cause__ or inner.__context__) is not None:
        inner = deeper
    return getattr(inner, "strerror", None) or _first_line(inner)


def _first_line(error: BaseException) -> str:
    lines = str(error).splitlines()
    return lines[0] if lines else type(error).__name__
