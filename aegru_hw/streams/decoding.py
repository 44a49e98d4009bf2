"""Decoding a live stream: each output is written when it is there."""

import time
from collections.abc import Iterable
from typing import Protocol, TextIO

from aegru_hw.streams.tick import Delays, Stepping, Tick

HEADER = "tick,seconds,velocity_x,velocity_y\n"


class Sink(Protocol):
    """Where outputs go: the tick, and its velocity in the recording's unit."""

    def write(self, tick: Tick, x: float, y: float) -> None: ...


class Watch(Protocol):
    """Who looks on: told of each tick, and of its velocity where the tick has an output."""

    def put(self, tick: Tick, velocity: tuple[float, float] | None) -> None: ...


class CsvSink:
    """A line for each output: tick, its time in the stream in s, velocity.

    The time is the tick's own stamp, or its number times the tick's length where it has none.
    """

    def __init__(self, file: TextIO, tick_seconds: float) -> None:
        self._file, self._tick_seconds = file, tick_seconds
        file.write(HEADER)

    def write(self, tick: Tick, x: float, y: float) -> None:
        seconds = tick.seconds
        if seconds is None:
            seconds = tick.number * self._tick_seconds
        self._file.write(f"{tick.number},{seconds:.6f},{x!r},{y!r}\n")
        self._file.flush()


def decode_stream(
    decoder: Stepping,
    ticks: Iterable[Tick],
    sink: Sink,
    *,
    delays: Delays | None = None,
    watch: Watch | None = None,
) -> tuple[int, Delays]:
    """Write each output to the sink. Return their number, and how long ticks took until then.

    delays: where those are counted, for who looks on meanwhile. watch: who is told of each tick,
    after its output was written; what that takes is no part of the delay.
    It ends with the stream, or where it is interrupted by Ctrl-C.
    """
    outputs, delays = 0, Delays() if delays is None else delays
    try:
        for tick in ticks:
            begun = time.perf_counter_ns()
            if tick.is_first:
                decoder.reset()
            x, y = decoder.step(tick.channels).tolist()
            is_output = decoder.is_output
            if is_output:
                sink.write(tick, x, y)
                outputs += 1
            delays.add(time.perf_counter_ns() - begun)
            if watch is not None:
                watch.put(tick, (x, y) if is_output else None)
    except KeyboardInterrupt:
        pass
    return outputs, delays
