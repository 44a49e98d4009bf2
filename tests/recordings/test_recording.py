"""The recording, its checks and its file."""

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aegru_hw.errors import UserError
from aegru_hw.recordings.recording import Recording, load_recording

Make = Callable[..., Recording]


def test_properties(make_recording: Make) -> None:
    recording = make_recording(10, 4, segment_starts=[0, 3, 7], reach_starts=[0, 0, 6])
    assert (recording.ticks, recording.channels) == (10, 4)
    assert recording.seconds == 10 * 0.004
    assert recording.segments.tolist() == [[0, 3], [3, 7], [7, 10]]
    assert recording.reaches.tolist() == [[0, 0], [0, 6], [6, 10]]
    assert make_recording(10, 4).reaches.shape == (0, 2)


@pytest.mark.parametrize(
    ("values", "expected"),
    [([[0.0, 255.0]], np.uint8), ([[0, 256]], np.uint16), ([[True, False]], np.uint8)],
)
def test_counts_take_the_smaller_type(
    make_recording: Make, values: list[list[float]], expected: type
) -> None:
    recording = make_recording(1, 2, counts=np.array(values))
    assert recording.counts.dtype == expected
    assert recording.counts.tolist() == values


def counts_with(value: float) -> np.ndarray:
    counts = np.zeros((40, 3))
    counts[17, 2] = value
    return counts


def velocity_with(value: float) -> np.ndarray:
    velocity = np.zeros((40, 2))
    velocity[5, 1] = value
    return velocity


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"counts": counts_with(-1)}, r"count -1.0 at tick 17, channel 2"),
        ({"counts": counts_with(np.nan)}, r"count nan at tick 17, channel 2"),
        ({"counts": counts_with(np.inf)}, r"count inf at tick 17, channel 2"),
        ({"counts": counts_with(0.5)}, r"count 0.5 at tick 17, channel 2"),
        ({"counts": counts_with(65536)}, r"count 65536.0 at tick 17, channel 2"),
        ({"counts": counts_with(1).astype(complex)}, "counts hold complex128"),
        ({"counts": np.zeros(40)}, r"counts have shape \(40,\)"),
        ({"counts": np.zeros((40, 0))}, r"counts have shape \(40, 0\)"),
        ({"counts": np.zeros((40, 4097), dtype=np.uint8)}, "4097 channels"),
        ({"velocity": velocity_with(np.nan)}, "velocity is nan at tick 5, axis 1"),
        ({"velocity": velocity_with(np.inf)}, "velocity is inf at tick 5, axis 1"),
        ({"velocity": np.zeros((39, 2))}, r"velocity has shape \(39, 2\); \(40, 2\)"),
        ({"velocity": np.zeros((40, 3))}, r"velocity has shape \(40, 3\)"),
        ({"velocity": np.full((40, 2), "1")}, "velocity holds <U1"),
        ({"tick_seconds": 0.0}, "tick length 0.0 s"),
        ({"tick_seconds": -0.05}, "tick length -0.05 s"),
        ({"tick_seconds": np.nan}, "tick length nan s"),
        ({"segment_starts": []}, "segment_starts is empty"),
        ({"segment_starts": [1, 5]}, "segment_starts begins with 1"),
        ({"segment_starts": [0, 5, 5]}, "segment_starts has one tick twice"),
        ({"segment_starts": [0, 7, 3]}, "segment start 3 follows 7"),
        ({"segment_starts": [0, 40]}, "segment start 40 is beyond the last tick 39"),
        ({"segment_starts": [0.0, 3.0]}, "segment_starts is float64"),
        ({"segment_starts": [[0, 3]]}, r"segment_starts is int64 \(1, 2\)"),
        ({"reach_starts": [3]}, "reach_starts begins with 3"),
        ({"reach_starts": [0, 7, 3]}, "reach start 3 follows 7"),
        ({"channel_names": ("a", "b")}, "2 channel names for 3 channels"),
        ({"channel_names": ("a", "b", 3)}, "3 channel names for 3 channels"),
        ({"channel_names": ("a", "b", "\x1b[31m")}, r"channel name '\\x1b\[31m' is not printable"),
        ({"channel_names": ("a", "b", "c" * 256)}, "at most 255 characters"),
        ({"source": "a\nb"}, "source"),
        ({"sha256": "\x00"}, "sha256"),
    ],
)
def test_refused(make_recording: Make, fields: dict[str, object], text: str) -> None:
    with pytest.raises(UserError, match=text) as caught:
        make_recording(**fields)
    assert "\n" not in str(caught.value)


@given(data=st.data(), wide=st.booleans(), channels=st.integers(1, 4), ticks=st.integers(1, 30))
@settings(deadline=None, derandomize=True, max_examples=30)
def test_round_trip(
    tmp_path_factory: pytest.TempPathFactory,
    data: st.DataObject,
    wide: bool,
    channels: int,
    ticks: int,
) -> None:
    random = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    starts = (
        st.lists(st.integers(1, ticks - 1), unique=True).map(sorted) if ticks > 1 else st.just([])
    )
    recording = Recording(
        counts=random.integers(0, 60000 if wide else 200, (ticks, channels)),
        velocity=random.normal(size=(ticks, 2)),
        tick_seconds=data.draw(st.floats(1e-6, 10)),
        segment_starts=[0, *data.draw(starts)],
        reach_starts=data.draw(st.one_of(st.just([]), starts.map(lambda values: [0, *values]))),
        channel_names=[
            data.draw(st.text(st.characters(codec="utf-8", categories=["L", "N", "P"]), max_size=9))
            for _ in range(channels)
        ],
        source="naïve 録音.mat",
        sha256="ab" * 32,
    )
    path = tmp_path_factory.mktemp("round") / "recording.h5"
    recording.save(path)
    read = load_recording(path)
    for name in ("counts", "velocity", "segment_starts", "reach_starts"):
        one, other = getattr(recording, name), getattr(read, name)
        assert one.dtype == other.dtype
        assert one.shape == other.shape
        assert np.array_equal(one, other)
    for name in ("tick_seconds", "channel_names", "source", "sha256", "content_hash"):
        assert getattr(recording, name) == getattr(read, name)


def test_same_recording_gives_the_same_bytes(make_recording: Make, tmp_path: Path) -> None:
    make_recording().save(tmp_path / "one.h5")
    make_recording().save(tmp_path / "two.h5")
    assert (tmp_path / "one.h5").read_bytes() == (tmp_path / "two.h5").read_bytes()


@pytest.mark.parametrize(
    "fields",
    [
        {"counts": counts_with(3)},
        {"velocity": velocity_with(0.25)},
        {"tick_seconds": 0.005},
        {"segment_starts": [0, 9]},
        {"reach_starts": [0]},
        {"channel_names": ("a", "b", "c")},
        {"source": "other.mat"},
        {"sha256": "1" * 64},
    ],
)
def test_content_hash_covers_every_field(make_recording: Make, fields: dict[str, object]) -> None:
    assert make_recording(**fields).content_hash != make_recording().content_hash
    assert make_recording(**fields).content_hash == make_recording(**fields).content_hash


def test_save_leaves_nothing_after_a_failure(
    make_recording: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = make_recording()

    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", fail)
    with pytest.raises(UserError, match=r"recording\.h5: No space left"):
        recording.save(tmp_path / "recording.h5")
    assert list(tmp_path.iterdir()) == []


def test_save_into_a_missing_folder(make_recording: Make, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot write"):
        make_recording().save(tmp_path / "none" / "recording.h5")


def replace(name: str, values: object, **options: object) -> Callable[[h5py.File], None]:
    def change(file: h5py.File) -> None:
        del file[name]
        file.create_dataset(name, data=values, **options)

    return change


def claim(name: str, shape: tuple[int, ...], dtype: str) -> Callable[[h5py.File], None]:
    """Declare an array of a shape without storing it."""

    def change(file: h5py.File) -> None:
        del file[name]
        file.create_dataset(name, shape=shape, dtype=dtype, chunks=True, compression="gzip")

    return change


def attribute(name: str, value: object) -> Callable[[h5py.File], None]:
    def change(file: h5py.File) -> None:
        file.attrs[name] = value

    return change


def without(name: str) -> Callable[[h5py.File], None]:
    def change(file: h5py.File) -> None:
        if name in file:
            del file[name]
        else:
            del file.attrs[name]

    return change


def link_out(file: h5py.File) -> None:
    del file["counts"]
    file["counts"] = h5py.ExternalLink("elsewhere.h5", "/counts")


def external_storage(file: h5py.File) -> None:
    del file["velocity"]
    file.create_dataset("velocity", (40, 2), "f8", external=[("elsewhere.raw", 0, 640)])


def virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout((40, 3), "u1")
    layout[:] = h5py.VirtualSource("elsewhere.h5", "counts", (40, 3))
    del file["counts"]
    file.create_virtual_dataset("counts", layout)


@pytest.mark.parametrize(
    ("damage", "text"),
    [
        (without("counts"), "has no array 'counts'; its arrays are: channel_names, reach_starts"),
        (without("channel_names"), "has no array 'channel_names'"),
        (without("checksum"), "'checksum'"),
        (without("schema_version"), "'schema_version'"),
        (without("tick_seconds"), "'tick_seconds'"),
        (without("source"), "'source'"),
        (without("format"), "not an aegru-hw recording"),
        (attribute("format", "another"), "not an aegru-hw recording"),
        (attribute("format", 3), "'format'"),
        (attribute("schema_version", 2), "schema version 2; this program reads 1"),
        (attribute("schema_version", [1, 1]), "'schema_version'"),
        (attribute("tick_seconds", "0.004"), "'tick_seconds'"),
        (attribute("tick_seconds", -0.004), "tick length -0.004"),
        (attribute("tick_seconds", 0.005), "checksum"),
        (attribute("source", "other.mat"), "checksum"),
        (attribute("checksum", "0" * 64), "checksum"),
        (replace("counts", np.zeros((40, 3), np.uint8)), "checksum"),
        (replace("counts", np.zeros((40, 3), np.int64)), "'counts' .* is int64"),
        (replace("counts", np.zeros(40, np.uint8)), "'counts' .* is uint8"),
        (replace("velocity", np.zeros((40, 2), np.float32)), "'velocity' .* is float32"),
        (replace("velocity", np.zeros((39, 2))), "velocity has shape"),
        (replace("segment_starts", np.array([0, 99])), "segment start 99 is beyond"),
        (replace("reach_starts", np.array([0, 3])), "checksum"),
        (replace("channel_names", np.frombuffer(b"[1, 2, 3]", np.uint8)), "3 channel names"),
        (replace("channel_names", np.frombuffer(b"{}", np.uint8)), "not a JSON list"),
        (replace("channel_names", np.frombuffer(b"\xff", np.uint8)), "not a JSON list"),
        (replace("channel_names", np.frombuffer(b"[" * 100000, np.uint8)), "not a JSON list"),
        (replace("counts", "text"), "'counts' .* is object"),
        (claim("counts", (2**40, 96), "u1"), "bytes large; at most"),
        (claim("counts", (2**24, 96), "u1"), "claims 1610612736 bytes where 0 are stored"),
        (claim("velocity", (2**22, 2), "f8"), "where 0 are stored"),
        (claim("channel_names", (2**30,), "u1"), "at most 4194304"),
        (link_out, "has no array 'counts'"),
        (external_storage, "keeps its numbers in another file"),
        (virtual, "keeps its numbers in another file"),
    ],
)
def test_damage_is_refused(
    make_recording: Make, tmp_path: Path, damage: Callable[[h5py.File], None], text: str
) -> None:
    path = tmp_path / "recording.h5"
    make_recording().save(path)
    with h5py.File(path, "r+") as file:
        damage(file)
    with pytest.raises(UserError, match=text) as caught:
        load_recording(path)
    assert "\n" not in str(caught.value)


def test_truncated_or_flipped_bytes_are_refused(make_recording: Make, tmp_path: Path) -> None:
    path = tmp_path / "recording.h5"
    recording = make_recording(200, 8)
    recording.save(path)
    whole = path.read_bytes()
    for length in range(0, len(whole), 499):
        path.write_bytes(whole[:length])
        with pytest.raises(UserError):
            load_recording(path)
    refused = 0
    for at in range(0, len(whole), 61):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x5A]) + whole[at + 1 :])
        try:
            assert load_recording(path).content_hash == recording.content_hash
        except UserError:
            refused += 1
    assert refused > 10


def test_missing_and_foreign_files(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not exist"):
        load_recording(tmp_path / "none.h5")
    with pytest.raises(UserError, match="does not exist or is not a file"):
        load_recording(tmp_path)
    (tmp_path / "text.h5").write_text("hello")
    with pytest.raises(UserError, match="not an HDF5 file"):
        load_recording(tmp_path / "text.h5")
    h5py.File(tmp_path / "empty.h5", "w").close()
    with pytest.raises(UserError, match="not an aegru-hw recording"):
        load_recording(tmp_path / "empty.h5")


def test_two_arrays_and_a_tick_make_a_recording() -> None:
    counts, velocity = [[0.0, 2.0], [1.0, 0.0], [0.0, 0.0]], [[0, 1], [2, 3], [4, 5]]
    recording = Recording(counts, velocity, tick_seconds=0.02)
    assert recording.counts.dtype == np.uint8
    assert recording.counts.tolist() == counts
    assert recording.velocity.dtype == np.float64
    assert recording.segment_starts.tolist() == [0]
    assert recording.reach_starts.tolist() == []
    assert recording.channel_names == ("channel 0", "channel 1")
    assert (recording.source, recording.sha256) == ("made in Python", "")
    with pytest.raises(TypeError, match="tick_seconds"):
        Recording(counts, velocity)


def test_defaults_are_not_shared(make_recording: Make) -> None:
    one, other = (Recording([[1]], [[0, 1]], tick_seconds=0.02) for _ in range(2))
    one.segment_starts[0] = 7
    assert other.segment_starts.tolist() == [0]


def test_equality_is_that_of_the_content(make_recording: Make) -> None:
    assert make_recording() == make_recording()
    assert len({make_recording(), make_recording()}) == 1
    assert make_recording() != make_recording(source="other.mat")
    assert make_recording() != make_recording(velocity=velocity_with(0.25))
    assert make_recording() != "recording"


def test_load_takes_a_path_or_a_text(make_recording: Make, tmp_path: Path) -> None:
    path = tmp_path / "recording.h5"
    make_recording().save(str(path))
    for place in (path, str(path)):
        assert Recording.load(place) == load_recording(place) == make_recording()
    with pytest.raises(UserError, match="does not exist"):
        Recording.load(str(tmp_path / "none.h5"))


def test_it_prints_as_one_short_line(make_recording: Make) -> None:
    recording = make_recording(1200, 3, segment_starts=[0, 7], reach_starts=[0])
    assert repr(recording) == (
        "Recording('made.mat', 1,200 ticks of 4 ms, 3 channels, 2 segments, 1 reach)"
    )
