"""Any other file with named arrays, whose meaning the user says."""

from collections.abc import Mapping
from pathlib import Path

from aegru_hw.errors import UserError
from aegru_hw.recordings.binned import import_binned
from aegru_hw.recordings.containers import container_of, open_container
from aegru_hw.recordings.formats.format import Asked, Format
from aegru_hw.recordings.formats.trying import shown, tried
from aegru_hw.recordings.guess import Guess, guess_import, with_time_axis
from aegru_hw.recordings.guess_spikes import guess_spike_times
from aegru_hw.recordings.guess_values import guess_by_values
from aegru_hw.recordings.imported import Imported
from aegru_hw.recordings.recording import Recording
from aegru_hw.recordings.spike_arrays import Named
from aegru_hw.recordings.spike_times import import_spike_times

VARIANTS = (({"rates": True}, "rates: the counts are multiples of 1/tick"),)
UNKNOWN = Guess(
    {"counts": "KEY", "velocity": "KEY", "tick_seconds": "SECONDS"},
    ("nothing: no two arrays look like spikes and movement of one length; name them",),
)


class Arrays(Format):
    name = "arrays"

    def sniff(self, path: Path, kind: str) -> bool:
        return True

    def describe(self, path: Path) -> Mapping[str, object]:
        container = open_container(path)
        binned = guess_import(container)
        named = [binned, with_time_axis(container, binned), guess_spike_times(container)]
        guesses = named if any(named) else [guess_by_values(container)]
        return tried(path, self.read, guesses, VARIANTS) or shown(path, UNKNOWN)

    def open(self, path: Path, units: str | None) -> Recording:
        raise UserError(
            f"{path} is a {container_of(path).text} file whose arrays must be named; make a "
            "recording of it with `aegru-hw import FILE OUT.h5 --counts KEY --velocity KEY "
            "--tick SECONDS`"
        )

    def read(self, path: Path, asked: Asked) -> Imported:
        asked.refuse("merge", why=f"is for NWB; {path} has its channels already")
        asked.refuse("observed", why="is for NWB, whose units have observation intervals")
        if asked.spikes is not None:
            why = "is for binned counts; --spikes are times"
            asked.refuse("counts", "rates", "reach_base", why=why)
            named = Named(
                asked.spikes, asked.units, asked.velocity, asked.position, asked.times,
                asked.reaches,
            )  # fmt: skip
            return import_spike_times(
                path,
                named,
                tick_seconds=asked.tick_seconds,
                bridge_seconds=asked.bridge_seconds,
            )
        asked.refuse("bridge_seconds", why="is for movement with times; bins follow one another")
        asked.refuse("units", "times", why="is for spike times; --spikes names them")
        if asked.counts is None or (asked.velocity is None and asked.position is None):
            raise UserError(f"--counts, --velocity and --tick are needed to import {path}")
        return import_binned(
            path,
            counts=asked.counts,
            velocity=asked.velocity,
            tick_seconds=asked.tick_seconds,
            position=asked.position,
            reaches=asked.reaches,
            reach_base=asked.reach_base,
            rates=asked.rates,
        )
