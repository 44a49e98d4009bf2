"""Our own HDF5 file of a recording."""

from collections.abc import Mapping
from pathlib import Path

from aegru_hw.errors import UserError
from aegru_hw.recordings.formats.arrays import Arrays
from aegru_hw.recordings.formats.facts import facts_of
from aegru_hw.recordings.formats.format import Asked, Format, declares
from aegru_hw.recordings.imported import Imported
from aegru_hw.recordings.recording import Recording, is_recording, load_recording


class Own(Format):
    name = "recording"

    def sniff(self, path: Path, kind: str) -> bool:
        return declares(path, kind, is_recording)

    def describe(self, path: Path) -> Mapping[str, object]:
        return {"recording": facts_of(load_recording(path))}

    def open(self, path: Path, units: str | None) -> Recording:
        if units is not None:
            raise UserError(f"{path} has its units already chosen; leave units '{units}' out")
        return load_recording(path)

    def read(self, path: Path, asked: Asked) -> Imported:
        return Imported(load_recording(path)) if asked.nothing else Arrays().read(path, asked)
