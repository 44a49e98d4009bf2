"""The engine's memory accesses counted one by one, apart from the cost model.

Each function walks through what the hardware does and counts: channels, latents and states that
changed by their codes, words of the schedules one after the other, and the units of every cell.
"""

import math
from collections import Counter

import numpy as np

from aegru_hw.cost.prices import access_pj
from aegru_hw.fixedpoint import FixedDecoder
from aegru_hw.fixedpoint.startup import startup
from aegru_hw.fixedpoint.traces import streaming_traces
from aegru_hw.rtl.schedule import Schedule

Change = tuple[str, int, int]
"""Matrix, number of the operand in the decoder's order, and how many chains changed it."""


def changed_channels(decoder: FixedDecoder, counts: np.ndarray) -> list[list[int]]:
    """Return, for every tick, the channels whose saturated window count changed, by the window."""
    window, end = decoder.geometry.window, decoder.feature.address.max_code
    changed, before = [], [0] * counts.shape[1]
    for tick in range(len(counts)):
        now = [
            min(int(counts[max(0, tick - window + 1) : tick + 1, channel].sum()), end)
            for channel in range(counts.shape[1])
        ]
        changed.append(
            [c for c, pair in enumerate(zip(now, before, strict=True)) if len(set(pair)) == 2]
        )
        before = now
    return changed


def changes_of(decoder: FixedDecoder, counts: np.ndarray) -> list[list[Change]]:
    """Return what every tick multiplies, by the codes of latents and states themselves."""
    window, silent = decoder.geometry.window, startup(decoder)
    traces = streaming_traces(decoder, counts)

    def latent(tick: int, unit: int) -> int:
        before = decoder.latents(silent.accumulator)
        return int(before[unit] if tick < 0 else traces["latent"][tick, unit])

    def past(tick: int, chain: int, unit: int) -> int:
        then = tick - window
        states = silent.states if then < 0 else traces["state"][then]
        return int(states[chain, unit])

    found = []
    for tick, channels in enumerate(changed_channels(decoder, counts)):
        changes: list[Change] = [("encoder", channel, 1) for channel in channels]
        for unit in range(decoder.geometry.latent):
            if latent(tick, unit) != latent(tick - 1, unit):
                changes.append(("input", unit, 1))
        for unit in range(decoder.geometry.hidden):
            chains = sum(
                past(tick + 1, chain, unit) != past(tick, chain, unit)
                for chain in range(decoder.geometry.steps - 1)
            )
            if chains:
                changes.append(("recurrent", unit, chains))
        found.append(changes)
    return found


def column_of(plan: Schedule, change: Change) -> int:
    """Return the number of a change's column in the lanes' directories."""
    matrix, operand, _ = change
    if matrix == "encoder":
        return operand
    units = plan.latent_units if matrix == "input" else plan.hidden_units
    before = plan.channels + (0 if matrix == "input" else len(plan.latent_units))
    return before + units.tolist().index(operand)


def lane_accesses(plan: Schedule, change: Change) -> Counter[str]:
    """Walk through the words that the lanes read for a change; count what they access."""
    matrix, _, chains = change
    seen: Counter[str] = Counter()
    column = column_of(plan, change)
    for lane in range(plan.lanes):
        seen["directory"] += 1
        seen["operand"] += chains
        start, length = plan.start[lane, column], plan.length[lane, column]
        for word in plan.words[lane, start : start + length].tolist():
            seen["word"] += 1
            if word & 0xFF:
                for _ in range(chains):
                    seen["mac"] += 1
                    seen["operand"] += 1
                    seen[f"{matrix} sum"] += 2  # read and written
    return seen


def memories_of(decoder: FixedDecoder, plan: Schedule) -> dict[str, tuple[int, int]]:
    """Return bits of a word, and words, of the memories of a lane."""
    geometry, lanes = decoder.geometry, plan.lanes
    slots, latent_slots = (math.ceil(n / lanes) for n in (geometry.hidden, geometry.latent))
    chains = max(geometry.steps - 1, 1)
    # {slot, gate} of a product or a slot of the encoder, and one bit more: a column may be full.
    row_bits = max(bits_of(slots) + 2, bits_of(latent_slots))
    depth = plan.words.shape[1]
    sums = slots * (4 if lanes in (1, 2) else 1)
    return {
        "word": (13, depth),
        "directory": (
            bits_of(depth) + row_bits + 1,
            geometry.channels + geometry.latent + geometry.hidden,
        ),
        "operand": (
            bits_of(chains) + 9,
            2 ** math.ceil(math.log2((3 if lanes in (1, 2) else 4) * chains)),
        ),
        "encoder sum": (24, 2 * latent_slots),
        "input sum": (24, sums),
        "recurrent sum": (24, chains * sums),
    }


def bits_of(words: int) -> int:
    """Return the bits of an address of so many words, at least 1."""
    return max(1, math.ceil(math.log2(words)))


def shown_sums(decoder: FixedDecoder, lanes: int) -> Counter[str]:
    """Walk through a tick's latents and cells; count the sums that the lanes show."""
    seen: Counter[str] = Counter()
    gates = ["reset", "update", "candidate"]
    if lanes in (1, 2):
        gates.append("recurrent candidate")
    for _ in range(decoder.geometry.latent):
        seen["encoder sum"] += 1
    for _ in range(decoder.geometry.steps):
        for _ in range(decoder.geometry.hidden):
            for _ in gates:
                seen["input sum"] += 1
                seen["recurrent sum"] += 1
    return seen


def accesses_of(decoder: FixedDecoder, lanes: int) -> Counter[tuple[str, int, int]]:
    """Walk through a tick; return how often the memories outside the lanes are read and written.

    By part, bits of a word, and words of the memory. What depends on what changed is not in it.
    """
    geometry = decoder.geometry
    units, steps = range(geometry.hidden), geometry.steps
    serial = lanes in (1, 2)
    past = ("states", 9, max(steps - 1, 1) * len(units))
    ring = ("states", 9, (geometry.window + 1) * max(steps - 1, 1) * len(units))
    bias = ("tables", 32, len(units) * (4 if serial else 1))
    mixed = ("tables", 16, len(units))

    seen: Counter[tuple[str, int, int]] = Counter()
    for _ in range(geometry.latent):
        seen["states", 9, geometry.latent] += 1
    for chain in [steps, *range(1, steps)]:
        for _ in units:
            for gate in ("reset", "update", "candidate"):
                table = decoder.tanh if gate == "candidate" else decoder.sigmoid
                seen["tables", 16, len(table.codes)] += 1
            for _ in ("reset", "update", "candidate", "recurrent candidate"):
                seen[bias] += 1
            if chain > 1:
                seen[past] += 1
            for _ in ("write", "read"):
                seen[mixed] += 1
            if decoder.norm is not None:
                seen["tables", 32, len(units)] += 1
            if chain == steps:
                seen["weights", 16, len(units)] += 1
            else:
                seen[ring] += 1
        if decoder.norm is not None:
            seen["tables", 12, 64] += 1
    for _ in range(steps - 1):
        for _ in units:
            for compared in (ring, past):
                seen[compared] += 1
    return seen


def priced(seen: Counter[tuple[str, int, int]], wanted: str) -> float:
    """Return the energy in pJ of one part's accesses."""
    return sum(
        number * access_pj(bits, words * bits)
        for (part, bits, words), number in seen.items()
        if part == wanted
    )
