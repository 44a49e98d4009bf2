"""The fuzzing of readers: a few cases of each, and that it sees what it looks for."""

import os
import sys
import time
from pathlib import Path

import pytest

from benchmarks import fuzz_readers
from benchmarks.fuzz_readers import READERS, Case


def fuzzed(monkeypatch: pytest.MonkeyPatch, keep: Path, *arguments: object) -> int:
    words = ["fuzz_readers", "--keep", keep, "--minutes", 5, *arguments]
    monkeypatch.setattr(sys, "argv", [str(word) for word in words])
    return fuzz_readers.main()


def test_a_few_cases_of_every_reader(tmp_path, monkeypatch, capfd) -> None:
    assert fuzzed(monkeypatch, tmp_path, "--cases", 6) == 0
    lines = capfd.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:-1]] == list(READERS)
    assert lines[-1] == "0 failed"
    assert os.listdir(tmp_path) == []


def raises(*arguments: object) -> None:
    raise KeyError("seen")


def hangs(*arguments: object) -> None:
    time.sleep(60)


def dies(*arguments: object) -> None:
    os._exit(7)


def grows(*arguments: object) -> None:
    assert len(b"x" * (fuzz_readers.MEMORY_BOUND + 2**26))


@pytest.mark.parametrize(
    ("does", "said"),
    [(raises, "traceback: KeyError"), (hangs, "hang: "), (dies, "died: "), (grows, "memory: ")],
)
def test_failures_are_seen_and_kept(does, said, tmp_path, monkeypatch, capfd) -> None:
    monkeypatch.setattr(fuzz_readers, "HANG_SECONDS", 2.0 if does is hangs else 20.0)
    monkeypatch.setattr(fuzz_readers, "MEMORY_BOUND", 2**28)
    monkeypatch.setattr("aegru_hw.recordings.layout.describe", does)
    assert fuzzed(monkeypatch, tmp_path, "--cases", 1, "--reader", "npy", "--seed", 3) == 1
    assert f"npy-3-0: {said}" in capfd.readouterr().out
    assert (tmp_path / "npy-3-0.txt").exists()
    assert (tmp_path / "npy-3-0" / "spikes.npy").exists()


def test_a_case_is_its_seed_and_number() -> None:
    drawn = [Case("npz", seed, 5).chance.random() for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]
