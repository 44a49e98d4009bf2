"""Printing: JSON for machines, text for people, and what is said on standard error."""

import argparse
import sys

from msgspec import to_builtins

from aegru_hw.strict_json import to_json


def show(options: argparse.Namespace, facts: object, text: str) -> int:
    """Print facts as strict JSON, or the text; return the exit status of success.

    facts: a dataclass, or what JSON has; NaN and infinities become null.
    """
    print(to_json(facts) if options.json else text)
    return 0


def shows_progress(options: argparse.Namespace) -> bool:
    """Tell whether progress bars are wanted: not beside --json or --quiet."""
    return not (options.json or options.quiet)


def note(options: argparse.Namespace, text: str) -> None:
    """Say on standard error what long work begins."""
    if shows_progress(options):
        print(text, file=sys.stderr)


def complain(text: str) -> None:
    """Say on standard error, in one line, what is not as it should be."""
    print(f"aegru-hw: {' '.join(text.split())}", file=sys.stderr)


def with_entry(facts: object, name: str, value: object) -> dict[str, object]:
    """Return the fields of a dataclass with one more, as JSON has them."""
    return {**to_builtins(facts), name: value}
