"""Lab Streaming Layer: a stream found by its name, and read until it is lost for good."""

import socket
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from aegru_hw.errors import UserError
from aegru_hw.needs.doctor import require

if TYPE_CHECKING:
    import pylsl

LOOKED, FIRST_LOOKED = 0.5, 1.5
"""Seconds of a look for a stream; the first is long enough to see a second one of its name."""

HEARD = 0.2
"""Seconds that a sample is waited for at once."""

BUFFERED = 60
"""Seconds of a stream that wait to be read; older samples are lost."""

LONGEST_NAME = 100


def lsl() -> Any:
    """Return pylsl; UserError where it, or the library in it, is not here."""
    require(("live",))
    try:
        import pylsl
    except (RuntimeError, OSError) as error:
        raise UserError(f"pylsl cannot load liblsl: {str(error).splitlines()[0]}") from None
    return pylsl


def check_name(name: str) -> str:
    """Return a stream's name; UserError for one that no query can hold."""
    if not name or len(name) > LONGEST_NAME or not name.isprintable() or set(name) & set("'\""):
        raise UserError(
            f"LSL name {name[:LONGEST_NAME]!r}: accepted are 1 to {LONGEST_NAME} printable "
            "characters without quotes"
        )
    return name


def _printable(text: str) -> str:
    """Return text from the network as it may be shown."""
    return "".join(one if one.isprintable() else "?" for one in text[:LONGEST_NAME])


class StreamLostError(Exception):
    """The stream's sender is gone."""


class Inlet:
    """The samples of the stream of a name, found again where its sender goes and comes back.

    check: told of each stream that is found; raises UserError for one that does not fit.
    wait: seconds without the stream, or a sample of it, after which it has ended; None for never.
    say: told in a line what is waited for.
    """

    def __init__(
        self,
        name: str,
        check: Callable[["pylsl.StreamInfo"], None],
        *,
        wait: float | None = None,
        say: Callable[[str], None] = lambda text: None,
    ) -> None:
        self._lsl = lsl()
        self._errors = self._lsl.util
        self._name, self._check, self._wait, self._say = check_name(name), check, wait, say
        self._inlet: Any = None
        self._heard = time.monotonic()

    def connect(self) -> bool:
        """Find the stream and open it; False where there is none for longer than the wait.

        Raises UserError where two streams have the name, and for one that does not fit.
        """
        self._say(f"waiting for the LSL stream {self._name}")
        while not self._is_over():
            least, seconds = (2, FIRST_LOOKED) if self._inlet is None else (1, LOOKED)
            found = self._lsl.resolve_byprop("name", self._name, minimum=least, timeout=seconds)
            if len(found) > 1:
                hosts = ", ".join(sorted({_printable(one.hostname()) for one in found}))
                raise UserError(
                    f"{len(found)} LSL streams are called {self._name}, on {hosts}; give one a "
                    "name of its own"
                )
            if found:
                self._check(found[0])
                # On this machine the stamps are of the clock here, and stay what they are.
                is_here = found[0].hostname() == socket.gethostname()
                self._inlet = self._lsl.StreamInlet(
                    found[0],
                    max_buflen=BUFFERED,
                    max_chunklen=1,
                    recover=False,
                    processing_flags=0 if is_here else self._lsl.proc_clocksync,
                )
                try:
                    self._inlet.open_stream(timeout=LOOKED * 4)
                except (self._errors.TimeoutError, self._errors.LostError):
                    continue
                self._heard = time.monotonic()
                self._say(f"reading the LSL stream {self._name}")
                return True
        return False

    def pull(self, timeout: float, most: int) -> tuple[NDArray[Any], NDArray[np.float64]] | None:
        """Return the samples (n, C) that are here, and their stamps (n,); None at the end.

        It waits for the first one, at most so many seconds. Raises StreamLostError where the sender
        is gone; `connect` finds it again.
        """
        try:
            samples, stamps = self._inlet.pull_chunk(
                timeout=min(timeout, HEARD), max_samples=most, min_samples=1, as_numpy=True
            )
        except self._errors.LostError:
            raise StreamLostError from None
        if len(stamps):
            self._heard = time.monotonic()
        elif self._is_over():
            return None
        return samples, stamps

    def clock(self) -> float:
        """Return LSL's clock on this machine, in s."""
        return float(self._lsl.local_clock())

    def close(self) -> None:
        if self._inlet is not None:
            self._inlet.close_stream()
            self._inlet = None

    def _is_over(self) -> bool:
        return self._wait is not None and time.monotonic() - self._heard > self._wait
