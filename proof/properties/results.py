"""What the proofs found: FOLDER/properties.json, and the tables that are printed."""

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

from aegru_hw.errors import UserError
from aegru_hw.files import atomic_path
from aegru_hw.rtl.sources import engine_digest, sources
from proof.properties.faults import Fault
from proof.properties.proofs import Proof
from proof.properties.prover import Verdict

FILE = "properties.json"
Row = dict[str, str | float | bool | int]


def digest_of(proof: Proof, rtl: Path) -> str:
    """Return what stands for all that a proof depends on: sources, harness, settings."""
    digest = hashlib.sha256(repr(proof).encode())
    for path in (*sources(rtl), proof.path):
        digest.update(path.read_bytes())
    return digest.hexdigest()


@dataclass
class Results:
    """Rows of each proof by its harness.

    rows: module, property, how, seconds (of the whole proof), holds. faults: what broken copies
    showed. digests: of each proof that was made.
    """

    rows: dict[str, list[Row]] = field(default_factory=dict)
    faults: dict[str, Row] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)

    @classmethod
    def load(cls, folder: Path) -> "Results":
        """Return what a folder holds, or nothing. Raises UserError for another kind of file."""
        path = folder / FILE
        if not path.exists():
            return cls()
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            results = cls(digests=found["digests"])
            for row in found["rows"]:
                results.rows.setdefault(row["harness"], []).append(row)
            results.faults = {f"{row['harness']} {row['fault']}": row for row in found["faults"]}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UserError(f"{path} cannot be read ({error!r}); delete it") from None
        return results

    def has(self, harness: str, digest: str) -> bool:
        """Return whether this very proof was made."""
        return self.digests.get(harness) == digest

    def add(self, proof: Proof, digest: str, verdict: Verdict) -> None:
        """Keep what a proof found: its properties hold together, or none is shown."""
        self.digests[proof.harness] = digest
        self.rows[proof.harness] = [
            {
                "harness": proof.harness,
                "module": proof.module,
                "property": name,
                "how": verdict.how,
                "variants": len(proof.variants),
                "seconds": verdict.seconds,
                "holds": verdict.holds,
                "broken_by_a_trace": name in verdict.failed,
            }
            for name in proof.properties
        ]

    def add_fault(self, fault: Fault, failed: tuple[str, ...]) -> None:
        """Keep what failed on a broken copy."""
        self.faults[f"{fault.harness} {fault.name}"] = {
            "harness": fault.harness,
            "module": fault.module,
            "fault": fault.name,
            "property": fault.breaks,
            "failed": ", ".join(failed),
        }

    def hold(self, harnesses: list[str]) -> bool:
        """Return whether all properties of some harnesses hold."""
        return all(row["holds"] for name in harnesses for row in self.rows[name])

    def save(self, folder: Path) -> None:
        """Write FOLDER/properties.json."""
        kept = {
            "campaign": "properties",
            "engine": engine_digest(),
            "rows": [row for name in sorted(self.rows) for row in self.rows[name]],
            "faults": [self.faults[name] for name in sorted(self.faults)],
            "digests": self.digests,
        }
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with atomic_path(folder / FILE) as path:
                path.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        except OSError as error:
            raise UserError(f"cannot write {folder / FILE}: {error.strerror}") from None

    def table(self, harnesses: list[str]) -> str:
        """Return a line for each property."""
        lines: list[tuple[str, ...]]
        lines = [("module", "property", "how", "variants", "seconds", "holds")]
        lines += [
            (
                str(row["module"]),
                str(row["property"]),
                str(row["how"]),
                str(row["variants"]),
                f"{row['seconds']:.1f}",
                "yes" if row["holds"] else "NO" if row["broken_by_a_trace"] else "not shown",
            )
            for name in harnesses
            for row in self.rows[name]
        ]
        rows = [row for name in harnesses for row in self.rows[name]]
        seconds = sum(float(self.rows[name][0]["seconds"]) for name in harnesses)
        held = sum(bool(row["holds"]) for row in rows)
        return f"{_aligned(lines)}\n{held} of {len(rows)} properties hold, {seconds:.0f} s"

    def fault_table(self, harnesses: list[str]) -> str:
        """Return a line for each broken copy."""
        rows = [row for _, row in sorted(self.faults.items()) if row["harness"] in harnesses]
        lines: list[tuple[str, ...]] = [("module", "fault", "property", "failed")]
        lines += [
            (
                *(str(row[name]) for name in ("module", "fault", "property")),
                str(row["failed"]) or "NOTHING",
            )
            for row in rows
        ]
        noticed = sum(bool(row["failed"]) for row in rows)
        return f"{_aligned(lines)}\n{noticed} of {len(rows)} broken copies noticed"


def _aligned(lines: list[tuple[str, ...]]) -> str:
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )
