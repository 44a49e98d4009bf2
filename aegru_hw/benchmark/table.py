"""The benchmark's table: mean and standard error over seeds, by recording and over recordings."""

import math
from statistics import fmean, stdev
from typing import Any

from aegru_hw.benchmark.measure import ROWS, Row
from aegru_hw.benchmark.published import published_rows

Results = dict[str, dict[int, dict[str, Row]]]
"""Of each recording's name, of each seed, each row's result."""


def summarise(results: Results, facts: dict[str, Any]) -> dict[str, Any]:
    """Return the table: `recordings` by name, `mean` over them, `published`.

    A row holds r2 and se (the standard error of its mean over seeds; None for one result), the
    means of macs, share and footprint_bytes over seeds, and the sum of mismatches. A row of `mean`
    averages the recordings first, seed by seed. Decoders without chance have one result.
    """
    recordings = {
        name: {"facts": facts[name], "rows": {row: _over_seeds(seeds, row) for row in ROWS}}
        for name, seeds in results.items()
    }
    return {"recordings": recordings, "mean": _mean(results), "published": published_rows()}


def _over_seeds(seeds: dict[int, dict[str, Row]], row: str) -> Row:
    found = [rows[row] for rows in seeds.values()]
    table = _with_error([result["r2"] for result in found])
    for key in ("macs", "share", "footprint_bytes"):
        if key in found[0]:
            table[key] = fmean(result[key] for result in found)
    for key in ("mismatches", "ticks"):
        if key in found[0]:
            table[key] = sum(result[key] for result in found)
    metrics = [result["neurobench"] for result in found if "neurobench" in result]
    if metrics:
        table["neurobench"] = {key: fmean(m[key] for m in metrics) for key in metrics[0]}
    return table


def _mean(results: Results) -> dict[str, Row]:
    common = sorted(set.intersection(*(set(seeds) for seeds in results.values())))
    return {
        row: _with_error(
            [fmean(seeds[seed][row]["r2"] for seeds in results.values()) for seed in common]
        )
        for row in ROWS
    }


def _with_error(r2: list[float]) -> Row:
    """Return mean and standard error; no error where all results are one and the same."""
    one = len(set(r2)) < 2
    return {"r2": fmean(r2), "se": None if one else stdev(r2) / math.sqrt(len(r2))}


def table_text(table: dict[str, Any], seeds: int) -> str:
    """Return the table as lines for people."""
    lines = [f"test R², mean and standard error of {seeds} seeds"]
    for name, recording in table["recordings"].items():
        facts = recording["facts"]
        lines += [
            "",
            f"{name}: {facts['channels']} channels, {facts['tick_seconds'] * 1000:g} ms ticks",
            _heading(),
        ]
        lines += [_line(row, values) for row, values in recording["rows"].items()]
    lines += ["", f"mean of {len(table['recordings'])} recordings"]
    lines += [f"{row:34} {_r2(values)}" for row, values in table["mean"].items()]
    lines += ["", "published, mean of six other recordings (Zenodo record 583331)"]
    for row in table["published"]:
        note = f"  ({row['note']})" if "note" in row else ""
        lines.append(f"{row['name']:34} {row['r2']:.3f}{note}; {row['source']}")
    return "\n".join(lines)


def _heading() -> str:
    columns = f"{'R²':>6} {'±':>6} {'MACs':>8} {'of dense':>8} {'bytes':>7}"
    return f"{'':34} {columns} {'NB dense':>8} {'NB MACs':>8} {'mismatches':>10}"


def _line(row: str, values: Row) -> str:
    share = f"{values['share']:8.1%}" if "share" in values else " " * 8
    cells = f"{_r2(values)} {values['macs']:8,.0f} {share} {values['footprint_bytes']:7,.0f}"
    if "neurobench" in values:
        metrics = values["neurobench"]
        cells += f" {metrics['dense']:8,.0f} {metrics['effective_macs']:8,.0f}"
    if "mismatches" in values:
        cells += f" {values['mismatches']:10}"
    return f"{row:34} {cells}".rstrip()


def _r2(values: Row) -> str:
    error = " " * 6 if values["se"] is None else f"{values['se']:6.4f}"
    return f"{values['r2']:6.4f} {error}"
