"""The table of peers as lines for people."""

from collections.abc import Iterator

from aegru_hw.benchmark.peers import Peers
from aegru_hw.peers.rows import Abilities, PeerRow

NOTES = (
    "bits: of weights that are not pruned; cycles: from a window to its velocity, at most; µs and",
    "outputs/s: at Fmax, each window there in time; energy: of none of them measured",
    "mismatches: test ticks whose velocity by Verilator differs from the network's",
    "LayerNorm: inside the recurrence; state: carried from output to output; reload: of other",
    "weights, without another bitstream; the rival's features are looked up outside of its design",
)


def peers_text(peers: Peers) -> str:
    """Return the table as lines for people: a block a recording."""
    lines = [f"peers in hardware, {peers.target}, seed {peers.seed}"]
    for name, rows in peers.recordings.items():
        lines += ["", name, _heading()]
        for row, found in rows.items():
            lines += _lines(row, found, peers.able[row])
    return "\n".join([*lines, "", *NOTES])


def _heading() -> str:
    columns = f"{'R²':>6} {'bits':>7} {'cells':>7} {'flops':>7} {'DSPs':>4} {'RAMs':>4} {'Fmax':>6}"
    return (
        f"{'':27} {columns} {'cycles':>6} {'µs':>5} {'outputs/s':>11} {'mismatches':>10}  "
        f"{'LayerNorm':9}  {'state':11}  reload"
    )


def _lines(name: str, row: PeerRow, able: Abilities) -> Iterator[str]:
    used = [
        "-" if row.resources is None else f"{row.resources[one].used:,}"
        for one in ("logic_cells", "flip_flops", "dsps", "block_rams")
    ]
    r2 = "none" if row.r2 is None else f"{row.r2:.4f}"
    fmax = "-" if row.fmax_mhz is None else f"{row.fmax_mhz:.1f}"
    latency = "-" if row.latency_us is None else f"{row.latency_us:.2f}"
    outputs = "-" if row.outputs_a_second is None else f"{row.outputs_a_second:,.0f}"
    mismatches = "-" if row.mismatches is None else f"{row.mismatches:,}"
    yield (
        f"{name:27} {r2:>6} {row.weight_bits:7,} {used[0]:>7} {used[1]:>7} {used[2]:>4} "
        f"{used[3]:>4} {fmax:>6} {row.latency_cycles:6,} {latency:>5} {outputs:>11} "
        f"{mismatches:>10}  {able.layer_norm:9}  {able.carried_state:11}  {able.reload}"
    )
    if row.says is not None:
        yield f"  {row.says}"
