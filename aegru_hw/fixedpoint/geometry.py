"""The sizes of a decoder."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Geometry:
    """Sizes of a decoder.

    channels C, latent L, hidden H: units of each vector.
    window WS: ticks summed into a window count.
    steps N: windows of history that one output sees, WS ticks apart.
    tick_seconds: length of a tick in s.
    """

    channels: int
    latent: int
    hidden: int
    window: int
    steps: int
    tick_seconds: float

    @property
    def history(self) -> int:
        """Ticks that one output depends on, its own included."""
        return self.window * self.steps
