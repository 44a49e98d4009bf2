"""FixedDecoder to ONNX: one output a call, the states in and out, in standard integer operators.

The streaming form of fixedpoint/streaming_form.py without its differences: each call multiplies
whole vectors, of all chains at once. The states' defaults are those of silence, so a first call
needs the counts alone.
"""

from typing import TYPE_CHECKING

import numpy as np

from aegru_hw.errors import UserError
from aegru_hw.export.onnx_graph import ABOVE, LONGEST_SHIFT, GraphBuilder
from aegru_hw.export.widths import Alignments, moment_bits, value_bits
from aegru_hw.fixedpoint.decoder import FixedDecoder
from aegru_hw.fixedpoint.layernorm import MANTISSA_BITS, RSQRT_TYPE, LayerNorm
from aegru_hw.fixedpoint.parts import Linear
from aegru_hw.fixedpoint.rate import per_output
from aegru_hw.fixedpoint.startup import startup

if TYPE_CHECKING:
    import onnx

STATES = ("history", "past")
"""Inputs beside `counts`; each comes out as next_... and goes in again at the next call."""

MOST_BITS = 60


def onnx_model(decoder: FixedDecoder) -> "onnx.ModelProto":
    """Return the checked model of a decoder.

    counts: (C,) spikes of each channel since the last output. history: (window, C) of those before.
    past: (window, N-1, H) states of g_1 ... g_(N-1); none with one step. velocity: (2,) codes.

    Raises UserError where onnx is not installed or 64-bit integers do not hold the decoder's
    intermediates.
    """
    if max(value_bits(decoder), moment_bits(decoder) + MANTISSA_BITS) > MOST_BITS:
        raise UserError(
            f"this decoder's sums need more than the {MOST_BITS} bits of its ONNX model"
        )
    return _Model(per_output(decoder)).built(decoder)


class _Model:
    def __init__(self, decoder: FixedDecoder) -> None:
        self.decoder, self.geometry = decoder, decoder.geometry
        self.shifts = Alignments.of(decoder)
        self.graph = GraphBuilder()

    def built(self, source: FixedDecoder) -> "onnx.ModelProto":
        graph, geometry = self.graph, self.geometry
        latent = self._latent()
        input_product = self._linear("input", self.decoder.input, latent)
        zero = graph.constant(np.zeros((1, geometry.hidden), dtype=np.int64))
        past_shape = (geometry.window, geometry.steps - 1, geometry.hidden)
        if geometry.steps == 1:
            states = self._cell(input_product, zero)
        else:
            silent = startup(self.decoder).states[:-1]
            past = graph.input("past", past_shape, np.repeat(silent[None], geometry.window, axis=0))
            before = graph.op("Concat", zero, graph.gather(past, 0), axis=0)
            states = self._cell(input_product, before)
            newest = graph.op("Unsqueeze", graph.rows(states, 0, -1), graph.constant([0]))
            ring = graph.op("Concat", graph.rows(past, 1, geometry.window), newest, axis=0)
        last = graph.gather(states, geometry.steps - 1)
        sums = self._linear("readout", self.decoder.readout, last)
        shift = self.decoder.readout.accumulator.fraction - self.decoder.velocity.fraction
        codes = graph.requantise(sums, shift, self.decoder.velocity, "velocity_codes")
        graph.output("velocity", codes, (2,))
        graph.output("next_history", "new_history", (geometry.window, geometry.channels))
        if geometry.steps > 1:
            graph.output("next_past", ring, past_shape)
        labels = source.labels
        facts = {
            "decoder": source.digest,
            "ticks_per_call": str(source.geometry.every),
            "tick_seconds": repr(source.geometry.tick_seconds),
            "velocity_fraction": str(source.velocity.fraction),
            "velocity_scale": repr(labels.scale.tolist()),
            "velocity_mean": repr(labels.mean.tolist()),
        }
        return graph.model("aegru", f"{__doc__}\n{source!r}", facts)

    def _latent(self) -> str:
        """z = requantise(W1 x + b1), x = log(softplus(count)) from a table."""
        graph, decoder, geometry = self.graph, self.decoder, self.geometry
        end, shape = decoder.feature.address.max_code, (geometry.window, geometry.channels)
        counts = graph.input("counts", shape[1:])
        history = graph.input("history", shape, np.zeros(shape, dtype=np.int64))
        # A count beyond the table's end gives window counts beyond it.
        arrived = graph.op("Unsqueeze", graph.clip(counts, 0, end), graph.constant([0]))
        older = graph.rows(history, 1, geometry.window)
        graph.op("Concat", older, arrived, name="new_history", axis=0)
        window_count = graph.clip(graph.sum("new_history", 0, keep=False), 0, end, "window_count")
        feature = graph.gather(graph.table("feature_table", decoder.feature.codes), window_count)
        sums = self._linear("encoder", decoder.encoder, feature)
        shift = decoder.encoder.accumulator.fraction - decoder.latent.fraction
        return graph.requantise(sums, shift, decoder.latent, "latent")

    def _linear(self, name: str, linear: Linear, operand: str) -> str:
        """Return W x + b, (..., outputs), of x (..., inputs)."""
        weight = self.graph.table(f"{name}_weight", linear.weight.T)
        product = self.graph.op("MatMul", operand, weight)
        return self.graph.add(product, self.graph.constant(linear.bias), f"{name}_product")

    def _cell(self, input_product: str, state: str) -> str:
        """Return the next states (N, H); fixedpoint/cell.py says which equations these are."""
        graph, decoder, shifts = self.graph, self.decoder, self.shifts
        hidden = self.geometry.hidden
        product = self._linear("recurrent", decoder.recurrent, state)
        gates = graph.add(
            graph.multiply(graph.last(input_product, 0, 2 * hidden), 1 << shifts.gate_input),
            graph.multiply(graph.last(product, 0, 2 * hidden), 1 << shifts.gate_recurrent),
        )
        address = decoder.sigmoid.address
        codes = graph.requantise(
            gates, shifts.gate_fraction - address.fraction, address, "gate_address"
        )
        sigmoid = graph.table("sigmoid_table", decoder.sigmoid.codes)
        both = graph.gather(sigmoid, graph.subtract(codes, address.min_code), "gates")
        reset, update = graph.last(both, 0, hidden), graph.last(both, hidden, 2 * hidden)

        kind = decoder.recurrent_candidate
        recurrent_candidate = graph.requantise(
            graph.last(product, 2 * hidden, 3 * hidden),
            decoder.recurrent.accumulator.fraction - kind.fraction,
            kind,
            "recurrent_candidate",
        )
        gated = graph.multiply(reset, recurrent_candidate)
        of_input = graph.last(input_product, 2 * hidden, 3 * hidden)
        mixed_input = graph.add(
            graph.multiply(of_input, 1 << shifts.candidate_input),
            graph.multiply(gated, 1 << shifts.candidate_gated),
        )
        address = decoder.tanh.address
        codes = graph.requantise(
            mixed_input, shifts.candidate_fraction - address.fraction, address, "candidate_address"
        )
        tanh = graph.table("tanh_table", decoder.tanh.codes)
        candidate = graph.gather(tanh, graph.subtract(codes, address.min_code), "candidate")

        new = graph.multiply(candidate, 1 << shifts.mix_candidate)
        old = graph.multiply(state, 1 << shifts.mix_state)
        mixed = graph.add(
            graph.multiply(new, 1 << decoder.sigmoid.output.fraction),
            graph.multiply(update, graph.subtract(old, new)),
        )
        shift = shifts.mix_fraction - decoder.mixed_state.fraction
        mixed = graph.requantise(mixed, shift, decoder.mixed_state, "mixed_state")
        if decoder.norm is not None:
            return self._normalised(decoder.norm, mixed)
        shift = decoder.mixed_state.fraction - decoder.state.fraction
        return graph.requantise(mixed, shift, decoder.state, "state")

    def _normalised(self, norm: LayerNorm, mixed: str) -> str:
        """Return LayerNorm's states (N, H); fixedpoint/layernorm.py has the equations."""
        graph, hidden = self.graph, self.geometry.hidden
        total = graph.sum(mixed, -1, keep=True)
        squares = graph.sum(graph.multiply(mixed, mixed), -1, keep=True)
        variance = graph.add(
            graph.subtract(graph.multiply(squares, hidden), graph.multiply(total, total)),
            norm.epsilon,
            "variance",
        )
        powers = [1 << bit for bit in range(moment_bits(self.decoder) + 1)]
        reached = graph.op("GreaterOrEqual", variance, graph.constant(powers[1:]))
        bits = graph.op("Cast", reached, to=7)  # int64
        leading = graph.op("ReduceSum", bits, graph.constant([-1]), name="leading_bit", keepdims=1)
        mantissa = graph.remainder(
            graph.divide(
                graph.multiply(variance, 1 << MANTISSA_BITS),
                graph.gather(graph.constant(powers), leading),
            ),
            1 << MANTISSA_BITS,
        )
        parity = graph.multiply(graph.remainder(leading, 2), 1 << MANTISSA_BITS)
        factor = graph.gather(graph.table("rsqrt_table", norm.rsqrt), graph.add(parity, mantissa))
        deviation = graph.subtract(graph.multiply(mixed, hidden), total)
        product = graph.multiply(deviation, factor)
        rounded = self._divided(norm, product, graph.divide(leading, 2), len(powers) // 2 + 1)
        normalised = graph.clip(
            rounded, norm.normalised.min_code, norm.normalised.max_code, "normalised"
        )
        affine = graph.add(
            graph.multiply(graph.constant(norm.scale), normalised), graph.constant(norm.bias)
        )
        shift = norm.bias_fraction - self.decoder.state.fraction
        return graph.requantise(affine, shift, self.decoder.state, "state")

    def _divided(self, norm: LayerNorm, product: str, exponent: str, exponents: int) -> str:
        """Return products / 2^(12 + e) at the normalised type's fraction, rounded, of e (N, 1).

        The shift follows from e, so its powers of two come from tables. All is doubled, so that
        even a shift of none has a half. A left shift is of codes that are clipped first.
        """
        graph, kind = self.graph, norm.normalised
        shifts = [RSQRT_TYPE.fraction + e - kind.fraction for e in range(exponents)]
        scales, divisors, lows, highs = [], [], [], []
        for shift in shifts:
            left = min(max(-shift, 0), 30)
            is_gone = shift >= LONGEST_SHIFT
            scales.append(0 if is_gone else 2 << left)
            divisors.append(2 if is_gone else 2 << max(shift, 0))
            lows.append((kind.min_code >> left) - 1 if left else -(1 << MOST_BITS))
            highs.append((kind.max_code >> left) + 1 if left else 1 << MOST_BITS)
        if min(shifts) < 0:
            product = graph.op("Max", product, graph.gather(graph.constant(lows), exponent))
            product = graph.op("Min", product, graph.gather(graph.constant(highs), exponent))
        halves = [divisor // 2 for divisor in divisors]
        above = [ABOVE // divisor for divisor in divisors]
        scaled = graph.multiply(product, graph.gather(graph.constant(scales), exponent))
        powers = (graph.constant(numbers) for numbers in (divisors, halves, above))
        return graph.rounded(scaled, *(graph.gather(table, exponent) for table in powers))
