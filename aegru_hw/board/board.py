"""A decoder on a board: spikes of a tick in, its velocity out, or one line that says why not."""

import time
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from aegru_hw.board.identity import Identity, identify
from aegru_hw.board.loading import Loaded, load_image
from aegru_hw.board.transport import Transport
from aegru_hw.board.wire import DamagedError, Wire
from aegru_hw.errors import UserError
from aegru_hw.fixedpoint.counts import counts_of_tick, spike_channels
from aegru_hw.fixedpoint.decoder import FixedDecoder
from aegru_hw.fixedpoint.rate import at_output_rate, per_output
from aegru_hw.fixedpoint.types import Codes
from aegru_hw.rtl.address_map import REGISTERS, status_bit
from aegru_hw.rtl.images import Image, memory_image
from aegru_hw.rtl.spi_frames import (
    DAMAGED,
    FRAME,
    FRAME_REFUSED,
    MARKED,
    NO_SPIKE,
    VELOCITY_WAITS,
    crc8,
    event_frame,
)

TRIES = 8
"""How often a tick is tried, each time but the first from a reset on."""

SENDS = 4
"""How often a tick's events are sent in one try. What comes twice counts once."""

POLLS = 4000
"""Most reads of the status while one waits: 340,000 clock cycles at SCK's fastest."""

SECONDS = 20.0
"""Longest that a tick may take, all tries together."""

NUMBERS = 256
"""Ticks after which the number in a frame comes again."""

RESTART = 3
"""Of the control register: enable, and soft reset."""

LOST = (-1, np.zeros(0, dtype=np.int64))
"""In the place of a velocity's number and codes."""

RUNNING, IMAGE_VALID, REFUSED = map(status_bit, ("running", "image_valid", "refused"))
SPIKES = 255
"""Spikes of a channel that the engine counts in a tick."""


class Board:
    """A board that a transport leads to, and the decoder that was loaded.

    A tick of it is one output: with an output every K ticks of the recording, it takes the spikes
    of K ticks at once. `step` decodes one; `send`, `ready` and `receive` are its parts, for a
    program that has other things to do meanwhile.

    A velocity is accepted where two reads of it agree, its CRC is right and it has the tick's
    number; after damage, where the board has taken as many ticks as were sent, too. Where anything
    was damaged on the way the board begins anew with the ticks that the next velocity depends on,
    so that it is what it would have been. `repeats` counts that; `marked` velocities that an upset
    may have touched, of an engine that sees them.

    Every method raises UserError, one line, where the board cannot be reached, is not what is
    expected, or damages too much; none waits for ever.

    >>> with Board(open_port("virtual", decoder)) as board:
    ...     board.load(decoder)
    ...     board.step([3, 17, 17])
    """

    def __init__(self, transport: Transport) -> None:
        self.wire = Wire(transport)
        self.name = transport.name
        self.is_simulated = transport.is_simulated
        self.decoder: FixedDecoder | None = None
        self.tick = self.repeats = self.marked = 0
        self._image: Image | None = None
        self._past: deque[list[int]] = deque()
        self._sent: list[int] | None = None
        self._number = 0
        self._most_spikes = SPIKES
        self._deadline = 0.0

    def identify(self) -> Identity:
        """Return what engine answers, and what it holds."""
        return identify(self.wire)

    def load(
        self, decoder: FixedDecoder, said: Callable[[int], None] = lambda words: None
    ) -> Loaded:
        """Load a decoder over the one that there is, and start from silence.

        said: told of the words that were sent. The board compares the image's CRC-32; every flag of
        its Status is read back. Raises UserError too for a decoder that the engine does not hold.
        """
        identity = self.identify()
        at_rate = per_output(decoder)
        self._image = memory_image(at_rate, identity.lanes)
        loaded = load_image(self.wire, identity, self._image, said)
        self.decoder = decoder
        self._past = deque(maxlen=at_rate.geometry.history)
        # One more than where the feature table ends is as many as any more.
        self._most_spikes = min(decoder.feature.address.max_code + 1, SPIKES)
        self.reset()
        return loaded

    def reset(self) -> None:
        """Start from silence, with the decoder that was loaded; clears the counters."""
        self._loaded()
        self._past.clear()
        self._sent, self.tick = None, 0
        self.wire.forget()
        self._tried(self._restart, "the engine does not start")

    def step(self, channels: Iterable[int] | NDArray[np.integer]) -> Codes:
        """Return the velocity codes (2,) of one tick, from the channel of each spike.

        Raises UserError too for a channel that the decoder does not have; then nothing is changed.
        """
        self.send(channels)
        return self.receive()

    def step_counts(self, counts: NDArray[np.integer]) -> Codes:
        """Return the velocity codes (2,) of one tick, from the spikes (C,) of all channels."""
        self._begin(counts_of_tick(counts, self._loaded().geometry.channels))
        return self.receive()

    def send(self, channels: Iterable[int] | NDArray[np.integer]) -> None:
        """Send a tick's spikes and close it; `receive` must take its velocity before the next."""
        limit = self._loaded().geometry.channels
        self._begin(np.bincount(spike_channels(channels, limit), minlength=limit))

    def _begin(self, spikes: NDArray[np.integer]) -> None:
        """Send a tick of spikes (C,)."""
        if self._sent is not None:
            raise UserError("a tick was sent whose velocity was not taken; receive it first")
        repeats = np.minimum(spikes, self._most_spikes)
        self._sent = np.repeat(np.arange(len(spikes)), repeats).tolist() or [NO_SPIKE]
        with suppress(DamagedError):  # it is sent again where no velocity comes
            self._send()

    def ready(self) -> bool:
        """Tell whether `receive` will find the velocity there."""
        try:
            return bool(self.wire.status() & VELOCITY_WAITS)
        except DamagedError:
            return False

    def receive(self) -> Codes:
        """Wait for the velocity codes (2,) of the tick that was sent, and take them."""
        if self._sent is None:
            raise UserError("no tick was sent whose velocity could be received")
        begins = self.repeats

        def attempt() -> Codes | None:
            if self.repeats > begins:
                self.wire.note(is_damaged=True)
                self._replay()
            self.repeats += 1
            velocity = self._taken()
            # A board that was reset unseen, by its power, takes the number 0 as it should not.
            if self.wire.is_noisy or self._number % NUMBERS == 1:
                self._check_events()
            return velocity

        velocity: Codes = self._tried(attempt, f"tick {self.tick} could not be decoded")
        self.repeats -= 1
        self._past.append(self._sent)
        self._sent = None
        self.tick += 1
        return velocity

    def decode(self, counts: NDArray[Any], said: Callable[[int], None] | None = None) -> Codes:
        """Return the codes (T // every, 2) of the outputs of counts (T, C), from where it is.

        said: told of the number of outputs as they come.
        """
        _, sums = at_output_rate(self._loaded(), counts)
        velocity = np.zeros((len(sums), 2), dtype=np.int64)
        for at, spikes in enumerate(sums):
            self._begin(spikes)
            velocity[at] = self.receive()
            if said is not None:
                said(1)
        return velocity

    def counters(self) -> dict[str, int]:
        """Return the engine's counters by name; all but the ticks are 0 where it keeps none."""
        found = {}
        for name in REGISTERS:
            if name.endswith("_low"):  # reading it keeps the upper word of the same tick
                low = self.wire.read(name)
                found[name.removesuffix("_low")] = self.wire.read(f"{name[:-4]}_high") << 32 | low
        names = ("ticks", "saturations", "refused", "last_cycles", "last_latency")
        for name in (*names, "max_cycles", "max_latency"):
            found[name] = self.wire.read(name)
        return found

    def close(self) -> None:
        """Give the port back."""
        self.wire.transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _loaded(self) -> FixedDecoder:
        if self.decoder is None:
            raise UserError(f"{self.name}: no decoder was loaded yet")
        return self.decoder

    def _check_time(self) -> None:
        if time.monotonic() > self._deadline:
            raise UserError(f"{self.name}: the board does not answer within {SECONDS:g} s")

    def _tried(self, attempt: Callable[[], Any], failed: str) -> Any:
        """Call until it works, TRIES times and for SECONDS at most; UserError says what failed."""
        self._deadline, because = time.monotonic() + SECONDS, ""
        for _ in range(TRIES):
            try:
                return attempt()
            except DamagedError as damage:
                because = str(damage)
            self._check_time()
        raise UserError(f"{self.name}: {failed}: {because}")

    def _send(self) -> None:
        """Send the frame of the tick under way."""
        assert self._sent is not None
        self.wire.transfer(event_frame(self._number, self._sent))

    def _restart(self) -> None:
        """Forget all but the image; DamagedError where the board does not do so."""
        self.wire.write("control", RESTART)
        for _ in range(POLLS // 16):
            status = self.wire.read("status")
            if not status & IMAGE_VALID and self._image is not None:
                # Something was written that nobody sent: the image is gone.
                load_image(self.wire, self.identify(), self._image)
                self.wire.write("control", RESTART)
            elif status & RUNNING:
                break
        else:
            raise DamagedError("it does not run after a reset")
        if self.wire.read("ticks") or self._status_twice() & (VELOCITY_WAITS | DAMAGED):
            raise DamagedError("it was not reset")
        self._number = 0

    def _replay(self) -> None:
        """Begin anew with the ticks that the next velocity depends on, and send its own."""
        sent = self._sent
        self._restart()
        try:
            for events in self._past:
                self._sent = events
                self._send()
                self._taken(is_replayed=True)
        finally:
            self._sent = sent
        self._send()

    def _taken(self, *, is_replayed: bool = False) -> Codes | None:
        """Return the velocity of the tick that was sent; DamagedError where it must begin anew.

        is_replayed: the velocity is known; None where it was taken, and damaged on the way.
        """
        for sends in range(SENDS):
            if sends:
                self.wire.note(is_damaged=True)
                self._send()
            for read in range(SENDS):
                status = self._wait(is_first=sends + read == 0)
                found = self._velocity() if status & VELOCITY_WAITS else None
                if found is None:
                    break
                if found is LOST and not is_replayed:
                    raise DamagedError("a velocity was damaged on the way")
                number, velocity = found
                if found is LOST or number == self._number & 0xFF:
                    self._number += 1
                    self.wire.note(is_damaged=found is LOST)
                    self.marked += bool(status & MARKED)
                    return None if found is LOST else velocity
                # Else the one before, whose end the board had not seen.
                if number != (self._number - 1) & 0xFF:
                    raise DamagedError(f"velocity {number} came where {self._number} was due")
        raise DamagedError("no velocity comes")

    def _check_events(self) -> None:
        """Look, after damage, whether the board took the ticks that were sent, and no others.

        What a CRC-8 does not see mostly makes channels that the decoder does not have.
        """
        if self.wire.read("status") & REFUSED:
            raise DamagedError("events of other channels came than were sent")
        for _ in range(SENDS * SENDS):
            ticks = self.wire.read("ticks")
            if ticks == self._number:
                return
            if ticks != self._number - 1:  # of which the velocity is out, and the rest is worked on
                break
        raise DamagedError("the board has decoded another number of ticks")

    def _wait(self, *, is_first: bool) -> int:
        """Return the status where a velocity waits, and where it is time to send once more.

        is_first: the events were sent once; if they are refused later, they had been taken.
        """
        for poll in range(POLLS):
            if poll % 64 == 63:
                self._check_time()
            try:
                status = self.wire.status()
            except DamagedError:
                continue
            if status & DAMAGED and self._status_twice() & DAMAGED:
                raise DamagedError("events were damaged on the way")
            if status & VELOCITY_WAITS or (is_first and status & FRAME_REFUSED):
                return status
        return 0

    def _velocity(self) -> tuple[int, Codes] | None:
        """Return number and codes of the velocity that waits; None where it still waits, or none;
        LOST where it was taken, and damaged on the way.
        """
        # The first read breaks off before the CRC: the velocity stays.
        first, whole = self.wire.velocity(FRAME - 1), self.wire.velocity()
        if first == whole[:-1] and crc8(first) == whole[-1]:
            return first[0], np.frombuffer(first, dtype=">i4", offset=1).astype(np.int64)
        waits = self._status_twice() & VELOCITY_WAITS
        return None if waits or not any(first + whole) else LOST

    def _status_twice(self) -> int:
        """Return the status byte, read until it is twice the same; DamagedError if never."""
        before = None
        for _ in range(SENDS * SENDS):
            try:
                status = self.wire.status()
            except DamagedError:
                continue
            if status == before:
                return status
            before = status
        raise DamagedError("the status is different each time")
