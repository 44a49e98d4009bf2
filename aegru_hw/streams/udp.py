"""Spikes in UDP datagrams on this machine, one a tick.

A datagram is the tick's number (8 bytes) and the channel of each spike (2 bytes each), unsigned and
little-endian; one that fired twice stands twice. Ticks count up by one. A tick that is missing is
decoded as a silent one, as soon as a later one comes; after more of them than the decoder's history
it begins anew. One that comes late or again is dropped. Tick 0 begins a stream anew. An empty
datagram ends the stream. A datagram of another form is refused, and its tick is missing.
"""

import socket
from collections.abc import Iterator

import numpy as np

from aegru_hw.errors import UserError
from aegru_hw.fixedpoint.geometry import Geometry
from aegru_hw.streams.order import Order
from aegru_hw.streams.tick import Losses, Tick

HOST = "127.0.0.1"
NUMBER_BYTES, CHANNEL_BYTES = 8, 2
LARGEST = 65_535


class UdpSource:
    """Ticks from a port of this machine; `losses` says what did not come as it should.

    wait: seconds without a datagram after which the stream ends; None waits for ever.
    Raises UserError where the port cannot be had.
    """

    def __init__(self, port: int, geometry: Geometry, wait: float | None = None) -> None:
        self.losses = Losses()
        self._geometry = geometry
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self._socket.bind((HOST, port))
        except (OSError, OverflowError) as error:
            self._socket.close()
            raise UserError(f"cannot listen at UDP port {port}: {error}") from None
        self._socket.settimeout(wait)

    @property
    def port(self) -> int:
        """The port, which the system chose where 0 was asked for."""
        return int(self._socket.getsockname()[1])

    def close(self) -> None:
        self._socket.close()

    def __iter__(self) -> Iterator[Tick]:
        order = Order(self._geometry.history, self._geometry.tick_seconds, self.losses)
        while (data := self._received()) is not None:
            tick = self._parsed(data)
            if tick is None:
                self.losses.refused += 1
            else:
                yield from order.placed(tick)

    def _received(self) -> bytes | None:
        """Return the next datagram; None where the stream ends."""
        try:
            return self._socket.recv(LARGEST) or None
        except TimeoutError:
            return None

    def _parsed(self, data: bytes) -> Tick | None:
        """Return the tick of a datagram; None where it is of another form."""
        spikes = len(data) - NUMBER_BYTES
        if spikes < 0 or spikes % CHANNEL_BYTES:
            return None
        channels = np.frombuffer(data, dtype="<u2", offset=NUMBER_BYTES)
        if channels.max(initial=0) >= self._geometry.channels:
            return None
        number = int.from_bytes(data[:NUMBER_BYTES], "little")
        return Tick(number, channels.tolist(), is_first=number == 0)


def datagram(number: int, channels: list[int]) -> bytes:
    """Return the datagram of a tick."""
    return number.to_bytes(NUMBER_BYTES, "little") + np.array(channels, dtype="<u2").tobytes()
