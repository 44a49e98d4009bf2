"""The HDF5 layout of temporaldata and brainsets: spikes, a cursor or hand, trials, a domain."""

from pathlib import Path

import h5py

from aegru_hw.errors import UserError
from aegru_hw.recordings.containers import Container, open_container
from aegru_hw.recordings.imported import Imported
from aegru_hw.recordings.spike_arrays import Named
from aegru_hw.recordings.spike_times import import_spike_times

SPIKES, UNITS = "spikes/timestamps", "spikes/unit_index"
DOMAIN = ("domain/start", "domain/end")
TRIALS = "trials/start"
MOVERS = ("cursor", "hand", "finger")


def is_temporaldata(file: h5py.File) -> bool:
    """Tell whether an open HDF5 file has this layout."""
    return all(isinstance(file.get(name), h5py.Dataset) for name in (SPIKES, UNITS))


def read_temporaldata(
    path: str | Path,
    *,
    velocity: str | None = None,
    position: str | None = None,
    times: str | None = None,
    reaches: str | None = None,
    tick_seconds: float | None = None,
    bridge_seconds: float | None = None,
) -> Imported:
    """Read a file of this layout with `import_spike_times`.

    The movement is `cursor/vel`, or that of `hand` or `finger`, else the position there, unless
    one is named; with `timestamps`, or as a regular series. Reaches are `trials/start`, and
    `domain` is where the file is valid, where the file has them.
    """
    container = open_container(path)
    shapes = container.shapes()
    if velocity is None and position is None:
        velocity, position = _movement(container)
    named = Named(
        spikes=SPIKES,
        units=UNITS,
        velocity=velocity,
        position=position,
        times=times,
        reaches=reaches or (TRIALS if TRIALS in shapes else None),
        domain=DOMAIN if all(name in shapes for name in DOMAIN) else None,
    )
    return import_spike_times(path, named, tick_seconds=tick_seconds, bridge_seconds=bridge_seconds)


def _movement(container: Container) -> tuple[str | None, str | None]:
    shapes = container.shapes()
    for letters in ("vel", "pos"):
        for mover in MOVERS:
            name = f"{mover}/{letters}"
            if 2 in shapes.get(name, ()):
                return (name, None) if letters == "vel" else (None, name)
    raise UserError(
        f"{container.path.name} has no {' or '.join(f'{mover}/vel' for mover in MOVERS)}; name "
        f"--velocity KEY or --position KEY; its arrays are: {', '.join(sorted(shapes))}"
    )
