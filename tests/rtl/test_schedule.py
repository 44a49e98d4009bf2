import numpy as np
import pytest

from aegru_hw.errors import UserError
from aegru_hw.fixedpoint.made_up import random_decoder
from aegru_hw.rtl.schedule import GAP_BITS, LARGEST_GAP, WEIGHT_BITS, Schedule, schedule


def unpacked(plan: Schedule, lane: int, column: int) -> list[tuple[int, int]]:
    """Return (row, weight) of a lane's column, as rtl/aegru_lane.sv reads its words."""
    start, length = plan.start[lane, column], plan.length[lane, column]
    row, found = 0, []
    for word in plan.words[lane, start : start + length].tolist():
        assert word < 1 << WEIGHT_BITS + GAP_BITS
        weight = (word & 0xFF) - (256 if word & 0x80 else 0)
        row += word >> WEIGHT_BITS
        if weight:
            found.append((row, weight))
        else:
            assert word >> WEIGHT_BITS == LARGEST_GAP
    return found


@pytest.mark.parametrize("lanes", [1, 2, 4, 8, 16])
@pytest.mark.parametrize("sparsity", [0.0, 0.5, 0.95])
@pytest.mark.parametrize("hidden", [13, 60])
def test_words_are_the_matrices(lanes: int, sparsity: float, hidden: int) -> None:
    decoder = random_decoder(3, channels=20, latent=11, hidden=hidden, sparsity=sparsity)
    plan = schedule(decoder, lanes)
    found = {name: np.zeros_like(linear.weight) for name, linear in decoder.matrices.items()}
    for lane in range(lanes):
        for channel in range(20):
            for slot, weight in unpacked(plan, lane, channel):
                found["encoder"][plan.latent_units[slot * lanes + lane], channel] += weight
        for name, begin, inputs in (
            ("input", 20, plan.latent_units),
            ("recurrent", 31, plan.hidden_units),
        ):
            for position, unit in enumerate(inputs):
                for row, weight in unpacked(plan, lane, begin + position):
                    slot, gate = divmod(row, 4)
                    target = gate * hidden + plan.hidden_units[slot * lanes + lane]
                    found[name][target, unit] += weight
    for name in ("encoder", "input", "recurrent"):
        np.testing.assert_array_equal(found[name], decoder.matrices[name].weight)


def test_a_gap_beyond_a_word_is_skipped_with_a_word() -> None:
    decoder = random_decoder(3, channels=2, latent=2, hidden=60)
    weight = decoder.recurrent.weight
    weight[:] = 0
    first, last = 0, 59
    weight[0, 0] = 5  # reset gate of unit 0
    weight[2 * 60 + 59, 0] = -7  # candidate of unit 59
    plan = schedule(decoder, 1)
    rows = {int(unit): 4 * place for place, unit in enumerate(plan.hidden_units)}
    column = 4 + plan.hidden_units.tolist().index(0)
    expected = sorted([(rows[first], 5), (rows[last] + 2, -7)])
    assert unpacked(plan, 0, column) == expected
    gaps = [expected[0][0], expected[1][0] - expected[0][0]]
    assert plan.length[0, column] == 2 + sum(max(gap - 1, 0) // LARGEST_GAP for gap in gaps)


def test_columns_follow_each_other() -> None:
    plan = schedule(random_decoder(4), 4)
    ends = plan.start + plan.length
    assert (plan.start[:, 0] == 0).all()
    np.testing.assert_array_equal(plan.start[:, 1:], ends[:, :-1])
    assert ends[:, -1].max() == plan.depth


def test_lanes_are_balanced() -> None:
    decoder = random_decoder(1)
    for lanes in (4, 16):
        plan = schedule(decoder, lanes)
        assert plan.recurrent_length.sum(axis=1).max() <= (
            1.05 * decoder.recurrent.non_zero / lanes + 1
        )


@pytest.mark.parametrize("lanes", [0, 3, 32])
def test_refuses_lanes(lanes: int) -> None:
    with pytest.raises(UserError, match=f"{lanes} lanes"):
        schedule(random_decoder(1), lanes)
