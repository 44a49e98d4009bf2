"""Energy of an output, an estimate: operations and memory accesses, times a published table.

The number says what the schedule is worth. It is a model of an ASIC's memories, the same whatever
FPGA the engine is placed on, and no measurement of a device, of which it leaves out clock, wires,
leakage and configuration. Hence it stands beside the same count for the reference schedule, dense
and with all N steps for each output.
"""

from dataclasses import dataclass

from aegru_hw.cost.macs import reference_dense
from aegru_hw.cost.prices import SOURCE, TECHNOLOGY, VOLTAGE, access_pj, add_pj, multiply_pj
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
from aegru_hw.rtl.lanes import gates_are_serial, group_size, queue_depth
from aegru_hw.rtl.limits import SPIKE_BITS
from aegru_hw.rtl.reads import lane_reads
from aegru_hw.rtl.schedule import ROWS_A_SLOT, WEIGHT_BITS, WORD_BITS, Schedule, schedule

MULTIPLY_ADD_PJ = multiply_pj(WEIGHT_BITS, OPERAND_BITS) + add_pj(ACCUMULATOR_BITS)

READOUT_BITS = VELOCITY_AXES * WEIGHT_BITS
NORM_BITS = WEIGHT_BITS + ACCUMULATOR_BITS
COUNT_BITS, RSQRT_BITS, FACTOR_BITS = 16, 12, 8
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
ACCUMULATORS = ("encoder", "input", "recurrent")

ASSUMPTIONS = (
    "an estimate from counts, not a measurement: a model of an ASIC's memories, the same whatever "
    "FPGA the engine is placed on; clock, wires, leakage, pins, control, queues, and arithmetic "
    "done once a cell, latent, past state or changed channel are left out",
    "additions between and beyond the published widths by a line through both points, "
    "multiplications by a line through both in the product of the widths",
    "a memory access costs in proportion to its bits, and grows with the memory as a line through "
    "the published sizes in logarithms (below 8 kB with the square root of the size)",
    f"in both schedules multiply-adds of {WEIGHT_BITS} x {OPERAND_BITS} bits into "
    f"{ACCUMULATOR_BITS}, elementwise work in {CODE_BITS}-bit codes and {SUM_BITS}-bit sums, "
    "LayerNorm's own sums as wide as the engine's; a rounding counts as an addition of "
    f"{WIDE_BITS} bits",
    "engine: a word of the lanes' schedules is read once for all operands of its column, words "
    "that only skip rows included, and an operand for every multiply-add; whatever changed is "
    "written to a small memory in each lane, and each lane looks its column up",
    "engine: where one lane's sums are taken, those of all lanes are read, and count; a lane at "
    "rest reads nothing; of memories outside the lanes only the words that are used count",
    "reference: dense 8-bit weights without an index, read once a multiply-add from as many banks "
    "as the engine has lanes; tables, biases and window counts as the engine has them",
)


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
    lanes = costs.lanes
    memory = _lane_accesses(decoder, schedule(decoder, lanes))
    accesses = {name: reads.mean() for name, reads in lane_reads(decoder.geometry, costs).items()}
    changed_channels, changed_latents = costs.changed_channels.mean(), costs.changed_latents.mean()
    changed_states = costs.changed_states.mean()
    accesses["operands"] += lanes * (changed_channels + changed_latents + changed_states)
    for name in ACCUMULATORS:  # each sum that a product is added to is written
        accesses[name] += getattr(costs, name).mean()
    spent = {name: accesses[name] * pj for name, pj in memory.items()}
    hidden = decoder.geometry.hidden
    readout = hidden * access_pj(READOUT_BITS, hidden * READOUT_BITS)
    parts = {
        "multiply_adds": costs.macs.mean() * MULTIPLY_ADD_PJ,
        "weights": spent["schedule"] + spent["directory"] + readout,
        "operands": spent["operands"],
        "sums": sum(spent[name] for name in ACCUMULATORS),
        "states": _states(decoder, changed_latents, changed_states),
        "elementwise": _elementwise(decoder),
        "tables": _tables(decoder, lanes) + changed_channels * 2 * _feature(decoder),
        "window": _window(decoder, costs),
    }
    return {name: float(energy) for name, energy in parts.items()}


def _lane_accesses(decoder: FixedDecoder, plan: Schedule) -> dict[str, float]:
    """Return the energy in pJ of an access of each memory of a lane; rtl/aegru_lane.sv has them."""
    geometry = decoder.geometry
    chains = max(geometry.steps - 1, 1)
    slots, latent_slots = -(-geometry.hidden // plan.lanes), -(-geometry.latent // plan.lanes)
    rows = slots * (ROWS_A_SLOT if gates_are_serial(plan.lanes) else 1)
    row_bits = max(_address_bits(slots) + _address_bits(ROWS_A_SLOT), _address_bits(latent_slots))
    columns = plan.start.shape[1]
    memories = {
        "schedule": (WORD_BITS, plan.depth),
        "directory": (_address_bits(plan.depth) + row_bits + 1, columns),
        "operands": (
            _address_bits(chains) + OPERAND_BITS,
            1 << _address_bits((queue_depth(plan.lanes) + 2) * chains),
        ),
        "encoder": (ACCUMULATOR_BITS, 2 * latent_slots),  # half of it the sums of silence
        "input": (ACCUMULATOR_BITS, rows),
        "recurrent": (ACCUMULATOR_BITS, chains * rows),
    }
    return {name: access_pj(bits, words * bits) for name, (bits, words) in memories.items()}


def _address_bits(words: int) -> int:
    return max((words - 1).bit_length(), 1)


def _states(decoder: FixedDecoder, changed_latents: float, changed_states: float) -> float:
    """Return what is kept for later ticks: the ring, and the latents and past states sent last."""
    geometry = decoder.geometry
    kept = (geometry.steps - 1) * geometry.hidden
    past_bits = max(kept, geometry.hidden) * OPERAND_BITS
    ring = access_pj(OPERAND_BITS, (geometry.window + 1) * past_bits)
    past = access_pj(OPERAND_BITS, past_bits)
    latent = access_pj(OPERAND_BITS, geometry.latent * OPERAND_BITS)
    states = 2 * kept * ring
    # Each past state is compared with its new one, and read by its cell.
    states += (2 * kept + changed_states) * past
    return states + (geometry.latent + changed_latents) * latent


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
    bias_bits = hidden * (len(BIASES) if gates_are_serial(lanes) else 1) * SUM_BITS
    unit += len(BIASES) * access_pj(SUM_BITS, bias_bits)
    unit += 2 * access_pj(CODE_BITS, hidden * CODE_BITS)
    cell = hidden * unit
    if decoder.norm is not None:
        cell += access_pj(RSQRT_BITS, decoder.norm.rsqrt.size * RSQRT_BITS)
        cell += hidden * access_pj(NORM_BITS, hidden * NORM_BITS)
    return decoder.geometry.steps * cell


def _feature(decoder: FixedDecoder) -> float:
    return access_pj(OPERAND_BITS, decoder.feature.codes.size * OPERAND_BITS)


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
