"""What synthesis found, as lines for people."""

from pathlib import Path

from aegru_hw.synthesis.lane_table import ESTIMATED, LaneRow, LaneTable
from aegru_hw.synthesis.resources import LABELS, RESULTS, Resources, Use

TABLE_RESOURCES = ("logic_cells", "flip_flops", "dsps", "block_rams")


def resources_text(found: Resources, folder: Path) -> str:
    """Return what resources.json holds, which lies in a folder of results."""
    board = f", pins of {found.board}" if found.board else ""
    lines = [
        f"{found.label}: {found.device}, lanes {found.lanes}{board}",
        f"  {'resource':18}{'used':>9}{'available':>11}{'percent':>9}",
    ]
    lines += [
        f"  {LABELS.get(name, name):18}{use.used:>9,}{use.available:>11,}{use.percent:>9.1f}"
        for name, use in found.resources.items()
    ]
    lines.append(_clock_line(found))
    if found.critical_path:
        lines.append(f"  critical path  {found.critical_path.start} -> {found.critical_path.end}")
    if found.bitstream:
        lines.append(f"  bitstream      {folder / found.bitstream}")
    lines.append(f"  results        {folder / RESULTS}")
    return "\n".join(lines)


def lanes_text(table: LaneTable) -> str:
    """Return the table of `sweep_lanes`; what a tool said stands in place of a row's numbers."""
    lines = [
        f"{'':22}{'logic':>8}{'flip-':>8}{'':>6}{'block':>7}{'Fmax':>8}{'clock':>8}{'cycles':>9}"
        f"{'latency':>9}{'latency':>10}{'energy':>8}",
        f"{'target':20}{'P':>2}{'cells':>8}{'flops':>8}{'DSPs':>6}{'RAMs':>7}{'MHz':>8}{'MHz':>8}"
        f"{'a tick':>9}{'cycles':>9}{'µs':>10}{'nJ':>8}",
    ]
    lines += [_lanes_line(row) for row in table.rows]
    return "\n".join(
        [
            *lines,
            f"cycles and latency: mean over the test split's {table.ticks:,} ticks, by the cost "
            "model; µs at the clock asked for where met, else at Fmax",
            "energy: estimate of a tick (45 nm table, not a measurement); (estimate): synthesis "
            "alone, not placed",
        ]
    )


def _lanes_line(row: LaneRow) -> str:
    mark = " (estimate)" if row.status == ESTIMATED else ""
    head = f"{row.target + mark:20}{row.lanes:>2}"
    if row.resources is None:
        return f"{head}  {row.says or row.status}"
    used = [_used(row.resources, name) for name in TABLE_RESOURCES]
    return (
        f"{head}{used[0]:>8}{used[1]:>8}{used[2]:>6}{used[3]:>7}"
        f"{_number(row.fmax_mhz, 8, '.1f')}{_number(row.running_mhz, 8, '.1f')}"
        f"{row.cycles.mean:>9,.0f}{row.latency_cycles.mean:>9,.0f}"
        f"{_number(None if row.latency_us is None else row.latency_us.mean, 10, '.1f')}"
        f"{row.energy_nj:>8,.1f}"
    )


def _used(resources: dict[str, Use], name: str) -> str:
    return f"{resources[name].used:,}" if name in resources else "-"


def _number(value: float | None, width: int, form: str) -> str:
    return f"{'-':>{width}}" if value is None else f"{value:>{width},{form}}"


def _clock_line(found: Resources) -> str:
    if found.timing_met is None:
        return "  Fmax           unknown: synthesis alone, not placed"
    asked = f"{found.clock_mhz:g} MHz asked"
    if found.fmax_mhz is None:
        return f"  Fmax           no path between registers ({asked})"
    met = "met" if found.timing_met else "missed"
    return f"  Fmax           {found.fmax_mhz:g} MHz ({asked}: {met})"
