"""Counting coverage: points of a module, waivers, and the spike counts that are crossed."""

from pathlib import Path

import numpy as np
import pytest

from proof.coverage.data import line_coverage, toggle_coverage
from proof.coverage.functional import CONTENTS, TICKS, counts_of
from proof.coverage.measured import by_module, read_waivers

PLACE = "C '\x01f\x02/p/rtl/aegru_ring.sv\x01l\x02{line}\x01n\x020\x01t\x02"
LINE = PLACE + "line\x01S\x02{line}\x01o\x02{name}' {count}"
TOGGLE = PLACE + "toggle\x01o\x02{name}:0->1' {count}"


def test_points_of_a_module(tmp_path: Path) -> None:
    report = tmp_path / "coverage.dat"
    records = [LINE.format(line=5, name="block", count=3), LINE.format(line=6, name="if", count=0)]
    records += [TOGGLE.format(line=5, name=f"data[{bit}]", count=bit) for bit in range(4)]
    report.write_text("\n".join(records) + "\n", encoding="latin-1")
    (module,) = by_module(line_coverage([report]), toggle_coverage([report]))
    assert (module.module, module.lines, module.lines_reached) == ("aegru_ring", 2, 1)
    assert module.missed == ("aegru_ring.sv:6",)
    assert (module.toggles, module.toggles_reached, module.toggle_share) == (4, 3, 0.75)
    assert module.unmoved == ("5 data[0]:0->1",)


def test_waivers_are_few_and_have_reasons() -> None:
    waivers = read_waivers()
    assert waivers.line("aegru_pkg", "return bits;")
    assert not waivers.line("aegru_lane", "return bits;")
    assert waivers.line("aegru_window", "default: phase_d = Accept;")
    assert waivers.toggle("12 change_o.chain[14]:0->1")
    assert not waivers.toggle("12 valid2_q:0->1")


@pytest.mark.parametrize("content", CONTENTS)
def test_contents(content: str) -> None:
    counts = counts_of(content, 13)
    assert counts.shape == (TICKS, 13)
    assert bool(counts.any()) == (content != "silence")
    assert bool((np.cumsum(counts, axis=0) > 63).any()) == (content == "saturation")
