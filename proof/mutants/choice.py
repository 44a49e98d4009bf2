"""Which faults a campaign plays: seeded, over all modules in proportion to their size."""

import hashlib
from pathlib import Path

from proof.mutants.mutant import Mutant
from proof.mutants.places import mutants_of, text_of

LEAST = 8
MOST_ELABORATED = 0.03
"""Share of the mutants that need a compile each."""


def chosen(files: list[Path], total: int, seed: int, least: int = LEAST) -> list[Mutant]:
    """Return about `total` mutants of the files' modules, in proportion to their lines of code.

    least: mutants of the smallest module.
    At most one of each place. A change of the sources leaves the others of the choice as they are.
    """
    lines = {file: _code_lines(file) for file in files}
    everything = sum(lines.values())
    mutants = []
    for file in files:
        share = max(least, round(total * lines[file] / everything))
        elaborated = min(share - 1, max(1, round(share * MOST_ELABORATED)))
        found = mutants_of(file)
        mutants += _some([m for m in found if m.elaborated], elaborated, seed)
        mutants += _some([m for m in found if not m.elaborated], share - elaborated, seed)
    return mutants


def _some(mutants: list[Mutant], count: int, seed: int) -> list[Mutant]:
    places: dict[tuple[int, int], Mutant] = {}
    for mutant in sorted(mutants, key=lambda mutant: _rank(mutant, seed)):
        places.setdefault((mutant.begin, mutant.end), mutant)
    return sorted(list(places.values())[:count], key=lambda mutant: mutant.begin)


def _rank(mutant: Mutant, seed: int) -> str:
    return hashlib.sha256(f"{seed} {mutant.name}".encode()).hexdigest()


def _code_lines(file: Path) -> int:
    lines = (line.strip() for line in text_of(file).splitlines())
    return sum(bool(line) and not line.startswith("//") for line in lines)
