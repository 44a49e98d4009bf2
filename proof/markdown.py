"""Tables in Markdown, as the campaigns print them."""

from collections.abc import Iterable, Sequence


def markdown(head: Sequence[str], rows: Iterable[Iterable[object]]) -> str:
    """Return a table with a line for its head, and one for each row."""
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    return "\n".join(lines + [f"| {' | '.join(map(str, row))} |" for row in rows])
