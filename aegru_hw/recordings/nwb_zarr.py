"""An NWB 2 file in a Zarr store, with the attributes of pynwb's objects that are read of it."""

import math
from dataclasses import dataclass, field
from pathlib import Path

from aegru_hw.errors import UserError
from aegru_hw.recordings.nwb_series import Series
from aegru_hw.recordings.zarr_store import MAX_DEPTH, ZarrArray, ZarrGroup, open_store

PLACES = ("processing", "acquisition", "analysis")


@dataclass(frozen=True)
class Column:
    """A column of a table; with a `target` its data say where the target's rows end."""

    data: ZarrArray | None
    target: "Column | None" = None


@dataclass(frozen=True)
class ZarrTable:
    """A table of columns."""

    name: str
    group: ZarrGroup

    @property
    def colnames(self) -> tuple[str, ...]:
        names = self.group.attributes.get("colnames")
        return (
            tuple(name for name in names if isinstance(name, str) and "/" not in name)
            if (isinstance(names, list))
            else ()
        )

    @property
    def id(self) -> Column:
        return Column(self.group.array("id"))

    def __len__(self) -> int:
        rows = self.group.array("id")
        return 0 if rows is None or len(rows.shape) != 1 else rows.shape[0]

    def __getitem__(self, name: str) -> Column:
        index = self.group.array(f"{name}_index")
        values = Column(self.group.array(name))
        return values if index is None else Column(index, values)


@dataclass(frozen=True)
class Container:
    """A time series, as pynwb's TimeSeries has it."""

    data: ZarrArray
    timestamps: ZarrArray | None
    starting_time: float | None
    rate: float | None
    conversion: float
    offset: float
    unit: str


@dataclass(frozen=True)
class ZarrFile:
    """The parts of an NWB file that are read."""

    units: ZarrTable | None
    electrodes: ZarrTable | None
    intervals: dict[str, ZarrTable]
    trials: None = None
    epochs: None = None
    invalid_times: None = None
    series: dict[str, Series] = field(default_factory=dict)


def open_zarr(path: Path) -> ZarrFile:
    """Open an NWB file in a Zarr store; UserError as `open_store` says, and for another content."""
    root = open_store(path)
    if not isinstance(root.attributes.get("nwb_version"), str):
        raise UserError(f"{path} is a Zarr store, but not of NWB 2")
    units = root.group("units")
    electrodes = root.group("general", "extracellular_ephys", "electrodes")
    intervals = root.group("intervals")
    tables = dict(intervals.groups()) if intervals is not None else {}
    found: dict[str, Series] = {}
    for place in PLACES:
        group = root.group(place)
        if group is not None:
            found |= _series_in(root, group, "" if place == "processing" else place)
    return ZarrFile(
        units=None if units is None else ZarrTable("units", units),
        electrodes=None if electrodes is None else ZarrTable("electrodes", electrodes),
        intervals={name: ZarrTable(name, group) for name, group in tables.items()},
        series=found,
    )


def _series_in(root: ZarrGroup, group: ZarrGroup, place: str, depth: int = 0) -> dict[str, Series]:
    found: dict[str, Series] = {}
    if depth > MAX_DEPTH:
        return found
    for key, inner in group.groups():
        name = f"{place}/{key}" if place else key
        series = _series(root, inner, name)
        if series is not None:
            found[name] = series
        else:
            found |= _series_in(root, inner, name, depth + 1)
    return found


def _series(root: ZarrGroup, group: ZarrGroup, name: str) -> Series | None:
    data = _linked(root, group, "data", name)
    if data is None or not data.shape:
        return None
    timestamps = _linked(root, group, "timestamps", name)
    start = group.array("starting_time")
    facts = ZarrGroup(data.folder).attributes
    container = Container(
        data=data,
        timestamps=timestamps,
        starting_time=None if start is None else _scalar(start, name),
        rate=None if start is None else _number(ZarrGroup(start.folder).attributes.get("rate")),
        conversion=_number(facts.get("conversion")) or 1.0,
        offset=_number(facts.get("offset")) or 0.0,
        unit="".join(letter for letter in str(facts.get("unit"))[:64] if letter.isprintable()),
    )
    return Series(name, data.shape, data.dtype.kind in "bui", container)


def _linked(root: ZarrGroup, group: ZarrGroup, key: str, name: str) -> ZarrArray | None:
    """Return an array of a series, or the one of the same store that is linked in its place."""
    link = group.links().get(key)
    if link is None:
        return group.array(key)
    if link.get("source") != "." or not isinstance(link.get("path"), str):
        raise UserError(f"'{key}' of '{name}' lies in another store; one store is accepted")
    parts = [part for part in str(link["path"]).split("/") if part]
    if not parts or any(part in (".", "..") for part in parts):
        raise UserError(f"'{key}' of '{name}' is a link that leads nowhere")
    return ZarrGroup(root.folder.joinpath(*parts[:-1])).array(parts[-1])


def _scalar(start: ZarrArray, name: str) -> float | None:
    try:
        values = start.read(f"start of '{name}'", 64)
    except UserError:  # the series is unusable, and says so when it is asked for
        return math.nan
    return float(values.flat[0]) if values.size == 1 else math.nan


def _number(value: object) -> float | None:
    known = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if known and abs(value) < 1e300 else None  # type: ignore[arg-type]
