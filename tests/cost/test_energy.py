"""The energy estimate against the published table and a recount, tick by tick and word by word."""

import math
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from aegru_hw.cost.energy import Energy, access_pj, add_pj, energy, multiply_pj
from aegru_hw.fixedpoint import FixedDecoder
from aegru_hw.fixedpoint.made_up import random_counts, random_decoder
from aegru_hw.rtl.cycles import TickCosts, tick_costs
from aegru_hw.rtl.schedule import ACTIVE_AT, Schedule, schedule
from aegru_hw.strict_json import read_json, write_json

KB = 8 * 1024
PARTS = {
    *("multiply_adds", "weights", "operands", "sums"),
    *("states", "elementwise", "tables", "window"),
}
MATRICES = ("encoder", "input", "recurrent")


def costs_of(decoder: FixedDecoder, lanes: int, counts: np.ndarray) -> TickCosts:
    return tick_costs(decoder, schedule(decoder, lanes), counts)


def test_published_points() -> None:
    assert [add_pj(8), add_pj(32)] == pytest.approx([0.03, 0.1])
    assert [multiply_pj(8, 8), multiply_pj(32, 32)] == pytest.approx([0.2, 3.1])
    assert [access_pj(64, size * KB) for size in (8, 32, 1024)] == pytest.approx([10, 20, 100])
    assert access_pj(16, 8 * KB) == pytest.approx(2.5)
    assert access_pj(64, 2 * KB) == pytest.approx(5)
    assert 20 < access_pj(64, 100 * KB) < 100 < access_pj(64, 2048 * KB)


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


def issued_words(plan: Schedule, decoder: FixedDecoder, changed: list[int]) -> list[list[str]]:
    """Return what each word that the lanes read in a tick is: matrix, and whether it multiplies."""
    blocks = [("encoder", plan.column_start[c], plan.column_length[c]) for c in changed]
    blocks.append(("input", plan.input_start, plan.input_length))
    blocks += [("recurrent", plan.recurrent_start, plan.recurrent_length)] * (
        decoder.geometry.steps - 1
    )
    return [
        [matrix, "mac" if int(plan.words[lane, start + cycle]) >> ACTIVE_AT & 1 else "none"]
        for matrix, start, length in blocks
        for cycle in range(length)
        for lane in range(plan.lanes)
    ]


def accesses_of(decoder: FixedDecoder, lanes: int) -> Counter[tuple[str, int, int]]:
    """Walk through a tick's latents and cells; return how often the engine reads and writes.

    By part, bits of a word, and words of the memory. What depends on the schedule or on spikes is
    not in it: the lanes' words with their operands, encoder columns, the window.
    """
    geometry = decoder.geometry
    units, steps = range(geometry.hidden), geometry.steps
    serial = lanes in (1, 2)
    past = ("states", 9, max(steps - 1, 1) * len(units))
    ring = ("states", 9, (geometry.window + 1) * max(steps - 1, 1) * len(units))
    rows = math.ceil(len(units) / lanes) * (3 if serial else 1)
    bias = ("tables", 32, len(units) * (4 if serial else 1))
    mixed = ("tables", 16, len(units))
    latent_slots = math.ceil(geometry.latent / lanes)

    seen: Counter[tuple[str, int, int]] = Counter()
    for _ in range(geometry.latent):
        seen["sums", 24, 2 * latent_slots] += 1
    for _ in range(lanes):
        for _ in range(latent_slots):
            seen["operands", 9 * lanes, latent_slots] += 1
    for _ in range(steps - 1):
        for _ in units:
            seen[ring] += 1
            for _ in ["cell unit", *range(lanes)]:
                seen[past] += 1
    for _ in units:
        for _ in ("reset", "update", "candidate"):
            seen["sums", 24, rows] += 1
    for chain in [1, *range(steps, 1, -1)]:
        for _ in units:
            for gate in ("reset", "update", "candidate"):
                seen["sums", 24, rows] += 1
                if chain > 1:
                    for _ in ("write", "read"):
                        seen["sums", 24, 2 * rows] += 1
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
    return seen


def priced(seen: Counter[tuple[str, int, int]], wanted: str) -> float:
    """Return the energy in pJ of one part's accesses."""
    return sum(
        number * access_pj(bits, words * bits)
        for (part, bits, words), number in seen.items()
        if part == wanted
    )


@pytest.mark.parametrize("lanes", [1, 2, 4])
@pytest.mark.parametrize("norm", [True, False])
@pytest.mark.parametrize("steps", [1, 3])
def test_recount(lanes: int, norm: bool, steps: int) -> None:
    decoder = random_decoder(
        4, channels=20, latent=7, hidden=6, window=3, steps=steps, sparsity=0.6, norm=norm
    )
    counts = random_counts(4, 40, 20, rate=0.2, maximum=3)
    plan = schedule(decoder, lanes)
    seen: Counter[str] = Counter()
    for tick, changed in enumerate(changed_channels(decoder, counts)):
        seen["events"] += len(changed)
        seen["spikes"] += int(counts[tick].sum())
        for matrix, kind in issued_words(plan, decoder, changed):
            seen[matrix] += 1
            seen[f"{matrix} {kind}"] += 1
    # Still a counter: with one step there is no recurrent product, and none is 0.
    mean = Counter({name: number / len(counts) for name, number in seen.items()})
    found = energy(decoder, costs_of(decoder, lanes, counts))
    engine = {name: 1000 * value for name, value in found.parts["engine"].items()}

    readout = int((decoder.readout.weight != 0).sum())
    macs = readout + sum(mean[f"{matrix} mac"] for matrix in MATRICES)
    assert engine["multiply_adds"] == pytest.approx(macs * (multiply_pj(8, 9) + add_pj(24)))

    accesses = accesses_of(decoder, lanes)
    word, depth = 27, plan.words.shape[1]
    words = sum(mean[matrix] for matrix in MATRICES)
    assert engine["weights"] == pytest.approx(
        words * access_pj(word, depth * word) + priced(accesses, "weights")
    )

    slots = math.ceil(7 / lanes)
    assert engine["operands"] == pytest.approx(
        mean["input"] * access_pj(9 * lanes, slots * 9 * lanes)
        + mean["recurrent"] * access_pj(9, max(steps - 1, 1) * 6 * 9)
        + priced(accesses, "operands")
    )
    assert engine["states"] == pytest.approx(priced(accesses, "states"))
    assert engine["sums"] == pytest.approx(
        2 * mean["encoder mac"] * access_pj(24, 2 * slots * 24) + priced(accesses, "sums")
    )

    feature = access_pj(9, len(decoder.feature.codes) * 9)
    event = 2 * feature + access_pj(32, 20 * 32)
    assert engine["tables"] == pytest.approx(priced(accesses, "tables") + mean["events"] * event)

    unit = multiply_pj(16, 16) + multiply_pj(16, 24)  # reset, update
    unit += 4 * add_pj(32) + 4 * add_pj(32) + add_pj(24)  # biases, sums, difference
    unit += 6 * add_pj(36)
    if norm:
        unit += multiply_pj(16, 16) + multiply_pj(8, 16) + multiply_pj(25, 12) + multiply_pj(8, 16)
        unit += add_pj(24) + add_pj(40) + add_pj(25) + add_pj(32) + add_pj(36)
    assert engine["elementwise"] == pytest.approx(steps * 6 * unit)

    size = {1: 2, 2: 4, 4: 8}[lanes]
    groups = math.ceil(20 / size)
    row = 8 * size
    spikes, history = access_pj(row, groups * row), access_pj(row, 3 * groups * row)
    counted = access_pj(2 * row, groups * 2 * row)
    moves = 2 * groups * (spikes + history + counted) + 40 * add_pj(16)
    assert engine["window"] == pytest.approx(moves + mean["spikes"] * (2 * spikes + add_pj(8)))


def test_reference_recount() -> None:
    decoder = random_decoder(5, channels=20, latent=7, hidden=6, window=3, steps=3)
    found = energy(decoder, costs_of(decoder, 2, random_counts(5, 30, 20)))
    parts = {name: 1000 * value for name, value in found.parts["reference_dense"].items()}
    operands: Counter[int] = Counter()
    macs = 2 * 6
    for _ in range(3):
        for rows, columns in ((7, 20), (18, 7), (18, 6)):
            macs += rows * columns
            operands[columns] += rows * columns
    assert parts["multiply_adds"] == pytest.approx(macs * (multiply_pj(8, 9) + add_pj(24)))
    weights = 7 * 20 + 18 * 7 + 18 * 6 + 12
    assert parts["weights"] == pytest.approx(macs * access_pj(8, weights * 8 / 2))
    assert parts["operands"] == pytest.approx(
        sum(reads * access_pj(9, size * 9) for size, reads in operands.items())
    )
    assert parts["states"] == pytest.approx(3 * 2 * 6 * access_pj(9, 6 * 9))
    assert parts["sums"] == pytest.approx(3 * 2 * 2 * 18 * access_pj(24, 18 * 24))


def test_totals_and_words() -> None:
    decoder, counts = random_decoder(6), random_counts(6, 100, 96)
    found = energy(decoder, costs_of(decoder, 4, counts))
    for schedule_name, parts in found.parts.items():
        assert set(parts) == PARTS
        assert all(value > 0 for value in parts.values())
        assert found.per_tick_nj[schedule_name] == pytest.approx(sum(parts.values()))
    assert found.lanes == 4
    assert found.per_tick_nj["engine"] < found.per_tick_nj["reference_dense"]
    assert found.parts["engine"]["elementwise"] == found.parts["reference_dense"]["elementwise"]
    assert "45 nm" in found.technology
    assert "Horowitz" in found.source
    assert "estimate" in found.assumptions[0]


def test_a_mean_over_ticks() -> None:
    decoder, counts = random_decoder(7, channels=30), random_counts(7, 60, 30, rate=0.3)
    whole = costs_of(decoder, 4, counts)
    per_tick = [
        energy(
            decoder,
            replace(
                whole,
                **{
                    name: getattr(whole, name)[[tick]]
                    for name in ("encoder", "encoder_words", "changed", "spikes")
                },
            ),
        ).per_tick_nj["engine"]
        for tick in range(60)
    ]
    assert energy(decoder, whole).per_tick_nj["engine"] == pytest.approx(np.mean(per_tick))
    assert max(per_tick) > min(per_tick)


def test_energy_as_json(tmp_path: Path) -> None:
    decoder = random_decoder(3, channels=8, latent=4, hidden=4)
    found = energy(decoder, costs_of(decoder, 2, random_counts(5, 30, 8)))
    write_json(found, tmp_path / "energy.json")
    assert read_json(tmp_path / "energy.json", Energy) == found
