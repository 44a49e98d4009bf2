"""The quick proofs, and that each of them fails on a broken copy of the RTL."""

import json
from dataclasses import replace

import pytest

from aegru_hw.errors import UserError
from aegru_hw.sources import source_folder
from proof.properties.__main__ import main
from proof.properties.broken import FAULTS
from proof.properties.faults import seen_at, write_broken
from proof.properties.proofs import PROOFS, proof_of
from proof.properties.prover import prove
from proof.properties.results import Results

RTL = source_folder("rtl")
QUICK = {
    "fifo": ({"Depth": 4},),
    "axil": ({},),
    "rounding": tuple({"Shift": shift} for shift in (1, 7, 35)),
    "gate": ({"Fixed": 0},),
    "spi": ({},),
    "sequencer": proof_of("sequencer").variants[2:4],
    "tick": proof_of("tick").variants[0:1] + proof_of("tick").variants[5:6],
}
SEEN = (
    "full one word too late",
    "the response does not wait for BREADY",
    "a write waits for the read channel",
    "half rounds up",
    "the CRC is not compared",
    "a foreign format is taken",
    "a tick that never ends",
    "a soft reset takes the velocity away",
    "a tick closes whatever its CRC",
    "no reset of a unit that is idle",
    "states begin while the past is read",
)


@pytest.mark.slow
@pytest.mark.parametrize("harness", QUICK)
def test_properties_hold(harness) -> None:
    proof = proof_of(harness)
    reach = 0 if harness == "spi" else proof.reach  # its witness takes half a minute
    verdict = prove(replace(proof, variants=QUICK[harness], reach=reach), RTL)
    assert verdict.holds
    assert verdict.failed == ()
    assert verdict.how.startswith("all inputs" if harness == "rounding" else "induction")


@pytest.mark.parametrize("name", SEEN)
def test_a_fault_breaks_its_property(name, tmp_path) -> None:
    fault = next(fault for fault in FAULTS if fault.name == name)
    write_broken(fault, RTL, tmp_path)
    seen = seen_at(fault, tmp_path)
    assert seen
    if fault.depth:  # a trace from reset, of this property alone
        assert seen == (fault.breaks,)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_every_fault_has_its_line_and_its_property(fault, tmp_path) -> None:
    write_broken(fault, RTL, tmp_path)
    sound, broken = ((folder / f"{fault.module}.sv").read_text() for folder in (RTL, tmp_path))
    assert sound.replace(fault.before, fault.after) == broken != sound
    assert fault.breaks in proof_of(fault.harness).properties


def test_every_proof_can_fail() -> None:
    assert {fault.harness for fault in FAULTS} == {proof.harness for proof in PROOFS}


@pytest.mark.parametrize("proof", PROOFS, ids=lambda proof: proof.harness)
def test_every_line_has_a_name_of_its_own(proof) -> None:
    text = proof.path.read_text()
    names = [*proof.properties, *proof.invariants, *proof.assumptions]
    assert len(set(names)) == len(names) == text.count(" assert (") + text.count(" assume (")
    assert proof.properties


def test_a_fault_without_its_line_is_one_clear_error(tmp_path) -> None:
    with pytest.raises(UserError, match="has 0 times"):
        write_broken(replace(FAULTS[0], before="nowhere"), RTL, tmp_path)


def test_the_command_writes_rows_and_goes_on(tmp_path, capsys) -> None:
    assert main(["axil", "--out", str(tmp_path)]) == 0
    first = capsys.readouterr().out
    rows = json.loads((tmp_path / "properties.json").read_text())["rows"]
    assert {row["module"] for row in rows} == {"aegru_axil"}
    assert all(row["holds"] and row["how"].startswith("induction") for row in rows)
    assert f"{len(rows)} of {len(rows)} properties hold" in first
    assert main(["axil", "--out", str(tmp_path)]) == 0
    assert capsys.readouterr().out == first


def test_results_of_another_kind_are_one_clear_error(tmp_path) -> None:
    (tmp_path / "properties.json").write_text("[]")
    with pytest.raises(UserError, match="cannot be read"):
        Results.load(tmp_path)
