"""Ticks of a stream of spike events, by their time stamps.

The first event's stamp begins tick 0, and tick n ends n + 1 ticks' lengths after it. A tick is
complete when an event of a later one comes, or, for nothing comes of silence, when the clock here
says that it ended an allowance ago. The two clocks are compared by the events: the least time from
an event's stamp until it was here is that of an event that nothing held up.
"""

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from aegru_hw.streams.sample_clock import FARTHEST
from aegru_hw.streams.tick import Losses, Tick

DRIFT = 1e-4
"""Seconds a second by which the sender's clock may be slower than the one here."""

ROUNDING = 1e-3
"""Part of a tick by which a stamp may fall short of it: doubles of 10 digits are 0.2 µs apart."""

MOST_SPIKES = 65_535
"""Spikes of one tick that are taken."""


class EventClock:
    """Makes ticks of events; `losses` counts events late or refused, and ticks passed over.

    history: ticks that one output depends on. allowance: seconds after a tick's end in which its
    events may still come.
    """

    def __init__(
        self, tick_seconds: float, history: int, channels: int, allowance: float, losses: Losses
    ) -> None:
        self._tick_seconds, self._history, self._channels = tick_seconds, history, channels
        self._allowance, self._losses = allowance, losses
        self._number = 0
        self._spikes: list[int] = []
        self.stop()

    def stop(self) -> None:
        """Let the clock stand until the next event, which begins anew."""
        # Not a sum of lengths: what an event falls short of a tick by stays within ROUNDING.
        self._origin, self._ticks = 0.0, 0
        self._behind = self._seen = 0.0
        self._is_running, self._is_first, self._spikes = False, True, []

    def taken(
        self, channels: NDArray[np.generic], stamps: NDArray[np.float64], now: float
    ) -> Iterator[Tick]:
        """Take events (n,) that came by now; yield the ticks that they complete."""
        for place in np.argsort(stamps, kind="stable").tolist():
            stamp = float(stamps[place])
            channel = self._channel(channels[place])
            if channel is None or not abs(stamp) < FARTHEST:
                self._losses.refused += 1
                continue
            yield from self._up_to(stamp, now)
            if self._of(stamp) < self._ticks:
                self._losses.late += 1
            elif len(self._spikes) < MOST_SPIKES:
                self._spikes.append(channel)
            else:
                self._losses.refused += 1

    def passed(self, now: float) -> Iterator[Tick]:
        """Yield the ticks that ended an allowance before now; all events that came are taken."""
        if self._is_running:
            yield from self._advanced(self._of(now - self._behind - self._allowance))

    def ended(self) -> Iterator[Tick]:
        """Yield the open tick of a stream that ended; the clock stands until the next event."""
        if self._is_running:
            yield self._closed()
        self.stop()

    def remaining(self, now: float) -> float | None:
        """Return the seconds until `passed` has a tick; None where it has none without an event."""
        if not self._is_running:
            return None
        return max(self._end + self._behind + self._allowance - now, 0.0)

    @property
    def _end(self) -> float:
        """When the open tick ends, on the sender's clock."""
        return self._origin + (self._ticks + 1) * self._tick_seconds

    def _of(self, stamp: float) -> int:
        """Return the tick of a stamp, counted from the origin."""
        return math.floor((stamp - self._origin) / self._tick_seconds + ROUNDING)

    def _up_to(self, stamp: float, now: float) -> Iterator[Tick]:
        """Yield the ticks before an event's, and go to its."""
        behind = now - stamp
        if self._is_running and self._of(stamp) >= self._ticks - self._history:
            self._behind = min(behind, self._behind + DRIFT * (now - self._seen))
            self._seen = now
            yield from self._advanced(self._of(stamp))
            return
        if self._is_running:  # the sender's clock was set back
            yield from self.ended()
        self._is_running = True
        self._origin, self._behind, self._seen = stamp, behind, now

    def _advanced(self, to: int) -> Iterator[Tick]:
        """Yield the open tick and the silent ones before another; pass over very many."""
        if to <= self._ticks:
            return
        yield self._closed()
        silent = to - self._ticks
        if silent > self._history:
            self._losses.missing += silent
            self._number, self._ticks, self._is_first = self._number + silent, to, True
        while self._ticks < to:
            yield self._closed()

    def _closed(self) -> Tick:
        tick = Tick(self._number, self._spikes, self._is_first, self._end)
        self._number, self._ticks = self._number + 1, self._ticks + 1
        self._is_first, self._spikes = False, []
        return tick

    def _channel(self, given: np.generic) -> int | None:
        """Return a channel that the decoder has; None for anything else."""
        value = float(given)  # type: ignore[arg-type]
        return int(value) if value.is_integer() and 0 <= value < self._channels else None
