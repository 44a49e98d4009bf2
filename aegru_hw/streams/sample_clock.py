"""Which tick a sample of a regular stream is, by its time stamp.

Samples are one tick apart, and the stamp says how many ticks a sample is behind the one before:
the nearest whole number. The clock goes along with the sender's, whose ticks are never quite as
long as they are called, by a part of each deviation; stamps may be off by a quarter of a tick.
"""

FOLLOWED = 1 / 16
"""Part of a stamp's deviation by which the clock is set after it."""

FARTHEST = 1e12
"""Seconds; a stamp beyond is none. Doubles are 0.1 ms apart there."""


class SampleClock:
    """Numbers the samples of a stream from 0.

    history: ticks that one output depends on. A stamp farther back than those is of a clock that
    was set back, and begins anew; one less far back is of a sample that is late or doubled.
    """

    def __init__(self, tick_seconds: float, history: int) -> None:
        self._tick_seconds, self._history = tick_seconds, history
        self._number, self._time = -1, 0.0

    def number(self, stamp: float) -> tuple[int, bool] | None:
        """Return the tick of a sample, and whether it begins anew; None where it has no stamp.

        A number that was given before is of a late or doubled sample.
        """
        if not abs(stamp) < FARTHEST:
            return None
        ticks = round((stamp - self._time) / self._tick_seconds)
        if self._number < 0 or ticks < -self._history:
            self._number, self._time = self._number + 1, stamp
            return self._number, True
        if ticks <= 0:
            return self._number + ticks, False
        self._number += ticks
        if ticks > self._history:
            self._time = stamp
        else:
            expected = self._time + ticks * self._tick_seconds
            self._time = expected + FOLLOWED * (stamp - expected)
        return self._number, False
