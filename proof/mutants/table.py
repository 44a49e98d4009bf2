"""What a campaign found, by module."""

from collections import Counter

from proof.markdown import markdown
from proof.mutants.campaign import EQUIVALENT_TO, KILLED, SURVIVES, Verdict

WAYS = ("lint", "engine", "cocotb")
Row = dict[str, str | int]


def rows(verdicts: list[Verdict]) -> list[Row]:
    """Return a row of counts a module, and one of all."""
    modules = sorted({verdict.module for verdict in verdicts})
    found = [_row(module, [v for v in verdicts if v.module == module]) for module in modules]
    return [*found, _row("all", verdicts)]


def _row(module: str, verdicts: list[Verdict]) -> Row:
    ways = Counter(verdict.by.split()[0] for verdict in verdicts if verdict.verdict == KILLED)
    counts = Counter(verdict.verdict for verdict in verdicts)
    return {
        "module": module,
        "mutants": len(verdicts),
        "equivalent": counts[EQUIVALENT_TO],
        "relevant": len(verdicts) - counts[EQUIVALENT_TO],
        "killed": counts[KILLED],
        **{f"killed by {way}": ways[way] for way in WAYS},
        "survived": counts[SURVIVES],
    }


def text(table: list[Row], verdicts: list[Verdict]) -> str:
    """Return the table in Markdown, and the survivors below it."""
    shares = [int(row["killed"]) / max(1, int(row["relevant"])) for row in table]
    shown = ([*row.values(), f"{share:.1%}"] for row, share in zip(table, shares, strict=True))
    lines = [markdown([*table[0], "share"], shown), ""]
    lines += [
        f"survived: {verdict.name} {verdict.module}:{verdict.line} {verdict.change}"
        for verdict in verdicts
        if verdict.verdict == SURVIVES
    ]
    return "\n".join(lines)
