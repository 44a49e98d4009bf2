"""Every named intermediate of the streaming form, tick by tick: what a hardware trace must show."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from aegru_hw.fixedpoint.cell import cell
from aegru_hw.fixedpoint.counts import check_counts
from aegru_hw.fixedpoint.parameters import Parameters
from aegru_hw.fixedpoint.startup import startup
from aegru_hw.fixedpoint.types import Codes

CELL_TENSORS = (
    "recurrent_candidate",
    "reset",
    "update",
    "candidate",
    "mixed_state",
    "normalised",
    "state",
)


def streaming_traces(decoder: Parameters, counts: NDArray[Any]) -> dict[str, Codes]:
    """Return the codes of each intermediate for counts (T, C), after silence, in data-flow order.

    latent: (T, L). CELL_TENSORS: (T, N, H), of g_1(t) ... g_N(t); without LayerNorm there is no
    `normalised`. velocity: (T, 2). Holds them all in memory: meant for some thousands of ticks.
    """
    counts = check_counts(counts, decoder.geometry.channels)
    geometry = decoder.geometry
    silence = np.zeros((geometry.window - 1, geometry.channels), dtype=np.int64)
    padded = np.concatenate([silence, np.asarray(counts, dtype=np.int64)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, geometry.window, axis=0)
    latents = decoder.latents(decoder.encoder(decoder.features(windows.sum(axis=-1))))
    input_product = decoder.input(latents)
    cells: dict[str, list[Codes]] = {}

    def keep(name: str, codes: Codes) -> None:
        if name in CELL_TENSORS:
            cells.setdefault(name, []).append(codes)

    state = cell(decoder, input_product, np.zeros((len(counts), geometry.hidden), np.int64), keep)
    for silent_state in startup(decoder).states[:-1]:
        before = np.repeat(silent_state[None], geometry.window, axis=0)
        past = np.concatenate([before, state])[: len(counts)]
        state = cell(decoder, input_product, past, keep)
    stacked = {name: np.stack(cells[name], axis=1) for name in CELL_TENSORS if name in cells}
    return {"latent": latents, **stacked, "velocity": decoder.velocities(state)}
