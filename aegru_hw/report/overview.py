"""The head of the page: what was decoded with what, and the few numbers that matter most."""

from dataclasses import dataclass

from aegru_hw.report.facts import Facts


@dataclass(frozen=True)
class Tile:
    """One number at the head of the page. kind: "good", "bad", "missing" or empty."""

    value: str
    what: str
    kind: str = ""


@dataclass(frozen=True)
class Overview:
    """title: name of the recording. facts: short phrases on the decoder. run: its folder."""

    title: str
    run: str
    facts: tuple[str, ...]
    tiles: tuple[Tile, ...]


def overview(facts: Facts) -> Overview:
    geometry, decoder, results = facts.decoder.geometry, facts.decoder, facts.results
    return Overview(
        title=facts.recording.source or facts.name,
        run=facts.name,
        facts=(
            f"{geometry.channels} channels",
            f"ticks of {geometry.tick_seconds * 1e3:g} ms",
            f"{geometry.steps} windows of {geometry.window} ticks",
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
            Tile(
                f"{decoder.footprint_bytes / 1024:,.1f} KiB",
                "parameters and tables"
                + (
                    f"; {results.footprint_bytes['float'] / 1024:,.1f} KiB in float"
                    if "float" in results.footprint_bytes
                    else ""
                ),
            ),
        ),
    )


def _accuracy(facts: Facts) -> Tile:
    mean = facts.results.r2.get("fixed", {}).get("mean")
    if mean is None:
        return Tile("not run", "R² of the integer decoder", "missing")
    return Tile(f"{mean:.3f}", "R² of the integer decoder")


def _verification(facts: Facts) -> Tile:
    results = facts.results
    if not results.mismatches or results.ticks_compared is None:
        return Tile("not run", "comparison of the executions", "missing")
    pairs = len(results.mismatches)
    kind = "bad" if results.mismatching else "good"
    what = f"mismatches: {pairs} pairs, {results.ticks_compared:,} ticks each"
    return Tile(f"{results.mismatching:,}", what, kind)


def _work(facts: Facts) -> Tile:
    macs = facts.results.macs
    effective, dense = macs.get("streaming_effective"), macs.get("reference_dense")
    if effective is None or not dense:
        return Tile("not run", "MACs per output", "missing")
    return Tile(f"{effective:,.0f}", f"MACs per output, {effective / dense:.1%} of {dense:,.0f}")


def _latency(facts: Facts) -> Tile:
    engine = facts.engine
    if engine is None:
        return Tile("none", "the engine cannot hold this decoder", "missing")
    mean = f"{engine.latency.mean():,.0f}"
    how = "" if facts.counted else ", predicted"
    return Tile(mean, f"cycles to the velocity, {engine.lanes} lanes{how}")
