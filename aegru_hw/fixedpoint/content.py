"""A decoder's whole content as decoder.h5 holds it, and the digest that tells decoders apart."""

import hashlib
import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aegru_hw.fixedpoint.geometry import Geometry
from aegru_hw.fixedpoint.parameters import Parameters
from aegru_hw.fixedpoint.soundness import arrays_of, types_of
from aegru_hw.fixedpoint.startup import startup

FORMAT = "aegru-hw decoder"
SCHEMA_VERSION = 1


def digest_of(decoder: Parameters) -> str:
    """Return the SHA-256 of a decoder's content in hexadecimal: the checksum of its decoder.h5."""
    return checksum(header_of(decoder), contents_of(decoder))


def header_of(decoder: Parameters) -> dict[str, Any]:
    """Return all that is no array, as types that JSON has."""
    return {
        "format": FORMAT,
        "schema_version": SCHEMA_VERSION,
        "geometry": _geometry(decoder.geometry),
        "norm": None if decoder.norm is None else {"epsilon": decoder.norm.epsilon},
        "types": {
            name: [kind.width, kind.fraction, kind.signed]
            for name, kind in types_of(decoder).items()
        },
        "provenance": decoder.provenance,
    }


def _geometry(geometry: Geometry) -> dict[str, object]:
    """Return the sizes; `every` where it is not 1, so that decoders of before keep their digest."""
    return {name: size for name, size in vars(geometry).items() if (name, size) != ("every", 1)}


def contents_of(decoder: Parameters) -> dict[str, NDArray[Any]]:
    """Return every array by its name and in its type in decoder.h5, start-up constants included."""
    constants = startup(decoder)
    arrays = arrays_of(decoder) | {
        "startup/accumulator": constants.accumulator,
        "startup/states": constants.states,
    }
    return {name: np.asarray(array, dtype=dtype_of(name)) for name, array in arrays.items()}


def dtype_of(name: str) -> np.dtype[Any]:
    """Return the type in which decoder.h5 holds the array of a name."""
    return np.dtype(np.float64 if name.startswith("labels/") else np.int64)


def checksum(header: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> str:
    """Return the SHA-256 of a header and arrays, names, types and shapes included."""
    digest = hashlib.sha256(json.dumps(header, sort_keys=True).encode())
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {array.dtype.str} {array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()
