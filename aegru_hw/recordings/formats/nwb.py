"""NWB 2 files."""

from collections.abc import Mapping
from pathlib import Path

from aegru_hw.errors import UserError
from aegru_hw.recordings.formats.facts import facts_of
from aegru_hw.recordings.formats.format import Asked, Format, declares
from aegru_hw.recordings.formats.trying import shown, tried
from aegru_hw.recordings.guess import Guess
from aegru_hw.recordings.imported import Imported
from aegru_hw.recordings.nwb import describe_nwb, import_nwb, read_nwb
from aegru_hw.recordings.nwb_contents import is_nwb
from aegru_hw.recordings.nwb_guess import guess_nwb
from aegru_hw.recordings.nwb_movement import BRIDGE_SECONDS
from aegru_hw.recordings.recording import Recording

VARIANTS = (
    ({"observed": "any"}, "observed: any, as no moment was observed of all units"),
    ({"merge": "none"}, "merge: none, as electrodes are not as they should be"),
)
UNKNOWN = Guess(
    {"counts": "NAME", "velocity": "NAME"},
    ("nothing: no spikes with a movement whose names say so; name series, or units",),
)


class Nwb(Format):
    name = "nwb"

    def sniff(self, path: Path, kind: str) -> bool:
        return declares(path, kind, is_nwb)

    def describe(self, path: Path) -> Mapping[str, object]:
        facts: dict[str, object] = {"nwb": describe_nwb(path)}
        try:
            facts["recording"] = facts_of(read_nwb(path))
        except UserError as error:
            facts["choice"] = str(error)
            found = tried(path, self.read, (guess_nwb(path),), VARIANTS)
            return {**facts, **(found or shown(path, UNKNOWN))}
        guess = guess_nwb(path)  # which names what was read
        return facts if guess is None else {**facts, **shown(path, guess)}

    def open(self, path: Path, units: str | None) -> Recording:
        if units is not None:
            raise UserError(f"{path} is NWB; units '{units}' are for O'Doherty's files")
        return read_nwb(path)

    def read(self, path: Path, asked: Asked) -> Imported:
        asked.refuse("reach_base", why="is not for NWB, whose intervals are in seconds")
        asked.refuse("rates", why="is not for NWB, whose spikes are times or counts")
        why = "is not for NWB, which says itself whose spikes and when: --counts units"
        asked.refuse("spikes", "units", "times", why=why)
        return import_nwb(
            path,
            counts=asked.counts,
            velocity=asked.velocity,
            position=asked.position,
            reaches=asked.reaches,
            tick_seconds=asked.tick_seconds,
            merge=asked.merge,
            observed=asked.observed or "all",
            bridge_seconds=BRIDGE_SECONDS if asked.bridge_seconds is None else asked.bridge_seconds,
        )
