"""The order of ticks: what is missing is silence, what is late or doubled is dropped."""

from collections.abc import Iterator
from dataclasses import replace

from aegru_hw.streams.tick import Losses, Tick


class Order:
    """Puts ticks in order as they come, and counts in `losses` what does not come in order.

    Missing ticks are given as silent ones once a later one comes; after more of them than the
    decoder's history it begins anew instead. A tick that is late or doubled is dropped.
    history: ticks that one output depends on. tick_seconds: between the time stamps of two ticks.
    """

    def __init__(self, history: int, tick_seconds: float, losses: Losses) -> None:
        self._history, self._tick_seconds, self._losses = history, tick_seconds, losses
        self._due: int | None = None

    def placed(self, tick: Tick) -> Iterator[Tick]:
        """Yield the ticks to decode now that this one came; one that is first begins anew."""
        number = tick.number
        if self._due is None or tick.is_first:
            yield tick if tick.is_first else replace(tick, is_first=True)
        elif number < self._due:
            self._losses.late += 1
            return
        else:
            missing = number - self._due
            self._losses.missing += missing
            if missing > self._history:
                yield replace(tick, is_first=True)
            else:
                for silent in range(self._due, number):
                    yield Tick(silent, [], seconds=self._stamp(tick, silent))
                yield tick
        self._due = number + 1

    def _stamp(self, tick: Tick, silent: int) -> float | None:
        if tick.seconds is None:
            return None
        return tick.seconds - (tick.number - silent) * self._tick_seconds
