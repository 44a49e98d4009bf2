"""The energy estimate against the published table and a recount, tick by tick and word by word."""

import math
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from aegru_hw.cost.energy import Energy, energy
from aegru_hw.cost.prices import access_pj, add_pj, multiply_pj
from aegru_hw.fixedpoint import FixedDecoder
from aegru_hw.fixedpoint.made_up import random_counts, random_decoder
from aegru_hw.rtl.cycles import PER_TICK, TickCosts, tick_costs
from aegru_hw.rtl.schedule import schedule
from aegru_hw.strict_json import read_json, write_json
from tests.cost.recount import (
    accesses_of,
    changes_of,
    lane_accesses,
    memories_of,
    priced,
    shown_sums,
)

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
    for tick, changes in enumerate(changes_of(decoder, counts)):
        seen["spikes"] += int(counts[tick].sum())
        for change in changes:
            matrix, _, chains = change
            seen[f"{matrix} changes"] += chains
            seen += lane_accesses(plan, change)
    # Still a counter: with one step there is no recurrent product, and none is 0.
    mean = Counter({name: number / len(counts) for name, number in seen.items()})
    mean += shown_sums(decoder, lanes)
    found = energy(decoder, costs_of(decoder, lanes, counts))
    engine = {name: 1000 * value for name, value in found.parts["engine"].items()}
    access = {
        name: access_pj(bits, words * bits)
        for name, (bits, words) in memories_of(decoder, plan).items()
    }

    readout = int((decoder.readout.weight != 0).sum())
    macs = readout + mean["mac"]
    assert engine["multiply_adds"] == pytest.approx(macs * (multiply_pj(8, 9) + add_pj(24)))

    accesses = accesses_of(decoder, lanes)
    assert engine["weights"] == pytest.approx(
        mean["word"] * access["word"]
        + mean["directory"] * access["directory"]
        + priced(accesses, "weights")
    )
    assert engine["operands"] == pytest.approx(mean["operand"] * access["operand"])
    assert engine["sums"] == pytest.approx(
        sum(mean[f"{matrix} sum"] * access[f"{matrix} sum"] for matrix in MATRICES)
    )
    assert engine["states"] == pytest.approx(
        priced(accesses, "states")
        + mean["input changes"] * access_pj(9, 7 * 9)
        + mean["recurrent changes"] * access_pj(9, max(steps - 1, 1) * 6 * 9)
    )

    feature = access_pj(9, len(decoder.feature.codes) * 9)
    assert engine["tables"] == pytest.approx(
        priced(accesses, "tables") + mean["encoder changes"] * 2 * feature
    )

    unit = multiply_pj(16, 16) + multiply_pj(16, 24)  # reset, update
    unit += 4 * add_pj(32) + 4 * add_pj(32) + add_pj(24)  # biases, sums, difference
    unit += 6 * add_pj(36)
    if norm:
        unit += multiply_pj(16, 16) + multiply_pj(8, 16) + multiply_pj(25, 12) + multiply_pj(8, 16)
        unit += add_pj(24) + add_pj(40) + add_pj(25) + add_pj(32) + add_pj(36)
    assert engine["elementwise"] == pytest.approx(steps * 6 * unit)

    groups = math.ceil(20 / lanes)
    row = 8 * lanes
    spikes, history = access_pj(row, groups * row), access_pj(row, 3 * groups * row)
    counted = access_pj(2 * row, groups * 2 * row)
    moves = 2 * groups * (spikes + history + counted) + 40 * add_pj(16)
    assert engine["window"] == pytest.approx(moves + mean["spikes"] * (2 * spikes + add_pj(8)))


def test_words_that_only_skip_rows_are_read() -> None:
    decoder = random_decoder(8, channels=8, latent=6, hidden=24, window=3, steps=6, sparsity=0.95)
    counts, plan = random_counts(8, 40, 8, rate=0.3), schedule(decoder, 1)
    seen: Counter[str] = Counter()
    for changes in changes_of(decoder, counts):
        for change in changes:
            seen += lane_accesses(plan, change)
    weights, operands = (
        1000 * energy(decoder, costs_of(decoder, 1, counts)).parts["engine"][part]
        for part in ("weights", "operands")
    )
    access = {
        name: access_pj(bits, words * bits)
        for name, (bits, words) in memories_of(decoder, plan).items()
    }
    words, directory = (seen[name] / 40 * access[name] for name in ("word", "directory"))
    readout = priced(accesses_of(decoder, 1), "weights")
    assert weights == pytest.approx(words + directory + readout)
    assert operands == pytest.approx(seen["operand"] / 40 * access["operand"])
    non_zero = sum(np.count_nonzero(decoder.matrices[matrix].weight) for matrix in MATRICES)
    assert plan.length.sum() > non_zero


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
            replace(whole, **{name: getattr(whole, name)[[tick]] for name in PER_TICK}),
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
