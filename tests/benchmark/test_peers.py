"""The table of peers: what is kept, what is shown, and what is refused at once."""

import json
import re
from functools import partial
from pathlib import Path

import pytest

from aegru_hw.benchmark import measure, peers
from aegru_hw.benchmark.decoders import ENGINE_OF, PEER
from aegru_hw.benchmark.peers_text import peers_text
from aegru_hw.benchmark.rows import Row
from aegru_hw.cli import main, studies
from aegru_hw.needs import packages
from aegru_hw.peers.rows import Abilities, PeerRow
from aegru_hw.synthesis.resources import Use
from tests.support.recordings import small_recording

USED = {
    name: Use.of(count, 99_999)
    for name, count in (
        ("logic_cells", 9_000),
        ("flip_flops", 3_000),
        ("dsps", 7),
        ("block_rams", 30),
    )
}


def row(says: str | None = None) -> PeerRow:
    return PeerRow(
        r2=0.75,
        weight_bits=49_152,
        ticks=300,
        mismatches=0 if says is None else None,
        resources=USED if says is None else None,
        fmax_mhz=90.0 if says is None else None,
        says=says,
        latency_cycles=600,
        interval_cycles=2_000,
    )


@pytest.fixture
def benched(tmp_path, monkeypatch) -> tuple[list[str], list[str]]:
    """Arguments of a benchmark whose rows are stood in, and which of the peers' were made."""
    small_recording(ticks=300).save(tmp_path / "small.h5")
    result = Row(0.5, 0.5, 0.5, macs=10, footprint_bytes=7, ticks=3, mismatches=0)
    bench = measure.Bench
    monkeypatch.setattr(bench, "float_row", lambda _: {"AEGRU float": result})
    monkeypatch.setattr(bench, "fixed", lambda _, run, names, more: dict.fromkeys(names, result))
    monkeypatch.setattr(bench, "rival", lambda _: {PEER: result})
    made: list[str] = []

    def stood_in(name: str, *_: object) -> PeerRow:
        made.append(name)
        if name == "engine":
            return row()
        return row("does not fit: 9 of 8")

    monkeypatch.setattr(peers, "_engine", partial(stood_in, "engine"))
    monkeypatch.setattr(peers, "_rival", partial(stood_in, "rival"))
    monkeypatch.setattr(studies, "_require_peers", lambda: None)
    out = str(tmp_path / "out")
    names = ["--decoders", "fixed-8", "--seeds", "1", "--peers"]
    return ["benchmark", str(tmp_path / "small.h5"), "--out", out, *names], made


def test_peers_stand_below_the_table_and_are_kept(benched, capsys) -> None:
    arguments, made = benched
    assert main([*arguments, "--quiet"]) == 0
    text = capsys.readouterr().out
    assert made == ["engine", "rival", "rival"]
    assert next(line.split()[:4] for line in text.splitlines() if line.startswith(PEER)) == [
        *("HGQ2", "QGRU,", "alkaid", "0.5000")
    ]
    assert "peers in hardware, ecp5-85k, seed 0" in text
    assert main([*arguments, "--json"]) == 0
    assert made == ["engine", "rival", "rival"]  # the second run reads what is kept
    found = json.loads(capsys.readouterr().out)
    (rows,) = found["peers"]["recordings"].values()
    assert list(rows) == [peers.ENGINE, f"{PEER}, one step", f"{PEER}, unrolled"]
    assert list(found["peers"]["able"]) == list(rows)
    assert rows[peers.ENGINE]["resources"]["dsps"]["used"] == 7
    (lines,) = found["recordings"].values()
    assert list(lines["rows"]) == [ENGINE_OF, PEER]


def test_a_line_has_the_figures_in_the_order_of_the_heading() -> None:
    able = {"engine": Abilities("yes", "yes", "yes"), "rival": Abilities("no", "in a window", "no")}
    rows = {"engine": row(), "rival": row("too large")}
    table = peers.Peers("ecp5-85k", 0, able, {"small": rows})
    lines = peers_text(table).splitlines()
    heading = next(line for line in lines if "cells" in line)
    engine = next(line for line in lines if line.startswith("engine"))
    assert re.split(r"\s{2,}|\s", heading.strip()) == [
        *("R²", "bits", "cells", "flops", "DSPs", "RAMs", "Fmax", "cycles", "µs"),
        "outputs/s",
        *("mismatches", "LayerNorm", "state", "reload"),
    ]
    assert engine.split()[1:] == [
        *("0.7500", "49,152", "9,000", "3,000", "7", "30", "90.0", "600", "6.67", "45,000", "0"),
        *("yes", "yes", "yes"),
    ]
    rival = lines.index(next(line for line in lines if line.startswith("rival")))
    assert lines[rival].split()[1:9] == ["0.7500", "49,152", *"-----", "600"]
    assert lines[rival].split()[-5:] == ["no", "in", "a", "window", "no"]
    assert lines[rival + 1] == "  too large"


def test_a_missing_package_is_told_before_anything_is_trained(
    tmp_path: Path, monkeypatch, capsys
) -> None:
    small_recording(ticks=300).save(tmp_path / "small.h5")
    find = packages.find_spec
    monkeypatch.setattr(packages, "find_spec", lambda name: None if name == "hgq" else find(name))
    out = tmp_path / "out"
    assert main(["benchmark", str(tmp_path / "small.h5"), "--peers", "--out", str(out)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "hgq2: it is not installed" in line
    assert 'pip install "aegru-hw[peers]"' in line
    assert not out.exists()
