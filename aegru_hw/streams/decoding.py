"""Decoding a live stream: each output is written when it is there."""

import time
from collections.abc import Iterable
from typing import TextIO

from aegru_hw.export.compiled import CompiledDecoder
from aegru_hw.fixedpoint.live import LiveDecoder
from aegru_hw.streams.tick import Delays, Tick

HEADER = "tick,seconds,velocity_x,velocity_y\n"


def decode_stream(
    decoder: CompiledDecoder | LiveDecoder, ticks: Iterable[Tick], output: TextIO
) -> tuple[int, Delays]:
    """Write a line of CSV for each output: tick, its time in the stream in s, velocity in the
    recording's unit. Return the number of outputs, and how long ticks took until they were written.

    It ends with the stream, or where it is interrupted by Ctrl-C.
    """
    seconds, outputs, delays = decoder.decoder.geometry.tick_seconds, 0, Delays()
    output.write(HEADER)
    try:
        for tick in ticks:
            begun = time.perf_counter_ns()
            if tick.is_first:
                decoder.reset()
            x, y = decoder.step(tick.channels).tolist()
            if decoder.is_output:
                output.write(f"{tick.number},{tick.number * seconds:.6f},{x!r},{y!r}\n")
                output.flush()
                outputs += 1
            delays.add(time.perf_counter_ns() - begun)
    except KeyboardInterrupt:
        pass
    return outputs, delays
