"""The benchmark's table as lines for people."""

from collections.abc import Iterator

from aegru_hw.benchmark.decoders import HEADINGS
from aegru_hw.benchmark.table import Line, Mean, OverRecordings, Table
from aegru_hw.recordings.resample import MADE_FROM

MOST_BLOCKS = 6
"""Of more recordings than these each is one line."""


def table_text(table: Table, seeds: int) -> str:
    """Return the table as lines for people: a block a recording, or of many recordings a line.

    Recordings that were made from others (`aegru-hw generate --from`) are named below.
    """
    lines = [f"test R², mean and standard error of {seeds} seeds"]
    lines += _compact(table) if len(table.recordings) > MOST_BLOCKS else _blocks(table)
    lines += _made(table)
    lines += ["", *_means(table)]
    lines += ["", "published, mean of six other recordings (Zenodo record 583331)"]
    for other in table.published:
        note = "" if other.note is None else f"  ({other.note})"
        lines.append(f"{other.name:34} {other.r2:.3f}{note}; {other.source}")
    return "\n".join(lines)


def _blocks(table: Table) -> Iterator[str]:
    for name, recording in table.recordings.items():
        facts = recording.facts
        yield ""
        yield f"{name}: {facts.channels} channels, {facts.tick_seconds * 1000:g} ms ticks"
        yield _heading()
        yield from (_line(row, values) for row, values in recording.rows.items())


def _compact(table: Table) -> Iterator[str]:
    """Yield a line a recording: R² and its error by decoder, and the sum of all mismatches."""
    names = max(map(len, table.recordings))
    heading = "".join(f" {HEADINGS[row]:>9}{'±':>6}" for row in table.mean)
    yield ""
    yield f"{'':{names}} {'channels':>8} {'tick':>6}{heading} {'mismatches':>10}"
    for name, recording in table.recordings.items():
        facts, lines = recording.facts, recording.rows.values()
        cells = "".join(f" {_r2(line):>15}" for line in lines)
        found = [line.mismatches for line in lines if line.mismatches is not None]
        tick = f"{facts.tick_seconds * 1000:g} ms"
        mismatches = f" {sum(found):10}" if found else ""
        yield f"{name:{names}} {facts.channels:8} {tick:>6}{cells}{mismatches}".rstrip()


def _made(table: Table) -> list[str]:
    """Return a line for each recording that was made from another, and says so."""
    sources = {name: recording.facts.source for name, recording in table.recordings.items()}
    made = {name: source for name, source in sources.items() if source.startswith(MADE_FROM)}
    return ["", *(f"{name} is {source}" for name, source in made.items())] if made else []


def _means(table: Table) -> Iterator[str]:
    count = len(table.recordings)
    both = any(mean.se_recordings is not None for mean in table.mean.values())
    yield f"mean of {count} recordings" + (
        ", its standard errors over seeds and over recordings" if both else ""
    )
    if both:
        yield f"{'':34} {'R²':>6} {'±seeds':>6} {'±recordings':>11}"
    for row, mean in table.mean.items():
        yield f"{row:33} {_r2(mean):>14} {_over_recordings(mean)}".rstrip()


def _over_recordings(mean: OverRecordings) -> str:
    return "" if mean.se_recordings is None else f"{mean.se_recordings:11.4f}"


def _heading() -> str:
    columns = f"{'R²':>6} {'±':>6} {'MACs':>8} {'of dense':>8} {'bytes':>7}"
    return f"{'':34} {columns} {'NB dense':>8} {'NB MACs':>8} {'mismatches':>10}"


def _line(row: str, line: Line) -> str:
    share = " " * 8 if line.share is None else f"{line.share:8.1%}"
    cells = f"{_r2(line):>14} {line.macs:8,.0f} {share} {line.footprint_bytes:7,.0f}"
    if line.neurobench is not None:
        cells += f" {line.neurobench['dense']:8,.0f} {line.neurobench['effective_macs']:8,.0f}"
    if line.mismatches is not None:
        cells += f" {line.mismatches:10}"
    return f"{row:33} {cells}".rstrip()


def _r2(values: Mean) -> str:
    error = " " * 6 if values.se is None else f"{values.se:6.4f}"
    return f"{'none':>6} {error}" if values.r2 is None else f"{values.r2:6.4f} {error}"
