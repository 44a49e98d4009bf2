"""FixedDecoder to C99: the hand-written kernel in c/ with a decoder's parameters and tables."""

from dataclasses import dataclass
from importlib.resources import files

import numpy as np

from aegru_hw.errors import UserError
from aegru_hw.export.c_text import Columns, array, c_type, defines, type_of, typedefs
from aegru_hw.export.widths import (
    NARROW_BITS,
    Alignments,
    accumulator_bits,
    moment_bits,
    value_bits,
)
from aegru_hw.fixedpoint.decoder import FixedDecoder
from aegru_hw.fixedpoint.layernorm import RSQRT_TYPE
from aegru_hw.fixedpoint.rate import per_output
from aegru_hw.fixedpoint.types import FixedType

HEADER, SOURCE, LIBRARY, MAIN = "aegru_decoder.h", "aegru_decoder.c", "aegru_library.c", "main.c"


def kernel(name: str) -> str:
    """Return a hand-written file of the kernel, with its marks."""
    return files("aegru_hw.export").joinpath("c", name).read_text(encoding="utf-8")


def header_and_source(decoder: FixedDecoder) -> dict[str, str]:
    """Return aegru_decoder.h and aegru_decoder.c of a decoder, by name.

    Raises UserError where 64-bit integers do not hold its intermediates.
    """
    parts = _Parts.of(decoder)
    header = kernel(HEADER).replace("/* @parameters@ */", parts.parameters())
    source = kernel(SOURCE).replace("/* @constants@ */", parts.constants())
    return {HEADER: header, SOURCE: source.replace("/* @tables@ */", parts.tables())}


@dataclass(frozen=True)
class _Parts:
    """The generated parts of both files.

    columns: of the four matrices by name. value_bits: of what is requantised.
    """

    decoder: FixedDecoder
    columns: dict[str, Columns]
    value_bits: int

    @classmethod
    def of(cls, decoder: FixedDecoder) -> "_Parts":
        columns = {name: Columns.of(linear) for name, linear in decoder.matrices.items()}
        return cls(decoder, columns, value_bits(decoder))

    def parameters(self) -> str:
        """Return sizes and types: what the state is made of."""
        decoder, geometry = self.decoder, per_output(self.decoder).geometry
        if geometry.window > np.iinfo(np.uint16).max - 1:
            raise UserError(f"a window of {geometry.window} outputs is more than the C has slots")
        count_max = decoder.feature.address.max_code
        labels = ", ".join(
            f"{axis} {scale!r} * value + {mean!r}"
            for axis, scale, mean in zip(
                "xy", decoder.labels.scale.tolist(), decoder.labels.mean.tolist(), strict=True
            )
        )
        return "\n".join(
            [
                "/* ---- generated: sizes and types ---- */",
                f"/* {decoder!r} */",
                f"/* Velocity in the recording's unit: {labels}. */",
                defines(
                    {
                        "CHANNELS": geometry.channels,
                        "LATENT": geometry.latent,
                        "HIDDEN": geometry.hidden,
                        "STEPS": geometry.steps,
                        "PAST": max(geometry.steps - 1, 1),
                        "EVERY": decoder.geometry.every,
                        "WINDOW": geometry.window,
                        "VELOCITY_FRACTION": decoder.velocity.fraction,
                    }
                ),
                typedefs(
                    {
                        "sum": (
                            "int32_t" if accumulator_bits(decoder) < 31 else "int64_t",
                            "a sum of products",
                        ),
                        "window": (
                            c_type(0, count_max * (geometry.window + 1)),
                            "spikes in a window",
                        ),
                        "count": (c_type(0, count_max), "spikes of an output"),
                        "latent": (_holding(decoder.latent), "a latent's code"),
                        "state": (_holding(decoder.state), "a state's code"),
                    }
                ),
                "/* ---- end of what is generated ---- */",
            ]
        )

    def constants(self) -> str:
        """Return the types and the constants of the arithmetic."""
        decoder = self.decoder
        is_narrow = self.value_bits <= NARROW_BITS
        rows = max(3 * decoder.geometry.hidden, decoder.geometry.latent)
        entries = max(int(columns.start[-1]) for columns in self.columns.values())
        weights = np.concatenate([columns.weight for columns in self.columns.values()])
        types = {
            "wide": ("int32_t" if is_narrow else "int64_t", "what is requantised"),
            "moment": (
                "int32_t" if moment_bits(decoder) <= 30 else "int64_t",
                "LayerNorm's moments",
            ),
            "mixed": (_holding(decoder.mixed_state), "a mixed state's code"),
            "start": (c_type(0, entries), "an entry of a matrix"),
            "row": (c_type(0, rows - 1), "a row of a matrix"),
            "weight": (type_of(weights), "a weight"),
        }
        return "\n".join(
            [
                "/* ---- generated: types, shifts and ranges ---- */",
                typedefs(types),
                defines({"LONGEST_SHIFT": 30 if is_narrow else 62, **self._arithmetic()}),
                "/* ---- end of what is generated ---- */",
            ]
        )

    def _arithmetic(self) -> dict[str, int]:
        decoder, shifts = self.decoder, Alignments.of(self.decoder)
        encoder, recurrent = decoder.encoder.accumulator, decoder.recurrent.accumulator
        found = {
            "COUNT_MAX": decoder.feature.address.max_code,
            **_requantised("LATENT", encoder.fraction, decoder.latent),
            "GATE_INPUT_SCALE": 1 << shifts.gate_input,
            "GATE_RECURRENT_SCALE": 1 << shifts.gate_recurrent,
            **_requantised("GATE", shifts.gate_fraction, decoder.sigmoid.address, "GATE_ADDRESS"),
            **_requantised("RECURRENT_CANDIDATE", recurrent.fraction, decoder.recurrent_candidate),
            "CANDIDATE_INPUT_SCALE": 1 << shifts.candidate_input,
            "CANDIDATE_GATED_SCALE": 1 << shifts.candidate_gated,
            **_requantised(
                "CANDIDATE", shifts.candidate_fraction, decoder.tanh.address, "CANDIDATE_ADDRESS"
            ),
            "GATE_ONE": 1 << decoder.sigmoid.output.fraction,
            "MIX_CANDIDATE_SCALE": 1 << shifts.mix_candidate,
            "MIX_STATE_SCALE": 1 << shifts.mix_state,
            "MIX_SHIFT": shifts.mix_fraction - decoder.mixed_state.fraction,
            **_range("MIXED", decoder.mixed_state),
            "LAYER_NORM": int(decoder.norm is not None),
        }
        if (norm := decoder.norm) is None:
            found |= _requantised("STATE", decoder.mixed_state.fraction, decoder.state)
        else:
            found |= {
                "EPSILON": norm.epsilon,
                **_requantised("NORMALISED", RSQRT_TYPE.fraction, norm.normalised),
                "AFFINE_SHIFT": norm.bias_fraction - decoder.state.fraction,
                **_range("STATE", decoder.state),
            }
        readout = decoder.readout.accumulator.fraction
        return found | _requantised("VELOCITY", readout, decoder.velocity)

    def tables(self) -> str:
        """Return all that is constant: ROM."""
        decoder = self.decoder
        parts = ["/* ---- generated: tables ---- */"]
        says = {
            "encoder": "W1: features to latents",
            "input": "W_ih: latents to the gates",
            "recurrent": "W_hh: states to the gates",
            "readout": "W2: states to velocity",
        }
        for name, columns in self.columns.items():
            bias = decoder.matrices[name].bias
            parts += [
                array("aegru_start_t", f"{name}_start", columns.start, says[name]),
                array("aegru_row_t", f"{name}_row", columns.row, "row of each weight"),
                array("aegru_weight_t", f"{name}_weight", columns.weight, "the weights"),
                array("aegru_sum_t", f"{name}_bias", bias, "the bias"),
                f"static const aegru_matrix_t {name} = "
                f"{{{name}_start, {name}_row, {name}_weight}};",
            ]
        for name, table, what in (
            ("feature", decoder.feature, "log(softplus(count))"),
            ("sigmoid", decoder.sigmoid, "sigmoid, from the lowest address on"),
            ("tanh", decoder.tanh, "tanh, from the lowest address on"),
        ):
            parts.append(array(type_of(table.codes), f"{name}_table", table.codes, what))
        if (norm := decoder.norm) is not None:
            parts += [
                array(type_of(norm.rsqrt), "rsqrt_table", norm.rsqrt, "1 / sqrt(v), 1 <= v < 4"),
                array(type_of(norm.scale), "norm_scale", norm.scale, "LayerNorm's scale"),
                array(type_of(norm.bias), "norm_bias", norm.bias, "LayerNorm's bias"),
            ]
        parts.append("static const aegru_state_t zero_state[AEGRU_HIDDEN] = {0}; /* h_0 */")
        parts.append("/* ---- end of what is generated ---- */")
        return "\n".join(parts)


def _holding(kind: FixedType) -> str:
    return c_type(kind.min_code, kind.max_code)


def _range(name: str, kind: FixedType) -> dict[str, int]:
    return {f"{name}_MIN": kind.min_code, f"{name}_MAX": kind.max_code}


def _requantised(
    name: str, fraction: int, kind: FixedType, range_name: str | None = None
) -> dict[str, int]:
    """Return the shift from a fraction to a type, and the type's range."""
    return {f"{name}_SHIFT": fraction - kind.fraction, **_range(range_name or name, kind)}
