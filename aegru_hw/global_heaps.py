"""Global heaps of HDF5 files, in which texts of any length lie: whether a reader finds an end.

libhdf5 steps through a heap by the sizes that its objects claim, and never ends where one claims
that the next begins at or before it. HDF5 File Format Specification, section III.E.
"""

import mmap
from pathlib import Path

SIGNATURE = b"\x89HDF\r\n\x1a\n"
COLLECTION = b"GCOL\x01\0\0\0"
MAX_USER_BLOCK = 1 << 20


def check_global_heaps(path: str | Path) -> None:
    """Raise ValueError where an object of a global heap does not end within the heap.

    path: a file that begins as HDF5 files do.
    """
    with (
        Path(path).open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data,
    ):
        bytes_of_length = _bytes_of_length(data)
        at = data.find(COLLECTION)
        while at >= 0:
            if not _ends(data, at, bytes_of_length):
                raise ValueError("an object of a global heap does not end")
            at = data.find(COLLECTION, at + len(COLLECTION))


def _bytes_of_length(data: mmap.mmap) -> int:
    """Return the bytes of a size in the file, which the superblock says, behind a user block."""
    at, block = 0, 512
    while data[at : at + len(SIGNATURE)] != SIGNATURE and block <= MAX_USER_BLOCK:
        at, block = block, 2 * block
    header = data[at : at + 16]
    place = 14 if header[8:9] in (b"\0", b"\1") else 10
    return header[place] if len(header) == 16 else 8


def _ends(data: mmap.mmap, at: int, bytes_of_length: int) -> bool:
    """Tell whether steps from object to object lead through the heap at a place."""
    begin = at + len(COLLECTION)
    end = min(at + int.from_bytes(data[begin : begin + bytes_of_length], "little"), len(data))
    header = 8 + bytes_of_length
    place = begin + bytes_of_length
    while place + header <= end:
        index = int.from_bytes(data[place : place + 2], "little")
        size = int.from_bytes(data[place + 8 : place + header], "little")
        step = header + -(-size // 8) * 8 if index else size
        if not 0 < step <= end - place:
            return False
        place += step
    return True
