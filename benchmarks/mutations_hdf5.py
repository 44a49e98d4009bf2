"""Damage to the structure of HDF5 files, which stay whole as HDF5."""

from pathlib import Path
from random import Random
from typing import Any

import h5py
import numpy as np

_NUMBERS = (0, -1, 1, 2, 255, 2**31, 2**40, 1e300, -1e300, 0.5, np.nan, np.inf, -np.inf)
_TYPES = ("i1", "u1", "<i2", ">i4", "<u8", "<i8", "<f2", "<f4", ">f8", "<f8", "c16", "S3", "?")
_SHAPES = ((), (0,), (1,), (2,), (0, 2), (2, 0), (1, 1), (3, 2), (2, 3, 4), (1,) * 9)
_LARGEST = 2**20
_HUGE = ((2**40,), (2**31, 2), (2, 2**33), (2**21, 2**21), (2**30,))


def damage_structure(path: Path, chance: Random) -> None:
    """Make one to three changes to the objects or attributes of an HDF5 file."""
    with h5py.File(path, "r+") as file:
        for _ in range(chance.choice((1, 1, 2, 3))):
            names: list[str] = []
            file.visit(names.append)
            if not names:
                return
            chance.choice(_CHANGES)(file, chance.choice(names), chance)


def _replaced(file: h5py.File, name: str, value: Any) -> None:
    """Put another array in an object's place, with its attributes."""
    attributes = _attributes(file[name])
    del file[name]
    file[name] = value
    for key, one in attributes.items():
        file[name].attrs[key] = one


def _attributes(item: Any) -> dict[str, Any]:
    return {key: item.attrs[key] for key in item.attrs}


def _values(file: h5py.File, name: str) -> np.ndarray | None:
    item = file[name]
    if not isinstance(item, h5py.Dataset) or item.dtype.kind not in "buif":
        return None
    if item.is_virtual or item.external or not 0 < (item.size or 0) <= _LARGEST:
        return None
    return np.array(item[()])


def _delete(file: h5py.File, name: str, chance: Random) -> None:
    del file[name]


def _retype(file: h5py.File, name: str, chance: Random) -> None:
    values = _values(file, name)
    if values is not None:
        with np.errstate(all="ignore"):
            _replaced(file, name, values.astype(chance.choice(_TYPES)))


def _reshape(file: h5py.File, name: str, chance: Random) -> None:
    values = _values(file, name)
    if values is not None:
        changed = (
            values.T,
            values[None],
            values.ravel(),
            values[..., None],
            values[:1],
            values[:-1],
        )
        _replaced(file, name, chance.choice(changed))


def _small(file: h5py.File, name: str, chance: Random) -> None:
    shape, kind = chance.choice(_SHAPES), chance.choice(_TYPES)
    _replaced(file, name, np.zeros(shape, kind))


def _number(file: h5py.File, name: str, chance: Random) -> None:
    values = _values(file, name)
    if values is not None:
        values = values.astype(np.float64) if chance.random() < 0.7 else values
        with np.errstate(all="ignore"):
            filled = np.array(chance.choice(_NUMBERS)).astype(values.dtype)
        flat = values.reshape(-1)
        begin = chance.randrange(flat.size)
        flat[begin : begin + chance.choice((1, 1, 5, flat.size))] = filled
        _replaced(file, name, values)


def _sort(file: h5py.File, name: str, chance: Random) -> None:
    values = _values(file, name)
    if values is not None and values.ndim:
        changed = (values[::-1], np.sort(values, 0), np.concatenate([values, values]))
        _replaced(file, name, chance.choice(changed))


def _scale(file: h5py.File, name: str, chance: Random) -> None:
    values = _values(file, name)
    if values is not None:
        factor = chance.choice((1000, 1e-3, 1e9, 1e-9, -1, 0, 1e18))
        _replaced(file, name, values.astype(np.float64) * factor)


def _huge(file: h5py.File, name: str, chance: Random) -> None:
    attributes = _attributes(file[name])
    del file[name]
    shape = chance.choice(_HUGE)
    made = file.create_dataset(name, shape, chance.choice(("u1", "<f8")), chunks=(1,) * len(shape))
    for key, one in attributes.items():
        made.attrs[key] = one


def _external_link(file: h5py.File, name: str, chance: Random) -> None:
    del file[name]
    file[name] = h5py.ExternalLink(chance.choice(("none.h5", "/etc/hostname")), name)


def _soft_link(file: h5py.File, name: str, chance: Random) -> None:
    del file[name]
    file[name] = h5py.SoftLink(chance.choice(("/none", "/", f"/{name}", ".")))


def _cycle(file: h5py.File, name: str, chance: Random) -> None:
    if isinstance(file[name], h5py.Group) and "again" not in file[name]:
        file[name]["again"] = chance.choice((file["/"], file[name]))


def _virtual(file: h5py.File, name: str, chance: Random) -> None:
    attributes = _attributes(file[name])
    del file[name]
    layout = h5py.VirtualLayout(shape=(100,), dtype="f8")
    layout[:] = h5py.VirtualSource(chance.choice((".", "none.h5")), "x", shape=(100,))
    made = file.create_virtual_dataset(name, layout)
    for key, one in attributes.items():
        made.attrs[key] = one


def _external(file: h5py.File, name: str, chance: Random) -> None:
    attributes = _attributes(file[name])
    del file[name]
    made = file.create_dataset(name, (9,), "u1", external=[("/etc/hostname", 0, 9)])
    for key, one in attributes.items():
        made.attrs[key] = one


def _odd(file: h5py.File, name: str, chance: Random) -> None:
    text = np.array([b"a", b"b"])
    compound = np.zeros(3, dtype=[("a", "f8"), ("b", "i4")])
    references = np.array([file["/"].ref, h5py.Reference()], dtype=h5py.ref_dtype)
    _replaced(file, name, chance.choice((text, compound, references, "text", h5py.Empty("f8"))))


def _kind(file: h5py.File, name: str, chance: Random) -> None:
    """Put a group in an array's place, or an array in a group's."""
    group = isinstance(file[name], h5py.Group)
    attributes = _attributes(file[name])
    del file[name]
    made = file.create_dataset(name, data=np.zeros(3)) if group else file.create_group(name)
    for key, one in attributes.items():
        made.attrs[key] = one


def _swap(file: h5py.File, name: str, chance: Random) -> None:
    """Put another object of the file in this one's place."""
    names: list[str] = []
    file.visit(names.append)
    other = chance.choice(names)
    if not f"{other}/".startswith(f"{name}/"):
        target = file[other]
        del file[name]
        file[name] = target


def _attribute(file: h5py.File, name: str, chance: Random) -> None:
    item = chance.choice((file[name], file["/"]))
    keys = sorted(item.attrs)
    known = ("MATLAB_class", "MATLAB_empty", "MATLAB_sparse", "object", "sampling_rate", "unit")
    key = chance.choice((*keys, *keys, *known))
    kind = chance.randrange(4)
    if kind == 0:
        item.attrs.pop(key, None)
    elif kind == 1:
        with np.errstate(all="ignore"):
            item.attrs[key] = np.array(chance.choice(_NUMBERS)).astype(chance.choice(_TYPES))
    elif kind == 2:
        words = ("", "x" * 999, "a\nb", "cell", "struct", b"cell", b"char", "RegularTimeSeries")
        item.attrs[key] = chance.choice(words)
    else:
        other = (np.zeros((2, 2)), np.array([b"x"]), h5py.Empty("f8"), item.ref, np.zeros(0))
        item.attrs[key] = chance.choice(other)


_CHANGES = (
    *(_delete, _retype, _reshape, _small, _number, _number, _number, _sort, _scale, _huge),
    *(_external_link, _soft_link, _cycle, _virtual, _external, _odd, _kind, _swap),
    *(_attribute, _attribute, _attribute),
)
