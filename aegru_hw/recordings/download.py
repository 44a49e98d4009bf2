"""One file of a published record, downloaded as often as it takes."""

import sys
from pathlib import Path
from typing import Any

import h5py
from tqdm import tqdm

from aegru_hw.errors import UserError
from aegru_hw.recordings.patience import MOST_ASKED_SECONDS, Patience
from aegru_hw.recordings.refusals import may_pass, message, refusal, retry_after

CHUNK_BYTES = 2**18
TIMEOUT_SECONDS = 30


def download(
    path: Path, md5: str | None, mirror: str, *, patience: Patience, progress: bool
) -> None:
    """Download one file of the record to a path, whose name it has there.

    md5: None where it is not known; the file then has to be whole HDF5. mirror: the address that
    the file lies under. Raises UserError with what the server said, where it does not give the file
    within `patience`, and where the path cannot be written.
    """
    import pooch
    import requests

    pooch.get_logger().setLevel("WARNING")
    store = pooch.create(
        path=path.parent,
        base_url=f"{mirror}/",
        registry={path.name: None if md5 is None else f"md5:{md5}"},
    )
    downloader = _Downloader(checked=md5 is not None, progress=progress)
    for attempt in range(patience.retries + 1):
        try:
            store.fetch(path.name, downloader=downloader)
            return
        except (ValueError, requests.RequestException) as error:
            asked = patience.asked(retry_after(error))
            if not may_pass(error) or attempt == patience.retries:
                raise refusal(error, path.name, mirror, asked) from None
            if asked is not None and asked > MOST_ASKED_SECONDS:
                raise refusal(error, path.name, mirror, asked) from None
            seconds = patience.wait(attempt, asked)
            if progress:
                said = refusal(error, path.name, mirror, None)
                print(f"{said}; again in {seconds:.0f} s", file=sys.stderr)
            patience.sleep(seconds)
        except OSError as error:
            raise UserError(f"cannot write {path.name}: {error.strerror or error}") from None


class _Downloader:
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
        http = pooch.HTTPDownloader(
            progressbar=bar,
            chunk_size=CHUNK_BYTES,
            timeout=TIMEOUT_SECONDS,
            headers={"Accept-Encoding": "identity", "User-Agent": "aegru-hw"},
        )
        try:
            http(url, output, store)
        except requests.HTTPError as error:
            error.response.told = message(error.response)
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
