"""Bin lengths that files say, in seconds or not, and those that trials do not agree on."""

import numpy as np
import pytest
import scipy.io

from aegru_hw.errors import UserError
from aegru_hw.recordings.bin_size import bin_size_of
from aegru_hw.recordings.containers import open_container
from aegru_hw.recordings.formats import Asked
from aegru_hw.recordings.layout import import_with_notes

ARRAYS = {"spikes": np.ones((60, 3)), "vel": np.random.default_rng(0).normal(size=(60, 2))}


def write(path, sizes) -> str:
    """Write a struct array of a trial for each size."""
    structs = np.empty((1, len(sizes)), [(name, object) for name in (*ARRAYS, "bin_size")])
    for number, size in enumerate(sizes):
        for name, value in (ARRAYS | {"bin_size": size}).items():
            structs[name][0, number] = value
    scipy.io.savemat(path, {"td": structs, "bin_size": 0.5})
    return str(path)


def read(path, **options):
    return import_with_notes(path, Asked(counts="td.spikes", velocity="td.vel", **options))


@pytest.mark.parametrize("sizes", [[0.01], [0.01, 0.01]])
def test_the_one_beside_the_counts_is_the_tick(sizes, tmp_path) -> None:
    imported = read(write(tmp_path / "td.mat", sizes))
    assert imported.recording.tick_seconds == 0.01
    assert "the tick of 0.01 s is the file's 'td.bin_size'" in imported.notes
    assert bin_size_of(open_container(tmp_path / "td.mat"), "other.spikes").seconds == 0.5


@pytest.mark.parametrize(
    ("sizes", "text"),
    [
        ([20.0, 20.0], "'td.bin_size' is 20, no bin length in seconds; give --tick 0.02 if mill"),
        ([0.0, 0.0], "'td.bin_size' is 0, no bin length in seconds; give --tick SECONDS"),
        ([-0.01, -0.01], "is -0.01, no bin length in seconds; give --tick SECONDS"),
        ([2000.0], "is 2000, no bin length in seconds; give --tick SECONDS"),
        ([np.nan], "is nan, no bin length in seconds; give --tick SECONDS"),
        ([np.zeros((0, 0)), np.zeros((0, 0))], "'td.bin_size' is no bin length in seconds; give"),
        ([0.01, 0.02, 0.01], "'td.bin_size' differs from trial to trial, from 0.01 to 0.02; a"),
    ],
)
def test_what_is_none_is_named(sizes, text, tmp_path) -> None:
    path = write(tmp_path / "td.mat", sizes)
    with pytest.raises(UserError) as caught:
        read(path)
    assert text in str(caught.value)
    assert read(path, tick_seconds=0.03).recording.tick_seconds == 0.03


def test_more_of_them_than_trials_can_be_are_not_looked_at(tmp_path) -> None:
    path = tmp_path / "made.mat"
    for number, found in ((100_000, 0.5), (100_001, None)):
        scipy.io.savemat(path, {"bin_size": np.full(number, 0.5)}, do_compression=True)
        said = bin_size_of(open_container(path), "spikes")
        assert (None if said is None else said.seconds) == found
