"""decoder.h5: the FixedDecoder on disk, written whole and checked before it is believed.

Layout (schema version 1): the root's attribute `header` is JSON text with the format, its version,
the geometry, the norm, the types (as [width, fraction, signed]) and the provenance; its attribute
`sha256` is a checksum of all of it; datasets hold integer codes (int64), or float64 for the label
scaling. Nothing else is read.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from aegru_hw.errors import UserError
from aegru_hw.files import atomic_path
from aegru_hw.fixedpoint.decoder import FixedDecoder, Geometry
from aegru_hw.fixedpoint.layernorm import LayerNorm
from aegru_hw.fixedpoint.parts import Linear, Table
from aegru_hw.fixedpoint.soundness import (
    UnsoundError,
    arrays_of,
    check_decoder,
    check_geometry,
    check_types,
    shapes,
    shown,
    type_names,
    types_of,
)
from aegru_hw.fixedpoint.startup import startup
from aegru_hw.fixedpoint.types import FixedType
from aegru_hw.recordings.windows import LabelScaling

FORMAT = "aegru-hw decoder"
SCHEMA_VERSION = 1
HEADER_KEYS = {"format", "schema_version", "geometry", "norm", "types", "provenance"}
# HDF5 keeps attributes of at most 64 KiB beside the object.
MAX_HEADER_BYTES = 60_000


def save_decoder(decoder: FixedDecoder, path: Path) -> None:
    """Write decoder.h5 at once: a failure leaves what was there before.

    Raises UserError where the decoder is outside the limits that the loader accepts.
    """
    try:
        check_decoder(decoder)
        header, arrays = _header(decoder), _arrays(decoder)
        text = json.dumps(header, sort_keys=True).encode()
        if len(text) > MAX_HEADER_BYTES:
            raise UnsoundError(
                f"its provenance makes a header of {len(text)} bytes; accepted are at most "
                f"{MAX_HEADER_BYTES}"
            )
    except UnsoundError as error:
        raise UserError(f"cannot write {path}: {error}") from None
    with atomic_path(path) as temporary, h5py.File(temporary, "w") as file:
        file.attrs["header"] = np.bytes_(text)
        file.attrs["sha256"] = np.bytes_(_checksum(header, arrays))
        for name, array in arrays.items():
            file.create_dataset(name, data=array)


def load_decoder(path: Path) -> FixedDecoder:
    """Read and check decoder.h5.

    Raises UserError, with what is wrong in one line, where the file is missing, is not a decoder of
    this schema, has shapes, types or codes out of range, or does not match its checksum.
    """
    path = Path(path)
    if not path.is_file():
        raise UserError(f"no decoder at {path}; `aegru-hw quantize RUN` writes RUN/decoder.h5")
    try:
        with h5py.File(path, "r") as file:
            return _load(file)
    except UserError as error:
        raise UserError(f"{path} is not a sound decoder: {error}") from None
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
        # What HDF5 raises on damaged bytes differs from place to place.
        reason = (str(error).splitlines() or ["it is damaged"])[0]
        raise UserError(f"{path} cannot be read as HDF5: {reason}") from None


def _header(decoder: FixedDecoder) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "schema_version": SCHEMA_VERSION,
        "geometry": vars(decoder.geometry),
        "norm": None if decoder.norm is None else {"epsilon": decoder.norm.epsilon},
        "types": {
            name: [kind.width, kind.fraction, kind.signed]
            for name, kind in types_of(decoder).items()
        },
        "provenance": decoder.provenance,
    }


def _arrays(decoder: FixedDecoder) -> dict[str, NDArray[Any]]:
    constants = startup(decoder)
    arrays = arrays_of(decoder) | {
        "startup/accumulator": constants.accumulator,
        "startup/states": constants.states,
    }
    return {name: np.asarray(array, dtype=_kind(name)) for name, array in arrays.items()}


def _kind(name: str) -> np.dtype[Any]:
    return np.dtype(np.float64 if name.startswith("labels/") else np.int64)


def _checksum(header: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> str:
    digest = hashlib.sha256(json.dumps(header, sort_keys=True).encode())
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {array.dtype.str} {array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def _load(file: h5py.File) -> FixedDecoder:
    header = _read_header(file)
    geometry = _read_geometry(header["geometry"])
    with_norm = header["norm"] is not None
    types = _read_types(header["types"], with_norm=with_norm)
    sizes = shapes(geometry, types, with_norm=with_norm) | {
        "startup/accumulator": (geometry.latent,),
        "startup/states": (geometry.steps, geometry.hidden),
    }
    arrays = {name: _read_array(file, name, shape) for name, shape in sizes.items()}
    if _read_text(file, "sha256") != _checksum(header, arrays):
        raise UnsoundError("its checksum does not match; its content was changed after writing")
    decoder = _assemble(geometry, types, header, arrays)
    check_decoder(decoder)
    _check_derived(decoder, types, arrays)
    return decoder


def _read_header(file: h5py.File) -> dict[str, Any]:
    try:
        header = json.loads(_read_text(file, "header"))
    except (ValueError, RecursionError):
        raise UnsoundError("its header is not JSON") from None
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise UnsoundError(f"its format is not '{FORMAT}'")
    version = header.get("schema_version")
    if type(version) is not int or version != SCHEMA_VERSION:
        raise UnsoundError(f"its schema version is {shown(version)}; accepted is {SCHEMA_VERSION}")
    _check_keys("header", header, HEADER_KEYS)
    if header["norm"] is not None:
        _check_keys("norm", header["norm"], {"epsilon"})
    if not isinstance(header["provenance"], dict):
        raise UnsoundError("its provenance is not a JSON object")
    return header


def _read_text(file: h5py.File, name: str) -> str:
    """Return a text attribute, of a length that is checked before it is read."""
    if name not in file.attrs:
        raise UnsoundError(f"it has no attribute '{name}'")
    attribute = file.attrs.get_id(name)
    kind = attribute.get_type()
    if not isinstance(kind, h5py.h5t.TypeStringID) or kind.is_variable_str() or attribute.shape:
        raise UnsoundError(f"its attribute '{name}' is not one text of a fixed length")
    if attribute.get_storage_size() > MAX_HEADER_BYTES:
        raise UnsoundError(f"its attribute '{name}' is longer than {MAX_HEADER_BYTES} bytes")
    return str(bytes(file.attrs[name]), "utf-8", "replace")


def _check_keys(what: str, fields: object, asked: set[str]) -> None:
    if not isinstance(fields, dict):
        raise UnsoundError(f"its {what} is not a JSON object")
    for name in sorted(asked - fields.keys()):
        raise UnsoundError(f"its {what} lacks {name}")
    for name in sorted(fields.keys() - asked):
        raise UnsoundError(f"its {what} has an unknown {shown(name)}")


def _read_geometry(fields: Any) -> Geometry:
    _check_keys("geometry", fields, set(Geometry.__dataclass_fields__))
    geometry = Geometry(**fields)
    check_geometry(geometry)
    return geometry


def _read_types(fields: Any, *, with_norm: bool) -> dict[str, FixedType]:
    _check_keys("types", fields, type_names(with_norm=with_norm))
    types = {name: _read_type(name, value) for name, value in fields.items()}
    check_types(types)
    return types


def _read_type(name: str, value: Any) -> FixedType:
    if not isinstance(value, list) or [type(field) for field in value] != [int, int, bool]:
        raise UnsoundError(
            f"its type {name} is {shown(value)}; accepted is [width, fraction, signed]"
        )
    try:
        return FixedType(*value)
    except ValueError as error:
        raise UnsoundError(f"its type {name} is wrong: {shown(str(error))}") from None


def _read_array(file: h5py.File, name: str, shape: tuple[int, ...]) -> NDArray[Any]:
    """Return a dataset of this very file, of a size that is checked before it is read."""
    group_name, _, _ = name.partition("/")
    for part in (group_name, name):
        if not isinstance(file.get(part, getlink=True), h5py.HardLink):
            raise UnsoundError(f"it has no {part} of its own")
    dataset = file[name]
    if not isinstance(dataset, h5py.Dataset):
        raise UnsoundError(f"its {name} is not a dataset")
    if dataset.shape != shape or dataset.dtype != _kind(name):
        raise UnsoundError(
            f"{name} is {dataset.dtype} of shape {dataset.shape}; accepted is {_kind(name)} of "
            f"shape {shape}"
        )
    # A chunk may unpack to far more than the shape; a virtual or external one is another file's.
    if dataset.chunks is not None or dataset.external or dataset.is_virtual:
        raise UnsoundError(f"{name} is not stored in one piece in this file")
    array: NDArray[Any] = dataset[()]
    return array


def _assemble(
    geometry: Geometry,
    types: dict[str, FixedType],
    header: dict[str, Any],
    arrays: dict[str, NDArray[Any]],
) -> FixedDecoder:
    def linear(name: str, input_name: str) -> Linear:
        weight, bias = arrays[f"{name}/weight"], arrays[f"{name}/bias"]
        return Linear(weight, types[f"{name}_weight"], bias, types[input_name])

    def table(name: str, output: str) -> Table:
        return Table(arrays[f"tables/{name}"], types[f"{output}_address"], types[output])

    norm = None
    if header["norm"] is not None:
        norm = LayerNorm(
            scale=arrays["norm/scale"],
            scale_type=types["norm_scale"],
            bias=arrays["norm/bias"],
            epsilon=header["norm"]["epsilon"],
            rsqrt=arrays["norm/rsqrt"],
            normalised=types["normalised"],
        )
    try:
        return FixedDecoder(
            geometry=geometry,
            encoder=linear("encoder", "feature"),
            input=linear("input", "latent"),
            recurrent=linear("recurrent", "state"),
            readout=linear("readout", "state"),
            feature=table("feature", "feature"),
            sigmoid=table("sigmoid", "gate"),
            tanh=table("tanh", "candidate"),
            norm=norm,
            latent=types["latent"],
            recurrent_candidate=types["recurrent_candidate"],
            mixed_state=types["mixed_state"],
            state=types["state"],
            velocity=types["velocity"],
            labels=LabelScaling(arrays["labels/mean"], arrays["labels/scale"]),
            provenance=header["provenance"],
        )
    except ValueError as error:
        raise UnsoundError(f"its weights need an accumulator that is too wide: {error}") from None


def _check_derived(
    decoder: FixedDecoder, types: dict[str, FixedType], arrays: dict[str, NDArray[Any]]
) -> None:
    """Compare what the file records with what follows from its weights."""
    for name, linear in decoder.matrices.items():
        if types[f"{name}_accumulator"] != linear.accumulator:
            raise UnsoundError(f"its weights need {name}_accumulator {linear.accumulator}")
    constants = startup(decoder)
    for name, codes in vars(constants).items():
        if not np.array_equal(codes, arrays[f"startup/{name}"]):
            raise UnsoundError("its start-up constants are not what silence gives")
