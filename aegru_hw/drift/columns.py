"""The columns of a drift table, in its order."""

MINUTES = (1.0, 2.0, 5.0)
"""Lengths of calibration, in minutes."""

FIRST, UNCHANGED, STATISTICS = "first decoder", "unchanged", "statistics"
ANEW = "anew, session"


def recalibrated(minutes: float) -> str:
    """Return the column of the decoder that is recalibrated on so many minutes."""
    return f"recalibrated, {minutes:g} min"


def nothing(minutes: float) -> str:
    """Return the column of a decoder that is trained from nothing on so many minutes."""
    return f"from nothing, {minutes:g} min"


def _minutes(minutes: float, kind: str = "") -> str:
    """Return so many minutes of a kind, in words."""
    return f"{kind}minute" if minutes == 1 else f"{minutes:g} {kind}minutes"


RECALIBRATED = {recalibrated(minutes): minutes for minutes in MINUTES}
NOTHING = {nothing(minutes): minutes for minutes in MINUTES}
CARRIED = (UNCHANGED, STATISTICS, *RECALIBRATED)
"""Columns of the decoder that is carried from session to session."""

COLUMNS = (FIRST, *CARRIED, *NOTHING, ANEW)
USUAL = (FIRST, *CARRIED, nothing(2.0), ANEW)

SAYS = {
    FIRST: "the first session's decoder, as it was",
    UNCHANGED: "the decoder that was trained on all sessions before, as it was the evening before",
    STATISTICS: "the same with the features' statistics of the first 2 minutes, no labels",
    **{
        name: f"the same, recalibrated on the first {_minutes(minutes, 'labelled ')}"
        for name, minutes in RECALIBRATED.items()
    },
    **{
        name: f"trained, pruned and quantised on the first {_minutes(minutes)} alone"
        for name, minutes in NOTHING.items()
    },
    ANEW: "trained, pruned and quantised on the session's training and validation split",
}
"""What each column is of."""
