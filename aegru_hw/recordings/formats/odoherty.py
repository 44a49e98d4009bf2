"""O'Doherty's files (Zenodo record 583331)."""

from collections.abc import Mapping
from pathlib import Path

from aegru_hw.recordings.formats.arrays import Arrays
from aegru_hw.recordings.formats.facts import facts_of
from aegru_hw.recordings.formats.format import Asked, Format, declares
from aegru_hw.recordings.formats.trying import shown
from aegru_hw.recordings.guess import Guess
from aegru_hw.recordings.imported import Imported
from aegru_hw.recordings.odoherty import TICK_SECONDS, import_odoherty, is_odoherty, read_odoherty
from aegru_hw.recordings.recording import Recording

AS_PUBLISHED = "the layout is O'Doherty's, read as published: ticks of 4 ms, cursor_pos, all units"


class ODoherty(Format):
    name = "odoherty"

    def sniff(self, path: Path, kind: str) -> bool:
        return declares(path, kind, is_odoherty)

    def describe(self, path: Path) -> Mapping[str, object]:
        guess = Guess({}, (AS_PUBLISHED,))
        return {"recording": facts_of(read_odoherty(path)), **shown(path, guess)}

    def open(self, path: Path, units: str | None) -> Recording:
        return read_odoherty(path, units=units or "all")

    def read(self, path: Path, asked: Asked) -> Imported:
        named = (asked.counts, asked.spikes, asked.velocity, asked.times, asked.reaches)
        if any(name is not None for name in named):
            return Arrays().read(path, asked)
        asked.refuse("bridge_seconds", why=f"does nothing here: the samples of {path} have no gap")
        asked.refuse("observed", why="is for NWB, whose units have observation intervals")
        asked.refuse("rates", "reach_base", why="is for binned counts; these are spike times")
        return import_odoherty(
            path,
            units=asked.units or "all",
            tick_seconds=TICK_SECONDS if asked.tick_seconds is None else asked.tick_seconds,
            position=asked.position or "cursor_pos",
            merge=asked.merge,
        )
