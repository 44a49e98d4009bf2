"""The table of what the exported C takes, of this machine."""

import shutil

import pytest

from aegru_hw.export.formats import write_c
from aegru_hw.fixedpoint.made_up import random_counts
from benchmarks import measure_c
from benchmarks.measure_c import MACHINES, STATE, lines
from tests.export.decoders import small


@pytest.mark.skipif(shutil.which("gcc") is None, reason="no gcc")
def test_bytes_are_counted_and_what_is_not_installed_is_left_out(tmp_path, monkeypatch) -> None:
    decoder = small()
    write_c(decoder, random_counts(1, 5, 7), tmp_path / "c")
    (tmp_path / "c" / "state.c").write_text(STATE)
    monkeypatch.setattr(measure_c.shutil, "which", lambda tool: None)
    for line in lines(MACHINES[0], tmp_path / "c"):
        name, _, code, tables, state, instructions = line.split()
        assert (name, instructions) == ("x86-64", "-")
        code, tables, state = (int(text.replace(",", "")) for text in (code, tables, state))
        assert 1000 < code < 10_000
        # Two bytes a weight, and the tables of the gates: 1024 entries of one byte each.
        weights = sum(linear.non_zero for linear in decoder.matrices.values())
        assert 2048 + 2 * weights < tables < 4096 + 4 * weights
        sums = 4 * (5 + 3 * 18)  # of latents, input product, and two recurrent products
        assert sums < state < 2 * sums
