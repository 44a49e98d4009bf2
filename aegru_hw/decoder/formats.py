"""Number formats that stay: the types of a decoder, given to the training of another.

A decoder of the same geometry and types has the same tables, and the engine's configuration words
but for the readout's bias, so it loads into a bitstream that was made for the first one.
"""

from dataclasses import fields

from aegru_hw.decoder.calibration import Types
from aegru_hw.decoder.config import Formats
from aegru_hw.errors import UserError
from aegru_hw.fixedpoint import FixedDecoder, Geometry

WIDTHS = {
    "count": "count",
    "feature": "feature",
    "latent": "latent",
    "gate_address": "table_address",
    "gate": "gate",
    "candidate_address": "table_address",
    "candidate": "candidate",
    "recurrent_candidate": "recurrent_candidate",
    "mixed_state": "mixed_state",
    "normalised": "normalised",
    "norm_scale": "norm_scale",
    "state": "state",
    "velocity": "velocity",
    "encoder_weight": "weight",
    "input_weight": "weight",
    "recurrent_weight": "weight",
    "readout_weight": "weight",
}
"""The constant of [widths] that each type's bits are."""

CHOSEN = tuple(field.name for field in fields(Formats) if field.name in WIDTHS)
"""The types whose fractions follow from data where they are not given."""


def types_of(decoder: FixedDecoder) -> Types:
    """Return the types of a decoder; without a norm those of the norm are the state's."""
    norm = decoder.norm
    return Types(
        count=decoder.feature.address,
        feature=decoder.feature.output,
        latent=decoder.latent,
        gate_address=decoder.sigmoid.address,
        gate=decoder.sigmoid.output,
        candidate_address=decoder.tanh.address,
        candidate=decoder.tanh.output,
        recurrent_candidate=decoder.recurrent_candidate,
        mixed_state=decoder.mixed_state,
        normalised=decoder.mixed_state if norm is None else norm.normalised,
        norm_scale=decoder.encoder.weight_type if norm is None else norm.scale_type,
        state=decoder.state,
        velocity=decoder.velocity,
        encoder_weight=decoder.encoder.weight_type,
        input_weight=decoder.input.weight_type,
        recurrent_weight=decoder.recurrent.weight_type,
        readout_weight=decoder.readout.weight_type,
    )


def settings_of(decoder: FixedDecoder) -> list[str]:
    """Return the settings `section.key=value` with which a network gets a decoder's formats.

    Raises UserError where its matrices have weights of several widths, which no settings give.
    """
    types = vars(types_of(decoder))
    if decoder.norm is None:
        del types["normalised"], types["norm_scale"]
    widths: dict[str, int] = {}
    for name, constant in WIDTHS.items():
        if name not in types:
            continue
        width = types[name].width
        if widths.setdefault(constant, width) != width:
            raise UserError(
                f"the given decoder has {name} of {width} bits and others of {widths[constant]}; "
                f"widths.{constant} is one number"
            )
    given = [f"widths.{constant}={width}" for constant, width in widths.items()]
    given += [f"formats.{name}={types[name].fraction}" for name in CHOSEN if name in types]
    return [*given, "formats.chosen=given"]


def check_same_geometry(geometry: Geometry, decoder: FixedDecoder, *, norm: bool) -> None:
    """Raise UserError where a network's geometry is another than that of a decoder."""
    theirs = vars(decoder.geometry)
    differing = [
        f"{name} {value} and not {theirs[name]}"
        for name, value in vars(geometry).items()
        if theirs[name] != value
    ]
    if norm != (decoder.norm is not None):
        differing.append("a LayerNorm" if norm else "no LayerNorm")
    if differing:
        raise UserError(
            f"the given formats are of a decoder of another geometry: this network has "
            f"{', '.join(differing)}"
        )
