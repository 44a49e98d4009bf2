"""HDF5 files of temporaldata and brainsets."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from aegru_hw.errors import UserError
from aegru_hw.recordings.containers import open_container
from aegru_hw.recordings.formats.arrays import Arrays
from aegru_hw.recordings.formats.facts import facts_of
from aegru_hw.recordings.formats.format import Asked, Format, declares
from aegru_hw.recordings.formats.trying import shown, tried
from aegru_hw.recordings.guess import Guess, guess_movement
from aegru_hw.recordings.guess_spikes import guess_spike_times
from aegru_hw.recordings.imported import Imported
from aegru_hw.recordings.recording import Recording
from aegru_hw.recordings.temporaldata import is_temporaldata, read_temporaldata


class TemporalData(Format):
    name = "temporaldata"

    def sniff(self, path: Path, kind: str) -> bool:
        return declares(path, kind, is_temporaldata)

    def describe(self, path: Path) -> Mapping[str, object]:
        try:
            recording = read_temporaldata(path).recording
        except UserError as error:
            return {"choice": str(error), **tried(path, self.read, self._guesses(path))}
        guess = Guess({}, ("the layout is temporaldata's, which names spikes and movement itself",))
        return {"recording": facts_of(recording), **shown(path, guess)}

    def _guesses(self, path: Path) -> Iterator[Guess]:
        """Yield what might be the movement, which is not where it is looked for."""
        container = open_container(path)
        moved = guess_movement(container.shapes(), lambda name, shape: True)
        if moved is not None:
            yield Guess({moved.what: moved.selector}, (moved.reason,))
        guess = guess_spike_times(container)
        if guess is not None:
            yield guess

    def open(self, path: Path, units: str | None) -> Recording:
        if units is not None:
            raise UserError(f"{path} has its units; units '{units}' are for O'Doherty's files")
        return read_temporaldata(path).recording

    def read(self, path: Path, asked: Asked) -> Imported:
        if asked.counts is not None or asked.spikes is not None:
            return Arrays().read(path, asked)
        asked.refuse("reach_base", "rates", "units", why="needs --counts or --spikes here")
        asked.refuse("observed", why="is for NWB, whose units have observation intervals")
        asked.refuse("merge", why=f"is for NWB; each unit of {path} is a channel")
        return read_temporaldata(
            path,
            velocity=asked.velocity,
            position=asked.position,
            times=asked.times,
            reaches=asked.reaches,
            tick_seconds=asked.tick_seconds,
            bridge_seconds=asked.bridge_seconds,
        )
