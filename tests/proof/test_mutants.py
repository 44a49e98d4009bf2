"""Making faults of the RTL: which ones, their names, and the sources that hold many of them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("pyslang", reason="the faults need pyslang: pip install '.[mutants]'")

from aegru_hw.rtl.sources import sources
from aegru_hw.rtl.verilator import verilator_command
from proof.mutants.alternatives import neighbours
from proof.mutants.campaign import reasons
from proof.mutants.choice import chosen
from proof.mutants.places import mutants_of
from proof.mutants.schemata import PACKAGE, with_all, with_one, write_sources

MODULE = """module small #(parameter int Width = 4) (
  input  logic clk_i, rst_ni, a, b,
  output logic [Width-1:0] count_q
);
  localparam int Most = Width + 1;
  // Größe
  always_ff @(posedge clk_i) begin
    if (a & b) count_q <= count_q + 1'b1;
    if (!rst_ni) count_q <= '0;
  end
endmodule
"""


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small.sv"
    path.write_text(MODULE)
    return path


def test_faults_of_a_module(small: Path) -> None:
    found = {(mutant.change, mutant.elaborated) for mutant in mutants_of(small)}
    assert found == {
        *(("Width + 1 -> Width - 1", True), ("1 -> 2", True), ("1 -> 0", True)),
        *(("a & b -> a | b", False), ("a & b -> a", False), ("a & b -> b", False)),
        *(("a & b -> 1'b0", False), ("a & b -> 1'b1", False)),
        ("count_q <= count_q + 1'b1; -> nothing", False),
        ("count_q + 1'b1 -> count_q - 1'b1", False),
        ("1'b1 -> 1'b0", False),
        *(("!rst_ni -> rst_ni", False), ("!rst_ni -> 1'b0", False), ("!rst_ni -> 1'b1", False)),
        *(("count_q <= '0; -> nothing", False), ("'0 -> '1", False)),
    }


def test_one_fault_is_one_change(small: Path) -> None:
    mutant = next(mutant for mutant in mutants_of(small) if mutant.change == "a & b -> a | b")
    text = small.read_text().encode().decode("latin-1")
    assert with_one(text, mutant) == text.replace("a & b", "a | b")
    assert mutant.line == 8
    assert mutant.source == "if (a & b) count_q <= count_q + 1'b1;"


def test_many_faults_nest(small: Path) -> None:
    wanted = ("a & b -> a | b", "a & b -> a", "count_q <= count_q + 1'b1; -> nothing")
    faults = [mutant for mutant in mutants_of(small) if mutant.change in (*wanted, "1'b1 -> 1'b0")]
    text = with_all(small.read_text().encode().decode("latin-1"), dict(enumerate(faults, 5)))
    active = "aegru_mutation_pkg::active"
    assert f"if (({active} == 6 ? (a) : (({active} == 5 ? (a | b) : (a & b)))))" in text
    assert f"begin if ({active} != 7) begin count_q <= count_q + ({active} == 8" in text


def test_names_stay_where_a_line_moves(small: Path) -> None:
    before = [mutant.name for mutant in mutants_of(small)]
    small.write_text("// another line\n" + MODULE)
    assert [mutant.name for mutant in mutants_of(small)] == before
    assert len(set(before)) == len(before)


@pytest.mark.parametrize(
    ("literal", "others"),
    [
        ("0", ["1"]),
        ("7", ["8", "6"]),
        ("1'b1", ["1'b0"]),
        ("2'd3", ["2'd0", "2'd2"]),
        ("7'sd1", ["7'sd2", "7'sd0"]),
        ("16'hFFFF", ["16'h0", "16'hFFFE"]),
    ],
)
def test_neighbours(literal: str, others: list[str]) -> None:
    assert neighbours(literal) == others


def test_a_campaign_has_every_module_in_proportion() -> None:
    mutants = chosen(sources(), 400, 1)
    counts = {file.stem: sum(m.module == file.stem for m in mutants) for file in sources()}
    assert min(counts.values()) >= 7  # aegru_rebuild has no more
    assert counts["aegru_cell"] > counts["aegru_sequencer"]
    assert 380 <= len(mutants) <= 450
    assert len({mutant.name for mutant in mutants}) == len(mutants)
    assert {m.name for m in chosen(sources(), 200, 1)} <= {m.name for m in mutants}


def test_reasons_are_of_faults_that_there_are() -> None:
    names = {mutant.name for file in sources() for mutant in mutants_of(file)}
    assert set(reasons()) <= names


def test_mutated_sources_elaborate(tmp_path: Path) -> None:
    faults = [mutant for mutant in chosen(sources(), 400, 1) if not mutant.elaborated]
    write_sources(sources(), tmp_path, dict(enumerate(faults, 1)))
    program, environment = verilator_command(tmp_path)
    files = [PACKAGE, *(tmp_path / source.name for source in sources())]
    for top in ("aegru_engine", "aegru_spi_top"):
        command = [program, "--lint-only", "-Wno-fatal", "--top-module", top, *map(str, files)]
        result = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False
        )
        assert result.returncode == 0, result.stderr[-3000:]


@pytest.mark.cross
def test_a_sample_is_killed(tmp_path: Path) -> None:
    """Twenty faults of a fixed seed: the original passes, and at least 95 % are noticed."""
    command = [sys.executable, "-m", "proof.mutants", "--sample", "20", "--least", "1"]
    command += ["--seed", "3", "--out", str(tmp_path)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    *_, whole = json.loads((tmp_path / "mutants.json").read_text())["rows"]
    assert whole["relevant"] >= 15
    assert whole["killed"] >= 0.95 * whole["relevant"], result.stdout
