"""An NWB file in a Zarr store of version 2, whose arrays are not packed."""

import importlib.util
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from numpy.typing import NDArray


def group(folder: Path, **attributes: object) -> Path:
    """Make a group with attributes."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ".zgroup").write_text('{"zarr_format": 2}')
    (folder / ".zattrs").write_text(json.dumps(attributes))
    return folder


def array(
    folder: Path, values: NDArray, change: dict[str, object] | None = None, **attributes: object
) -> None:
    """Write an array of one chunk with attributes; `change` replaces what it says of itself."""
    folder.mkdir(parents=True)
    facts = {
        "zarr_format": 2,
        "shape": list(values.shape),
        "chunks": [max(length, 1) for length in values.shape],
        "dtype": values.dtype.str,
        "compressor": None,
        "fill_value": 0,
        "filters": None,
        "order": "C",
    }
    (folder / ".zarray").write_text(json.dumps(facts | (change or {})))
    (folder / ".zattrs").write_text(json.dumps(attributes))
    (folder / (".".join("0" for _ in values.shape) or "0")).write_bytes(values.tobytes())


def write_store(
    root: Path,
    *,
    units: list[tuple[int, list[float]]],
    velocity: NDArray,
    times: NDArray,
    trials: list[float],
) -> Path:
    """Write units with their electrodes, the series behavior/cursor_vel, and trials of 10 ms."""
    group(root, nwb_version="2.11.0")
    table = group(root / "units", colnames=["spike_times", "electrodes"])
    trains = [train for _, train in units]
    array(table / "id", np.arange(len(units)))
    array(table / "spike_times", np.concatenate(trains))
    array(table / "spike_times_index", np.cumsum([len(train) for train in trains]))
    array(table / "electrodes", np.array([row for row, _ in units]))
    array(table / "electrodes_index", np.arange(1, len(units) + 1, dtype=np.uint8))
    electrodes = group(group(root / "general") / "extracellular_ephys")
    rows = max(row for row, _ in units) + 1
    array(group(electrodes / "electrodes") / "id", np.arange(rows))
    module = group(group(root / "processing") / "behavior")
    series = group(module / "cursor_vel", neurodata_type="TimeSeries")
    array(series / "data", velocity, unit="mm/s", conversion=1.0, offset=0.0)
    array(series / "timestamps", times)
    table = group(group(root / "intervals") / "trials")
    starts = np.array(trials)
    array(table / "id", np.arange(len(starts)))
    array(table / "start_time", starts)
    array(table / "stop_time", starts + 0.01)
    return root


def open_array(path: str, mode: str) -> NDArray:
    """Read an array that `array` wrote, as the zarr package's function of that name does."""
    facts = json.loads((Path(path) / ".zarray").read_text())
    name = ".".join("0" for _ in facts["shape"]) or "0"
    values = np.frombuffer((Path(path) / name).read_bytes(), facts["dtype"])
    return values.reshape(facts["shape"])


@contextmanager
def stand_in() -> Iterator[None]:
    """Let `open_array` read stores within the body, where the zarr package is not installed."""
    missing = "zarr" not in sys.modules and importlib.util.find_spec("zarr") is None
    if missing:
        sys.modules["zarr"] = SimpleNamespace(open_array=open_array)  # type: ignore[assignment]
    try:
        yield
    finally:
        if missing:
            del sys.modules["zarr"]
