"""A few single-bit upsets in the engine: with protection none lasts unseen, without some do."""

import pytest

from proof.upsets import GONE, MARKED, RUN, TAIL, UNLOADED, WRONG, campaign, outcome, rows

UPSETS = 40


@pytest.mark.parametrize(
    ("states", "name", "ticks"),
    [
        ([0] * RUN, "masked", 0),
        ([0, MARKED, MARKED] + [0] * (RUN - 3), "harmless", 0),
        ([0, WRONG | MARKED, MARKED, WRONG | MARKED] + [0] * (RUN - 4), "marked", 3),
        ([0, WRONG, WRONG | MARKED] + [0] * (RUN - 3), "silent", 2),
        ([0] * (RUN - TAIL) + [WRONG] * TAIL, "lasting", 0),
        ([0, 0, GONE], "host", 0),
        ([0, WRONG, GONE], "silent", 1),
    ],
)
def test_what_an_upset_did(states: list[int], name: str, ticks: int) -> None:
    found = outcome(bytes(states))
    assert (found.name, found.ticks) == (name, ticks)


def test_what_only_loading_puts_right() -> None:
    states = [WRONG | MARKED] * RUN
    assert outcome(bytes(states)).stays
    assert not outcome(bytes(states)).unloaded
    states[-1] |= UNLOADED
    assert outcome(bytes(states)).unloaded


@pytest.mark.slow
def test_a_few_upsets() -> None:
    protected, plain = (
        rows(campaign(4, UPSETS, 1, 2, protected=protected))[-1] for protected in (True, False)
    )
    assert protected["upsets"] == plain["upsets"] == UPSETS
    assert protected["lasting"] == protected["not even then"] == 0
    assert plain["lasting"] > 0
    assert plain["marked"] == plain["harmless"] == 0
