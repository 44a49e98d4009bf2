"""RUN: the folder that holds everything of one decoder."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aegru_hw.errors import UserError
from aegru_hw.files import atomic_path


@dataclass(frozen=True)
class RunFolder:
    """The paths of a run; each file is written whole or not at all.

    config.toml, recording.h5: what was trained, on what.
    float.safetensors, pruned.safetensors, quantized.safetensors: weights after each stage.
    checkpoint.safetensors: only while float training is unfinished.
    decoder.h5: the artefact that every execution reads.
    hls: the hls4ml project.
    rtl: the engine's project.
    synth: a folder a target, of the engine placed on it; lanes: the same over numbers of lanes.
    summary.json: results.
    report.html: all of it on one page.
    """

    path: Path

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
    def summary(self) -> Path:
        return self.path / "summary.json"

    @property
    def report(self) -> Path:
        return self.path / "report.html"

    def create(self, *, force: bool) -> None:
        """Make the folder; UserError where it holds something and `force` is not given.

        `force` removes an earlier run, and nothing that is not one.
        """
        if self.path.exists() and (not self.path.is_dir() or any(self.path.iterdir())):
            if not force:
                raise UserError(
                    f"{self.path} exists and is not empty; choose another folder, or --force "
                    "replaces the run in it"
                )
            if not self.config.is_file():
                raise UserError(f"{self.path} holds no run to replace; choose another folder")
            shutil.rmtree(self.path)
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"cannot create {self.path}: {error.strerror}") from None

    def require(self, path: Path, command: str) -> Path:
        """Return a path of the run; UserError naming the command that writes it where missing."""
        if not self.config.is_file():
            raise UserError(
                f"{self.path} holds no run; `aegru-hw train RECORDING --out RUN` makes one"
            )
        if not path.exists():
            raise UserError(f"{path} is missing; `{command}` writes it")
        return path

    def forget(self, *paths: Path) -> None:
        """Remove results that no longer follow from what the run holds."""
        for path in paths:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)

    def read_summary(self) -> dict[str, Any]:
        """Return the results so far, empty before the first."""
        if not self.summary.exists():
            return {}
        try:
            summary = json.loads(self.summary.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise UserError(f"{self.summary} is damaged: {error}") from None
        if not isinstance(summary, dict):
            raise UserError(f"{self.summary} is damaged: it is not a JSON object")
        return summary

    def add_to_summary(self, results: dict[str, Any]) -> dict[str, Any]:
        """Merge results into summary.json, section by section, and return the whole."""
        summary = self.read_summary()
        for section, values in results.items():
            if isinstance(values, dict) and isinstance(summary.get(section), dict):
                summary[section] |= values
            else:
                summary[section] = values
        self._write_summary(summary)
        return summary

    def drop_from_summary(self, *names: str) -> None:
        """Remove sections of summary.json, or one entry of a section, named "section.entry"."""
        summary = self.read_summary()
        dropped = False
        for name in names:
            section, _, entry = name.partition(".")
            values = summary.get(section) if entry else summary
            if isinstance(values, dict) and (entry or section) in values:
                del values[entry or section]
                dropped = True
        if dropped:
            self._write_summary(summary)

    def _write_summary(self, summary: dict[str, Any]) -> None:
        with atomic_path(self.summary) as temporary:
            temporary.write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
