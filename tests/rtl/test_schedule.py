import numpy as np
import pytest

from aegru_hw.errors import UserError
from aegru_hw.fixedpoint.made_up import random_decoder
from aegru_hw.rtl.schedule import ACTIVE_AT, GATE_AT, INDEX_AT, LAST_AT, SLOT_AT, Schedule, schedule


def unpacked(plan: Schedule, start: int, length: int) -> np.ndarray:
    """Return (lane, cycle, active, last, gate, slot, index, weight) of a block's words."""
    rows = []
    for lane in range(plan.lanes):
        for cycle in range(length):
            word = int(plan.words[lane, start + cycle])
            weight = (word & 0xFF) - (256 if word & 0x80 else 0)
            fields = [word >> ACTIVE_AT & 1, word >> LAST_AT & 1, word >> GATE_AT & 3]
            rows.append(
                [lane, cycle, *fields, word >> SLOT_AT & 0x7F, word >> INDEX_AT & 0xFF, weight]
            )
    return np.array(rows, dtype=np.int64).reshape(-1, 8)


@pytest.mark.parametrize("lanes", [1, 2, 4, 8, 16])
@pytest.mark.parametrize("sparsity", [0.0, 0.5, 0.95])
def test_words_are_the_matrices(lanes: int, sparsity: float) -> None:
    decoder = random_decoder(3, channels=20, latent=11, hidden=13, sparsity=sparsity)
    plan = schedule(decoder, lanes)
    encoder = np.zeros_like(decoder.encoder.weight)
    for channel in range(20):
        words = unpacked(plan, plan.column_start[channel], plan.column_length[channel])
        for lane, _, active, last, _, slot, _, weight in words:
            assert not last
            if active:
                encoder[plan.latent_units[slot * lanes + lane], channel] += weight
    np.testing.assert_array_equal(encoder, decoder.encoder.weight)
    for weight_matrix, inputs, start, length in (
        (decoder.input.weight, plan.latent_units, plan.input_start, plan.input_length),
        (decoder.recurrent.weight, plan.hidden_units, plan.recurrent_start, plan.recurrent_length),
    ):
        found = np.zeros_like(weight_matrix)
        ends = np.zeros(len(weight_matrix), dtype=np.int64)
        for lane, _, active, last, gate, slot, index, weight in unpacked(plan, start, length):
            if active or last:
                row = gate * 13 + plan.hidden_units[slot * lanes + lane]
                assert ends[row] == 0
                found[row, inputs[index]] += weight * active
                ends[row] += last
        np.testing.assert_array_equal(found, weight_matrix)
        np.testing.assert_array_equal(ends, 1)


def test_lanes_are_balanced() -> None:
    decoder = random_decoder(1)
    for lanes in (4, 16):
        plan = schedule(decoder, lanes)
        bound = decoder.recurrent.non_zero / lanes
        assert plan.recurrent_length <= 1.05 * bound + 1


@pytest.mark.parametrize("lanes", [0, 3, 32])
def test_refuses_lanes(lanes: int) -> None:
    with pytest.raises(UserError, match=f"{lanes} lanes"):
        schedule(random_decoder(1), lanes)
