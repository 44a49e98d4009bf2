"""The movement of an NWB file: its samples, which of them count, and runs without a gap."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aegru_hw.errors import UserError
from aegru_hw.recordings.floats import Floats
from aegru_hw.recordings.intervals import check_bridge, coverage, is_regular, nominal_interval
from aegru_hw.recordings.nwb_contents import Contents
from aegru_hw.recordings.nwb_series import Series
from aegru_hw.recordings.stretches import usable

OBSERVED = ("all", "any", "ignore")
INVALID = "invalid_times"

GAP = 1.5
"""Samples further apart than so many intervals have a gap between them."""

BRIDGE_SECONDS = 0.05
"""The longest gap between samples that is interpolated across."""


@dataclass(frozen=True)
class Run:
    """A stretch of movement without a gap: times (n,) in seconds and columns (n, 2)."""

    times: Floats
    values: Floats


def read_samples(series: list[Series], columns: tuple[int, ...]) -> tuple[Floats, Floats]:
    """Return the times (T,) and the two chosen columns (T, 2) of one series or of two together."""
    pieces = [one.columns() for one in series]
    times = series[0].times()
    for other in series[1:]:
        if not np.array_equal(other.times(), times):
            raise UserError(f"'{series[0].name}' and '{other.name}' have different times")
    values = np.concatenate(pieces, axis=1)
    name = ",".join(one.name for one in series)
    beyond = [column for column in columns if column >= values.shape[1]]
    if beyond:
        raise UserError(
            f"'{name}' has no column {beyond[0]}; columns 0 to {values.shape[1] - 1} exist"
        )
    if columns:
        values = values[:, list(columns)]
    if values.shape[1] != 2:
        raise UserError(
            f"'{name}' has {values.shape[1]} columns; select two, for example {name}:0,1"
        )
    return times, values


def valid_samples(
    contents: Contents,
    times: Floats,
    values: Floats,
    observed: Sequence[Floats],
    rule: str = "all",
) -> NDArray[np.bool_]:
    """Return which samples (T,) are finite, observed, and not declared invalid.

    observed: each unit's intervals (n, 2). A unit with none says nothing.
    rule: a sample counts as observed where "all" units were, or "any" one; "ignore" asks none.
    """
    if rule not in OBSERVED:
        raise UserError(f"observed '{rule}' is unknown; accepted are {', '.join(OBSERVED)}")
    valid = usable(values)
    said = [intervals for intervals in observed if len(intervals)]
    if said and rule != "ignore":
        valid &= _observed(contents, times, said, len(observed), rule)
    if INVALID in contents.intervals:
        valid &= coverage(times, [contents.interval_bounds(INVALID)]) == 0
    return valid


def _observed(
    contents: Contents, times: Floats, said: list[Floats], units: int, rule: str
) -> NDArray[np.bool_]:
    sets = list({intervals.tobytes(): intervals for intervals in said}.values())
    covered = coverage(times, sets)
    seen: NDArray[np.bool_] = covered == len(sets) if rule == "all" else covered > 0
    if not seen.any():
        raise UserError(
            f"no moment of the movement lies in the observation intervals of {rule} units of "
            f"{contents.path.name}; --observed any asks for one unit, --observed ignore for none"
        )
    if len(said) < units:
        contents.say(
            f"{units - len(said)} of {units} units have no observation interval; they count as "
            "observed throughout"
        )
    if len(sets) > 1:
        kept = "all units" if rule == "all" else "any unit"
        other = (
            "--observed any keeps what one unit was observed in"
            if rule == "all"
            else "units not observed count as silent"
        )
        contents.say(
            f"observation intervals differ between units: kept is the {seen.mean():.0%} of the "
            f"movement in which {kept} were observed; {other}"
        )
    return seen


def runs_of(
    contents: Contents,
    times: Floats,
    values: Floats,
    valid: NDArray[np.bool_],
    bridge_seconds: float = BRIDGE_SECONDS,
) -> list[Run]:
    """Return the stretches of valid samples without a gap, each at least three samples long.

    A gap is a sample that is not valid, or time without a sample beyond 1.5 intervals and beyond
    `bridge_seconds`.
    """
    check_bridge(bridge_seconds)
    interval = nominal_interval(times)
    kept = np.flatnonzero(valid)
    breaks = (np.diff(kept) > 1) | (np.diff(times[kept]) > max(GAP * interval, bridge_seconds))
    pieces = np.split(kept, np.flatnonzero(breaks) + 1)
    runs = [Run(times[piece], values[piece]) for piece in pieces if len(piece) > 2]
    if not runs:
        raise UserError("the movement has no three samples in a row that are finite and observed")
    uneven = [run for run in runs if not is_regular(run.times, interval)]
    if uneven:
        gaps = sum(int((np.diff(run.times) > GAP * interval).sum()) for run in uneven)
        contents.say(
            f"samples of the movement are jittered or dropped: it is interpolated to every "
            f"{interval:g} s, across {gaps} gaps of at most {bridge_seconds:g} s"
        )
    return runs


def interpolated(run: Run, times: Floats) -> Floats:
    """Return the columns (n, 2) of a run at other times (n,)."""
    return np.stack([np.interp(times, run.times, axis) for axis in run.values.T], axis=1)
