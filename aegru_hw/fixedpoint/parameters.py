"""What a decoder holds: its sizes, types, codes and label scaling."""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aegru_hw.fixedpoint.arithmetic import requantize
from aegru_hw.fixedpoint.geometry import Geometry
from aegru_hw.fixedpoint.labels import LabelScaling
from aegru_hw.fixedpoint.layernorm import RSQRT_TYPE, LayerNorm
from aegru_hw.fixedpoint.parts import Linear, Table
from aegru_hw.fixedpoint.types import Codes, FixedType


@dataclass(frozen=True, eq=False, repr=False)
class Parameters:
    """The content of a quantised AEGRU decoder in integer codes, and what follows from it at once.

    encoder: features (C,) to latent accumulators (L,); BatchNorm is folded in.
    input: latent (L,) to the input product (3H,), gates in the order reset, update, candidate.
    recurrent: state (H,) to the recurrent product (3H,), same order.
    readout: state (H,) to velocity accumulators (2,).
    feature: table from saturated window count to feature log(softplus(count)).
    sigmoid, tanh: tables of the gates and of the candidate.
    norm: LayerNorm inside the recurrence, or None.
    latent, recurrent_candidate, mixed_state, state, velocity: the types requantised to.
    labels: scaling from normalised to physical velocity.
    provenance: JSON-serialisable record of where the decoder came from.
    """

    geometry: Geometry
    encoder: Linear
    input: Linear
    recurrent: Linear
    readout: Linear
    feature: Table
    sigmoid: Table
    tanh: Table
    norm: LayerNorm | None
    latent: FixedType
    recurrent_candidate: FixedType
    mixed_state: FixedType
    state: FixedType
    velocity: FixedType
    labels: LabelScaling
    provenance: dict[str, Any] = field(default_factory=dict)

    def features(self, window_counts: NDArray[Any]) -> Codes:
        """Return feature codes for window counts, saturated at the table's end."""
        saturated = np.minimum(window_counts, self.feature.address.max_code)
        return self.feature(saturated.astype(np.int64))

    def latents(self, accumulators: Codes) -> Codes:
        """Return latent codes for encoder accumulators, both (..., L)."""
        return requantize(accumulators, self.encoder.accumulator.fraction, self.latent)

    def velocities(self, states: Codes) -> Codes:
        """Return velocity codes (..., 2) for states (..., H) of the last chain."""
        return requantize(self.readout(states), self.readout.accumulator.fraction, self.velocity)

    def physical(self, velocity_codes: NDArray[Any]) -> NDArray[np.float64]:
        """Return velocity (..., 2) in the recording's unit for codes (..., 2)."""
        return self.labels.denormalise(self.velocity.value(velocity_codes))

    @property
    def matrices(self) -> dict[str, Linear]:
        """The four weight matrices by name, in the order that data flows."""
        return {
            "encoder": self.encoder,
            "input": self.input,
            "recurrent": self.recurrent,
            "readout": self.readout,
        }

    @property
    def sparsity(self) -> float:
        """Share of weights that are zero, over the four matrices."""
        weights = [linear.weight for linear in self.matrices.values()]
        zeros = sum(int(np.count_nonzero(weight == 0)) for weight in weights)
        return zeros / sum(weight.size for weight in weights)

    @property
    def footprint_bytes(self) -> int:
        """Bytes of parameters and tables, each code at its type's width, zero weights included."""
        bits = sum(
            linear.weight.size * linear.weight_type.width
            + linear.bias.size * linear.accumulator.width
            for linear in self.matrices.values()
        )
        bits += sum(
            table.codes.size * table.output.width
            for table in (self.feature, self.sigmoid, self.tanh)
        )
        if self.norm is not None:
            bits += self.norm.scale.size * self.norm.scale_type.width
            bits += self.norm.bias.size * (self.norm.scale_type.width + self.norm.normalised.width)
            bits += self.norm.rsqrt.size * RSQRT_TYPE.width
        return math.ceil(bits / 8)
