"""Ticks from Lab Streaming Layer: counts at the decoder's rate, or spike events.

A stream of a nominal rate has a channel for each of the decoder's and a sample for each tick, the
spikes of each channel. One of irregular rate has a single channel and a sample for each spike, its
channel's number from 0. sample_clock.py and event_clock.py say which tick a sample is of.
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from aegru_hw.errors import UserError
from aegru_hw.fixedpoint.decoder import FixedDecoder
from aegru_hw.streams.event_clock import EventClock
from aegru_hw.streams.lsl import HEARD, Inlet, StreamLostError
from aegru_hw.streams.numbers import CountsReader
from aegru_hw.streams.order import Order
from aegru_hw.streams.sample_clock import SampleClock
from aegru_hw.streams.tick import Losses, Tick

if TYPE_CHECKING:
    import pylsl

ALLOWANCE = 0.002
"""Seconds after a tick's end in which its events may still come, where nothing else is said."""

RATE_TOLERANCE = 1e-3
"""Part by which a nominal rate may differ from the decoder's: 33.3 for a tick of 30 ms."""

COUNTS_AT_ONCE, EVENTS_AT_ONCE = 32, 1024
"""Samples that are read at once."""

STRING = 3


class LslSource:
    """Ticks of the LSL stream of a name; `losses` says what did not come as it should.

    wait: seconds without a sample after which the stream ends; None waits for ever.
    allowance: seconds that a tick of events waits for its last ones. say: told what is waited for.
    Raises UserError where pylsl is missing, and for a name that no stream can have; iterating, for
    a stream of another form than this decoder takes, also where it comes back as one.
    """

    def __init__(
        self,
        name: str,
        decoder: FixedDecoder,
        *,
        wait: float | None = None,
        allowance: float = ALLOWANCE,
        say: Callable[[str], None] = lambda text: None,
    ) -> None:
        self.losses = Losses()
        self._decoder, self._geometry = decoder, decoder.geometry
        self._allowance = allowance
        self._is_events: bool | None = None
        self._inlet = Inlet(name, self._check, wait=wait, say=say)

    def close(self) -> None:
        self._inlet.close()

    def __iter__(self) -> Iterator[Tick]:
        if self._inlet.connect():
            yield from self._events() if self._is_events else self._counts()

    def _counts(self) -> Iterator[Tick]:
        geometry, reader = self._geometry, CountsReader(self._decoder)
        order = Order(geometry.history, geometry.tick_seconds, self.losses)
        clock = SampleClock(geometry.tick_seconds, geometry.history)
        while True:
            try:
                pulled = self._inlet.pull(HEARD, COUNTS_AT_ONCE)
            except StreamLostError:
                if not self._inlet.connect():
                    return
                continue
            if pulled is None:
                return
            for counts, stamp in zip(*pulled, strict=True):
                channels = reader.channels(counts)
                placed = None if channels is None else clock.number(float(stamp))
                if channels is None or placed is None:
                    self.losses.refused += 1
                else:
                    yield from order.placed(Tick(placed[0], channels, placed[1], float(stamp)))

    def _events(self) -> Iterator[Tick]:
        geometry = self._geometry
        clock = EventClock(
            *(geometry.tick_seconds, geometry.history, geometry.channels),
            *(self._allowance, self.losses),
        )
        while True:
            remaining = clock.remaining(self._inlet.clock())
            try:
                pulled = self._inlet.pull(HEARD if remaining is None else remaining, EVENTS_AT_ONCE)
            except StreamLostError:
                yield from clock.ended()
                if not self._inlet.connect():
                    return
                continue
            if pulled is None:
                yield from clock.ended()
                return
            channels, stamps = pulled
            now = self._inlet.clock()
            yield from clock.taken(channels[:, 0], stamps, now)
            if len(stamps) < EVENTS_AT_ONCE:
                yield from clock.passed(now)

    def _check(self, info: "pylsl.StreamInfo") -> None:
        """Take a stream of one of the two forms, and later only of the same one."""
        channels, rate = info.channel_count(), info.nominal_srate()
        wanted = 1 / self._geometry.tick_seconds
        is_events = rate == 0
        if is_events:
            fits = channels == 1
        else:
            is_rate = abs(rate - wanted) <= RATE_TOLERANCE * wanted
            fits = channels == self._geometry.channels and is_rate
        is_same = self._is_events in (None, is_events)
        if not fits or not is_same or info.channel_format() == STRING:
            at = "an irregular rate" if is_events else f"{rate:g} Hz"
            kind = " of text" if info.channel_format() == STRING else ""
            raise UserError(
                f"the LSL stream {info.name()} has {channels} channels{kind} at {at}; this decoder "
                f"takes the counts of {self._geometry.channels} channels at {wanted:g} Hz, or "
                "spike events: 1 channel of channel numbers at an irregular rate"
                + ("" if is_same else "; it must not change between them")
            )
        self._is_events = is_events
