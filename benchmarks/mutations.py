"""Damage to files: of their bytes, of what lies packed within, of a folder's files."""

import io
import struct
import zipfile
import zlib
from pathlib import Path
from random import Random

_EXTREMES = (0, 1, 2, 7, 0x7F, 0x80, 0xFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
_LONG = (0, 1, 2**31, 2**32, 2**40, 2**63 - 1, 2**63, 2**64 - 1)
_TEXTS = (b"'<f8'", b"'|O'", b"'<i1'", b"(9,", b"(-1,", b"99999999999", b"[" * 99, b"NaN", b"\xff")


def damaged(content: bytes, chance: Random, head: int = 0) -> bytes:
    """Return content with one to four changes; half of them fall into the first `head` bytes."""
    data = bytearray(content)
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        if data:
            reach = head if head and chance.random() < 0.5 else len(data)
            chance.choice(_CHANGES)(data, chance.randrange(min(reach, len(data))), chance)
    return bytes(data)


def _flip(data: bytearray, at: int, chance: Random) -> None:
    for place in range(at, min(len(data), at + chance.choice((1, 1, 3)))):
        data[place] ^= 1 << chance.randrange(8)


def _byte(data: bytearray, at: int, chance: Random) -> None:
    data[at] = chance.randrange(256)


def _truncate(data: bytearray, at: int, chance: Random) -> None:
    del data[at:]


def _cut(data: bytearray, at: int, chance: Random) -> None:
    del data[at : at + chance.choice((1, 4, 8, 64))]


def _splice(data: bytearray, at: int, chance: Random) -> None:
    begin, length = chance.randrange(len(data)), chance.choice((1, 8, 64, 512))
    data[at : at + length] = data[begin : begin + length]


def _insert(data: bytearray, at: int, chance: Random) -> None:
    begin = chance.randrange(len(data))
    data[at:at] = data[begin : begin + chance.choice((1, 8, 100))]


def _length(data: bytearray, at: int, chance: Random) -> None:
    at -= at % 4
    form, values = chance.choice((("I", _EXTREMES), ("Q", _LONG)))
    field = struct.pack(chance.choice("<>") + form, chance.choice(values))
    data[at : at + len(field)] = field


def _nudge(data: bytearray, at: int, chance: Random) -> None:
    data[at] = (data[at] + chance.choice((-8, -1, 1, 8))) % 256


def _number(data: bytearray, at: int, chance: Random) -> None:
    number = chance.choice((float("nan"), float("inf"), -1.0, 0.5, 1e300, -1e-300, 2.0**53))
    data[at - at % 8 : at - at % 8 + 8] = struct.pack("<d", number)


def _text(data: bytearray, at: int, chance: Random) -> None:
    text = chance.choice(_TEXTS)
    data[at : at + len(text)] = text


_CHANGES = (
    _flip,
    _byte,
    _truncate,
    _cut,
    _splice,
    _insert,
    _length,
    _length,
    _nudge,
    _number,
    _text,
)


def damaged_matlab5(content: bytes, chance: Random) -> bytes:
    """Return a MATLAB v5 file of which a variable is damaged within its deflated bytes."""
    at, elements = 128, []
    while at + 8 <= len(content):
        kind, length = struct.unpack("<II", content[at : at + 8])
        elements.append((kind, content[at + 8 : at + 8 + length]))
        at += 8 + length
    number = chance.randrange(len(elements))
    kind, body = elements[number]
    inner = zlib.decompress(body) if kind == 15 else body
    changed = damaged(inner, chance, 200)
    elements[number] = kind, zlib.compress(changed) if kind == 15 else changed
    return content[:128] + b"".join(
        struct.pack("<II", kind, len(body)) + body for kind, body in elements
    )


def damaged_zip(content: bytes, chance: Random) -> bytes:
    """Return a zip file of which a member is damaged, or has another name or is there twice."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = [(name, archive.read(name)) for name in archive.namelist()]
    number = chance.randrange(len(members))
    name, body = members[number]
    if chance.random() < 0.8:
        members[number] = name, damaged(body, chance, 128)
    else:
        other = chance.choice(("a.npy", ".npy", "../x.npy", "x/y.npy", "\n.npy", name, "x" * 300))
        members.append((other, damaged(body, chance, 128)))
    packing = chance.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2))
    with zipfile.ZipFile(made, "w", packing) as archive:
        for name, body in members:
            archive.writestr(name, body)
    return made.getvalue()


def damage_folder(folder: Path, chance: Random) -> None:
    """Damage one file of a folder, remove it, or put something else in its place."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    path = chance.choice(files)
    kind = chance.randrange(8)
    if kind == 0:
        path.unlink()
    elif kind == 1:
        path.unlink()
        path.symlink_to(chance.choice(("/etc/hostname", "/dev/zero", ".", str(files[0]), "none")))
    elif kind == 2:
        path.unlink()
        path.mkdir()
    elif kind == 3:
        path.write_bytes(chance.choice(files).read_bytes())
    else:
        path.write_bytes(damaged(path.read_bytes(), chance))
