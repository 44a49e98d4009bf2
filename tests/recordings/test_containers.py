"""Files with named arrays: structs, sparse and logical arrays, cells, v4 and .npy."""

import contextlib
import struct
from pathlib import Path

import h5py
import numpy as np
import pytest
import scipy.io
import scipy.sparse

from aegru_hw.errors import UserError
from aegru_hw.recordings.binned import read_binned
from aegru_hw.recordings.containers import container_of, open_container
from aegru_hw.recordings.generator import generate
from benchmarks.made.matlab73 import write_matlab73

TICKS = 40
COUNTS = np.random.default_rng(3).integers(0, 3, (TICKS, 5))
HAND = np.random.default_rng(4).normal(size=(TICKS, 2))


def read(path: Path, counts: str = "spikes", velocity: str = "vel") -> np.ndarray:
    recording = read_binned(path, counts=counts, velocity=velocity, tick_seconds=0.05)
    assert np.array_equal(recording.velocity, HAND)
    return recording.counts


@pytest.fixture(params=["v5", "v7.3"])
def write(request, tmp_path):
    """Return a function that writes MATLAB variables: dicts are structs, lists struct arrays."""

    def to_file(**variables) -> Path:
        path = tmp_path / "made.mat"
        if request.param == "v7.3":
            write_matlab73(path, variables)
        else:
            scipy.io.savemat(path, variables, do_compression=True)
        return path

    return to_file


@pytest.mark.parametrize("name", ["binnedData.spikeratedata", "spikeratedata"])
def test_structs_by_dotted_path(write, name) -> None:
    path = write(binnedData={"spikeratedata": COUNTS, "velocbin": HAND, "meta": {"n": 1.0}})
    assert np.array_equal(read(path, name, "binnedData.velocbin"), COUNTS)
    shapes = open_container(path).shapes()
    assert set(shapes) == {"binnedData.spikeratedata", "binnedData.velocbin", "binnedData.meta.n"}
    assert sorted(shapes["binnedData.spikeratedata"]) == [5, TICKS]


def test_nested_structs_and_ambiguous_names(write) -> None:
    path = write(a={"b": {"spikes": COUNTS}, "vel": HAND}, c={"spikes": COUNTS})
    assert np.array_equal(read(path, "a.b.spikes"), COUNTS)
    with pytest.raises(UserError, match=r"'spikes' is ambiguous in made\.mat: a\.b\.spikes, c\."):
        read(path)
    with pytest.raises(UserError, match=r"no array 'a\.none'; its arrays are: a\.b\.spikes"):
        read(path, "a.none")


def test_sparse_and_logical(write) -> None:
    path = write(spikes=scipy.sparse.csc_matrix(COUNTS.astype(float)), vel=HAND)
    assert np.array_equal(read(path), COUNTS)
    assert sorted(open_container(path).shapes()["spikes"]) == [5, TICKS]
    path = write(spikes=COUNTS > 0, vel=HAND)
    assert np.array_equal(read(path), COUNTS > 0)


def test_sparse_parts_that_do_not_fit(tmp_path) -> None:
    path = tmp_path / "made.mat"
    for part, values in (("ir", [TICKS]), ("ir", [-1]), ("jc", [0, 9, 1]), ("data", [])):
        write_matlab73(path, {"spikes": scipy.sparse.csc_matrix(COUNTS), "vel": HAND})
        with h5py.File(path, "r+") as file:
            group = file["spikes"]
            old = group[part][()]
            del group[part]
            if len(values):
                old = old.astype(np.int64)
                old[: len(values)] = values
            group[part] = old if values else np.zeros(0)
        with pytest.raises(UserError, match=r"damaged|not an array"):
            read(path)


def element(kind: int, content: bytes) -> bytes:
    """An element of MATLAB's v5 format, padded to 8 bytes."""
    return struct.pack("<II", kind, len(content)) + content + bytes(-len(content) % 8)


def write_v5(path: Path, code: int, stored: int, numbers: np.ndarray) -> Path:
    """Write 'spikes' of a class, by MATLAB's number of it, and the type that it is stored in."""
    parts = element(6, struct.pack("<II", code, 0))
    parts += element(5, struct.pack("<ii", *numbers.shape)) + element(1, b"spikes")
    parts += element(stored, numbers.tobytes(order="F"))
    path.write_bytes(b"MATLAB 5.0".ljust(124) + b"\x00\x01IM" + element(14, parts))
    return path


def test_v5_stores_numbers_in_the_smallest_type(tmp_path) -> None:
    counts = COUNTS.astype(np.uint8)
    for code, dtype in ((6, np.float64), (7, np.float32), (10, np.int16), (15, np.uint64)):
        path = write_v5(tmp_path / "made.mat", code, 2, counts)
        assert np.array_equal(scipy.io.loadmat(path)["spikes"], COUNTS)
        loaded = open_container(path).load("spikes")
        assert loaded.dtype == dtype
        assert np.array_equal(loaded, COUNTS)


@pytest.mark.parametrize("number", [300, -1, 0.5, np.nan, np.inf, 1e300])
def test_v5_numbers_that_do_not_fit_their_class(tmp_path, number) -> None:
    path = write_v5(tmp_path / "made.mat", 9, 9, np.array([[1.0, number]]))
    with pytest.raises(UserError, match="is damaged: 'spikes' has numbers that are no uint8"):
        open_container(path).load("spikes")


def test_v5_singles_stored_as_doubles(tmp_path) -> None:
    path = write_v5(tmp_path / "made.mat", 7, 9, np.array([[0.5, 1e300, np.nan]]))
    assert np.array_equal(open_container(path).load("spikes"), [[0.5, np.inf, np.nan]], True)


def test_v4(tmp_path) -> None:
    path = tmp_path / "old.mat"
    scipy.io.savemat(path, {"spikes": COUNTS, "vel": HAND, "text": "abc"}, format="4")
    assert container_of(path).kind == "mat4"
    assert np.array_equal(read(path), COUNTS)
    scipy.io.savemat(path, {"spikes": scipy.sparse.csc_matrix(COUNTS), "vel": HAND}, format="4")
    assert np.array_equal(read(path), COUNTS)
    assert open_container(path).shapes() == {"spikes": (TICKS, 5), "vel": (TICKS, 2)}


def test_npy_with_its_neighbours(tmp_path) -> None:
    np.save(tmp_path / "spikes.npy", COUNTS)
    np.save(tmp_path / "vel.npy", HAND)
    assert np.array_equal(read(tmp_path / "spikes.npy"), COUNTS)
    np.save(tmp_path / "objects.npy", np.array([{}]), allow_pickle=True)
    with pytest.raises(UserError, match="holds object"):
        read(tmp_path / "spikes.npy", "objects")


@pytest.mark.parametrize("kind", ["v4", "v5", "v5 flat", "v7.3", "npy"])
def test_damage_is_one_line(kind, tmp_path) -> None:
    path = tmp_path / ("made.npy" if kind == "npy" else "made.mat")
    sparse = scipy.sparse.csc_matrix(COUNTS)
    struct = {"s": {"spikes": sparse, "vel": HAND}, "c": [{"a": HAND}] * 2}
    flat = {"spikes": COUNTS, "vel": scipy.sparse.csc_matrix(HAND)}
    if kind == "npy":
        np.save(path, COUNTS)
    elif kind == "v7.3":
        write_matlab73(path, struct)
    else:
        scipy.io.savemat(path, struct if kind == "v5" else flat, format=kind[1])
    whole = path.read_bytes()
    random = np.random.default_rng(0)
    for trial in range(300):
        damaged = bytearray(whole)
        for at in random.integers(0, min(len(whole), 3000), 3):
            damaged[at] = random.integers(256)
        path.write_bytes(damaged[: len(whole) if trial % 3 else random.integers(len(whole))])
        with contextlib.suppress(UserError):
            container = open_container(path)
            for name in container.shapes():
                with contextlib.suppress(UserError):
                    container.load(name)


def test_a_matrix_of_cells_is_no_list_of_trials(tmp_path) -> None:
    generate(tmp_path / "made.mat", channels=3, seconds=8)
    assert open_container(tmp_path / "made.mat").shapes()["spikes"] == (5, 3)


@pytest.mark.parametrize("kind", ["v4", "v5", "h5", "npz"])
def test_names_that_are_not_printable(kind, tmp_path) -> None:
    path = tmp_path / f"made.{kind}"
    if kind == "h5":
        with h5py.File(path, "w") as file:
            file["spi\nes"] = COUNTS
    elif kind == "npz":
        np.savez(path, **{"spi\nes": COUNTS})
    else:
        with open(path, "wb") as stream:
            scipy.io.savemat(stream, {"spikes": COUNTS}, format=kind[1])
        path.write_bytes(path.read_bytes().replace(b"spikes", b"spi\nes"))
    with pytest.raises(UserError) as caught:
        read(path)
    assert "\n" not in str(caught.value)
