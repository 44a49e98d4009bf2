"""What every execution may rely on: a decoder's sizes, types and codes within their limits."""

import reprlib

import numpy as np
from numpy.typing import NDArray

from aegru_hw.errors import UserError
from aegru_hw.fixedpoint.exactness import require_exact
from aegru_hw.fixedpoint.geometry import Geometry
from aegru_hw.fixedpoint.layernorm import RSQRT_ENTRIES, RSQRT_TYPE, LayerNorm
from aegru_hw.fixedpoint.parameters import Parameters
from aegru_hw.fixedpoint.rate import accepted_rates, is_rate
from aegru_hw.fixedpoint.types import FixedType

LIMITS = {"channels": 4096, "latent": 512, "hidden": 512, "window": 4096, "steps": 64}
MAX_HISTORY = 4096
MAX_ACTIVATION_WIDTH = 24
MAX_WEIGHT_WIDTH = 16
MAX_ADDRESS_WIDTH = 16
BIAS = FixedType(48, 0)
UNSIGNED = ("feature_address", "gate")


class UnsoundError(UserError):
    """A decoder outside the limits, or a file that holds none."""


def shown(value: object) -> str:
    """Return a value from outside as one short line of printable characters."""
    return reprlib.repr(value)


def check_decoder(decoder: Parameters) -> None:
    """Raise UnsoundError, with what is wrong in one line, where a decoder is outside the limits."""
    check_geometry(decoder.geometry)
    check_types(types_of(decoder))
    _check_shapes(decoder)
    _check_codes(decoder)
    if decoder.norm is not None:
        _check_norm(decoder.norm)
    try:
        require_exact(decoder)
    except ValueError as error:
        raise UnsoundError(str(error)) from None


def check_geometry(geometry: Geometry) -> None:
    """Raise UnsoundError where a size is not a whole number within LIMITS, or a rate none."""
    for name, limit in LIMITS.items():
        size = getattr(geometry, name)
        if type(size) is not int or not 1 <= size <= limit:
            raise UnsoundError(f"its {name} is {shown(size)}; accepted are 1 to {limit}")
    if not is_rate(geometry.every, geometry.window):
        raise UnsoundError(
            f"its every is {shown(geometry.every)}; accepted are {accepted_rates(geometry.window)}"
        )
    if geometry.history > MAX_HISTORY:
        raise UnsoundError(
            f"its history is {geometry.history} ticks; accepted are 1 to {MAX_HISTORY}"
        )
    seconds = geometry.tick_seconds
    if type(seconds) is not float or not 0 < seconds < 3600:
        raise UnsoundError(f"its tick is {shown(seconds)} s; accepted is a number within 0 to 3600")


def check_types(types: dict[str, FixedType]) -> None:
    """Raise UnsoundError where a type, by its name in decoder.h5, is too wide or wrongly signed."""
    for name, kind in types.items():
        if kind.signed is (name in UNSIGNED):
            asked = "unsigned" if name in UNSIGNED else "signed"
            raise UnsoundError(f"its type {name} is {kind}; accepted is an {asked} one")
        if name.endswith("_accumulator"):
            continue  # it follows from the weights
        low, high = _widths(name)
        if not low <= kind.width <= high:
            raise UnsoundError(f"its type {name} is {kind}; accepted are {low} to {high} bits")
    if types["feature_address"].fraction != 0:
        raise UnsoundError("its window counts have a fraction; accepted are whole numbers")


def _widths(name: str) -> tuple[int, int]:
    if name.endswith("_address"):
        return 2, MAX_ADDRESS_WIDTH
    return 1, MAX_WEIGHT_WIDTH if name.endswith("_weight") else MAX_ACTIVATION_WIDTH


def types_of(decoder: Parameters) -> dict[str, FixedType]:
    """Return every type of a decoder by its name in decoder.h5."""
    types = {
        "feature_address": decoder.feature.address,
        "feature": decoder.feature.output,
        "gate_address": decoder.sigmoid.address,
        "gate": decoder.sigmoid.output,
        "candidate_address": decoder.tanh.address,
        "candidate": decoder.tanh.output,
        "latent": decoder.latent,
        "recurrent_candidate": decoder.recurrent_candidate,
        "mixed_state": decoder.mixed_state,
        "state": decoder.state,
        "velocity": decoder.velocity,
    }
    for name, linear in decoder.matrices.items():
        types[f"{name}_weight"] = linear.weight_type
        types[f"{name}_accumulator"] = linear.accumulator
    if decoder.norm is not None:
        types["norm_scale"] = decoder.norm.scale_type
        types["normalised"] = decoder.norm.normalised
    return types


def type_names(*, with_norm: bool) -> set[str]:
    """Return the names that `types_of` gives."""
    matrices = ("encoder", "input", "recurrent", "readout")
    tables = {"feature_address", "feature", "gate_address", "gate", "candidate_address"}
    activations = {"candidate", "latent", "recurrent_candidate", "mixed_state", "state", "velocity"}
    linears = {f"{name}_{part}" for name in matrices for part in ("weight", "accumulator")}
    return tables | activations | linears | ({"norm_scale", "normalised"} if with_norm else set())


def shapes(
    geometry: Geometry, types: dict[str, FixedType], *, with_norm: bool
) -> dict[str, tuple[int, ...]]:
    """Return the shape of every array of a decoder by its name in decoder.h5."""
    hidden = geometry.hidden
    matrices = {
        "encoder": (geometry.latent, geometry.channels),
        "input": (3 * hidden, geometry.latent),
        "recurrent": (3 * hidden, hidden),
        "readout": (2, hidden),
    }
    found: dict[str, tuple[int, ...]] = {
        "tables/feature": (1 << types["feature_address"].width,),
        "tables/sigmoid": (1 << types["gate_address"].width,),
        "tables/tanh": (1 << types["candidate_address"].width,),
        "labels/mean": (2,),
        "labels/scale": (2,),
    }
    for name, size in matrices.items():
        found |= {f"{name}/weight": size, f"{name}/bias": size[:1]}
    if with_norm:
        found |= {"norm/scale": (hidden,), "norm/bias": (hidden,), "norm/rsqrt": (RSQRT_ENTRIES,)}
    return found


def arrays_of(decoder: Parameters) -> dict[str, NDArray[np.int64] | NDArray[np.float64]]:
    """Return every array of a decoder by its name in decoder.h5."""
    arrays: dict[str, NDArray[np.int64] | NDArray[np.float64]] = {
        "tables/feature": decoder.feature.codes,
        "tables/sigmoid": decoder.sigmoid.codes,
        "tables/tanh": decoder.tanh.codes,
        "labels/mean": decoder.labels.mean,
        "labels/scale": decoder.labels.scale,
    }
    for name, linear in decoder.matrices.items():
        arrays |= {f"{name}/weight": linear.weight, f"{name}/bias": linear.bias}
    if decoder.norm is not None:
        norm = decoder.norm
        arrays |= {"norm/scale": norm.scale, "norm/bias": norm.bias, "norm/rsqrt": norm.rsqrt}
    return arrays


def _check_shapes(decoder: Parameters) -> None:
    arrays = arrays_of(decoder)
    with_norm = decoder.norm is not None
    for name, shape in shapes(decoder.geometry, types_of(decoder), with_norm=with_norm).items():
        if arrays[name].shape != shape:
            raise UnsoundError(f"{name} has shape {arrays[name].shape}; accepted is {shape}")


def _check_codes(decoder: Parameters) -> None:
    """Refuse codes out of their types' ranges, which a matching checksum does not exclude."""
    for name, linear in decoder.matrices.items():
        _check_range(f"{name}/weight", linear.weight, linear.weight_type)
        _check_range(f"{name}/bias", linear.bias, BIAS)
    for name in ("feature", "sigmoid", "tanh"):
        table = getattr(decoder, name)
        _check_range(f"tables/{name}", table.codes, table.output)


def _check_norm(norm: LayerNorm) -> None:
    largest = BIAS.max_code
    if type(norm.epsilon) is not int or not 1 <= norm.epsilon <= largest:
        raise UnsoundError(
            f"LayerNorm's epsilon is {shown(norm.epsilon)}; accepted are 1 to {largest}"
        )
    _check_range("norm/scale", norm.scale, norm.scale_type)
    _check_range("norm/bias", norm.bias, BIAS)
    _check_range("norm/rsqrt", norm.rsqrt, RSQRT_TYPE)


def _check_range(name: str, codes: NDArray[np.int64], kind: FixedType) -> None:
    if not kind.holds(codes):
        raise UnsoundError(
            f"{name} has codes from {codes.min()} to {codes.max()}; accepted are "
            f"{kind.min_code} to {kind.max_code}"
        )
