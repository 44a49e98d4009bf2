"""Trying a guess at how a file is imported before it is shown."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from aegru_hw.errors import UserError
from aegru_hw.recordings.formats.format import Asked
from aegru_hw.recordings.guess import Guess
from aegru_hw.recordings.imported import Imported
from aegru_hw.recordings.likely import check_plausible

Variant = tuple[Mapping[str, str | bool], str]
"""More options, and the reason for them."""

Read = Callable[[Path, Asked], Imported]


def tried(
    path: Path, read: Read, guesses: Iterable[Guess | None], variants: Iterable[Variant] = ()
) -> dict[str, object]:
    """Return `guessed` and `import` for the first guess that can be read; nothing for no guess.

    Each guess is tried as it is, and then with each of the variants. Where none can be read, the
    first guess is returned, with the reason of its refusal.
    """
    refused: tuple[Guess, UserError] | None = None
    for guess in guesses:
        if guess is None:
            continue
        for one in (guess, *(guess.also(options, reason) for options, reason in variants)):
            try:
                check_plausible(read(path, Asked(**one.options)).recording)  # type: ignore[arg-type]
            except UserError as error:
                refused = refused or (one, error)
            else:
                return shown(path, one)
    if refused is None:
        return {}
    first, why = refused
    return shown(path, Guess(first.options, (*first.reasons, f"tried, it is refused: {why}")))


def shown(path: Path, guess: Guess) -> dict[str, object]:
    """Return the facts of a guess, the command last."""
    return {"guessed": list(guess.reasons), "import": guess.command(path)}
