"""A sample of resets, and unknown values in a second simulator."""

import shutil
from pathlib import Path

import pytest

from proof.four_state import play
from proof.resets import LANES, Bench, Block, blocks, named, run_block

STRIDES = {"ticks": 61, "start_up": 31, "load": 1301}
"""Coprime with the cycles of a word of the load bus, and with each other."""


@pytest.mark.slow
def test_a_sample_of_resets(tmp_path: Path) -> None:
    bench = Bench(4, tmp_path, fixed_formats=True)
    for phase, kind in blocks():
        stride = 97 if (phase, kind) == ("load", "soft") else STRIDES[phase]
        block = run_block(bench, phase, kind, stride, progress=False)
        assert block.trials >= block.cycles > 2
        assert block.mismatches == 0, block.first


def test_faults_have_names() -> None:
    assert named(0) == ""
    assert named(1 << 3 | 1 << 9) == "stream, crash"


def test_a_block_is_whole_for_its_stride() -> None:
    long = Block(16, "load", "hard", 7, 10, 10, 0)
    assert long.whole(1)
    assert not long.whole(2)
    assert 16 in LANES


@pytest.mark.slow
def test_no_output_is_unknown(tmp_path: Path) -> None:
    """Icarus with x in every register and memory, and Verilator, play the same script."""
    if shutil.which("iverilog") is None:
        pytest.skip("Icarus Verilog is not installed (Debian: iverilog)")
    for name, found in play(4, 6, tmp_path).items():
        assert (found.wrong, found.unknown) == (0, 0), name
