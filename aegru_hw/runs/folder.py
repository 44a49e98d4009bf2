"""RUN: the folder that holds everything of one decoder."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from aegru_hw.errors import UserError
from aegru_hw.runs.lock import HOLDER, LOCK, FolderLock
from aegru_hw.runs.transaction import FOLDER, Transaction, pending, recover
from aegru_hw.strict_json import read_json, write_json

FORMAT = "aegru-hw run"
SCHEMA_VERSION = 1
MARKER = "run.json"

FILES = (
    *("config.toml", "recording.h5", "checkpoint.safetensors"),
    *("float.safetensors", "pruned.safetensors", "quantized.safetensors", "decoder.h5"),
    *("encoders.safetensors", "options.json", "summary.json", "report.html"),
)
FOLDERS = ("sessions", "results", "hls", "rtl", "synth", "lanes", "export")
OWNED = (MARKER, *FILES, *FOLDERS)
"""Every name that this program writes in a run, but for SCRATCH."""

SCRATCH = {LOCK, HOLDER, FOLDER}
"""What is left in a folder where making a run in it was interrupted."""

MADE_OF_DECODER = ("hls", "rtl", "synth", "lanes", "export", "summary.json", "report.html")


@dataclass(frozen=True)
class Marker:
    """What run.json says: that the folder is a run, and how it is laid out."""

    format: str = FORMAT
    schema_version: int = SCHEMA_VERSION


class RunFolder:
    """The paths of a run; each step changes them in one transaction, under a lock.

    run.json: marks the folder as a run. options.json: what the whole way was asked for.
    config.toml, recording.h5: what was trained, on what.
    float.safetensors, pruned.safetensors, quantized.safetensors: weights after each stage.
    checkpoint.safetensors: only while float training is unfinished.
    decoder.h5: the artefact that every execution reads.
    sessions: recordings of the days before, where the decoder was made of them too.
    encoders.safetensors: of a recalibrated decoder, the first layer of each session.
    hls: the hls4ml project. rtl: the engine's project.
    synth: a folder a target, of the engine placed on it; lanes: the same over numbers of lanes.
    export: a folder a format, of the decoder for other programs.
    results: one file a result, with the digests of what it was measured on.
    summary.json: the results that still hold, together. report.html: all of it on one page.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._lock = FolderLock(self.path)

    def __repr__(self) -> str:
        return f"RunFolder({str(self.path)!r})"

    @property
    def options(self) -> Path:
        return self.path / "options.json"

    @property
    def config(self) -> Path:
        return self.path / "config.toml"

    @property
    def recording(self) -> Path:
        return self.path / "recording.h5"

    @property
    def float_weights(self) -> Path:
        return self.path / "float.safetensors"

    @property
    def pruned_weights(self) -> Path:
        return self.path / "pruned.safetensors"

    @property
    def quantized_weights(self) -> Path:
        return self.path / "quantized.safetensors"

    @property
    def checkpoint(self) -> Path:
        return self.path / "checkpoint.safetensors"

    @property
    def decoder(self) -> Path:
        return self.path / "decoder.h5"

    @property
    def sessions(self) -> Path:
        return self.path / "sessions"

    @property
    def session_paths(self) -> list[Path]:
        """The recordings of the days before, sorted by name."""
        return sorted(self.sessions.iterdir()) if self.sessions.is_dir() else []

    @property
    def encoders(self) -> Path:
        return self.path / "encoders.safetensors"

    @property
    def hls(self) -> Path:
        return self.path / "hls"

    @property
    def rtl(self) -> Path:
        return self.path / "rtl"

    @property
    def synth(self) -> Path:
        return self.path / "synth"

    @property
    def lanes(self) -> Path:
        return self.path / "lanes"

    @property
    def export(self) -> Path:
        return self.path / "export"

    @property
    def results(self) -> Path:
        return self.path / "results"

    @property
    def summary(self) -> Path:
        return self.path / "summary.json"

    @property
    def report(self) -> Path:
        return self.path / "report.html"

    @property
    def is_run(self) -> bool:
        """Whether the folder bears the marker."""
        return (self.path / MARKER).is_file()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the run's lock, with no transaction left over from before.

        Raises UserError where the folder is no run, or another process holds it.
        """
        self.check_marker()
        with self._lock.held():
            recover(self.path)
            yield

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Yield a transaction that is carried out where the body ends, and dropped where it fails.

        Raises UserError as `held` does.
        """
        with self.held():
            change = Transaction(self.path)
            try:
                yield change
            except BaseException:
                recover(self.path)  # no journal: sweeps it away
                raise
            change.commit()

    @contextmanager
    def created(self, *, force: bool) -> Iterator[Transaction]:
        """Yield the transaction that makes the run; see `check_free` for what is refused.

        Where it fails, nothing is left of a folder that was not there before.
        """
        self.check_free(force=force)
        made = not self.path.exists()
        try:
            self.path.mkdir(exist_ok=True)
        except OSError as error:
            raise UserError(f"cannot create {self.path}: {error.strerror}") from None
        try:
            with self._lock.held():
                recover(self.path)
                self.check_free(force=force)  # what another process made meanwhile
                change = Transaction(self.path)
                change.remove(*OWNED)
                write_json(Marker(), change.path(MARKER))
                try:
                    yield change
                except BaseException:
                    recover(self.path)
                    raise
                change.commit()
        except BaseException:
            if made and not self.is_run and not pending(self.path):
                for name in (LOCK, HOLDER):
                    (self.path / name).unlink(missing_ok=True)
                with suppress(OSError):
                    self.path.rmdir()
            raise

    def check_free(self, *, force: bool) -> None:
        """Raise UserError where no run may be made here.

        A folder that holds something is taken only where it is a run and `force` is given; then
        what this program wrote in it is replaced, and nothing else is touched. `force` takes
        neither the working folder, nor the home folder, nor what a link points to.
        """
        path = self.path
        if not path.parent.is_dir():
            raise UserError(f"cannot create {path}: there is no folder {path.parent}")
        if not os.path.lexists(path):
            return
        if not path.is_dir():
            raise UserError(f"{path} is not a folder; choose another name")
        self._settle()
        if not self.is_run and {entry.name for entry in path.iterdir()} <= SCRATCH:
            return
        if not force:
            raise UserError(
                f"{path} exists and is not empty; choose another folder"
                + (", or --force replaces the run in it" if self.is_run else "")
            )
        if path.is_symlink():
            raise UserError(f"{path} is a link; --force takes the folder itself")
        here = path.resolve()
        for what, place in (("the working folder", Path.cwd()), ("the home folder", Path.home())):
            if here == place.resolve() or here in place.resolve().parents:
                raise UserError(f"{path} is or holds {what}; --force does not take it")
        if not self.is_run:
            raise UserError(
                f"{path} holds no run to replace (no {MARKER} in it); choose another folder"
            )
        self._read_marker()

    def check_marker(self) -> None:
        """Raise UserError where the folder is no run of a layout that is known."""
        self._settle()
        if not self.is_run:
            raise UserError(
                f"{self.path} holds no run; `aegru-hw train RECORDING --out RUN` makes one"
            )
        self._read_marker()

    def require(self, path: Path, command: str) -> Path:
        """Return a path of the run; UserError naming the command that writes it where missing."""
        self.check_marker()
        if not path.exists():
            raise UserError(f"{path} is missing; `{command}` writes it")
        return path

    def _settle(self) -> None:
        """Carry out a transaction that was committed and interrupted."""
        if pending(self.path) and not self._lock.is_held:
            with self._lock.held():
                recover(self.path)

    def _read_marker(self) -> None:
        marker = read_json(self.path / MARKER, Marker)
        if marker.format != FORMAT or marker.schema_version != SCHEMA_VERSION:
            raise UserError(
                f"{self.path / MARKER} says {marker.format!r}, schema {marker.schema_version}; "
                f"this program reads {FORMAT!r}, schema {SCHEMA_VERSION}"
            )
