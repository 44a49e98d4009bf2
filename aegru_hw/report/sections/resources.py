"""What the engine takes of each device, and how fast it runs there."""

from collections.abc import Sequence

import plotly.graph_objects as go

from aegru_hw.hls.estimate import LayerEstimate
from aegru_hw.hls.vendor import VendorReport
from aegru_hw.report.commands import to_place, to_run_vendor
from aegru_hw.report.facts import Facts
from aegru_hw.report.section import Cell, Chart, Missing, Section, Table, cell
from aegru_hw.report.style import HIGHLIGHT, PARTS, RULE, fixed_axes, label, styled
from aegru_hw.synthesis.resources import LABELS, CriticalPath, Resources


def resources_section(facts: Facts) -> Section:
    title, targets = "Resources by target", facts.targets
    firmware = facts.summary.firmware
    vendor = None if firmware is None else firmware.vendor
    missing = []
    if not targets and not facts.is_stale("synth"):
        missing.append(Missing("Synthesis", to_place(facts)))
    if vendor is None and not facts.is_stale("firmware"):
        missing.append(Missing("Vitis HLS", to_run_vendor(facts)))
    tables = [table(targets) for table in (_timing_table, _use_table, _placement_table) if targets]
    if firmware is not None and firmware.layers:
        tables.append(_layers_table(firmware.layers))
    if vendor is not None:
        tables.append(_vendor_table(vendor))
    notes = []
    if any(target.estimate for target in targets):
        notes.append(
            "Marked estimate: synthesis alone, without place and route, so without a clock."
        )
    return Section(
        "resources",
        title,
        _message(targets),
        badge="estimate" if targets and all(target.estimate for target in targets) else "",
        charts=(
            Chart(
                "resources-chart",
                _figure(targets),
                "Share of what the device has. Numbers: used of available.",
            ),
        )
        if any(target.resources for target in targets)
        else (),
        tables=tuple(tables),
        notes=tuple(notes),
        missing=tuple(missing),
    )


def _message(targets: Sequence[Resources]) -> str:
    placed = [target for target in targets if target.fmax_mhz is not None and not target.estimate]
    if placed:
        reached = "; ".join(f"{target.target} {target.fmax_mhz:.1f} MHz" for target in placed)
        return f"Placed and routed with open tools. Highest clock: {reached}."
    if targets:
        return "Synthesised, not placed: figures are estimates."
    return "There is no synthesis that holds."


def _figure(targets: Sequence[Resources]) -> go.Figure:
    figure = go.Figure()
    kinds = [
        *LABELS,
        *sorted({kind for target in targets for kind in target.resources} - set(LABELS)),
    ]
    largest, bars = 100.0, 0
    for index, kind in enumerate(kinds):
        chosen = [
            (target, use)
            for target in targets
            for use in [target.resources.get(kind)]
            if use is not None
        ]
        if not chosen:
            continue
        name = label(LABELS.get(kind, kind))
        largest = max([largest, *(use.percent for _, use in chosen)])
        bars += len(chosen)
        figure.add_bar(
            orientation="h",
            x=[use.percent for _, use in chosen],
            y=[[label(target.label) for target, _ in chosen], [name] * len(chosen)],
            name=name,
            marker={"color": PARTS[index % len(PARTS)]},
            text=[f"{use.used:,} / {use.available:,}" for _, use in chosen],
            textposition="auto",
            textfont={"size": 11},
            cliponaxis=False,
            hovertemplate="%{x:.1f} %: %{text}<extra>%{y}</extra>",
        )
    if largest > 100:
        figure.add_vline(x=100, line={"color": HIGHLIGHT, "width": 2})
    figure.update_yaxes(autorange="reversed", ticks="", dividercolor=RULE)
    figure.update_xaxes(title_text="used (% of the device)", range=[0, 1.02 * largest])
    return fixed_axes(
        styled(figure, 90 + 30 * bars, barmode="overlay", bargap=0.2, showlegend=False)
    )


def _timing_table(targets: Sequence[Resources]) -> Table:
    met = {
        True: Cell("met", "good centre"),
        False: Cell("missed", "bad centre"),
        None: Cell("–", "missing centre"),
    }
    rows = tuple(
        (
            Cell(target.label, note=target.device),
            cell(target.lanes, "d"),
            cell(target.clock_mhz, ",.1f", unit=" MHz"),
            cell(target.fmax_mhz, ",.1f", unit=" MHz"),
            met[target.timing_met],
        )
        for target in targets
    )
    return Table(("target", "lanes", "clock asked", "Fmax", "timing"), rows, "Clock")


def _placement_table(targets: Sequence[Resources]) -> Table:
    rows = tuple(
        (
            Cell(target.label),
            Cell(_ends(target.critical_path), "path"),
            Cell(target.bitstream or "none", "path" if target.bitstream else "missing"),
            cell(target.seed, "d"),
            cell(sum(target.seconds.values()) if target.seconds else None, ",.0f", unit=" s"),
        )
        for target in targets
    )
    head = ("target", "critical path", "bitstream", "seed", "tools ran")
    return Table(head, rows, "Critical paths and bitstreams", folded=True)


def _ends(path: CriticalPath | None) -> str:
    return "–" if path is None else f"{path.start} → {path.end}"


def _use_table(targets: Sequence[Resources]) -> Table:
    rows = []
    for target in targets:
        for kind, use in target.resources.items():
            name = LABELS.get(kind, kind)
            percent = cell(use.percent, ".1f", unit=" %")
            if use.percent > 100:
                percent = Cell(percent.text, "bad number")
            rows.append(
                (Cell(target.label), Cell(name), cell(use.used), cell(use.available), percent)
            )
    return Table(
        ("target", "resource", "used", "available", "share"),
        tuple(rows),
        "All resources",
        folded=True,
    )


def _layers_table(layers: Sequence[LayerEstimate]) -> Table:
    head = ("layer", "calls a tick", "multipliers", "interval, cycles", "cycles", "memory, bits")
    rows = tuple(
        (
            Cell(layer.layer),
            *map(cell, (layer.calls, layer.multipliers, layer.interval)),
            *map(cell, (layer.cycles, layer.memory_bits)),
        )
        for layer in layers
    )
    total = (
        Cell("all, one after the other"),
        Cell(""),
        cell(sum(layer.multipliers for layer in layers)),
        Cell(""),
        cell(sum(layer.cycles for layer in layers)),
        cell(sum(layer.memory_bits for layer in layers)),
    )
    return Table(
        head,
        (*rows, total),
        "Firmware by layer: an estimate by arithmetic from hls4ml's rules, without the depths of "
        "pipelines; no tool was run for it",
    )


def _vendor_table(vendor: VendorReport) -> Table:
    rows = tuple(
        (Cell(kind), cell(count), cell(vendor.available.get(kind)))
        for kind, count in vendor.used.items()
    )
    return Table(("resource", "used", "available"), rows, f"Firmware, estimate of {vendor.tool}")
