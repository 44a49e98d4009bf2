"""Guessing which spikes and which movement of an NWB file one would import."""

from pathlib import Path

from aegru_hw.recordings.guess import Guess, guess_movement
from aegru_hw.recordings.nwb_choice import UNITS, candidates
from aegru_hw.recordings.nwb_contents import Contents, open_nwb

_HANDS = ("cursor", "hand", "finger", "wrist")


def guess_nwb(path: Path) -> Guess | None:
    """Return how one would try to import an NWB file; None where nothing moves or fires.

    Of several movements that of a cursor or hand is taken, a velocity before a position.
    """
    with open_nwb(path) as contents:
        options: dict[str, str | float | bool] = {}
        counts = UNITS if contents.unit_count else _bins(contents)
        if counts is None:
            return None
        options["counts"] = counts
        reasons = [
            f"counts: the spike times of {contents.unit_count} units"
            if counts == UNITS
            else f"counts: '{counts}', after its name"
        ]
        moved = _movement(contents)
        if moved is None:
            return None
        what, name, reason = moved
        options[what] = name
        reasons += [reason, "tick: the interval of the movement's samples, but at least 4 ms"]
        return Guess(options, tuple(reasons))


def _movement(contents: Contents) -> tuple[str, str, str] | None:
    """Return "velocity" or "position", its name, and why."""
    for what, letters in (("velocity", "vel"), ("position", "pos")):
        groups = [
            ",".join(series.name for series in group)
            for group in candidates(contents, letters)
            if all(series.usable for series in group)
        ]
        if groups:
            name = min(groups, key=_rank)
            others = [other for other in groups if other != name]
            reason = f"{what}: '{name}', after its name"
            if others:
                reason += f"; or {' or '.join(others)}"
            return what, name, reason
    usable = {name: one.shape for name, one in contents.series.items() if one.usable}
    moved = guess_movement(usable, lambda name, shape: True)
    return None if moved is None else (moved.what, moved.selector, moved.reason)


def _rank(name: str) -> int:
    found = [number for number, word in enumerate(_HANDS) if word in name.lower()]
    return found[0] if found else len(_HANDS)


def _bins(contents: Contents) -> str | None:
    """Return the first series that is named as binned counts."""
    for name, series in contents.series.items():
        named = "spike" in name.lower() or "count" in name.lower()
        if named and len(series.shape) == 2 and series.usable:
            return name
    return None
