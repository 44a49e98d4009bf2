"""Reads Verilator's coverage.dat: which lines and signal bits of rtl/ simulations reached."""

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from aegru_hw.rtl.sources import sources

RECORD = re.compile(r"^C '(?P<fields>[^']*)' (?P<count>\d+)$")


def line_coverage(paths: list[Path]) -> dict[tuple[str, int], bool]:
    """Return whether each (file, line) with code was reached.

    A line with several blocks, such as an `if` and what it guards, needs all of them.
    """
    blocks: dict[tuple[str, int, str], int] = defaultdict(int)
    for fields, count in _records(paths):
        if fields["t"] in ("line", "branch") and "S" in fields:
            for line in _lines(fields["S"]):
                blocks[Path(fields["f"]).name, line, f"{fields['n']} {fields['o']}"] += count
    reached: dict[tuple[str, int], bool] = {}
    for (file, line, _), count in blocks.items():
        reached[file, line] = reached.get((file, line), True) and count > 0
    return reached


def toggle_coverage(paths: list[Path]) -> dict[tuple[str, str], bool]:
    """Return whether each (file, signal bit and direction) changed, in any instance."""
    reached: dict[tuple[str, str], bool] = defaultdict(bool)
    for fields, count in _records(paths):
        if fields["t"] == "toggle":
            reached[Path(fields["f"]).name, f"{fields['l']} {fields['o']}"] |= count > 0
    return reached


def _records(paths: list[Path]) -> Iterator[tuple[dict[str, str], int]]:
    """Yield the fields and the count of each point of rtl/, wherever a copy of it was compiled."""
    ours = {source.name for source in sources()}
    for path in paths:
        for record in path.read_text(encoding="latin-1").splitlines():
            if match := RECORD.match(record):
                parts = (part.split("\x02", 1) for part in match["fields"].split("\x01") if part)
                fields = {part[0]: part[1] for part in parts}
                if Path(fields["f"]).name in ours:
                    yield fields, int(match["count"])


def _lines(spans: str) -> Iterator[int]:
    """Yield the lines of spans such as 3-5,8."""
    for span in spans.split(","):
        first, _, last = span.partition("-")
        yield from range(int(first), int(last or first) + 1)
