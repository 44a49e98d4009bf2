"""Writes sources that hold many faults at once: a number, given as simulation begins, chooses one.

Example, mutant 17 of `a & b`: (aegru_mutation_pkg::active == 17 ? (a | b) : (a & b)).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from proof.mutants.mutant import Mutant
from proof.mutants.places import text_of

ACTIVE = "aegru_mutation_pkg::active"
PACKAGE = Path(__file__).with_name("aegru_mutation_pkg.sv")


@dataclass
class _Place:
    """What some mutants replace, and the places within it."""

    begin: int
    end: int
    mutants: list[tuple[int, Mutant]] = field(default_factory=list)
    inner: list["_Place"] = field(default_factory=list)


def with_all(text: str, numbered: Mapping[int, Mutant]) -> str:
    """Return a module's text with mutants of it, none of which is elaborated, by their numbers."""
    places: dict[tuple[int, int], _Place] = {}
    for number, mutant in numbered.items():
        if mutant.elaborated:
            raise ValueError(f"{mutant.change} needs a compile of its own")
        place = places.setdefault((mutant.begin, mutant.end), _Place(mutant.begin, mutant.end))
        place.mutants.append((number, mutant))
    whole = _Place(0, len(text))
    above = [whole]
    for place in sorted(places.values(), key=lambda place: (place.begin, -place.end)):
        while place.begin >= above[-1].end:
            above.pop()
        above[-1].inner.append(place)
        above.append(place)
    return _written(text, whole)


def with_one(text: str, mutant: Mutant) -> str:
    """Return a module's text with one mutant in place of what was there."""
    return f"{text[: mutant.begin]}{mutant.replacement}{text[mutant.end :]}"


def write_sources(
    files: list[Path], folder: Path, numbered: Mapping[int, Mutant], alone: Mutant | None = None
) -> None:
    """Write SystemVerilog files to a folder, with mutants by number, or with one that is alone."""
    for file in files:
        text = text_of(file)
        if alone is not None and alone.module == file.stem:
            text = with_one(text, alone)
        of_file = {n: mutant for n, mutant in numbered.items() if mutant.module == file.stem}
        text = with_all(text, of_file) if of_file else text
        (folder / file.name).write_bytes(text.encode("latin-1"))


def _written(text: str, place: _Place) -> str:
    parts, at = [], place.begin
    for inner in place.inner:
        parts += [text[at : inner.begin], _written(text, inner)]
        at = inner.end
    written = "".join([*parts, text[at : place.end]])
    for number, mutant in place.mutants:
        if mutant.statement:
            written = f"begin if ({ACTIVE} != {number}) begin {written} end end"
        else:
            written = f"({ACTIVE} == {number} ? ({mutant.replacement}) : ({written}))"
    return written
