"""The continuous stream of ticks that every execution runs."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aegru_hw.errors import UserError
from aegru_hw.fixedpoint.counts import Counts
from aegru_hw.fixedpoint.geometry import Geometry
from aegru_hw.fixedpoint.rate import at_outputs
from aegru_hw.recordings.recording import Recording
from aegru_hw.recordings.splits import split
from aegru_hw.recordings.windows import complete_history, segment_of

NOTHING_TO_DECODE = "{} of {} ticks are to be decoded; at least one is needed"


@dataclass(frozen=True, eq=False)
class TickStream:
    """M ticks to run from start-up without a reset, with an output every K, some of them scored.

    Attributes:
        counts: (M, C), spikes per tick, in the recording's type.
        scored: (M // K,), True at the wanted outputs, which stand in the recording's order.
        ticks: (M,), int64, tick of the recording, -1 where a silent tick was put in.
        every: K; the outputs are at ticks K - 1, 2K - 1, ... both here and in each segment.

    Before the first tick there was silence for ever. Each scored tick sees the same
    steps * window ticks as it does in its segment of the recording, silence before the segment's
    start included.
    """

    counts: Counts
    scored: NDArray[np.bool_]
    ticks: NDArray[np.int64]
    every: int = 1

    @property
    def scored_ticks(self) -> NDArray[np.int64]:
        """The recording's ticks of the scored outputs."""
        return at_outputs(self.ticks, self.every)[self.scored]

    @classmethod
    def from_recording(
        cls,
        recording: Recording,
        wanted: NDArray[np.bool_],
        window: int,
        steps: int,
        every: int = 1,
    ) -> "TickStream":
        """Lay out those of the wanted ticks (T,) that are outputs, with the warm-up they need.

        every: ticks per output, a divisor of the window.
        A piece is a run of ticks inside one segment: wanted ticks with steps * window - 1 ticks
        before each, as far as the segment has them. Between two pieces stand steps * window
        silent ticks: after so much silence every chain is exactly at its start-up state. Raises
        UserError where no tick is wanted.
        """
        fits = wanted.shape == (recording.ticks,)
        if fits:
            wanted = wanted & output_ticks(recording, every)
        if not fits or not wanted.any():
            raise UserError(NOTHING_TO_DECODE.format(int(wanted.sum()), recording.ticks))
        # A multiple of `every`: pieces and silence are of whole outputs, in phase with the segment.
        length = window * steps
        starts, stops = _pieces(recording, np.flatnonzero(wanted), length)
        silence = np.full(length, -1, dtype=np.int64)
        parts: list[NDArray[np.int64]] = []
        for start, stop in zip(starts, stops, strict=True):
            parts += [silence, np.arange(start, stop, dtype=np.int64)]
        ticks = np.concatenate(parts[1:])
        counts = recording.counts[ticks]
        counts[ticks < 0] = 0
        scored = at_outputs((ticks >= 0) & wanted[ticks], every)
        return cls(counts, scored, ticks, every)


def test_stream(recording: Recording, geometry: Geometry) -> tuple[TickStream, NDArray[np.bool_]]:
    """Return the stream that decodes the test split, and the mask (T,) of what it scores.

    Scored are the test ticks with a complete history that are outputs of a decoder of that
    geometry; UserError where there are none.
    """
    wanted = _test_outputs(recording, geometry)
    sizes = geometry.window, geometry.steps, geometry.every
    return TickStream.from_recording(recording, wanted, *sizes), wanted


def first_test_ticks(recording: Recording, geometry: Geometry, ticks: int) -> Counts:
    """Return the counts (<= ticks, C) from the first tick of the test split's first output on.

    UserError where the test split has no output.
    """
    outputs = np.flatnonzero(_test_outputs(recording, geometry))
    if not len(outputs):
        raise UserError(NOTHING_TO_DECODE.format(0, recording.ticks))
    first = int(outputs[0]) - geometry.every + 1
    return recording.counts[first : first + ticks]


def _test_outputs(recording: Recording, geometry: Geometry) -> NDArray[np.bool_]:
    """Mark the test ticks (T,) with a complete history that are outputs."""
    complete = complete_history(recording, geometry.window, geometry.steps)
    return split(recording, complete).test & output_ticks(recording, geometry.every)


def output_ticks(recording: Recording, every: int) -> NDArray[np.bool_]:
    """Mark the ticks that end a whole number of `every` ticks of their segment, (T,)."""
    starts = segment_of(recording.segment_starts, recording.ticks)
    return np.asarray((np.arange(recording.ticks) - starts + 1) % every == 0)


def _pieces(
    recording: Recording, wanted: NDArray[np.int64], length: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    segment = segment_of(recording.segment_starts, recording.ticks)[wanted]
    first = np.maximum(wanted - length + 1, segment)
    # A piece begins where the warm-up does not touch the wanted tick before it.
    begins = np.ones(len(wanted), dtype=np.bool_)
    begins[1:] = (first[1:] > wanted[:-1] + 1) | (segment[1:] != segment[:-1])
    lasts = np.append(begins[1:], True)
    return first[begins], wanted[lasts] + 1
