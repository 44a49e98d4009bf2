"""A line in the terminal that renews itself."""

import shutil
import threading
import time
from typing import TextIO

from aegru_hw.streams.tick import Delays, Losses, Tick

RENEWED = 0.5
"""Seconds from one line to the next."""


class TerminalView:
    """Shows the rate, how long ticks take, and what is missing, in one line of a terminal.

    The line is written by a thread of its own; nothing is written where `stream` is no terminal.
    """

    def __init__(self, delays: Delays, losses: Losses, stream: TextIO) -> None:
        self._delays, self._losses, self._stream = delays, losses, stream
        self._ticks, self._time = 0, time.monotonic()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._renew, daemon=True)
        if stream.isatty():
            self._thread.start()

    def put(self, tick: Tick, velocity: tuple[float, float] | None) -> None:
        """Nothing: what is shown is counted where it happens."""

    def close(self) -> None:
        """Write the last line, and leave it."""
        if self._thread.is_alive():
            self._ended.set()
            self._thread.join()
            self._write()
            self._stream.write("\n")

    def line(self) -> str:
        """Return what is to be seen since the line before."""
        now, ticks = time.monotonic(), self._delays.ticks
        rate = (ticks - self._ticks) / max(now - self._time, 1e-9)
        self._ticks, self._time = ticks, now
        delay = "  ".join(f"{name} {us:,.0f}" for name, us in self._delays.summary().items())
        lost = "  ".join(f"{name} {count:,}" for name, count in vars(self._losses).items())
        return f"{rate:,.0f} ticks/s  µs: {delay}  {lost}"

    def _renew(self) -> None:
        while not self._ended.wait(RENEWED):
            self._write()

    def _write(self) -> None:
        columns = shutil.get_terminal_size().columns
        self._stream.write(f"\r{self.line()[: columns - 1]}\x1b[K")
        self._stream.flush()
