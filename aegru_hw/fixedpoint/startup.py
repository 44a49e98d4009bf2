"""The start-up rule: before the first tick there was silence for ever."""

from dataclasses import dataclass

import numpy as np

from aegru_hw.fixedpoint.cell import cell
from aegru_hw.fixedpoint.parameters import Parameters
from aegru_hw.fixedpoint.types import Codes


@dataclass(frozen=True)
class Startup:
    """The fixed values of silence, from which the streaming form starts.

    accumulator: (L,) encoder accumulators of a silent window.
    states: (N, H) state codes of the chains g_1 ... g_N.
    """

    accumulator: Codes
    states: Codes


def startup(decoder: Parameters) -> Startup:
    """Return the start-up constants: g_1 = cell(z, 0), g_k = cell(z, g_{k-1}) for silent z."""
    geometry = decoder.geometry
    silent_counts = np.zeros(geometry.channels, dtype=np.int64)
    accumulator = decoder.encoder(decoder.features(silent_counts))
    input_product = decoder.input(decoder.latents(accumulator))
    states = [np.zeros(geometry.hidden, dtype=np.int64)]
    for _ in range(geometry.steps):
        states.append(cell(decoder, input_product, states[-1]))
    return Startup(accumulator, np.stack(states[1:]))
