"""decoder.h5: a decoder on disk, written whole and checked before it is believed.

Layout (schema version 1): the root's attribute `header` is JSON text with the format, its version,
the geometry (`every` where it is not 1), the norm, the types (as [width, fraction, signed]) and the
provenance; its attribute `sha256` is a checksum of all of it; datasets hold integer codes (int64),
or float64 for the label scaling. Nothing else is read.
"""

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from aegru_hw.errors import UserError
from aegru_hw.fixedpoint.content import (
    FORMAT,
    SCHEMA_VERSION,
    checksum,
    contents_of,
    dtype_of,
    header_of,
)
from aegru_hw.fixedpoint.geometry import Geometry
from aegru_hw.fixedpoint.labels import LabelScaling
from aegru_hw.fixedpoint.layernorm import LayerNorm
from aegru_hw.fixedpoint.parameters import Parameters
from aegru_hw.fixedpoint.parts import Linear, Table
from aegru_hw.fixedpoint.soundness import (
    UnsoundError,
    check_decoder,
    check_geometry,
    check_types,
    shapes,
    shown,
    type_names,
)
from aegru_hw.fixedpoint.startup import startup
from aegru_hw.fixedpoint.types import FixedType
from aegru_hw.global_heaps import check_global_heaps
from aegru_hw.hdf5 import new_hdf5

HEADER_KEYS = {"format", "schema_version", "geometry", "norm", "types", "provenance"}
# HDF5 keeps attributes of at most 64 KiB beside the object.
MAX_HEADER_BYTES = 60_000


def save_decoder(decoder: Parameters, path: str | Path) -> None:
    """Write decoder.h5 at once: a failure leaves what was there before.

    Raises UserError where the decoder is outside the limits that the loader accepts.
    """
    try:
        check_decoder(decoder)
        header, arrays = header_of(decoder), contents_of(decoder)
        text = _strict(header)
        if len(text) > MAX_HEADER_BYTES:
            raise UnsoundError(
                f"its provenance makes a header of {len(text)} bytes; accepted are at most "
                f"{MAX_HEADER_BYTES}"
            )
    except UnsoundError as error:
        raise UserError(f"cannot write {path}: {error}") from None
    with new_hdf5(path) as file:
        file.attrs["header"] = np.bytes_(text)
        file.attrs["sha256"] = np.bytes_(checksum(header, arrays))
        for name, array in arrays.items():
            file.create_dataset(name, data=array)


def read_decoder(path: str | Path) -> Parameters:
    """Read and check decoder.h5; `FixedDecoder.load` makes a decoder of it.

    Raises UserError, with what is wrong in one line, where the file is missing, is not a decoder of
    this schema, has shapes, types or codes out of range, or does not match its checksum.
    """
    path = Path(path)
    if not path.is_file():
        raise UserError(f"no decoder at {path}; `aegru-hw quantize RUN` writes RUN/decoder.h5")
    try:
        check_global_heaps(path)
        with h5py.File(path, "r") as file:
            return _load(file)
    except UserError as error:
        raise UserError(f"{path} is not a sound decoder: {error}") from None
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
        # What HDF5 raises on damaged bytes differs from place to place.
        reason = (str(error).splitlines() or ["it is damaged"])[0]
        raise UserError(f"{path} cannot be read as HDF5: {reason}") from None


def _load(file: h5py.File) -> Parameters:
    header = _read_header(file)
    geometry = _read_geometry(header["geometry"])
    with_norm = header["norm"] is not None
    types = _read_types(header["types"], with_norm=with_norm)
    sizes = shapes(geometry, types, with_norm=with_norm) | {
        "startup/accumulator": (geometry.latent,),
        "startup/states": (geometry.steps, geometry.hidden),
    }
    arrays = {name: _read_array(file, name, shape) for name, shape in sizes.items()}
    if _read_text(file, "sha256") != checksum(header, arrays):
        raise UnsoundError("its checksum does not match; its content was changed after writing")
    decoder = _assemble(geometry, types, header, arrays)
    check_decoder(decoder)
    _check_derived(decoder, types, arrays)
    return decoder


def _strict(header: dict[str, Any]) -> bytes:
    """Return a header as JSON text; UnsoundError where it holds what JSON has not."""
    try:
        return json.dumps(header, sort_keys=True, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise UnsoundError(f"its provenance is not JSON: {error}") from None


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _read_header(file: h5py.File) -> dict[str, Any]:
    try:
        header = json.loads(_read_text(file, "header"), parse_constant=_refuse_constant)
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
    names = set(Geometry.__dataclass_fields__)
    if not isinstance(fields, dict) or fields.get("every", 1) == 1:
        names.remove("every")  # as it is written, so that equal decoders have equal digests
    _check_keys("geometry", fields, names)
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
    if dataset.shape != shape or dataset.dtype != dtype_of(name):
        raise UnsoundError(
            f"{name} is {dataset.dtype} of shape {dataset.shape}; accepted is {dtype_of(name)} of "
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
) -> Parameters:
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
        return Parameters(
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
    decoder: Parameters, types: dict[str, FixedType], arrays: dict[str, NDArray[Any]]
) -> None:
    """Compare what the file records with what follows from its weights."""
    for name, linear in decoder.matrices.items():
        if types[f"{name}_accumulator"] != linear.accumulator:
            raise UnsoundError(f"its weights need {name}_accumulator {linear.accumulator}")
    constants = startup(decoder)
    for name, codes in vars(constants).items():
        if not np.array_equal(codes, arrays[f"startup/{name}"]):
            raise UnsoundError("its start-up constants are not what silence gives")
