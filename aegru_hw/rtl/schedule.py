"""The schedule: which lane multiplies which non-zero weight, and when.

Position q of a permuted vector belongs to lane q mod P, slot q div P. The three gate rows of a
hidden unit stay on its unit's lane, so that the cell unit reads them side by side; which unit takes
which position is chosen so that the lanes finish together. All the engine's memories are in
the order of positions: the hardware never sees the original order.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aegru_hw.fixedpoint.decoder import GATES, FixedDecoder
from aegru_hw.fixedpoint.types import Codes
from aegru_hw.rtl.lanes import check_lanes

MAX_EXCHANGES = 200

WEIGHT_BITS, INDEX_BITS, SLOT_BITS, GATE_BITS = 8, 8, 7, 2
INDEX_AT = WEIGHT_BITS
SLOT_AT = INDEX_AT + INDEX_BITS
GATE_AT = SLOT_AT + SLOT_BITS
LAST_AT = GATE_AT + GATE_BITS
ACTIVE_AT = LAST_AT + 1


@dataclass(frozen=True)
class Schedule:
    """The packed words of every lane.

    lanes: P.
    latent_units: (L,) unit at each latent position.
    hidden_units: (H,) unit at each hidden position.
    words: (P, depth) packed words; rtl/aegru_pkg.sv, word_t, says what the bits are.
    column_start, column_length: (C,) where each channel's encoder column starts, and its cycles.
    input_start, input_length, recurrent_start, recurrent_length: the same for the two products.
    """

    lanes: int
    latent_units: NDArray[np.int64]
    hidden_units: NDArray[np.int64]
    words: NDArray[np.uint32]
    column_start: NDArray[np.int64]
    column_length: NDArray[np.int64]
    input_start: int
    input_length: int
    recurrent_start: int
    recurrent_length: int

    @property
    def depth(self) -> int:
        return int(self.words.shape[1])


def schedule(decoder: FixedDecoder, lanes: int) -> Schedule:
    """Assign every non-zero weight a lane and a cycle.

    Raises UserError where the number of lanes is not one that the engine has.
    """
    check_lanes(lanes)
    latent_units = _latent_positions(decoder.encoder.weight, lanes)
    hidden_units = _hidden_positions(decoder, lanes)
    columns = [
        _column(decoder.encoder.weight[latent_units, channel], lanes)
        for channel in range(decoder.geometry.channels)
    ]
    products = [
        _product(weight, hidden_units, inputs, lanes)
        for weight, inputs in (
            (decoder.input.weight, latent_units),
            (decoder.recurrent.weight, hidden_units),
        )
    ]
    lengths = np.array([block.shape[1] for block in [*columns, *products]])
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    channels = decoder.geometry.channels
    return Schedule(
        lanes=lanes,
        latent_units=latent_units,
        hidden_units=hidden_units,
        words=np.concatenate([*columns, *products], axis=1),
        column_start=starts[:channels],
        column_length=lengths[:channels],
        input_start=int(starts[channels]),
        input_length=int(lengths[channels]),
        recurrent_start=int(starts[channels + 1]),
        recurrent_length=int(lengths[channels + 1]),
    )


def _latent_positions(weight: Codes, lanes: int) -> NDArray[np.int64]:
    """Order the encoder's rows such that no lane holds much of any one column.

    A column takes as many cycles as its fullest lane, so each row in turn, fullest first, goes to
    the lane with room where the columns' lengths grow least.
    """
    used = (weight != 0).astype(np.int64)
    rows = np.argsort(-used.sum(axis=1), kind="stable")
    capacity = [len(range(lane, len(weight), lanes)) for lane in range(lanes)]
    load = np.zeros((lanes, weight.shape[1]), dtype=np.int64)
    members: list[list[int]] = [[] for _ in range(lanes)]
    for row in rows:
        overlap = (load * used[row]).sum(axis=1)
        free = [lane for lane in range(lanes) if len(members[lane]) < capacity[lane]]
        lane = min(free, key=lambda lane: (overlap[lane], len(members[lane])))
        members[lane].append(int(row))
        load[lane] += used[row]
    return _interleaved(members, len(weight))


def _hidden_positions(decoder: FixedDecoder, lanes: int) -> NDArray[np.int64]:
    """Order the hidden units such that the lanes finish both products together."""
    cost = np.stack([_unit_words(decoder.input.weight), _unit_words(decoder.recurrent.weight)])
    weight = np.array([1, max(decoder.geometry.steps - 1, 1)])
    hidden = cost.shape[1]
    capacity = [len(range(lane, hidden, lanes)) for lane in range(lanes)]
    members: list[list[int]] = [[] for _ in range(lanes)]
    load = np.zeros((2, lanes), dtype=np.int64)
    for unit in np.argsort(-(weight @ cost), kind="stable"):
        free = [lane for lane in range(lanes) if len(members[lane]) < capacity[lane]]
        lane = min(free, key=lambda lane: int(weight @ load[:, lane]))
        members[lane].append(int(unit))
        load[:, lane] += cost[:, unit]
    for _ in range(MAX_EXCHANGES):
        if not _exchange(members, load, cost, weight):
            break
    return _interleaved(members, hidden)


def _unit_words(weight: Codes) -> NDArray[np.int64]:
    """Return the words that each unit's three rows take: an empty row still takes one."""
    rows = np.maximum(np.count_nonzero(weight, axis=1), 1)
    words: NDArray[np.int64] = rows.reshape(GATES, -1).sum(axis=0)
    return words


def _exchange(
    members: list[list[int]],
    load: NDArray[np.int64],
    cost: NDArray[np.int64],
    weight: NDArray[np.int64],
) -> bool:
    """Swap the two units whose swap shortens the products most; tell whether there was one.

    Ties in length are broken by the sum of squares, which lets several small swaps add up.
    """

    def height(columns: NDArray[np.int64]) -> tuple[int, int]:
        squares = (columns * columns).sum(axis=1)
        return int(weight @ columns.max(axis=1)), int(weight @ squares)

    best, choice = height(load), None
    fullest = {int(load[matrix].argmax()) for matrix in range(len(load))}
    for first in sorted(fullest):
        for second in range(len(members)):
            if first == second:
                continue
            for a in members[first]:
                for b in members[second]:
                    tried = load.copy()
                    tried[:, first] += cost[:, b] - cost[:, a]
                    tried[:, second] += cost[:, a] - cost[:, b]
                    if height(tried) < best:
                        best, choice = height(tried), (first, second, a, b, tried)
    if choice is None:
        return False
    first, second, a, b, tried = choice
    members[first][members[first].index(a)] = b
    members[second][members[second].index(b)] = a
    load[:] = tried
    return True


def _interleaved(members: list[list[int]], size: int) -> NDArray[np.int64]:
    lanes = len(members)
    return np.array([members[q % lanes][q // lanes] for q in range(size)], dtype=np.int64)


def _packed(weight: int, index: int, slot: int, gate: int, last: bool, active: bool) -> int:
    return (
        (weight & ((1 << WEIGHT_BITS) - 1))
        | index << INDEX_AT
        | slot << SLOT_AT
        | gate << GATE_AT
        | int(last) << LAST_AT
        | int(active) << ACTIVE_AT
    )


def _column(weights: Codes, lanes: int) -> NDArray[np.uint32]:
    """Return one channel's column, (P, cycles); weights (L,) are in the order of positions."""
    words: list[list[int]] = [[] for _ in range(lanes)]
    for position in np.flatnonzero(weights):
        slot, lane = divmod(int(position), lanes)
        words[lane].append(_packed(int(weights[position]), 0, slot, 0, False, True))
    return _padded(words)


def _product(
    weight: Codes, units: NDArray[np.int64], inputs: NDArray[np.int64], lanes: int
) -> NDArray[np.uint32]:
    """Return a matrix of 3H rows, row after row on each unit's lane, (P, cycles)."""
    hidden = len(units)
    words: list[list[int]] = [[] for _ in range(lanes)]
    for position, unit in enumerate(units):
        slot, lane = divmod(position, lanes)
        for gate in range(GATES):
            row = weight[gate * hidden + unit, inputs]
            indices = np.flatnonzero(row)
            for index in indices:
                last = bool(index == indices[-1])
                words[lane].append(_packed(int(row[index]), int(index), slot, gate, last, True))
            if len(indices) == 0:
                words[lane].append(_packed(0, 0, slot, gate, True, False))
    return _padded(words)


def _padded(words: list[list[int]]) -> NDArray[np.uint32]:
    length = max(len(lane) for lane in words)
    return np.array([lane + [0] * (length - len(lane)) for lane in words], dtype=np.uint32).reshape(
        len(words), length
    )
