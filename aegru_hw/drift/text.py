"""The drift's table as lines for people."""

from collections.abc import Iterator

from aegru_hw.drift.table import DriftTable

WIDTH = 10


def table_text(table: DriftTable, seeds: int) -> str:
    """Return a line a session, the means, and the comparisons."""
    return "\n".join(_lines(table, seeds))


def _lines(table: DriftTable, seeds: int) -> Iterator[str]:
    columns = list(table.mean)
    names = max(map(len, [*table.sessions, "standard error"]))
    counted = "1 seed" if seeds == 1 else f"mean of {seeds} seeds"
    yield f"test R² of 8-bit decoders, {counted}"
    for number, column in enumerate(columns, 1):
        yield f"  {number}: {column}"
    yield f"{'':{names}}" + "".join(f"{number:>{WIDTH}}" for number in range(1, len(columns) + 1))
    for name, row in table.sessions.items():
        yield f"{name:{names}}" + "".join(_cell(row[column].r2) for column in columns)
    yield f"{'mean':{names}}" + "".join(_cell(table.mean[column].r2) for column in columns)
    yield f"{'standard error':{names}}" + "".join(
        _cell(table.mean[column].se) for column in columns
    )
    for one in table.comparisons:
        yield (
            f"{one.column} / {one.other}: {one.difference:+.4f}, {one.ratio:.1%}, above it in "
            f"{one.above} of {one.sessions} sessions"
        )
    if table.mismatches is not None:
        yield f"{table.mismatches} mismatches of executions over {table.decoders} decoders"


def _cell(value: float | None) -> str:
    return f"{'-' if value is None else f'{value:.4f}':>{WIDTH}}"
