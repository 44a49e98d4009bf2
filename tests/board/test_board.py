"""A decoder on a board, over the pins of the compiled board top."""

import subprocess
import sys

import numpy as np
import pytest

from aegru_hw import board as public
from aegru_hw.board.board import Board
from aegru_hw.board.identity import GEOMETRY
from aegru_hw.board.live import BoardDecoder
from aegru_hw.board.virtual import VirtualBoard
from aegru_hw.errors import UserError
from aegru_hw.fixedpoint import LiveDecoder
from aegru_hw.fixedpoint.made_up import random_decoder
from benchmarks.board_faults import LANES, SIZE
from tests.board.decoders import counts_of, expected, small_decoder, virtual_board


@pytest.fixture
def board():
    with Board(virtual_board()) as board:
        yield board


def test_public_names_are_loaded_when_they_are_used() -> None:
    loads = "import sys, aegru_hw.board; print('numpy' in sys.modules, aegru_hw.board.Board)"
    command = [sys.executable, "-c", loads]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert printed == "False <class 'aegru_hw.board.board.Board'>\n"
    assert all(getattr(public, name).__name__ == name for name in public.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'Bord'"):
        _ = public.Bord


def test_every_velocity_is_the_decoders(board) -> None:
    decoder, counts = small_decoder(), counts_of(300)
    loaded = board.load(decoder)
    assert (loaded.flags, loaded.tries) == (("image_valid",), 1)
    np.testing.assert_array_equal(board.decode(counts), expected(decoder, counts))
    assert (board.tick, board.repeats, board.wire.damaged) == (300, 0, 0)
    board.reset()
    np.testing.assert_array_equal(board.decode(counts[:20]), expected(decoder, counts)[:20])


def test_more_spikes_than_the_table_has_are_as_many(board) -> None:
    decoder, counts = small_decoder(), counts_of(40).astype(np.uint16)
    counts[5, 3], counts[7, 1], counts[20] = 60_000, 255, 64
    board.load(decoder)
    np.testing.assert_array_equal(board.decode(counts), expected(decoder, counts))


def test_it_says_what_it_is_and_counts(board) -> None:
    found = board.identify()
    assert (found.lanes, found.image, found.flags) == (LANES, None, ())
    assert {name: found.limits[name] for name in ("channels", "latent", "hidden")} == {
        "channels": 12, "latent": 4, "hidden": 4
    }  # fmt: skip
    board.load(small_decoder())
    assert board.identify().image == {name: SIZE[name] for name in GEOMETRY}
    board.decode(counts_of(25))
    counters = board.counters()
    assert counters["ticks"] == 25
    assert counters["refused"] == 0
    assert counters["busy"] > counters["last_cycles"] > counters["last_latency"] > 0
    assert counters["recurrent_macs"] > 0


def test_another_decoder_of_the_same_formats_is_loaded_over(board) -> None:
    counts = counts_of(40)
    board.load(small_decoder())
    board.decode(counts)
    other = random_decoder(1, **SIZE, sparsity=0.9)
    board.load(other)
    np.testing.assert_array_equal(board.decode(counts), expected(other, counts))


def test_events_in_and_velocities_out_when_they_are_ready(board) -> None:
    decoder, counts = small_decoder(), counts_of(30)
    board.load(decoder)
    velocity, polls = [], 0
    for spikes in counts:
        board.send(np.repeat(np.arange(12), spikes))
        while not board.ready():
            polls += 1
        velocity.append(board.receive())
    np.testing.assert_array_equal(velocity, expected(decoder, counts))
    assert polls > 30
    with pytest.raises(UserError, match="no tick was sent"):
        board.receive()
    board.send([3])
    with pytest.raises(UserError, match="receive it first"):
        board.send([3])


def test_a_refused_call_changes_nothing(board) -> None:
    decoder, counts = small_decoder(), counts_of(20)
    with pytest.raises(UserError, match="no decoder was loaded"):
        board.step([1])
    board.load(decoder)
    velocity = list(board.decode(counts[:10]))
    with pytest.raises(UserError, match="channel 12 is not within 0 to 11"):
        board.step([3, 12])
    velocity += list(board.decode(counts[10:]))
    np.testing.assert_array_equal(velocity, expected(decoder, counts))


@pytest.mark.parametrize("every", [1, 3])
def test_live_on_a_board_is_live(every) -> None:
    from dataclasses import replace

    decoder = small_decoder()
    decoder = replace(decoder, geometry=replace(decoder.geometry, every=every))
    at_rate = replace(decoder, geometry=decoder.geometry.per_output)
    live = LiveDecoder(decoder)
    on_board = BoardDecoder(decoder, Board(VirtualBoard.of(at_rate, LANES)))
    for spikes in counts_of(45):
        channels = np.repeat(np.arange(12), spikes).tolist()
        assert on_board.step(channels).tolist() == live.step(channels).tolist()
        assert (on_board.is_output, on_board.tick) == (live.is_output, live.tick)
        assert on_board.velocity_codes.tolist() == live.velocity_codes.tolist()
    on_board.reset()
    live.reset()
    assert on_board.step_counts([1] * 12).tolist() == live.step_counts([1] * 12).tolist()
    on_board.close()
