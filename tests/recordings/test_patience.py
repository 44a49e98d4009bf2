"""Waits between the attempts of a download."""

import random
from datetime import UTC, datetime

import pytest

from aegru_hw.recordings.patience import Patience

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def patience() -> Patience:
    return Patience(jitter=random.Random(4), now=lambda: NOON)


def test_waits_double_up_to_a_minute_and_differ() -> None:
    waits = [patience().wait(attempt) for attempt in (0, 1, 2, 3, 9, 10**6)]
    for wait, longest in zip(waits, (1, 2, 4, 8, 60, 60), strict=True):
        assert longest / 2 <= wait <= longest
    one, other = patience(), patience()
    assert one.wait(3) == other.wait(3) != one.wait(3)


def test_a_wish_is_kept() -> None:
    assert 12 <= patience().wait(0, asked=12) <= 13


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("120", 120),
        (" 0 ", 0),
        ("9" * 5000, 999999999999),
        ("-3", None),
        ("1.5", None),
        ("", None),
        ("soon", None),
        ("Wed, 25 Nov 2026 12:01:00 GMT", 60),
        ("Wed, 25 Nov 2026 11:59:00 GMT", 0),
        ("Wed, 25 Nov 2026 13:01:00 +0100", 60),
        ("Wed, 99 Nov 2026 12:01:00 GMT", None),
    ],
)
def test_retry_after(header: str | None, seconds: float | None) -> None:
    assert patience().asked(header) == seconds
