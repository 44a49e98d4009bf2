"""One-line faults in copies of the RTL, and the property that each breaks."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from aegru_hw.errors import UserError
from proof.properties.proofs import proof_of
from proof.properties.prover import find_trace, prove_variant


@dataclass(frozen=True)
class Fault:
    """One line of a module, changed.

    name: what the change does. before, after: text of the module, which is there once. breaks: the
    property that no longer holds. depth: clock cycles within which a trace from reset shows it; 0
    where that takes too long, and the induction fails instead. variant: of the proof's parameters.
    """

    name: str
    harness: str
    module: str
    before: str
    after: str
    breaks: str
    depth: int = 12
    variant: int = 0


def write_broken(fault: Fault, rtl: Path, folder: Path) -> None:
    """Copy the RTL with the fault in it. Raises UserError where the text is not there once."""
    for path in rtl.glob("aegru_*.sv"):
        shutil.copyfile(path, folder / path.name)
    path = folder / f"{fault.module}.sv"
    text = path.read_text(encoding="utf-8")
    if text.count(fault.before) != 1:
        raise UserError(f"{path.name} has {text.count(fault.before)} times {fault.before!r}")
    path.write_text(text.replace(fault.before, fault.after), encoding="utf-8")


def seen_at(fault: Fault, broken: Path) -> tuple[str, ...]:
    """Return the properties and invariants of which a broken copy shows that they fail."""
    proof = proof_of(fault.harness)
    if fault.depth:
        return find_trace(proof, fault.breaks, broken, fault.depth, fault.variant)
    return prove_variant(proof, proof.variants[fault.variant], broken).failed
