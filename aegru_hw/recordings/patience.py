"""How long to wait before a server is asked again."""

import email.utils
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

FIRST_WAIT_SECONDS = 1.0
MOST_WAIT_SECONDS = 60.0
"""The longest wait of our own choice."""

MOST_ASKED_SECONDS = 600.0
"""The longest wait that a server may ask for; a longer one ends the command."""


@dataclass
class Patience:
    """Waits between the attempts of one download.

    retries: attempts after the first one.
    sleep, jitter, now: the clock, the source of chance and the date; replaced in tests.
    """

    retries: int = 4
    sleep: Callable[[float], None] = time.sleep
    jitter: random.Random = field(default_factory=random.Random)
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def wait(self, attempt: int, asked: float | None = None) -> float:
        """Return the seconds to wait after failed attempt 0, 1, and so on.

        They double from 1 s to 60 s, each by a random factor of 0.5 to 1, so that many who failed
        together do not come back together. A server's own wish is kept, plus up to a second.
        """
        if asked is not None:
            return asked + self.jitter.random()
        longest = min(FIRST_WAIT_SECONDS * 2.0 ** min(attempt, 30), MOST_WAIT_SECONDS)
        return longest * self.jitter.uniform(0.5, 1.0)

    def asked(self, header: str | None) -> float | None:
        """Return the seconds that a Retry-After header asks for (RFC 9110, 10.2.3).

        The header holds whole seconds or an HTTP date; None where it is absent or neither.
        """
        if header is None:
            return None
        text = header.strip()
        if text.isascii() and text.isdigit():
            return float(text[:12])
        try:
            date = email.utils.parsedate_to_datetime(text)
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
        if date.tzinfo is None:
            date = date.replace(tzinfo=UTC)
        return max((date - self.now()).total_seconds(), 0.0)
