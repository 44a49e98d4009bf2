"""What is synthesised: sources, top module, parameters."""

from dataclasses import dataclass, field
from pathlib import Path

PLACED_AS = "design"
"""What a design's folder is called inside the folder of results, where the tools run."""


@dataclass(frozen=True)
class Design:
    """A design in one folder, all of which is copied beside its results.

    folder: where its files are.
    sources: SystemVerilog files relative to it, packages first.
    top: the top module. parameters: the top's parameters; a text that names a file begins with
        PLACED_AS.
    hidden_ports: pattern of the top's outputs that only a simulation reads, and that get no pins.
    clock: the top's clock port. lanes: multiply lanes, 0 where it has none.
    has_pins: its ports have a pin each in the target's package. Where not, only the fit is found.
    """

    folder: Path
    sources: tuple[str, ...]
    top: str
    parameters: dict[str, int | str] = field(default_factory=dict)
    hidden_ports: str | None = None
    clock: str = "aclk"
    lanes: int = 0
    has_pins: bool = True

    @property
    def placed_sources(self) -> list[str]:
        """The sources, as the tools see them."""
        return [f"{PLACED_AS}/{source}" for source in self.sources]
