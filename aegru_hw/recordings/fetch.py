"""Published recordings by name: found on disk, or downloaded and checked."""

import os
import re
from pathlib import Path

from aegru_hw.errors import UserError
from aegru_hw.files import atomic_path
from aegru_hw.recordings.download import download
from aegru_hw.recordings.patience import Patience

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
        download(
            temporary,
            md5,
            (mirror or RECORD).rstrip("/"),
            patience=patience or Patience(),
            progress=progress,
        )
    return target


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
