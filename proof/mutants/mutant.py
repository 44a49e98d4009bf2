"""One fault of one line: where it is, what stands there instead, and its stable name."""

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """A fault in a module.

    line: its number, for people. source: the line's text, spaces at its ends left out.
    begin, end: offsets in the file of what is replaced by `replacement`.
    elaborated: it changes what the tools compute before simulation, so it needs a compile of its
        own; otherwise it lies beside others in one compiled simulation, and is chosen as that runs.
    statement: what is replaced is a statement, which is left out.
    occurrence: how many faults with the same module, source and texts come before it.
    """

    module: str
    line: int
    source: str
    begin: int
    end: int
    original: str
    replacement: str
    elaborated: bool
    statement: bool
    occurrence: int = 0

    @property
    def name(self) -> str:
        """Return what names the fault as long as its line's text stays, wherever that moves."""
        parts = (self.module, self.source, self.original, self.replacement, str(self.occurrence))
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]

    @property
    def change(self) -> str:
        """Return one line that says what the fault is."""
        before, after = (" ".join(text.split()) for text in (self.original, self.replacement))
        return f"{before} -> {after or 'nothing'}"
