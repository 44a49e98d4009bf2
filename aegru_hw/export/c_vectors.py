"""The test vectors of exported C: spikes in, expected velocities out."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from aegru_hw.export.c_text import array, defines, type_of
from aegru_hw.fixedpoint.decoder import FixedDecoder
from aegru_hw.fixedpoint.rate import at_output_rate
from aegru_hw.fixedpoint.window_form import run_window_form

VECTORS = "aegru_vectors.h"


def vectors_text(decoder: FixedDecoder, counts: NDArray[Any]) -> str:
    """Return aegru_vectors.h for counts (T, C), T >= 1, after silence: the window form's codes.

    A count beyond the feature table's end stands there as that end, which gives the same codes.
    """
    every = decoder.geometry.every
    velocity = run_window_form(*at_output_rate(decoder, counts)).velocity
    spikes = np.minimum(counts, decoder.feature.address.max_code).astype(np.int64)
    channels = np.concatenate([np.repeat(np.arange(len(tick)), tick) for tick in spikes])
    per_tick = spikes.sum(axis=1)
    return "\n".join(
        [
            "/* Test vectors: the spikes of each tick from silence on, and the velocity codes of",
            f" * each output, every {every} ticks, computed from the definition. */",
            "#include <stdint.h>",
            "",
            defines({"VECTOR_TICKS": len(counts), "VECTOR_OUTPUTS": len(velocity)}),
            array(type_of(per_tick), "vector_spikes", per_tick, "spikes of each tick"),
            array(type_of(channels), "vector_channels", channels, "channel of each spike"),
            "/* velocity codes of each output */",
            f"static const int32_t vector_velocities[{max(len(velocity), 1)}][2] = {{",
            *(f"    {{{x}, {y}}}," for x, y in (velocity if len(velocity) else [(0, 0)])),
            "};",
            "",
        ]
    )
