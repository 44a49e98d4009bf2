"""The streaming form: N chains, one cell each per tick, and what changes from tick to tick.

    g_1(t) = cell(z(t), 0)    g_k(t) = cell(z(t), g_{k-1}(t - WS))    v(t) = W2 g_N(t) + b2

Vectorised over ticks: a chain needs only the one before it, WS ticks ago, so each of the N cells
runs over a whole block of ticks at once. All numbers are integers held in floating point, in which
each step is exact (float32 where 24 bits hold it, float64 elsewhere), so that BLAS and SIMD do the
work; `requantize` is then rint and clip. Weights and tables are scaled by powers of two beforehand
such that every matrix product comes out in the units of the requantisation that follows it. Ticks
are the last axis, so that the rows of one gate are one piece of memory.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from aegru_hw.fixedpoint.changes import Changes
from aegru_hw.fixedpoint.counts import check_counts
from aegru_hw.fixedpoint.decoded import Decoded
from aegru_hw.fixedpoint.exactness import FLOAT32_BITS, float_bits, require_exact
from aegru_hw.fixedpoint.layernorm import RSQRT_TYPE, LayerNorm, rsqrt_address
from aegru_hw.fixedpoint.parameters import Parameters
from aegru_hw.fixedpoint.parts import Linear
from aegru_hw.fixedpoint.startup import startup
from aegru_hw.fixedpoint.types import FixedType

TICKS_AT_ONCE = 4096

Result = TypeVar("Result")

Floats = NDArray[Any]
"""Integers in float32 or float64, whichever the plan found exact."""


def run_streaming_form(decoder: Parameters, counts: NDArray[Any], threads: int = 2) -> Decoded:
    """Decode counts (T, C) of spikes per tick and channel, after silence.

    threads: blocks of ticks decoded at the same time. A block starts `history` ticks early, at the
        chains' start-up states; by its first own tick those have left every chain.
    """
    blocks = _blocks(
        decoder,
        counts,
        threads,
        lambda velocity, changes: (velocity, np.sum([*changes.macs(decoder).values()], axis=0)),
    )
    dense = (
        decoder.encoder.weight.size
        + decoder.input.weight.size
        + (decoder.geometry.steps - 1) * decoder.recurrent.weight.size
        + decoder.readout.weight.size
    )
    velocity = np.concatenate([velocity for velocity, _ in blocks])
    return Decoded(velocity, dense, np.concatenate([macs for _, macs in blocks]))


def changes_of(decoder: Parameters, counts: NDArray[Any], threads: int = 2) -> Changes:
    """Return what changes in each tick of counts (T, C), after silence."""
    return Changes.joined(_blocks(decoder, counts, threads, lambda _, changes: changes))


def _blocks(
    decoder: Parameters,
    counts: NDArray[Any],
    threads: int,
    result: Callable[[NDArray[np.int64], Changes], Result],
) -> list[Result]:
    """Return the results of velocity codes and changes, block by block; at least one block."""
    counts = check_counts(counts, decoder.geometry.channels)
    plan = StreamingPlan(decoder)
    starts = range(0, max(len(counts), 1), TICKS_AT_ONCE)
    with _one_blas_thread(), ThreadPoolExecutor(threads) as pool:
        return list(pool.map(lambda start: result(*plan.decode_block(counts, start)), starts))


def _one_blas_thread() -> AbstractContextManager[Any]:
    """Keep BLAS to one thread: beside this module's threads, its own were slower than one."""
    try:
        from threadpoolctl import threadpool_limits
    except ImportError:  # it only makes decoding faster
        return nullcontext()
    limited: AbstractContextManager[Any] = threadpool_limits(1, user_api="blas")
    return limited


class StreamingPlan:
    """The scaled weights and tables of one decoder, and the block-wise computation on them."""

    def __init__(self, decoder: Parameters) -> None:
        require_exact(decoder)
        self.decoder = decoder
        self.startup = startup(decoder)
        self.dtype = np.dtype(np.float32 if float_bits(decoder) <= FLOAT32_BITS else np.float64)
        self._scale_linears()
        self._scale_tables()

    def _scale_linears(self) -> None:
        decoder, hidden = self.decoder, self.decoder.geometry.hidden
        gate, candidate = decoder.sigmoid.address, decoder.tanh.address
        gates = [gate.fraction] * (2 * hidden)
        self.encoder = decoder.encoder.weight.astype(self.dtype)
        self.input, self.input_bias = self._scaled(
            decoder.input, np.array([*gates, *[candidate.fraction] * hidden])
        )
        self.recurrent, self.recurrent_bias = self._scaled(
            decoder.recurrent, np.array([*gates, *[decoder.recurrent_candidate.fraction] * hidden])
        )
        self.readout, self.readout_bias = self._scaled(
            decoder.readout, np.full(2, decoder.velocity.fraction)
        )
        # A table's address counts from its lowest code.
        self.input_bias[: 2 * hidden] -= gate.min_code
        self.input_bias[2 * hidden :] -= candidate.min_code

    def _scaled(self, linear: Linear, fractions: NDArray[np.int64]) -> tuple[Floats, Floats]:
        """Return weight (outputs, inputs) and bias (outputs, 1) in units of 2^-fractions."""
        weight = self._in_units(linear.weight, linear.accumulator.fraction, fractions[:, None])
        bias = self._in_units(linear.bias, linear.accumulator.fraction, fractions)
        return weight, bias[:, None]

    def _scale_tables(self) -> None:
        decoder = self.decoder
        mixed = decoder.mixed_state.fraction
        gate, candidate = decoder.sigmoid, decoder.tanh
        gated = gate.output.fraction + decoder.recurrent_candidate.fraction
        self.reset_table = self._in_units(gate.codes, gated, candidate.address.fraction)
        self.update_table = self._in_units(gate.codes, gate.output.fraction, 0)
        self.candidate_table = self._in_units(candidate.codes, candidate.output.fraction, mixed)
        self.state_to_mixed = 2.0 ** (mixed - decoder.state.fraction)
        self.feature_table = decoder.feature.codes.astype(self.dtype)
        if decoder.norm is not None:
            norm, state = decoder.norm, decoder.state.fraction
            self.norm_scale = self._in_units(norm.scale, norm.bias_fraction, state)[:, None]
            self.norm_bias = self._in_units(norm.bias, norm.bias_fraction, state)[:, None]

    def _in_units(
        self, codes: NDArray[np.int64], fraction: int, unit_fraction: int | NDArray[np.int64]
    ) -> Floats:
        """Return codes of a fraction as multiples of 2^-unit_fraction."""
        scaled: Floats = np.ldexp(codes.astype(self.dtype), np.subtract(unit_fraction, fraction))
        return scaled

    def decode_block(self, counts: NDArray[Any], start: int) -> tuple[NDArray[np.int64], Changes]:
        """Return velocity codes and changes of the block of ticks that begins at `start`."""
        first = max(start - self.decoder.geometry.history, 0)
        block = counts[first : start + TICKS_AT_ONCE]
        latents, channels_changed = self._encode(block)
        state, states_changed = self._last_chain(latents)
        silent = self.decoder.latents(self.startup.accumulator)[:, None]
        latents_changed = np.diff(latents, axis=1, prepend=silent.astype(self.dtype)) != 0
        changes = Changes(channels_changed.T, latents_changed.T, states_changed)
        return self._velocities(state)[start - first :], changes.after(start - first)

    def _encode(self, counts: NDArray[Any]) -> tuple[Floats, NDArray[np.bool_]]:
        """Return latent codes (L, T) and whether each window count changed (C, T)."""
        decoder, window = self.decoder, self.decoder.geometry.window
        # A leading zero stands for the silence before the block.
        total = np.zeros((counts.shape[1], len(counts) + 1), dtype=np.int32)
        np.cumsum(counts.T, axis=1, out=total[:, 1:])
        window_counts = total.copy()
        window_counts[:, window:] -= total[:, :-window]
        np.minimum(window_counts, decoder.feature.address.max_code, out=window_counts)
        changed = window_counts[:, 1:] != window_counts[:, :-1]
        features = np.take(self.feature_table, window_counts, mode="clip")
        changes = self.encoder @ (features[:, 1:] - features[:, :-1])
        accumulator = np.cumsum(changes, axis=1, dtype=np.float64)
        accumulator += self.startup.accumulator[:, None]
        accumulator *= 2.0 ** (decoder.latent.fraction - decoder.encoder.accumulator.fraction)
        return _requantized(accumulator, decoder.latent).astype(self.dtype), changed

    def _last_chain(self, latents: Floats) -> tuple[Floats, NDArray[np.bool_]]:
        """Return the states of g_N (H, T) for latents (L, T), running the chains one by one.

        And whether the past states (T, N-1, H) of the tick after each differ from its own.
        """
        window, ticks = self.decoder.geometry.window, latents.shape[1]
        input_product = self.input @ latents
        input_product += self.input_bias
        state = self._cell(input_product, np.zeros((len(self.recurrent) // 3, ticks), self.dtype))
        changed = np.zeros((ticks, self.decoder.geometry.steps - 1, len(state)), dtype=np.bool_)
        for chain, silent_state in enumerate(self.startup.states[:-1]):
            before = np.repeat(silent_state[:, None].astype(self.dtype), window, axis=1)
            past = np.hstack([before, state])[:, : ticks + 1]
            changed[:, chain] = (past[:, 1:] != past[:, :-1]).T
            state = self._cell(input_product, past[:, :ticks])
        return state, changed

    def _cell(self, input_product: Floats, state: Floats) -> Floats:
        """Return the next states (H, T); cell.py says which equations these are."""
        decoder, hidden = self.decoder, self.decoder.geometry.hidden
        product = self.recurrent @ state
        product += self.recurrent_bias
        gates, recurrent_candidate = product[: 2 * hidden], product[2 * hidden :]
        gates += input_product[: 2 * hidden]
        address = _address(gates)
        candidate = _requantized(recurrent_candidate, decoder.recurrent_candidate)
        candidate *= np.take(self.reset_table, address[:hidden], mode="clip")
        candidate += input_product[2 * hidden :]
        candidate = np.take(self.candidate_table, _address(candidate), mode="clip")
        mixed_state = state * self.state_to_mixed
        mixed_state -= candidate
        mixed_state *= np.take(self.update_table, address[hidden:], mode="clip")
        mixed_state += candidate
        mixed_state = _requantized(mixed_state, decoder.mixed_state)
        if decoder.norm is None:
            mixed_state *= 1 / self.state_to_mixed
            return _requantized(mixed_state, decoder.state)
        return self._normalised(decoder.norm, mixed_state)

    def _normalised(self, norm: LayerNorm, mixed_state: Floats) -> Floats:
        """Return LayerNorm's states (H, T); layernorm.py says which equations these are."""
        hidden = self.decoder.geometry.hidden
        deviation = mixed_state.astype(np.float64)
        total = deviation.sum(axis=0)
        squares = np.einsum("ht,ht->t", deviation, deviation)
        variance = (hidden * squares - total * total).astype(np.int64) + norm.epsilon
        address, exponent = rsqrt_address(variance)
        factor = np.ldexp(
            norm.rsqrt[address].astype(np.float64),
            norm.normalised.fraction - RSQRT_TYPE.fraction - exponent,
        )
        deviation *= hidden
        deviation -= total
        deviation *= factor
        normalised = _requantized(deviation, norm.normalised).astype(self.dtype)
        normalised *= self.norm_scale
        normalised += self.norm_bias
        return _requantized(normalised, self.decoder.state)

    def _velocities(self, states: Floats) -> NDArray[np.int64]:
        velocity = self.readout @ states
        velocity += self.readout_bias
        return _requantized(velocity, self.decoder.velocity).T.astype(np.int64)


def _requantized(values: Floats, target: FixedType) -> Floats:
    """Return values in units of a type's resolution, rounded half to even, saturated, in place."""
    np.rint(values, out=values)
    return np.clip(values, target.min_code, target.max_code, out=values)


def _address(values: Floats) -> NDArray[np.intp]:
    """Return table addresses for values in the address's units; np.take's clip saturates them."""
    return np.rint(values, out=values).astype(np.intp)
