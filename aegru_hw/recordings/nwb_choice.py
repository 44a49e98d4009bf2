"""Which series of an NWB file hold the movement and the binned counts."""

from aegru_hw.errors import UserError
from aegru_hw.recordings.nwb_contents import Contents
from aegru_hw.recordings.nwb_series import Series
from aegru_hw.recordings.selector import Selector

UNITS = "units"
_NOT_A_HAND = ("target", "eye", "gaze", "pupil")


def choose_movement(
    contents: Contents, velocity: str | None, position: str | None
) -> tuple[list[Series], tuple[int, ...], bool]:
    """Return one series or two, the columns chosen, and whether they are positions."""
    if velocity is not None and position is not None:
        raise UserError("an NWB recording has a velocity or a position; give one of the two")
    if velocity is not None or position is not None:
        selector = Selector.parse(velocity or position or "")
        if selector.time_axis == 1:
            raise UserError(f"'{selector.key}' has time first, as all of NWB; leave @1 out")
        series = [_named(contents, name) for name in selector.key.split(",")]
        return series, selector.rows, position is not None
    for what, letters in (("velocity", "vel"), ("position", "pos")):
        found = candidates(contents, letters)
        if len(found) > 1:  # one that cannot be read is no choice, but would say why if alone
            found = [group for group in found if all(one.usable for one in group)] or found
        if len(found) == 1:
            return found[0], (), what == "position"
        if found:
            listed = "; ".join(",".join(series.name for series in group) for group in found)
            raise UserError(
                f"{contents.path.name} offers more than one {what}: {listed}; "
                f"choose with `aegru-hw import FILE.nwb OUT.h5 --{what} NAME`"
            )
    raise UserError(
        f"{contents.path.name} has no velocity or position with two columns that names itself so; "
        f"{_listed(contents)}; choose with --velocity NAME or --position NAME:0,1"
    )


def candidates(contents: Contents, letters: str) -> list[list[Series]]:
    """Return the series of two columns, or pairs NAME_x, NAME_y, with the letters in their name."""
    named = {
        name: series
        for name, series in contents.series.items()
        if letters in name.rpartition("/")[2].lower()
        and not any(word in name.lower() for word in _NOT_A_HAND)
    }
    groups = [[series] for series in named.values() if series.shape[1:] == (2,)]
    for name, series in named.items():
        other = named.get(f"{name[:-1]}y") if name.endswith("_x") else None
        if other is not None and len(series.shape) == len(other.shape) == 1:
            groups.append([series, other])
    return groups


def _named(contents: Contents, name: str) -> Series:
    found = [
        series for key, series in contents.series.items() if f"/{key}".endswith(f"/{name.strip()}")
    ]
    if len(found) == 1:
        return found[0]
    if found:
        listed = ", ".join(series.name for series in found)
        raise UserError(f"'{name}' is ambiguous in {contents.path.name}: {listed}; give it whole")
    raise UserError(f"{contents.path.name} has no series '{name}'; {_listed(contents)}")


def _listed(contents: Contents) -> str:
    names = ", ".join(f"{name} {series.shape}" for name, series in contents.series.items())
    return f"its series are: {names or 'none'}"


def choose_bins(contents: Contents, counts: str | None) -> Series | None:
    """Return the series of binned counts, None for spike times."""
    if counts is not None and counts != UNITS:
        return _named(contents, counts)
    if contents.unit_count or counts == UNITS:
        return None
    found = [
        series
        for name, series in contents.series.items()
        if len(series.shape) == 2 and ("spike" in name.lower() or "count" in name.lower())
    ]
    if len(found) != 1:
        raise UserError(
            f"{contents.path.name} has no units with spike times; name a series of binned counts "
            f"with --counts NAME; {_listed(contents)}"
        )
    return found[0]
