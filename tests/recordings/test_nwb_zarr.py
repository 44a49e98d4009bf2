"""NWB in Zarr stores: by hand and, where hdmf-zarr is installed, by it."""

import importlib.util
import json
import math
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from aegru_hw.cli import main
from aegru_hw.errors import UserError
from aegru_hw.recordings.nwb import describe_nwb, read_nwb
from aegru_hw.recordings.zarr_store import is_zarr, sha256_of_store
from benchmarks.made.nwb import write_nwb
from benchmarks.made.zarr import array, group, open_array, write_store

TIMES = 3.0 + 0.004 * np.arange(500)
VELOCITY = np.random.default_rng(1).normal(size=(500, 2))
UNITS = [(1, [3.01, 3.013]), (0, [3.05, 3.0501, 3.101]), (1, [3.01])]
INSTALLED = importlib.util.find_spec("zarr") is not None


@pytest.fixture(autouse=True)
def zarr(monkeypatch: pytest.MonkeyPatch) -> None:
    """The zarr package, or where that is missing one that reads what these tests write."""
    if not INSTALLED:
        monkeypatch.setitem(sys.modules, "zarr", SimpleNamespace(open_array=open_array))


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return write_store(
        tmp_path / "made.zarr",
        units=UNITS,
        velocity=VELOCITY,
        times=TIMES,
        trials=[3.0, 3.05, 3.1],
    )


def test_the_same_recording_as_in_hdf5(store: Path, tmp_path: Path) -> None:
    path = write_nwb(
        tmp_path / "same.nwb",
        units=UNITS,
        series={"cursor_vel": VELOCITY},
        times=TIMES,
        trials=[3.0, 3.05, 3.1],
    )
    expected, read = read_nwb(path), read_nwb(store)
    assert is_zarr(store)
    assert not is_zarr(path)
    for name in ("counts", "velocity", "reach_starts", "segment_starts"):
        assert np.array_equal(getattr(read, name), getattr(expected, name))
    assert read.channel_names == expected.channel_names
    assert read.tick_seconds == expected.tick_seconds
    assert read.source == "made.zarr"
    assert describe_nwb(store) == describe_nwb(path)


def test_the_hash_is_that_of_all_files(store: Path) -> None:
    before = sha256_of_store(store)
    assert read_nwb(store).sha256 == before
    (store / "units" / "note").write_text("a word")
    assert sha256_of_store(store) != before


@pytest.mark.skipif(not INSTALLED, reason="hdmf-zarr is not installed")
def test_a_store_of_hdmf_zarr(tmp_path: Path) -> None:
    hdmf_zarr = pytest.importorskip("hdmf_zarr")
    from pynwb import NWBHDF5IO

    path = write_nwb(
        tmp_path / "one.nwb", units=UNITS, series={"cursor_vel": VELOCITY}, times=TIMES
    )
    with (
        NWBHDF5IO(path, "r") as source,
        hdmf_zarr.NWBZarrIO(str(tmp_path / "one.zarr"), "w") as target,
    ):
        target.export(src_io=source, write_args={"link_data": False})
    expected, read = read_nwb(path), read_nwb(tmp_path / "one.zarr")
    assert np.array_equal(read.counts, expected.counts)
    assert np.array_equal(read.velocity, expected.velocity)


def test_without_hdmf_zarr(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "zarr", None)
    with pytest.raises(
        UserError, match=r"made.zarr is a Zarr store, .* pip install 'aegru-hw\[nwb-zarr\]'$"
    ):
        read_nwb(store)


def test_a_rate_instead_of_timestamps(store: Path) -> None:
    series = store / "processing" / "behavior" / "hand_vel"
    array(group(series) / "data", VELOCITY * 2, unit="mm/s")
    array(series / "starting_time", np.array(3.0), rate=250.0)
    assert np.array_equal(read_nwb(store, velocity="hand_vel").velocity, VELOCITY * 2)
    assert describe_nwb(store)["series"]["behavior/hand_vel"] == "500 x 2, 250 Hz, mm/s"


def link(source: str, path: str) -> dict[str, str]:
    return {"name": "timestamps", "source": source, "path": path}


def test_timestamps_that_another_series_has(store: Path) -> None:
    series = store / "processing" / "behavior" / "hand_vel"
    target = "/processing/behavior/cursor_vel/timestamps"
    array(group(series, zarr_link=[link(".", target)]) / "data", VELOCITY * 2)
    assert np.array_equal(read_nwb(store, velocity="hand_vel").velocity, VELOCITY * 2)
    for source, path, text in (
        ("../other.zarr", target, "'timestamps' of 'behavior/hand_vel' lies in another store"),
        (".", "/../../secret", "a link that leads nowhere"),
    ):
        group(series, zarr_link=[link(source, path)])
        with pytest.raises(UserError, match=text):
            read_nwb(store)


Change = Callable[[Path], None]


def facts(name: str, **changed: object) -> Change:
    def change(store: Path) -> None:
        path = store / name / ".zarray"
        path.write_text(json.dumps(json.loads(path.read_text()) | changed))

    return change


def text(name: str, content: str) -> Change:
    return lambda store: (store / name).write_text(content) and None


def linked(store: Path) -> None:
    (store / "units" / "spike_times" / "0").unlink()
    (store / "units" / "spike_times" / "0").symlink_to("/etc/passwd")


SPIKES = "units/spike_times"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (facts(SPIKES, compressor={"id": "pickle"}), "is packed with 'pickle'; accepted are blosc"),
        (facts(SPIKES, filters=[{"id": "pickle"}]), "is packed with 'pickle'"),
        (facts(SPIKES, filters="pickle"), "is packed with '0'"),
        (facts(SPIKES, dtype="|O"), "is no array of numbers"),
        (facts(SPIKES, dtype="nonsense"), "is no array of numbers"),
        (facts(SPIKES, shape=[2**40], chunks=[2**40]), "bytes large; at most"),
        (facts(SPIKES, chunks=[2**40]), "bytes large; at most"),
        (facts(SPIKES, shape=[2**27], chunks=[1]), "has 134217728 chunks; at most"),
        (facts(SPIKES, shape=[2**26], chunks=[2**26]), "claims 536870912 bytes where .* are stor"),
        (facts(SPIKES, shape=[-1]), "spike_times has no shape and chunks"),
        (facts(SPIKES, shape=[math.pi]), "spike_times has no shape and chunks"),
        (facts(SPIKES, chunks=[0]), "spike_times has no shape and chunks"),
        (facts(SPIKES, chunks=[1, 1]), "spike_times has no shape and chunks"),
        (facts("units/spike_times_index", shape=[2]), "damaged"),
        (text(f"{SPIKES}/.zarray", "[" * 9999), "no JSON object; the store is damaged"),
        (text(f"{SPIKES}/.zarray", "[]"), "no JSON object; the store is damaged"),
        (text(f"{SPIKES}/0", "short"), "is damaged: "),
        (text(".zattrs", "{}"), "is a Zarr store, but not of NWB 2"),
        (linked, "'0' in .*spike_times is a link or no file"),
        (lambda store: (store / ".zgroup").unlink(), "is no Zarr store of version 2"),
        (text("zarr.json", "{}"), "is a Zarr store of version 3; version 2 is accepted"),
    ],
)
def test_damage_and_hostile_stores(change: Change, said: str, store: Path) -> None:
    change(store)
    with pytest.raises(UserError, match=said) as caught:
        read_nwb(store, velocity="cursor_vel")
    assert "\n" not in str(caught.value)


def test_a_series_that_cannot_be_read_is_listed(store: Path) -> None:
    series = store / "processing" / "behavior" / "hand_vel"
    array(group(series) / "data", VELOCITY)
    assert (
        "unusable: 'behavior/hand_vel' has rate None"
        in (describe_nwb(store)["series"]["behavior/hand_vel"])
    )
    array(series / "starting_time", np.zeros(3), rate=250.0)
    assert "unusable" in describe_nwb(store)["series"]["behavior/hand_vel"]
    assert read_nwb(store).ticks > 400


def test_commands_tell_a_store_from_a_file(tmp_path, capsys) -> None:
    store = tmp_path / "made.nwb.zarr"
    store.mkdir()
    (store / ".zgroup").write_text('{"zarr_format": 2}')
    for command in (["inspect", str(store)], ["import", str(store), str(tmp_path / "out.h5")]):
        assert main(command) == 1
        (line,) = capsys.readouterr().err.strip().splitlines()
        assert f"{store} is a Zarr store" in line
