"""The table of chosen decoders, and of many recordings."""

import math
from dataclasses import replace
from statistics import fmean, stdev

import numpy as np
import pytest

from aegru_hw.benchmark.decoders import DECODERS, LINEAR, PLAIN, PRUNED, ROWS, SHORT, chosen
from aegru_hw.benchmark.measure import CaseFacts
from aegru_hw.benchmark.rows import Row
from aegru_hw.benchmark.table import Table, summarise
from aegru_hw.benchmark.text import table_text
from aegru_hw.errors import UserError
from aegru_hw.recordings.recording import Recording
from aegru_hw.recordings.resample import resample

FIXED = next(iter(DECODERS))


def table_of(recordings: int, decoders: tuple[str, ...] = (PRUNED, FIXED, LINEAR[0])) -> Table:
    """Return a table of two seeds: R² is tenths of the recording's number, and hundredths."""

    def row(name: str, recording: int, seed: int) -> Row:
        r2 = recording / 10 + (0 if name in LINEAR else seed / 100)
        return Row(r2, r2, r2, macs=5, footprint_bytes=7, mismatches=0 if name == FIXED else None)

    names = [f"recording_{number}" for number in range(recordings)]
    results = {
        name: {seed: {one: row(one, number, seed) for one in decoders} for seed in range(2)}
        for number, name in enumerate(names)
    }
    facts = {name: CaseFacts(name, "made", "", 96, 600, 0.004) for name in names}
    return summarise(results, facts, decoders)


def test_decoders_are_chosen_by_short_names() -> None:
    assert chosen(None) == ROWS
    assert chosen("fixed-8, float,pruned") == ("AEGRU float", PRUNED, FIXED)
    assert set(SHORT) == set(ROWS)
    assert len(set(SHORT.values())) == len(ROWS)
    with pytest.raises(UserError, match="--decoders has no 'fixed'; accepted are float, pruned, f"):
        chosen("float,fixed")


def test_only_what_was_chosen_is_in_the_table() -> None:
    table = table_of(2)
    assert set(table.mean) == {PRUNED, FIXED, LINEAR[0]}
    assert PLAIN not in table_text(table, 2)


def test_errors_over_seeds_and_over_recordings_are_two() -> None:
    mean = table_of(4).mean[FIXED]
    by_recording = [number / 10 + 0.005 for number in range(4)]
    assert mean.r2 == pytest.approx(fmean(by_recording))
    assert mean.se == pytest.approx(stdev([0.15, 0.16]) / math.sqrt(2))
    assert mean.se_recordings == pytest.approx(stdev(by_recording) / math.sqrt(4))
    linear = table_of(4).mean[LINEAR[0]]  # one result a recording, and yet recordings differ
    assert linear.se is None
    assert linear.se_recordings == pytest.approx(stdev([0, 0.1, 0.2, 0.3]) / 2)
    assert table_of(2).mean[FIXED].se_recordings is None


def test_the_text_says_which_error_is_which() -> None:
    lines = table_text(table_of(3), 2).splitlines()
    at = lines.index("mean of 3 recordings, its standard errors over seeds and over recordings")
    assert lines[at + 1].split() == ["R²", "±seeds", "±recordings"]
    assert lines[at + 3][34:].split() == ["0.1050", "0.0050", "0.0577"]
    assert "mean of 2 recordings" in table_text(table_of(2), 2).splitlines()


def test_recordings_made_from_others_are_named() -> None:
    coarse = Recording(np.ones((9, 2), int), np.zeros((9, 2)), 0.05, source="session.mat")
    assert "made from" not in table_text(table_of(8), 2)
    for recordings in (2, 8):
        table = table_of(recordings)
        made = table.recordings["recording_1"]
        facts = replace(made.facts, source=resample(coarse, 0.005).source)
        table.recordings["recording_1"] = replace(made, facts=facts)
        lines = table_text(table, 2).splitlines()
        assert [line for line in lines if "made from" in line] == [
            "recording_1 is made from session.mat: spikes placed at random within bins of 50 ms"
        ]


def test_of_many_recordings_each_is_a_line() -> None:
    few, many = table_text(table_of(6), 2), table_text(table_of(7), 2)
    assert few.count("96 channels") == 6
    assert "96 channels" not in many
    lines = many.splitlines()
    heading = lines[2].split()
    assert heading == [
        "channels",
        "tick",
        "pruned",
        "±",
        "fixed-8",
        "±",
        "ridge",
        "±",
        "mismatches",
    ]
    assert lines[4].split() == [
        *("recording_1", "96", "4", "ms", "0.1050", "0.0050", "0.1050", "0.0050", "0.1000", "0")
    ]
    assert len({len(line) for line in lines[2:10]}) == 1  # columns stand below each other
