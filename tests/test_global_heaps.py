"""A global heap that never ends is refused before libhdf5 steps through it."""

import struct
from pathlib import Path

import h5py
import pytest

from aegru_hw.errors import UserError
from aegru_hw.fixedpoint.artefact import read_decoder
from aegru_hw.global_heaps import COLLECTION, check_global_heaps
from aegru_hw.recordings.hdf5 import open_hdf5
from aegru_hw.runs.evidence import stored_digest

FIRST_SIZE = len(COLLECTION) + 8 + 8
"""From a heap's begin to the size of its first object."""


@pytest.fixture(params=[0, 512, 1024])
def path(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A file with texts, behind a user block or not."""
    name = tmp_path / "texts.h5"
    with h5py.File(name, "w", userblock_size=request.param) as file:
        for number in range(300):
            file.attrs[f"text{number}"] = "x" * number
    return name


def test_a_sound_file_passes(path: Path) -> None:
    check_global_heaps(path)
    with open_hdf5(path) as file:
        assert file.attrs["text7"] == "x" * 7


@pytest.mark.parametrize("heap", [0, 3])
@pytest.mark.parametrize("size", [2**64 - 16, 2**64 - 24, 5000])
def test_an_object_without_end(path: Path, heap: int, size: int) -> None:
    content = bytearray(path.read_bytes())
    at = -1
    for _ in range(heap + 1):
        at = content.index(COLLECTION, at + 1)
    struct.pack_into("<Q", content, at + FIRST_SIZE, size)
    path.write_bytes(content)
    with pytest.raises(ValueError, match="does not end"):
        check_global_heaps(path)
    with pytest.raises(UserError, match=r"texts.h5 is damaged: .* does not end"), open_hdf5(path):
        pass
    with pytest.raises(UserError, match="does not end"):
        read_decoder(path)
    assert stored_digest(path) is None
