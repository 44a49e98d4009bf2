"""Faults on the way to a board: no wrong velocity is accepted, and nothing waits for ever."""

import time
from collections import Counter

import numpy as np
import pytest

from aegru_hw.board.board import Board
from aegru_hw.board.virtual import VirtualBoard
from aegru_hw.board.wire import MOST_DAMAGED
from aegru_hw.errors import UserError
from aegru_hw.fixedpoint.made_up import random_decoder
from aegru_hw.rtl.address_map import address
from aegru_hw.rtl.spi_frames import VELOCITY, WRITE
from benchmarks import board_faults
from benchmarks.board_faults import (
    KINDS,
    LANES,
    LOADING,
    SIZE,
    Bench,
    Disturbed,
    flips,
    line,
    power_up,
    stopped,
    unplugged,
    wrong_bitstreams,
    wrong_images,
)
from tests.board.decoders import counts_of, expected

TRIALS = 4
LONG_S = 60.0

MAY_BE_RIGHT = {kind for kind in KINDS if "noise" not in kind and "for good" not in kind}
MAY_BE_RIGHT -= {"board unplugged"}


@pytest.fixture(scope="module")
def bench() -> Bench:
    return Bench()


def disturbed(bench: Bench, change, *at: int) -> Board:
    """Return the bench's board, started from silence, with a fault from now on."""
    bench.board.load(bench.decoder)
    bench.port.change, bench.port.transfers, bench.port.at = change, 0, set(at)
    bench.port.random = np.random.default_rng(1)
    return bench.board


@pytest.fixture(autouse=True)
def no_fault_is_left(bench):
    yield
    bench.port.change = None


@pytest.mark.parametrize("kind", KINDS)
def test_no_wrong_velocity_is_accepted(bench, kind) -> None:
    change, struck = KINDS[kind]
    begun = time.monotonic()
    found = Counter(bench.trial(change, struck, seed) for seed in range(TRIALS))
    assert found["wrong"] == 0
    assert time.monotonic() - begun < TRIALS * LONG_S
    if kind in MAY_BE_RIGHT:
        assert found["right"] == TRIALS
    if "for good" in kind or "unplugged" in kind:
        assert found["refused"] == TRIALS


def test_a_bit_flipped_in_each_transfer_of_a_tick(bench) -> None:
    """Whichever transfer it is in, and whichever direction, the ticks are right."""
    counts, transfers = counts_of(8), 8
    wanted = expected(bench.decoder, counts)
    board = disturbed(bench, None)
    for out in (True, False):
        for at in range(1, transfers):
            for _ in range(6):
                board.reset()
                bench.port.change, bench.port.transfers = flips(1, out=out), 0
                bench.port.at = {at}
                np.testing.assert_array_equal(board.decode(counts), wanted)
                bench.port.change = None


def test_wrong_bitstreams_and_images_are_refused(bench) -> None:
    assert wrong_bitstreams() == Counter(refused=3)
    assert wrong_images(bench) == Counter(refused=3)
    assert power_up(bench, 3) == Counter(right=3)


def test_what_a_wrong_bitstream_is_called() -> None:
    smaller = VirtualBoard.of(random_decoder(1, **SIZE | {"channels": 8}), LANES)
    with Board(smaller) as board, pytest.raises(UserError) as refused:
        board.load(random_decoder(1, **SIZE))
    assert "virtual: the decoder needs channels 12, the board's engine has 8" in str(refused.value)


def test_what_other_formats_are_called() -> None:
    other = VirtualBoard.of(random_decoder(1, **SIZE, norm=False), LANES)
    with Board(other) as board, pytest.raises(UserError, match="is for other number formats"):
        board.load(random_decoder(1, **SIZE))


def test_a_board_that_is_gone_is_said_in_one_line(bench) -> None:
    board = disturbed(bench, unplugged, 20)
    with pytest.raises(UserError, match="cannot be reached any more: No such device"):
        board.decode(counts_of(20))


@pytest.mark.parametrize("level", [0x00, 0xFF])
def test_a_dead_wire_is_said_in_one_line(bench, level) -> None:
    board = disturbed(bench, stopped(level, None), 1)
    with pytest.raises(UserError, match=f"identification reads 0x{4 * f'{level:02X}'}"):
        board.identify()


def test_a_reset_that_nobody_sees_is_seen(bench) -> None:
    """After 256 ticks a board that begins anew takes the number that comes next."""
    counts = counts_of(262)
    board = disturbed(bench, None)
    before = board.repeats
    velocity = list(board.decode(counts[:256]))
    bench.virtual.transfer(bytes([WRITE, address("control"), 0, 0, 0, 3]))
    velocity += list(board.decode(counts[256:]))
    np.testing.assert_array_equal(velocity, expected(bench.decoder, counts))
    assert board.repeats == before + 1


def test_a_board_that_says_the_same_for_ever_is_left(bench) -> None:
    """Its status says that a velocity waits, and it is always the one before."""
    counts = counts_of(4)
    board = disturbed(bench, None)
    board.decode(counts[:3])
    recorded = {}

    def keep(port: Disturbed, data: bytes) -> bytes:
        received = port.board.transfer(data)
        recorded[data] = received if data[0] == VELOCITY else b"\1" * len(data)
        return received

    def repeat(port: Disturbed, data: bytes) -> bytes:
        return recorded.get(data, b"\1" * len(data))

    bench.port.change = keep
    board.step_counts(counts[3])
    bench.port.change = repeat
    begun = time.monotonic()
    with pytest.raises(UserError):
        board.step_counts(counts[3])
    assert time.monotonic() - begun < LONG_S


def test_much_noise_is_said_in_one_line(bench) -> None:
    board = disturbed(bench, KINDS["noise, 0.01 of all bits, both ways"][0], 1)
    before = board.wire.damaged
    with pytest.raises(UserError, match=r"ticks were damaged|reads differently|different|begin"):
        board.decode(counts_of(200))
    assert board.wire.damaged - before <= MOST_DAMAGED


def test_after_any_fault_the_board_can_be_used_again(bench) -> None:
    counts = counts_of(12)
    board = disturbed(bench, unplugged, 20)
    with pytest.raises(UserError):
        board.decode(counts)
    bench.port.change = None
    board.reset()
    np.testing.assert_array_equal(board.decode(counts), expected(bench.decoder, counts))


def test_a_row_of_the_table() -> None:
    assert line("fault", Counter(right=1200, refused=3)) == "| fault | 1,203 | 1,200 | 3 | - |"
    assert Disturbed.is_simulated


def test_the_table_is_printed_and_a_wrong_velocity_is_a_failure(monkeypatch, capsys) -> None:
    kept = {kind: KINDS[kind] for kind in LOADING}
    monkeypatch.setattr(board_faults, "KINDS", kept)
    assert board_faults.main(["--trials", "1"]) == 0
    printed = capsys.readouterr().out
    assert all(f"| {kind} | 1 | " in printed for kind in kept)
    assert "0 wrong velocities accepted in 15 trials" in printed
    monkeypatch.setattr(Bench, "trial", lambda *_, **__: "wrong")
    assert board_faults.main(["--trials", "1"]) == 1
