"""Whether a board decodes as the simulator does, tick by tick, and how long a tick takes."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aegru_hw.board.board import Board
from aegru_hw.board.virtual import VirtualBoard
from aegru_hw.errors import UserError
from aegru_hw.fixedpoint.decoder import FixedDecoder
from aegru_hw.fixedpoint.rate import at_output_rate
from aegru_hw.fixedpoint.streaming_form import run_streaming_form

PERCENTILES = {"p50": 50.0, "p99": 99.0, "p99.9": 99.9, "longest": 100.0}


@dataclass(frozen=True)
class SelfTest:
    """What came of it.

    outputs: that were compared. mismatches: of them, those whose codes differ from the simulator's.
    repeats: how often the board began anew, because something was damaged on the way.
    marked: velocities that an upset may have touched.
    round_trip_us: from the first byte of a tick's events to the last of its velocity, by
    percentile, as the host measures it; of a simulation where is_simulated.
    clock_cycles: the same in cycles of the board's clock, SCK at an eighth of it; simulated alone.
    """

    port: str
    is_simulated: bool
    outputs: int
    mismatches: int
    repeats: int
    marked: int
    round_trip_us: dict[str, float]
    clock_cycles: dict[str, float] | None


def selftest(
    board: Board,
    decoder: FixedDecoder,
    counts: NDArray[Any],
    said: Callable[[int], None] = lambda outputs: None,
) -> SelfTest:
    """Decode counts (T, C), after silence, on a board that has the decoder loaded.

    said: told of outputs as they come. Raises UserError where there is no output to compare.
    """
    at_rate, sums = at_output_rate(decoder, counts)
    if not len(sums):
        raise UserError("there is no output to compare; more ticks are needed")
    wanted = run_streaming_form(at_rate, sums).velocity
    simulated = board.wire.transport if isinstance(board.wire.transport, VirtualBoard) else None
    board.reset()
    mismatches, took, cycles = 0, np.zeros(len(sums)), np.zeros(len(sums))
    for at, spikes in enumerate(sums):
        before = 0 if simulated is None else simulated.cycles
        begun = time.perf_counter_ns()
        velocity = board.step_counts(spikes)
        took[at] = time.perf_counter_ns() - begun
        cycles[at] = 0 if simulated is None else simulated.cycles - before
        mismatches += bool((velocity != wanted[at]).any())
        said(1)
    return SelfTest(
        port=board.name,
        is_simulated=board.is_simulated,
        outputs=len(sums),
        mismatches=mismatches,
        repeats=board.repeats,
        marked=board.marked,
        round_trip_us=_percentiles(took / 1000),
        clock_cycles=None if simulated is None else _percentiles(cycles),
    )


def _percentiles(values: NDArray[np.float64]) -> dict[str, float]:
    """Return by name the value that so many percent do not exceed."""
    found = np.percentile(values, [*PERCENTILES.values()], method="inverted_cdf")
    return {name: round(float(value), 1) for name, value in zip(PERCENTILES, found, strict=True)}
