"""The window form: the decoder straight from its definition, in 64-bit integers.

Every output is computed from its own N windows of spikes. Slow, simple, and the reference that the
other executions are compared with.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from aegru_hw.fixedpoint.cell import Observer, cell, ignore
from aegru_hw.fixedpoint.counts import check_counts
from aegru_hw.fixedpoint.decoded import Decoded
from aegru_hw.fixedpoint.parameters import Parameters

TICKS_AT_ONCE = 4096


def run_window_form(
    decoder: Parameters, counts: NDArray[Any], observe: Observer = ignore
) -> Decoded:
    """Decode counts (T, C) of spikes per tick and channel, after silence.

    h_k = LayerNorm(GRUCell(z(t - (N-k)·WS), h_{k-1})), h_0 = 0, v(t) = W2 h_N + b2.
    `observe` sees each step's tensors of each block of ticks, in the order k = 1 ... N.
    """
    counts = check_counts(counts, decoder.geometry.channels)
    pieces = [
        _velocities(decoder, _with_history(decoder, counts, start), observe)
        for start in range(0, len(counts), TICKS_AT_ONCE)
    ]
    velocity = np.concatenate(pieces) if pieces else np.zeros((0, 2), dtype=np.int64)
    every_step = (decoder.encoder, decoder.input, decoder.recurrent)
    steps = decoder.geometry.steps
    dense = steps * sum(linear.weight.size for linear in every_step) + decoder.readout.weight.size
    effective = steps * sum(linear.non_zero for linear in every_step) + decoder.readout.non_zero
    return Decoded(velocity, dense, np.full(len(counts), effective, dtype=np.int64))


def _with_history(decoder: Parameters, counts: NDArray[Any], start: int) -> NDArray[np.int64]:
    """Return the block of ticks from `start`, with `history - 1` ticks of its past before it."""
    before = decoder.geometry.history - 1
    block = counts[max(start - before, 0) : start + TICKS_AT_ONCE].astype(np.int64)
    return np.pad(block, ((max(before - start, 0), 0), (0, 0)))


def _velocities(
    decoder: Parameters, counts: NDArray[np.int64], observe: Observer
) -> NDArray[np.int64]:
    """Return velocity codes for all ticks but the first `history - 1`, which are their past."""
    geometry = decoder.geometry
    windows = np.lib.stride_tricks.sliding_window_view(counts, geometry.window, axis=0)
    window_counts = windows.sum(axis=-1)
    outputs = len(counts) - geometry.history + 1
    state = np.zeros((outputs, geometry.hidden), dtype=np.int64)
    for step in range(geometry.steps):
        first = step * geometry.window
        latents = decoder.latents(
            decoder.encoder(decoder.features(window_counts[first : first + outputs]))
        )
        observe("latent", latents)
        state = cell(decoder, decoder.input(latents), state, observe)
    velocity = decoder.velocities(state)
    observe("velocity", velocity)
    return velocity
