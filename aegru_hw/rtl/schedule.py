"""The schedule: which lane multiplies which non-zero weight, column by column.

Position q of a permuted vector belongs to lane q mod P, slot q div P. The three gate rows of a
hidden unit stay on its unit's lane, so that the cell unit reads them side by side; which unit takes
which position is chosen so that the lanes finish together. All the engine's memories are in
the order of positions: the hardware never sees the original order.

Columns come in one order: the encoder's by channel, the input matrix's by latent position, the
recurrent matrix's by hidden position. A lane holds of each the words of its own rows, which ascend;
a word says how many rows it is from the one before.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aegru_hw.fixedpoint.decoder import GATES, FixedDecoder
from aegru_hw.fixedpoint.types import Codes
from aegru_hw.rtl.lanes import check_lanes

MAX_EXCHANGES = 200

WEIGHT_BITS, GAP_BITS = 8, 5
WORD_BITS = WEIGHT_BITS + GAP_BITS
SLOT_BITS = 7
LARGEST_GAP = (1 << GAP_BITS) - 1
ROWS_A_SLOT = 4
"""Row of a product on its lane: slot · 4 + gate."""


@dataclass(frozen=True)
class Schedule:
    """The packed words of every lane.

    lanes: P.
    latent_units: (L,) unit at each latent position.
    hidden_units: (H,) unit at each hidden position.
    words: (P, depth) packed words; rtl/aegru_pkg.sv, word_t, says what the bits are. A lane's words
        end at the end of its last column; zeros follow.
    start, length: (P, C + L + H) where each column starts in each lane, and its words.
    channels, latent: C and L, of the columns.
    """

    lanes: int
    latent_units: NDArray[np.int64]
    hidden_units: NDArray[np.int64]
    words: NDArray[np.uint32]
    start: NDArray[np.int64]
    length: NDArray[np.int64]

    @property
    def depth(self) -> int:
        return int(self.words.shape[1])

    @property
    def channels(self) -> int:
        return self.start.shape[1] - len(self.latent_units) - len(self.hidden_units)

    @property
    def encoder_length(self) -> NDArray[np.int64]:
        """Words of the encoder's columns, (P, C)."""
        return self.length[:, : self.channels]

    @property
    def input_length(self) -> NDArray[np.int64]:
        """Words of the input matrix's columns, (P, L) in the order of positions."""
        return self.length[:, self.channels : self.channels + len(self.latent_units)]

    @property
    def recurrent_length(self) -> NDArray[np.int64]:
        """Words of the recurrent matrix's columns, (P, H) in the order of positions."""
        return self.length[:, self.channels + len(self.latent_units) :]


def schedule(decoder: FixedDecoder, lanes: int) -> Schedule:
    """Give every non-zero weight a lane and a word.

    Raises UserError where the number of lanes is not one that the engine has.
    """
    check_lanes(lanes)
    latent_units = _latent_positions(decoder.encoder.weight, lanes)
    hidden_units = _hidden_positions(decoder, lanes)
    encoder = decoder.encoder.weight[latent_units]
    products = [
        weight.reshape(GATES, len(hidden_units), -1)[:, hidden_units][:, :, units]
        for weight, units in (
            (decoder.input.weight, latent_units),
            (decoder.recurrent.weight, hidden_units),
        )
    ]
    words: list[list[int]] = [[] for _ in range(lanes)]
    length: list[list[int]] = [[] for _ in range(lanes)]
    for lane in range(lanes):
        # Rows of a lane: a slot after the other, and of each slot its gates.
        blocks = [_rows(encoder[None, lane::lanes], 1)]
        blocks += [_rows(product[:, lane::lanes], ROWS_A_SLOT) for product in products]
        for block in blocks:
            for column in block.T:
                packed = _column(column)
                words[lane] += packed
                length[lane].append(len(packed))
    lengths = np.array(length, dtype=np.int64)
    return Schedule(
        lanes=lanes,
        latent_units=latent_units,
        hidden_units=hidden_units,
        words=_padded(words),
        start=np.cumsum(lengths, axis=1) - lengths,
        length=lengths,
    )


def _latent_positions(weight: Codes, lanes: int) -> NDArray[np.int64]:
    """Order the encoder's rows such that no lane holds much of any one column.

    Few columns change in a tick, so their fullest lanes count. Each row in turn, fullest first,
    goes to the lane with room where the columns' lengths grow least.
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
    """Return the words that each unit's three rows take."""
    words: NDArray[np.int64] = np.count_nonzero(weight, axis=1).reshape(GATES, -1).sum(axis=0)
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


def _rows(weight: Codes, rows_a_slot: int) -> Codes:
    """Return a lane's matrix (gates, slots, inputs) by its rows, (slots * rows_a_slot, inputs)."""
    gates, slots, inputs = weight.shape
    rows = np.zeros((slots, rows_a_slot, inputs), dtype=np.int64)
    rows[:, :gates] = weight.transpose(1, 0, 2)
    return rows.reshape(-1, inputs)


def _column(weights: Codes) -> list[int]:
    """Return the words of one column of a lane, (rows,)."""
    words, before = [], 0
    for row in np.flatnonzero(weights):
        gap = int(row) - before
        words += [LARGEST_GAP << WEIGHT_BITS] * (max(gap - 1, 0) // LARGEST_GAP)
        gap -= max(gap - 1, 0) // LARGEST_GAP * LARGEST_GAP
        words.append(gap << WEIGHT_BITS | int(weights[row]) & ((1 << WEIGHT_BITS) - 1))
        before = int(row)
    return words


def _padded(words: list[list[int]]) -> NDArray[np.uint32]:
    depth = max(1, *(len(lane) for lane in words))
    return np.array([lane + [0] * (depth - len(lane)) for lane in words], dtype=np.uint32)
