"""Live streams: what is decoded of ticks that come in order, late, twice, or not at all."""

import csv
import io
import socket
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from aegru_hw.board.board import Board
from aegru_hw.board.live import BoardDecoder
from aegru_hw.errors import UserError
from aegru_hw.fixedpoint import FixedDecoder, LiveDecoder
from aegru_hw.fixedpoint.made_up import random_counts
from aegru_hw.recordings.recording import Recording
from aegru_hw.streams.decoding import CsvSink, decode_stream
from aegru_hw.streams.replay import replay
from aegru_hw.streams.tick import Delays, Losses, Stepping, Tick
from aegru_hw.streams.udp import HOST, UdpSource, datagram
from tests.board.decoders import small_decoder, virtual_board
from tests.export.decoders import small, with_rate
from tests.fixedpoint.geometries import spikes
from tests.support.recordings import small_recording

HISTORY = small().geometry.history


def decoded(
    decoder: FixedDecoder, ticks: object, on: Stepping | None = None
) -> list[tuple[int, float, float]]:
    output = io.StringIO()
    sink = CsvSink(output, decoder.geometry.tick_seconds)
    outputs, delays = decode_stream(on or LiveDecoder(decoder), ticks, sink)
    rows = list(csv.DictReader(io.StringIO(output.getvalue())))
    assert outputs == len(rows)
    assert delays.ticks >= outputs
    for row in rows:
        assert float(row["seconds"]) == pytest.approx(int(row["tick"]) * 0.004)
    axes = ("velocity_x", "velocity_y")
    return [(int(row["tick"]), *(float(row[axis]) for axis in axes)) for row in rows]


@pytest.fixture
def recording() -> Recording:
    made = small_recording(ticks=300, channels=7)
    return replace(
        made, segment_starts=np.array([0, 100, 131]), reach_starts=np.zeros(0, dtype=np.int64)
    )


@pytest.mark.parametrize("every", [1, 3])
def test_a_replay_gives_what_each_segment_gives(recording: Recording, every: int) -> None:
    decoder = with_rate(small(), every)
    expected = []
    for start, stop in recording.segments.tolist():
        velocity = decoder.decode(recording.counts[start:stop])
        ticks = range(start + every - 1, stop, every)
        expected += [(tick, *row) for tick, row in zip(ticks, velocity.tolist(), strict=True)]
    assert decoded(decoder, replay(recording, is_paced=False)) == expected


@pytest.mark.slow
def test_a_replay_on_a_virtual_board() -> None:
    decoder = small_decoder()
    played = replace(small_recording(ticks=150, channels=12), segment_starts=np.array([0, 90]))
    board = BoardDecoder(decoder, Board(virtual_board()))
    expected = decoded(decoder, replay(played, is_paced=False))
    assert decoded(decoder, replay(played, is_paced=False), board) == expected
    assert [row[0] for row in expected] == list(range(150))
    board.close()


def test_a_paced_replay_takes_its_time(recording: Recording) -> None:
    short = replace(small_recording(ticks=11, channels=7), tick_seconds=0.01)
    begun = time.monotonic()
    assert [tick.number for tick in replay(short)] == list(range(11))
    assert time.monotonic() - begun >= 0.1


def received(sent: list[bytes], wait: float | None = None) -> tuple[list[Tick], Losses]:
    """Return the ticks of datagrams, which lie in the socket before the first is read."""
    source = UdpSource(0, small().geometry, wait)
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for one in sent:
                sender.sendto(one, (HOST, source.port))
        return list(source), source.losses
    finally:
        source.close()


def test_ticks_come_as_they_were_sent() -> None:
    sent = [datagram(number, [number % 7, 6, 6]) for number in range(40, 60)]
    ticks, losses = received([*sent, b""])
    assert [tick.number for tick in ticks] == list(range(40, 60))
    assert [tick.channels for tick in ticks] == [[n % 7, 6, 6] for n in range(40, 60)]
    assert [tick.is_first for tick in ticks] == [True] + [False] * 19
    assert losses == Losses()


def test_late_doubled_and_missing_ticks() -> None:
    numbers = [5, 6, 6, 4, 9, 7, 10, 9]
    ticks, losses = received([*(datagram(number, [1]) for number in numbers), b""])
    assert [(tick.number, tick.channels) for tick in ticks] == [
        *((5, [1]), (6, [1]), (7, []), (8, []), (9, [1]), (10, [1])),
    ]
    assert losses == Losses(missing=2, late=4)


@pytest.mark.parametrize(
    "odd", [b"1234567", datagram(2, [])[:-1], datagram(2, [3]) + b"x", datagram(2, [7]), b"\0" * 9]
)
def test_another_form_is_refused_and_its_tick_is_missing(odd: bytes) -> None:
    ticks, losses = received([datagram(1, [0]), odd, datagram(3, [0]), b""])
    assert [(tick.number, tick.channels) for tick in ticks] == [(1, [0]), (2, []), (3, [0])]
    assert losses == Losses(missing=1, refused=1)


def test_after_a_long_gap_and_at_tick_0_it_begins_anew() -> None:
    numbers = [1, 2 + HISTORY, 3 + HISTORY, 2**64 - 1, 0, 1]
    ticks, losses = received([*(datagram(number, []) for number in numbers), b""])
    kept = [(tick.number, tick.is_first) for tick in ticks if tick.is_first]
    assert kept == [(1, True), (2**64 - 1, True), (0, True)]
    assert len(ticks) == 6 + HISTORY
    assert losses.missing == HISTORY + 2**64 - 5 - HISTORY


def test_the_velocity_after_a_gap_is_that_of_silent_ticks() -> None:
    decoder = small()
    counts = random_counts(1, 200, 7, rate=0.5, maximum=3)
    counts[60:63] = 0
    counts[100 : 101 + HISTORY] = 0
    lost = [60, 61, 62, *range(100, 101 + HISTORY)]
    sent = [datagram(n, spikes(row).tolist()) for n, row in enumerate(counts) if n not in lost]
    ticks, losses = received([*sent, b""])
    assert losses == Losses(missing=len(lost))
    expected = [(n, *row) for n, row in enumerate(decoder.decode(counts).tolist())]
    gone = range(100, 101 + HISTORY)
    assert decoded(decoder, ticks) == [row for row in expected if row[0] not in gone]


def test_a_stream_that_stops_ends_after_its_wait() -> None:
    ticks, _ = received([datagram(3, [])], wait=0.05)
    assert [tick.number for tick in ticks] == [3]


def test_a_port_that_is_taken_is_one_line() -> None:
    source = UdpSource(0, small().geometry)
    with pytest.raises(UserError, match=f"^cannot listen at UDP port {source.port}: "):
        UdpSource(source.port, small().geometry)
    source.close()


def test_ctrl_c_ends_the_stream_and_keeps_what_was_written(tmp_path: Path) -> None:
    def interrupted() -> object:
        yield Tick(0, [1], is_first=True)
        raise KeyboardInterrupt

    assert [row[0] for row in decoded(small(), interrupted())] == [0]


def test_a_line_has_its_ticks_stamp_or_its_place() -> None:
    output = io.StringIO()
    sink = CsvSink(output, 0.004)
    sink.write(Tick(3, [], seconds=81234.5678), 0.1, -2.0)
    sink.write(Tick(250, []), 1e-7, 3.0)
    assert output.getvalue().splitlines() == [
        "tick,seconds,velocity_x,velocity_y",
        "3,81234.567800,0.1,-2.0",
        "250,1.000000,1e-07,3.0",
    ]


def test_percentiles_of_delays() -> None:
    delays = Delays()
    assert delays.percentile_us(99) == 0.0
    for microseconds in range(1, 1001):
        delays.add(microseconds * 1000 - 1)
    assert (delays.percentile_us(50), delays.percentile_us(99)) == (500.0, 990.0)
    delays.add(10**12)
    assert delays.longest_us == 1e9
    assert delays.percentile_us(100) == 100_000.0
