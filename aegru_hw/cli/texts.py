"""What was found, as lines for people."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from aegru_hw.executions.compare import pair_name
from aegru_hw.executions.table import BY_NAME, EXECUTIONS, REFERENCE

if TYPE_CHECKING:
    from aegru_hw.cost.energy import Energy
    from aegru_hw.hls.estimate import LayerEstimate
    from aegru_hw.recordings.r2 import R2
    from aegru_hw.rtl.cycles import Prediction
    from aegru_hw.rtl.verification import CycleFacts
    from aegru_hw.runs.results import OutputRate
    from aegru_hw.runs.summary import Summary, Verification


def summary_lines(summary: "Summary") -> list[str]:
    """Return the results of a run that hold, what does not, and what should be known."""
    head = "test split"
    if summary.rate is not None and summary.rate.every > 1:
        head += " (float, pruned, quantised: at every tick; the others: at the outputs)"
    lines = [head, *verification_lines(summary)]
    if summary.sparsity is not None:
        lines.append(f"sparsity {summary.sparsity:.3f}")
    footprint = summary.footprint_bytes
    if footprint is not None:
        lines.append(f"footprint {footprint.float:,} bytes float, {footprint.fixed:,} fixed")
    if summary.left_out:
        lines.append(f"left out: {', '.join(summary.left_out)}")
    return [*lines, *stale_lines(summary), *remark_lines(summary)]


def verification_lines(found: "Summary | Verification") -> list[str]:
    """Return R², mismatches, MACs, cycles and energy over a recording's test split."""
    lines = r2_lines(found.r2, 10, "  ")
    if found.ticks_compared is not None:
        lines.append(f"mismatching ticks of {found.ticks_compared:,} compared")
        lines += mismatch_lines(found.mismatches)
    lines += [f"{name} is the {_placed(name, place)}" for name, place in found.places.items()]
    if found.macs:
        lines.append("MACs per output")
        lines += [f"  {name:20} {count:,.0f}" for name, count in found.macs.items()]
    if found.cycles is not None:
        lines += _cycle_lines(found.cycles)
    if found.energy is not None:
        lines.append(energy_line(found.energy))
    if found.rate is not None:
        lines.append(_rate_line(found, found.rate))
    return lines


def _placed(name: str, place: str) -> str:
    """Return what an execution ran on, in words."""
    label = BY_NAME[name].label_at(place).lower()
    return label if place in label else f"{label} at {place}"


def r2_lines(r2: "Mapping[str, R2]", width: int, indent: str = "") -> list[str]:
    """Return a line for each R²."""
    return [f"{indent}{name:{width}} {score}" for name, score in r2.items()]


def mismatch_lines(mismatches: Mapping[str, int]) -> list[str]:
    """Return a line for each pair with the reference, and one for all others."""
    with_reference = {pair_name(REFERENCE.name, execution.name) for execution in EXECUTIONS}
    lines = [
        f"  {pair:20} {count:,}" for pair, count in mismatches.items() if pair in with_reference
    ]
    others = [count for pair, count in mismatches.items() if pair not in with_reference]
    if others:
        pairs = f"all other {len(others)} pairs" if len(others) > 1 else "the other pair"
        lines.append(f"  {pairs}: {sum(others):,}")
    return lines


def stale_lines(summary: "Summary") -> list[str]:
    """Return a line for each result that does not hold any more: why, and what renews it."""
    return [
        f"stale: {stale.result} ({'; '.join(stale.because)}); `{stale.command}` renews it"
        for stale in summary.stale
    ]


def remark_lines(summary: "Summary") -> list[str]:
    """Return a line for each remark."""
    return [f"note: {remark}" for remark in summary.remarks]


def prediction_lines(found: "Prediction") -> list[str]:
    """Return what the cost model says of an engine."""
    cycles, used = found.cycles, found.utilisation
    phases = ", ".join(f"{name} {share:.3f}" for name, share in used.items() if name != "tick")
    return [
        f"engine of {found.lanes} lanes, by the cost model",
        f"  MACs per output  {found.macs_per_tick_mean:,.0f}",
        f"  cycles           {cycles.per_tick_mean:,.0f} mean, {cycles.per_tick_max:,} max",
        f"  latency          {cycles.latency_mean:,.0f} mean, {cycles.latency_max:,} max, "
        "in cycles",
        f"  utilisation      {used['tick']:.3f} ({phases})",
        f"  keeps up from    {found.least_clock_hz / 1e6:.3g} MHz",
    ]


def layers_text(layers: "Iterable[LayerEstimate]") -> str:
    """Return a table of the firmware's layers, and their sums."""
    layers = tuple(layers)
    lines = [
        "estimate by arithmetic, without the depths of pipelines; no vendor tool was run",
        f"  {'layer':18}{'multipliers':>12}{'interval':>10}{'cycles':>8}{'memory bits':>13}",
    ]
    for found in layers:
        lines.append(
            f"  {found.layer:18}{found.multipliers:12,}{found.interval:10,}{found.cycles:8,}"
            f"{found.memory_bits:13,}"
        )
    multipliers, cycles, bits = (
        sum(getattr(found, name) for found in layers)
        for name in ("multipliers", "cycles", "memory_bits")
    )
    lines.append(f"  {'a tick':18}{multipliers:12,}{'':10}{cycles:8,}{bits:13,}")
    return "\n".join(lines)


def energy_line(found: "Energy") -> str:
    """Return the estimate of an output's energy."""
    engine, reference = (found.per_tick_nj[name] for name in ("engine", "reference_dense"))
    return (
        f"energy estimate {engine:,.1f} nJ an output, {reference / engine:.1f} times less than the "
        "dense reference (45 nm table, not a measurement)"
    )


def rate_words(rate: "OutputRate") -> str:
    """Return how often there is an output."""
    ticks = "every tick" if rate.every == 1 else f"every {rate.every} ticks"
    return f"an output {ticks}, {rate.per_second:g} a second"


def _rate_line(found: "Summary | Verification", rate: "OutputRate") -> str:
    """Return what the outputs of a second take."""
    taken = []
    if (macs := found.macs.get("streaming_effective")) is not None:
        taken.append(f"{macs * rate.per_second:,.0f} MACs")
    if found.cycles is not None:
        taken.append(f"{found.cycles.per_tick_mean * rate.per_second:,.0f} cycles")
    if found.energy is not None:
        micro = found.energy.per_tick_nj["engine"] * rate.per_second / 1000
        taken.append(f"{micro:,.2f} µJ (estimate)")
    return rate_words(rate) + (f": {', '.join(taken)} a second" if taken else "")


def _cycle_lines(found: "CycleFacts") -> list[str]:
    return [
        f"cycles per output {found.per_tick_mean:,.0f} mean, {found.per_tick_max:,} max "
        f"on {found.lanes} lanes, latency at most {found.latency_max:,}",
        f"counters equal the cost model on every tick: {'yes' if found.predicted_equal else 'NO'}",
    ]
