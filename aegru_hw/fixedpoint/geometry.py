"""The sizes of a decoder."""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Geometry:
    """Sizes of a decoder.

    channels C, latent L, hidden H: units of each vector.
    window WS: ticks summed into a window count.
    steps N: windows of history that one output sees, WS ticks apart.
    tick_seconds: length of a tick in s.
    every K: ticks per output, a divisor of the window (rate.py).
    """

    channels: int
    latent: int
    hidden: int
    window: int
    steps: int
    tick_seconds: float
    every: int = 1

    @property
    def history(self) -> int:
        """Ticks that one output depends on, its own included."""
        return self.window * self.steps

    @property
    def output_seconds(self) -> float:
        """Time from one output to the next in s."""
        return self.tick_seconds * self.every

    @property
    def per_output(self) -> "Geometry":
        """The same windows in ticks that are as long as an output's K, one output each."""
        return replace(
            self,
            window=self.window // self.every,
            tick_seconds=self.output_seconds,
            every=1,
        )
