"""What is synthesised: sources, top module, parameters."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeGuard

PLACED_AS = "design"
"""What a design's folder is called inside the folder of results, where the tools run."""

SIZED_LITERAL = re.compile(r"\d+'[sS]?[bBoOdDhH][0-9a-fA-F_xXzZ?]+")


@dataclass(frozen=True)
class Design:
    """A design in one folder, all of which is copied beside its results.

    folder: where its files are.
    sources: SystemVerilog files relative to it, packages first.
    top: the top module. parameters: the top's parameters: a number, a SystemVerilog literal such as
        "8'hff", or any other text; a text that names a file begins with PLACED_AS.
    hidden_ports: pattern of the top's outputs that only a simulation reads, and that get no pins.
    clock: the top's clock port. lanes: multiply lanes, 0 where it has none.
    has_pins: its ports have a pin each in the target's package. Where not, only the fit is found.
    pins: the pin file of a board, for iCE40 and ECP5; the placer chooses the pins where None.
    single_port_memories: names of memories that are to go to the target's single-port RAMs.
    block_memories: and to its block RAMs, however small they are.
    """

    folder: Path
    sources: tuple[str, ...]
    top: str
    parameters: dict[str, int | str] = field(default_factory=dict)
    hidden_ports: str | None = None
    clock: str = "aclk"
    lanes: int = 0
    has_pins: bool = True
    pins: Path | None = None
    single_port_memories: tuple[str, ...] = ()
    block_memories: tuple[str, ...] = ()

    @property
    def placed_sources(self) -> list[str]:
        """The sources, as the tools see them."""
        return [f"{PLACED_AS}/{source}" for source in self.sources]


def is_text(value: int | str) -> TypeGuard[str]:
    """Tell whether a parameter's value is text, which tools take in quotes.

    A number is not, nor is a sized literal such as "2048'h00ab": in quotes it would be a string.
    """
    return isinstance(value, str) and SIZED_LITERAL.fullmatch(value) is None
