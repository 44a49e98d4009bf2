"""The reader of binned recordings, its selectors, and files that are not what they say."""

import contextlib
import hashlib
import io
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
import scipy.io

from aegru_hw.errors import UserError
from aegru_hw.recordings.binned import read_binned, segment_starts_from_position
from aegru_hw.recordings.containers import Shape, open_container
from aegru_hw.recordings.selector import Selector, time_axes


def array_shapes(path: Path) -> dict[str, Shape]:
    return open_container(path).shapes()


Write = Callable[..., Path]
TICKS = 30


def write_mat5(path: Path, **arrays: object) -> Path:
    scipy.io.savemat(path, arrays, do_compression=True)
    return path


def write_mat73(path: Path, **arrays: object) -> Path:
    with h5py.File(path, "w", userblock_size=512) as file:
        for name, array in arrays.items():
            file.create_dataset(name, data=np.asarray(array).T, compression="gzip")
    return path


def write_npz(path: Path, **arrays: object) -> Path:
    with open(path, "wb") as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
    return path


WRITERS = {"mat5": write_mat5, "mat73": write_mat73, "npz": write_npz}


@pytest.fixture(params=WRITERS)
def write(request: pytest.FixtureRequest, tmp_path: Path) -> Write:
    """Return a function that writes arrays to a file of each kind."""
    return lambda **arrays: WRITERS[request.param](tmp_path / "made", **arrays)


def made_counts(channels: int = 4) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 9, (TICKS, channels)).astype(np.float64)


def made_hand() -> np.ndarray:
    return np.random.default_rng(2).normal(size=(TICKS, 3))


@pytest.mark.parametrize("transpose", [False, True])
def test_reads_either_orientation(write: Write, transpose: bool) -> None:
    counts, hand = made_counts(), made_hand()
    turn = np.transpose if transpose else np.asarray
    path = write(spikes=turn(counts), hand=turn(hand), other=np.zeros(3))
    recording = read_binned(path, counts="spikes", velocity="hand:2,0", tick_seconds=0.05)
    assert recording.counts.dtype == np.uint8
    assert np.array_equal(recording.counts, counts)
    assert np.array_equal(recording.velocity, hand[:, [2, 0]])
    assert recording.tick_seconds == 0.05
    assert recording.segment_starts.tolist() == [0]
    assert recording.reach_starts.tolist() == []
    assert recording.channel_names == ("channel 1", "channel 2", "channel 3", "channel 4")
    assert recording.source == "made"
    assert recording.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_rows_of_counts(write: Write) -> None:
    path = write(spikes=made_counts(), hand=made_hand())
    recording = read_binned(path, counts="spikes:3,1", velocity="hand:0,1", tick_seconds=0.05)
    assert np.array_equal(recording.counts, made_counts()[:, [3, 1]])


def test_counts_above_a_byte(write: Write) -> None:
    path = write(spikes=made_counts() * 100 + 1, hand=made_hand())
    recording = read_binned(path, counts="spikes", velocity="hand:0,1", tick_seconds=0.05)
    assert recording.counts.dtype == np.uint16
    assert np.array_equal(recording.counts, made_counts() * 100 + 1)


def test_one_channel_in_npz(tmp_path: Path) -> None:
    path = write_npz(tmp_path / "one.npz", spikes=np.arange(TICKS), hand=made_hand())
    recording = read_binned(path, counts="spikes", velocity="hand:0,1", tick_seconds=0.05)
    assert recording.counts[:, 0].tolist() == list(range(TICKS))


def test_mat73_axes_are_as_python_shows_them(tmp_path: Path) -> None:
    counts = np.arange(9).reshape(3, 3)
    path = write_mat73(tmp_path / "square.mat", spikes=counts, hand=np.zeros((3, 2)))
    recording = read_binned(path, counts="spikes@1", velocity="hand", tick_seconds=1)
    assert np.array_equal(recording.counts, counts)


def test_ambiguous_time_and_its_settlement(write: Write) -> None:
    counts = made_counts(TICKS)
    path = write(spikes=counts, hand=made_hand())
    with pytest.raises(UserError, match=r"ambiguous: .*append @0 or @1 .* spikes@0"):
        read_binned(path, counts="spikes", velocity="hand:0,1", tick_seconds=0.05)
    time = 0 if h5py.is_hdf5(path) is False else 1
    settled = read_binned(path, counts=f"spikes@{time}", velocity="hand:0,1", tick_seconds=0.05)
    assert np.array_equal(settled.counts, counts)
    turned = read_binned(path, counts=f"spikes@{1 - time}", velocity="hand:0,1", tick_seconds=0.05)
    assert np.array_equal(turned.counts, counts.T)


@pytest.mark.parametrize(
    ("base", "first"), [(None, None), (0, 0), (1, 1)], ids=["default", "zero", "one"]
)
def test_reaches(write: Write, base: int | None, first: int | None) -> None:
    path = write(spikes=made_counts(), hand=made_hand(), starts=np.array([[4, 9, 20]]))
    recording = read_binned(
        path,
        counts="spikes",
        velocity="hand:0,1",
        tick_seconds=0.05,
        reaches="starts",
        reach_base=base,
    )
    if first is None:
        first = 0 if zipfile.is_zipfile(path) else 1
    assert recording.reach_starts.tolist() == [0, 4 - first, 9 - first, 20 - first]


def test_reach_that_starts_at_the_first_bin(write: Write) -> None:
    path = write(spikes=made_counts(), hand=made_hand(), starts=np.array([[1, 9]]))
    recording = read_binned(
        path,
        counts="spikes",
        velocity="hand:0,1",
        tick_seconds=0.05,
        reaches="starts",
        reach_base=1,
    )
    assert recording.reach_starts.tolist() == [0, 8]


def joined(convention: str, tick: float) -> tuple[np.ndarray, np.ndarray]:
    """Position and velocity of three segments of 20, 30 and 25 ticks."""
    random = np.random.default_rng(3)
    positions, velocities = [], []
    for length in (20, 30, 25):
        position = np.cumsum(random.normal(size=(length, 2)), axis=0) + random.normal(0, 90, 2)
        step = np.diff(position, axis=0) / tick
        edge = np.zeros((1, 2))
        order = [edge, step] if convention == "backward" else [step, edge]
        positions.append(position)
        velocities.append(np.concatenate(order))
    return np.concatenate(positions), np.concatenate(velocities)


@pytest.mark.parametrize("convention", ["backward", "forward"])
@pytest.mark.parametrize("tick", [0.1, 0.004])
def test_breaks(convention: str, tick: float) -> None:
    position, velocity = joined(convention, tick)
    assert segment_starts_from_position(position, velocity, tick).tolist() == [0, 20, 50]


def test_breaks_of_a_sampled_derivative() -> None:
    time = np.arange(400) * 0.05
    position = np.stack([np.sin(time), np.cos(1.3 * time)], axis=1)
    velocity = np.stack([np.cos(time), -1.3 * np.sin(1.3 * time)], axis=1)
    assert segment_starts_from_position(position, velocity, 0.05).tolist() == [0]
    position[150:] += 0.3
    assert segment_starts_from_position(position, velocity, 0.05).tolist() == [0, 150]


def test_breaks_through_the_reader(write: Write) -> None:
    position, velocity = joined("backward", 0.1)
    state = np.concatenate([position, velocity], axis=1)
    path = write(Y=np.ones((75, 5)), X=state)
    options = {"counts": "Y", "velocity": "X:2,3", "tick_seconds": 0.1}
    assert read_binned(path, **options, position="X:0,1").segment_starts.tolist() == [0, 20, 50]
    assert read_binned(path, **options).segment_starts.tolist() == [0]


def test_no_breaks_where_nothing_moves() -> None:
    still = np.ones((9, 2))
    assert segment_starts_from_position(still, np.zeros((9, 2)), 0.1).tolist() == [0]
    assert segment_starts_from_position(still[:1], np.zeros((1, 2)), 0.1).tolist() == [0]


def test_velocity_that_does_not_belong_to_the_position() -> None:
    position, velocity = joined("backward", 0.1)
    with pytest.raises(UserError, match="velocity does not explain position"):
        segment_starts_from_position(position, velocity / 1000, 0.1)
    with pytest.raises(UserError, match="velocity does not explain position"):
        segment_starts_from_position(position, velocity, 0.004)
    position[7, 1] = np.nan
    with pytest.raises(UserError, match="position is not finite at tick 7"):
        segment_starts_from_position(position, velocity, 0.1)


OPTIONS = {"counts": "spikes", "velocity": "hand:0,1", "tick_seconds": 0.05}


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        (
            {"counts": "spike"},
            "no array 'spike'; its arrays are: cell, empty, far, hand, late, lost, noise",
        ),
        ({"velocity": "vel"}, "no array 'vel'"),
        ({"position": "pos"}, "no array 'pos'"),
        ({"reaches": "reach"}, "no array 'reach'"),
        ({"velocity": "hand"}, "velocity 'hand' has 3 rows; select two, for example hand:0,1"),
        ({"velocity": "hand:0"}, "velocity 'hand:0' has 1 rows"),
        ({"velocity": "hand:0,3"}, "'hand' has no row 3; rows 0 to 2 exist"),
        ({"position": "hand"}, "position 'hand' has 3 rows"),
        ({"velocity": "hand:0-1"}, "'hand:0-1' names no array"),
        ({"velocity": "hand:0,1@3"}, "names no array"),
        ({"velocity": "hand:0,1@2"}, "'hand' has no axis 2"),
        ({"velocity": ""}, "'' names no array"),
        ({"velocity": "short:0,1"}, "share no length that could be time"),
        ({"counts": "far"}, "count -2.0 at tick 1, channel 3"),
        ({"counts": "noise"}, "count nan at tick 0, channel 0"),
        ({"counts": "empty"}, "'empty' has shape"),
        ({"velocity": "lost"}, "velocity is nan or infinite at every tick"),
        ({"tick_seconds": 0}, "tick length 0 s"),
        ({"tick_seconds": -1.0}, "tick length -1.0 s"),
        ({"reaches": "late"}, "has bins 4 to 31; 1 to 30 exist when counted from 1"),
        ({"reaches": "turned"}, "not in increasing order"),
        ({"reaches": "turned", "reach_base": 2}, "counted from 2"),
        ({"reaches": "hand"}, "not a list of bin numbers"),
    ],
)
def test_refused(write: Write, changed: dict[str, object], text: str) -> None:
    far = made_counts()
    far[1, 3] = -2
    noise = made_counts(5)
    noise[0, 0] = np.nan
    path = write(
        spikes=made_counts(),
        hand=made_hand(),
        short=made_hand()[:7],
        far=far,
        noise=noise,
        lost=np.full((TICKS, 2), np.nan),
        empty=np.zeros((0, TICKS)),
        late=np.array([[4, 31]]),
        turned=np.array([[4, 9, 8]]),
        cell=np.zeros(1),
    )
    options: dict[str, object] = {**OPTIONS, "reach_base": 1 if "reaches" in changed else None}
    with pytest.raises(UserError, match=text) as caught:
        read_binned(path, **(options | changed))  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)


def test_selector() -> None:
    assert Selector.parse("handVel:0,1") == Selector("handVel", (0, 1), None)
    assert Selector.parse("group/X:2,3@1") == Selector("group/X", (2, 3), 1)
    assert Selector.parse("Y@0") == Selector("Y", (), 0)


def test_time_axes() -> None:
    one, other = Selector("a"), Selector("b")
    assert time_axes([one, other], [(9, 4), (2, 9)]) == [0, 1]
    with pytest.raises(UserError, match="ambiguous"):
        time_axes([one, other], [(9, 2), (2, 9)])
    assert time_axes([Selector("a", (), 0), other], [(9, 2), (2, 9)]) == [0, 1]
    with pytest.raises(UserError, match="share no length"):
        time_axes([Selector("a", (), 0), Selector("b", (), 0)], [(9, 2), (2, 9)])


def test_shapes(write: Write) -> None:
    path = write(spikes=made_counts(), hand=made_hand())
    shapes = array_shapes(path)
    assert sorted(shapes) == ["hand", "spikes"]
    assert sorted(shapes["spikes"]) == [4, TICKS]


def read(path: Path) -> None:
    read_binned(path, counts="spikes", velocity="hand:0,1", tick_seconds=0.05)


def test_truncated_files_are_refused(write: Write) -> None:
    path = write(spikes=made_counts(), hand=made_hand())
    whole = path.read_bytes()
    for length in range(0, len(whole) - 1, max(1, len(whole) // 40)):
        path.write_bytes(whole[:length])
        with pytest.raises(UserError):
            read(path)


def test_flipped_bytes_never_escape(write: Write) -> None:
    path = write(spikes=made_counts(), hand=made_hand())
    whole = path.read_bytes()
    refused = 0
    for at in range(0, len(whole), max(1, len(whole) // 300)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        for use in (read, array_shapes):
            with contextlib.suppress(UserError):
                use(path)
                continue
            refused += 1
    assert refused > 10


def test_missing_and_foreign_files(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not exist"):
        read(tmp_path / "none.mat")
    with pytest.raises(UserError, match="not a file"):
        read(tmp_path)
    (tmp_path / "text.mat").write_text("hello")
    with pytest.raises(UserError, match=r"neither a \.mat"):
        read(tmp_path / "text.mat")


def test_mat5_of_other_classes(tmp_path: Path) -> None:
    path = write_mat5(
        tmp_path / "classes.mat",
        spikes={"field": 1},
        text="abc",
        mixed=np.array([1, "a"], dtype=object),
        wave=np.ones((3, 3)) * 1j,
        hand=made_hand(),
    )
    for name, kind in (("spikes", "struct"), ("text", "char"), ("mixed", "cell")):
        with pytest.raises(UserError, match=f"'{name}' of classes.mat is a {kind}"):
            read_binned(path, counts=name, velocity="hand:0,1", tick_seconds=1)
    with pytest.raises(UserError, match="'wave' is not an array of real numbers"):
        read_binned(path, counts="wave", velocity="hand:0,1", tick_seconds=1)


def test_mat73_of_other_classes(tmp_path: Path) -> None:
    path = write_mat73(tmp_path / "classes.mat", hand=made_hand(), group=np.zeros(3))
    with h5py.File(path, "r+") as file:
        file.create_group("struct")["field"] = np.zeros((2, TICKS))
        file["text"] = "abc"
        file["refs"] = np.array([file["group"].ref], dtype=h5py.ref_dtype)
        empty = file.create_dataset("empty", data=np.array([0, 3], dtype=np.uint64))
        empty.attrs["MATLAB_empty"] = np.uint8(1)
    for name, text in (
        ("struct", "no array 'struct'; its arrays are: empty, group, hand, refs, struct/field"),
        ("text", "'text' holds object; real numbers are needed"),
        ("refs", "'refs' holds object"),
        ("empty", r"'empty' has shape \(0, 0\)"),
    ):
        with pytest.raises(UserError, match=text):
            read_binned(path, counts=name, velocity="hand:0,1", tick_seconds=1)


class Harm:
    """Pickles to a call that would be seen."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return pytest.fail, ("unpickled",)


def test_npz_is_never_unpickled(tmp_path: Path) -> None:
    spikes = np.array([Harm(), Harm()], dtype=object)
    path = write_npz(tmp_path / "harm.npz", spikes=spikes, hand=made_hand())
    with pytest.raises(UserError, match=r"'spikes' of harm\.npz holds object"):
        read(path)


def npy_header(text: str, version: int = 1) -> bytes:
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H", len(text)) + text.encode()


@pytest.mark.parametrize(
    ("member", "text"),
    [
        (npy_header("{'descr': '<f8', 'fortran_order': False, 'shape': (1099511627776, 4), }"),
         "bytes large; at most"),
        (npy_header("{'descr': '<f8', 'fortran_order': False, 'shape': (100000000, 4), }"),
         "are stored; damaged file"),
        (npy_header("{'descr': '<f8', 'fortran_order': False, 'shape': (9, 4), }"), "is damaged"),
        (npy_header("{'descr': '<f8', 'fortran_order': False, 'shape': (-9, 4), }"), "is damaged"),
        (npy_header("__import__('os')"), "is damaged"),
        (npy_header("{}", version=9), "is damaged: npy version"),
        (b"hello", "is damaged"),
        (b"", "is damaged"),
    ],
)  # fmt: skip
def test_npz_headers(tmp_path: Path, member: bytes, text: str) -> None:
    path = tmp_path / "claims.npz"
    hand = io.BytesIO()
    np.save(hand, made_hand())
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("spikes.npy", member)
        archive.writestr("hand.npy", hand.getvalue())
    with pytest.raises(UserError, match=text) as caught:
        read(path)
    assert "\n" not in str(caught.value)


def test_one_channel_and_axes_apart(tmp_path: Path) -> None:
    counts, x, y = np.arange(9), np.linspace(0, 1, 9), np.linspace(2, 3, 9)
    np.savez(tmp_path / "one.npz", counts=counts, x=x, y=y)
    recording = read_binned(tmp_path / "one.npz", counts="counts", velocity="x,y", tick_seconds=0.1)
    assert recording.counts.tolist() == counts[:, None].tolist()
    assert recording.velocity.tolist() == np.stack([x, y], axis=1).tolist()
