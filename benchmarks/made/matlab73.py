"""MATLAB v7.3 files as MATLAB writes them: structs, struct arrays, cells, sparse arrays."""

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import scipy.sparse


def write_matlab73(path: Path, variables: dict[str, Any]) -> None:
    """Write variables: a dict is a struct, a list of dicts a struct array, of arrays a cell."""
    with h5py.File(path, "w", userblock_size=512) as file:
        for name, value in variables.items():
            _write(file, file, name, value)


def _write(file: h5py.File, group: h5py.Group, name: str, value: Any) -> Any:
    if isinstance(value, dict):
        made = group.create_group(name)
        for field, one in value.items():
            _write(file, made, field, one)
        kind = "struct"
    elif isinstance(value, list) and isinstance(value[0], dict):
        made = group.create_group(name)
        for field in value[0]:
            _references(file, made, field, [one[field] for one in value])
        kind = "struct"
    elif isinstance(value, list):
        made = _references(file, group, name, value)
        kind = "cell"
    elif scipy.sparse.issparse(value):
        made = group.create_group(name)
        made["data"], made["ir"] = value.data, value.indices.astype(np.uint64)
        made["jc"] = value.indptr.astype(np.uint64)
        made.attrs["MATLAB_sparse"] = np.uint64(value.shape[0])
        kind = "double"
    else:
        array = np.asarray(value)
        logical = array.dtype == bool
        array = array.astype(np.uint8) if logical else array
        turned = np.atleast_2d(array).T
        chunked = {"compression": "gzip"} if turned.size > 20 else {}
        made = group.create_dataset(name, data=turned, **chunked)
        kind = "logical" if logical else "double"
    made.attrs["MATLAB_class"] = np.bytes_(kind)
    return made


def _references(file: h5py.File, group: h5py.Group, name: str, values: list[Any]) -> Any:
    stored = file.require_group("#refs#")
    references = [_write(file, stored, f"r{len(stored)}", value).ref for value in values]
    return group.create_dataset(name, data=np.array([references], dtype=h5py.ref_dtype))
