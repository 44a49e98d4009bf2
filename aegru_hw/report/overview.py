"""The head of the page: what was decoded with what, and the few numbers that matter most."""

from dataclasses import dataclass
from math import comb

from aegru_hw.executions import table
from aegru_hw.report.facts import Facts
from aegru_hw.report.lacking import NOT_RUN, STALE, lack, stale_name


@dataclass(frozen=True)
class Tile:
    """One number at the head of the page. kind: "good", "bad", "missing" or empty."""

    value: str
    what: str
    kind: str = ""


@dataclass(frozen=True)
class StaleResult:
    """A result that is not shown. because: what changed. command: renews it."""

    what: str
    because: str
    command: str


@dataclass(frozen=True)
class Overview:
    """title: name of the recording. facts: short phrases on the decoder. run: its folder.

    remarks: what people should know of the results, in words.
    """

    title: str
    run: str
    facts: tuple[str, ...]
    tiles: tuple[Tile, ...]
    remarks: tuple[str, ...]
    stale: tuple[StaleResult, ...]


def overview(facts: Facts) -> Overview:
    geometry, decoder = facts.decoder.geometry, facts.decoder
    return Overview(
        title=facts.recording.source or facts.name,
        run=facts.name,
        facts=(
            f"{geometry.channels} channels",
            f"ticks of {geometry.tick_seconds * 1e3:g} ms",
            f"{geometry.steps} windows of {geometry.window} ticks",
            f"a velocity every {geometry.output_seconds * 1e3:g} ms",
            f"{geometry.latent} latent, {geometry.hidden} hidden units",
            f"{decoder.encoder.weight_type.width}-bit weights",
            "LayerNorm" if decoder.norm is not None else "no LayerNorm",
        ),
        tiles=(
            _accuracy(facts),
            _verification(facts),
            _work(facts),
            _latency(facts),
            Tile(f"{decoder.sparsity:.1%}", "of the weights are zero"),
            _footprint(facts),
        ),
        remarks=facts.summary.remarks,
        stale=tuple(
            StaleResult(stale_name(facts, stale.result), "; ".join(stale.because), stale.command)
            for stale in facts.summary.stale
        ),
    )


def _accuracy(facts: Facts) -> Tile:
    what, name = "R² of the integer decoder", table.REFERENCE.name
    r2 = facts.summary.r2.get(name)
    if r2 is None:
        return Tile(str(lack(facts, name)), what, "missing")
    if r2.mean is None:
        return Tile("undefined", what, "missing")
    return Tile(f"{r2.mean:.3f}", what)


def _verification(facts: Facts) -> Tile:
    summary = facts.summary
    if not summary.mismatches or summary.ticks_compared is None:
        lacks = STALE if facts.stale_executions else NOT_RUN
        return Tile(lacks, "comparison of the executions", "missing")
    pairs = f"{len(summary.mismatches)} of {comb(len(facts.executions), 2)} pairs"
    what = f"mismatches: {pairs}, {summary.ticks_compared:,} ticks each"
    if summary.cycles is not None and not summary.cycles.predicted_equal:
        what += "; counters unlike the cost model"
    count = sum(summary.mismatches.values())
    return Tile(f"{count:,}", what, "good" if summary.exact else "bad")


def _work(facts: Facts) -> Tile:
    macs = facts.summary.macs
    effective, dense = macs.get("streaming_effective"), macs.get("reference_dense")
    if effective is None or not dense:
        lacks = STALE if facts.stale_executions else NOT_RUN
        return Tile(lacks, "MACs per output", "missing")
    return Tile(f"{effective:,.0f}", f"MACs per output, {effective / dense:.1%} of {dense:,.0f}")


def _latency(facts: Facts) -> Tile:
    engine = facts.engine
    if engine is None:
        return Tile("none", "the engine cannot hold this decoder", "missing")
    mean = f"{engine.latency.mean():,.0f}"
    how = "" if facts.counted else ", predicted"
    return Tile(mean, f"cycles to the velocity, {engine.lanes} lanes{how}")


def _footprint(facts: Facts) -> Tile:
    what, known = "parameters and tables", facts.summary.footprint_bytes
    if known is not None:
        what += f"; {known.float / 1024:,.1f} KiB in float"
    return Tile(f"{facts.decoder.footprint_bytes / 1024:,.1f} KiB", what)
