"""Energy of an output, an estimate: operations and memory accesses, times a published table.

Source of the table: M. Horowitz, "Computing's energy problem (and what we can do about it)", ISSCC
2014, pp. 10-14, figure 1.1.9: 45 nm, 0.9 V. An integer addition takes 0.03 pJ (8 bits) and 0.1 pJ
(32 bits), a multiplication 0.2 pJ (8 x 8) and 3.1 pJ (32 x 32), an access of 64 bits 10 pJ (8 kB
SRAM), 20 pJ (32 kB) and 100 pJ (1 MB).

The number says what the schedule is worth; it is no measurement of a device, of which it leaves out
clock, wires, leakage and configuration. Hence it stands beside the same count for the reference
schedule, dense and with all N steps for each output.
"""

import math
from dataclasses import dataclass

from aegru_hw.cost.macs import reference_dense
from aegru_hw.fixedpoint.decoder import GATES, VELOCITY_AXES, FixedDecoder
from aegru_hw.rtl.cycles import TickCosts
from aegru_hw.rtl.images import (
    ACCUMULATOR_BITS,
    BIASES,
    CODE_BITS,
    MIX_BITS,
    OPERAND_BITS,
    SUM_BITS,
    WIDE_BITS,
)
from aegru_hw.rtl.lanes import group_size, unit_cycles
from aegru_hw.rtl.limits import SPIKE_BITS
from aegru_hw.rtl.schedule import ACTIVE_AT, WEIGHT_BITS, schedule

TECHNOLOGY, VOLTAGE = "45 nm CMOS", 0.9
SOURCE = "M. Horowitz, Computing's energy problem, ISSCC 2014, figure 1.1.9"

ADD_PJ = {8: 0.03, 32: 0.1}
MULTIPLY_PJ = {8: 0.2, 32: 3.1}
ACCESS_BITS = 64
ACCESS_PJ = {8 << 10: 10.0, 32 << 10: 20.0, 1 << 20: 100.0}
"""The published table; memory sizes in bytes."""

WORD_BITS = ACTIVE_AT + 1
READOUT_BITS = VELOCITY_AXES * WEIGHT_BITS
NORM_BITS = WEIGHT_BITS + ACCUMULATOR_BITS
COUNT_BITS, COLUMN_BITS, RSQRT_BITS, FACTOR_BITS = 16, 32, 12, 8
TOTAL_BITS = CODE_BITS + FACTOR_BITS
SQUARES_BITS = 2 * CODE_BITS + FACTOR_BITS
DEVIATION_BITS = TOTAL_BITS + 1
"""LayerNorm's sums over H mixed states and over their squares, and a difference to the first."""

UNIT_MULTIPLIES: tuple[tuple[int, int], ...] = (
    (CODE_BITS, CODE_BITS),  # reset gate times recurrent candidate
    (CODE_BITS, MIX_BITS),  # update gate times difference
)
UNIT_ADDS: tuple[int, ...] = (*[SUM_BITS] * len(BIASES), *[SUM_BITS] * 4, MIX_BITS)
"""Biases; then the sums of two gates, candidate and mixed state; the difference."""
UNIT_REQUANTISATIONS = 6
"""Of a unit in a cell: two gates, two of the candidate, mixed state, state."""
NORM_MULTIPLIES: tuple[tuple[int, int], ...] = (
    (CODE_BITS, CODE_BITS),  # square
    (FACTOR_BITS, CODE_BITS),  # H times mixed state
    (DEVIATION_BITS, RSQRT_BITS),  # deviation times 1/sqrt(V)
    (WEIGHT_BITS, CODE_BITS),  # scale
)
NORM_ADDS: tuple[int, ...] = (TOTAL_BITS, SQUARES_BITS, DEVIATION_BITS, SUM_BITS)
"""Sum, sum of squares, deviation, bias."""
NORM_REQUANTISATIONS = 1

ASSUMPTIONS = (
    "an estimate from counts, not a measurement: clock, wires, leakage, pins, control, arithmetic "
    "done once a cell, latent or changed channel, and an FPGA's overhead over an ASIC are left out",
    "additions between and beyond the published widths by a line through both points, "
    "multiplications by a line through both in the product of the widths",
    "a memory access costs in proportion to its bits, and grows with the memory as a line through "
    "the published sizes in logarithms (below 8 kB with the square root of the size)",
    f"in both schedules multiply-adds of {WEIGHT_BITS} x {OPERAND_BITS} bits into "
    f"{ACCUMULATOR_BITS}, elementwise work in {CODE_BITS}-bit codes and {SUM_BITS}-bit sums, "
    "LayerNorm's own sums as wide as the engine's; a rounding counts as an addition of "
    f"{WIDE_BITS} bits",
    "engine: every word of the lanes' schedules that is read counts, padding included, and the "
    "operand read with it; of other memories the words that are used",
    "engine: the past states of a tick are read once from the ring and written to a copy in each "
    "lane and one in the cell unit; each lane has a copy of the latents too, read P at a time",
    "reference: dense 8-bit weights without an index, read once a multiply-add from as many banks "
    "as the engine has lanes; tables, biases and window counts as the engine has them",
)


def add_pj(bits: int) -> float:
    """Return the energy in pJ of an addition of this width."""
    first, second = ADD_PJ.items()
    return _line(bits, first, second)


def multiply_pj(first: int, second: int) -> float:
    """Return the energy in pJ of a multiplication of two widths in bits."""
    narrow, wide = ((width**2, pj) for width, pj in MULTIPLY_PJ.items())
    return _line(first * second, narrow, wide)


def access_pj(bits: int, memory_bits: float) -> float:
    """Return the energy in pJ of reading or writing a word in a memory of this many bits."""
    size = math.log(memory_bits / 8)
    points = [(math.log(size), math.log(energy)) for size, energy in ACCESS_PJ.items()]
    if size <= points[0][0]:
        whole = points[0][1] + 0.5 * (size - points[0][0])
    else:
        upper = next((i for i in (1, 2) if size <= points[i][0]), 2)
        whole = _line(size, points[upper - 1], points[upper])
    return math.exp(whole) * bits / ACCESS_BITS


def _line(x: float, first: tuple[float, float], second: tuple[float, float]) -> float:
    slope = (second[1] - first[1]) / (second[0] - first[0])
    return first[1] + slope * (x - first[0])


MULTIPLY_ADD_PJ = multiply_pj(WEIGHT_BITS, OPERAND_BITS) + add_pj(ACCUMULATOR_BITS)


@dataclass(frozen=True)
class Energy:
    """The estimate of an engine's tick, which is one output.

    lanes: P. technology, voltage (V), source: of the table.
    per_tick_nj: energy in nJ of `engine` and `reference_dense`; parts: what makes it up.
    assumptions: one sentence each.
    """

    lanes: int
    technology: str
    voltage: float
    source: str
    per_tick_nj: dict[str, float]
    parts: dict[str, dict[str, float]]
    assumptions: tuple[str, ...]


def energy(decoder: FixedDecoder, costs: TickCosts) -> Energy:
    """Estimate the energy of a tick, the mean over the ticks of `costs`."""
    parts = {
        "engine": _in_nanojoules(_engine(decoder, costs)),
        "reference_dense": _in_nanojoules(_reference(decoder, costs)),
    }
    return Energy(
        lanes=costs.lanes,
        technology=TECHNOLOGY,
        voltage=VOLTAGE,
        source=SOURCE,
        per_tick_nj={name: sum(values.values()) for name, values in parts.items()},
        parts=parts,
        assumptions=ASSUMPTIONS,
    )


def _in_nanojoules(parts: dict[str, float]) -> dict[str, float]:
    return {name: energy / 1000 for name, energy in parts.items()}


def _engine(decoder: FixedDecoder, costs: TickCosts) -> dict[str, float]:
    """Return the parts of a tick of the engine, in pJ."""
    geometry, lanes = decoder.geometry, costs.lanes
    hidden, steps = geometry.hidden, geometry.steps
    encoder_words, encoder_macs = float(costs.encoder_words.mean()), float(costs.encoder.mean())
    changed = float(costs.changed.mean())
    slots, latent_slots = -(-hidden // lanes), -(-geometry.latent // lanes)

    macs = encoder_macs + costs.input + costs.recurrent + costs.readout
    depth = schedule(decoder, lanes).depth
    words = lanes * (encoder_words + costs.input_cycles + costs.recurrent_cycles)
    weights = words * access_pj(WORD_BITS, depth * WORD_BITS)
    weights += hidden * access_pj(READOUT_BITS, hidden * READOUT_BITS)

    latents_bits = lanes * OPERAND_BITS
    latents = access_pj(latents_bits, latent_slots * latents_bits)
    past_bits = max(steps - 1, 1) * hidden * OPERAND_BITS
    past = access_pj(OPERAND_BITS, past_bits)
    operands = lanes * (latent_slots + costs.input_cycles) * latents
    operands += lanes * costs.recurrent_cycles * past
    # Of each state kept: read from the ring, then written; written to the copies, and read in one.
    ring = access_pj(OPERAND_BITS, (geometry.window + 1) * past_bits)
    states = (steps - 1) * hidden * (2 * ring + (lanes + 1) * past + past)

    # The encoder's memory has a half for the sums of silence, the recurrent one a half a cell.
    accumulator = access_pj(ACCUMULATOR_BITS, 2 * latent_slots * ACCUMULATOR_BITS)
    product_bits = slots * (GATES if _serial(lanes) else 1) * ACCUMULATOR_BITS
    input_sum = access_pj(ACCUMULATOR_BITS, product_bits)
    recurrent_sum = access_pj(ACCUMULATOR_BITS, 2 * product_bits)
    sums = (2 * encoder_macs + geometry.latent) * accumulator
    sums += GATES * hidden * (1 + steps) * input_sum
    sums += GATES * hidden * 2 * (steps - 1) * recurrent_sum
    return {
        "multiply_adds": macs * MULTIPLY_ADD_PJ,
        "weights": weights,
        "operands": operands,
        "sums": sums,
        "states": states,
        "elementwise": _elementwise(decoder),
        "tables": _tables(decoder, lanes) + changed * _event(decoder),
        "window": _window(decoder, costs),
    }


def _reference(decoder: FixedDecoder, costs: TickCosts) -> dict[str, float]:
    """Return the same parts of an output that runs all N steps anew with dense weights, in pJ."""
    geometry = decoder.geometry
    channels, latent, hidden = geometry.channels, geometry.latent, geometry.hidden
    macs = reference_dense(geometry)
    matrices = decoder.matrices.values()
    stored = sum(linear.weight.size for linear in matrices) * WEIGHT_BITS
    step_operands = [
        (channels, channels * latent),
        (latent, GATES * hidden * latent),
        (hidden, GATES * hidden * hidden),
    ]
    operands = geometry.steps * sum(
        reads * access_pj(OPERAND_BITS, size * OPERAND_BITS) for size, reads in step_operands
    )
    state = access_pj(OPERAND_BITS, hidden * OPERAND_BITS)
    sum_width = access_pj(ACCUMULATOR_BITS, GATES * hidden * ACCUMULATOR_BITS)
    return {
        "multiply_adds": macs * MULTIPLY_ADD_PJ,
        "weights": macs * access_pj(WEIGHT_BITS, stored / costs.lanes),
        "operands": operands,
        "sums": geometry.steps * 4 * GATES * hidden * sum_width,
        "states": geometry.steps * 2 * hidden * state,
        "elementwise": _elementwise(decoder),
        "tables": _tables(decoder, costs.lanes) + geometry.steps * channels * _feature(decoder),
        "window": _window(decoder, costs),
    }


def _serial(lanes: int) -> bool:
    """Return whether a unit's gates follow each other and share memories of products and biases."""
    return unit_cycles(lanes) > 1


def _elementwise(decoder: FixedDecoder) -> float:
    """Return the arithmetic of every unit of N cells, behind their products."""
    multiplies, adds, requantisations = UNIT_MULTIPLIES, UNIT_ADDS, UNIT_REQUANTISATIONS
    if decoder.norm is not None:
        multiplies, adds = multiplies + NORM_MULTIPLIES, adds + NORM_ADDS
        requantisations += NORM_REQUANTISATIONS
    unit = sum(multiply_pj(*widths) for widths in multiplies)
    unit += sum(add_pj(bits) for bits in adds) + requantisations * add_pj(WIDE_BITS)
    return decoder.geometry.steps * decoder.geometry.hidden * unit


def _tables(decoder: FixedDecoder, lanes: int) -> float:
    """Return what N cells read of tables and biases, and write and read of mixed states."""
    hidden = decoder.geometry.hidden
    unit = 2 * access_pj(CODE_BITS, decoder.sigmoid.codes.size * CODE_BITS)
    unit += access_pj(CODE_BITS, decoder.tanh.codes.size * CODE_BITS)
    bias_bits = hidden * (len(BIASES) if _serial(lanes) else 1) * SUM_BITS
    unit += len(BIASES) * access_pj(SUM_BITS, bias_bits)
    unit += 2 * access_pj(CODE_BITS, hidden * CODE_BITS)
    cell = hidden * unit
    if decoder.norm is not None:
        cell += access_pj(RSQRT_BITS, decoder.norm.rsqrt.size * RSQRT_BITS)
        cell += hidden * access_pj(NORM_BITS, hidden * NORM_BITS)
    return decoder.geometry.steps * cell


def _feature(decoder: FixedDecoder) -> float:
    return access_pj(OPERAND_BITS, decoder.feature.codes.size * OPERAND_BITS)


def _event(decoder: FixedDecoder) -> float:
    """Return what a changed channel reads: the feature before and after, where its column is."""
    column = access_pj(COLUMN_BITS, decoder.geometry.channels * COLUMN_BITS)
    return 2 * _feature(decoder) + column


def _window(decoder: FixedDecoder, costs: TickCosts) -> float:
    """Return counting spikes, and moving the window of every channel by a tick."""
    geometry = decoder.geometry
    groups = -(-geometry.channels // group_size(costs.lanes))
    spikes, counts = group_size(costs.lanes) * SPIKE_BITS, group_size(costs.lanes) * COUNT_BITS
    tick = access_pj(spikes, groups * spikes)
    group = tick + access_pj(spikes, geometry.window * groups * spikes)
    group += access_pj(counts, groups * counts)
    moves = 2 * groups * group + 2 * geometry.channels * add_pj(COUNT_BITS)
    return moves + float(costs.spikes.mean()) * (2 * tick + add_pj(SPIKE_BITS))
