"""What carries bytes to a board's SPI pins and back."""

from typing import Protocol


class Transport(Protocol):
    """A way to the pins of one board.

    name: the port, as the user gave it. most: bytes of the longest transfer. is_simulated: there is
    no board; what is measured of time is that of a simulation.
    """

    name: str
    most: int
    is_simulated: bool

    def transfer(self, data: bytes) -> bytes:
        """Exchange bytes with the chip selected: SPI mode 0, most significant bit first.

        Returns as many bytes as were sent. Raises OSError where the way is gone.
        """

    def close(self) -> None:
        """Give the port back; it may be called again."""
