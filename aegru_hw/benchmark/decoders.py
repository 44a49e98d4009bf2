"""The decoders of the benchmark: rows of its table, by its names and by the user's."""

from aegru_hw.errors import UserError

FLOAT, PRUNED = "AEGRU float", "AEGRU float, pruned"
LONGER = ("quantisation.epochs=20", "quantisation.min_updates=3000")
"""Fine-tuning of few weights of few bits."""
DECODERS: dict[str, tuple[str, int, tuple[str, ...]]] = {
    "AEGRU fixed, 8-bit weights": ("", 8, ()),
    "AEGRU fixed, 4-bit weights": ("", 4, ()),
    "AEGRU lean, 8-bit weights": ("lean", 8, ()),
    "AEGRU lean, 4-bit weights": ("lean", 4, LONGER),
}
"""The preset of the stages after the float network (the user's where empty), the weights' bits, and
settings besides."""
LINEAR = ("ridge, lagged (Wiener)", "Kalman filter")
PLAIN = "plain GRU"
STOCK = {
    "plain GRU, stock hls4ml, 16 bits": None,
    "plain GRU, stock hls4ml, 8 bits": 8,
}
PEER = "HGQ2 QGRU, alkaid"
"""Of another maker's packages, with `--peers`."""
ENGINE_OF = "AEGRU fixed, 8-bit weights"
"""The decoder whose engine stands beside it."""
ROWS = (FLOAT, PRUNED, *DECODERS, *LINEAR, PLAIN, *STOCK)
WITH_CHANCE = (*(row for row in ROWS if row not in LINEAR), PEER)
"""Those whose results differ from seed to seed."""

SHORT = {
    FLOAT: "float",
    PRUNED: "pruned",
    "AEGRU fixed, 8-bit weights": "fixed-8",
    "AEGRU fixed, 4-bit weights": "fixed-4",
    "AEGRU lean, 8-bit weights": "lean-8",
    "AEGRU lean, 4-bit weights": "lean-4",
    "ridge, lagged (Wiener)": "ridge",
    "Kalman filter": "kalman",
    PLAIN: "gru",
    "plain GRU, stock hls4ml, 16 bits": "hls4ml-16",
    "plain GRU, stock hls4ml, 8 bits": "hls4ml-8",
}
"""What `--decoders` calls each row."""
HEADINGS = {**SHORT, PEER: "hgq2"}
"""What stands above the columns of a table with a line a recording."""


def chosen(names: str | None) -> tuple[str, ...]:
    """Return the rows of short names, NAME,NAME, in the table's order; all where none are given.

    Raises UserError for a name that there is not.
    """
    if names is None:
        return ROWS
    given = {name.strip() for name in names.split(",")}
    unknown = sorted(given - set(SHORT.values()))
    if unknown:
        raise UserError(
            f"--decoders has no {unknown[0]!r}; accepted are {', '.join(SHORT.values())}"
        )
    return tuple(row for row in ROWS if SHORT[row] in given)
