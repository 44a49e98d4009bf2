"""Reads what aegru_trace.sv wrote, and finds the first tensor, unit and tick that differs."""

import numpy as np

MISSING = np.iinfo(np.int64).min
BEFORE_CELLS, AFTER_CELLS = -1, 2**30


def read_trace(path, begin, expected):
    """Return the tensors of the trace from byte `begin` on, in the shapes of `expected`.

    expected: name to codes (T, units) or (T, N, units); the engine computes the N cells of a tick
    in the order g_N, g_2, ..., g_(N-1), g_1, and the returned ones are g_1 ... g_N. A tick whose
    trace has another number of words is cut or filled with the marker of a missing word.
    """
    ticks = len(next(iter(expected.values())))
    words = {name: [[] for _ in range(ticks)] for name in expected}
    tick = -1
    with open(path) as file:
        file.seek(begin)
        for line in file:
            name, *numbers = line.split()
            if name == "tick":
                tick += 1
            elif name in words and 0 <= tick < ticks:
                words[name][tick].append((int(numbers[0]), int(numbers[1])))
    return {name: _arranged(words[name], expected[name].shape) for name in expected}


def _arranged(words, shape):
    codes = np.full(shape, MISSING)
    order = [()] if len(shape) == 2 else [(k,) for k in _cell_order(shape[1])]
    for tick, found in enumerate(words):
        for index, (unit, code) in enumerate(found):
            cell = index // shape[-1]
            if cell < len(order):
                codes[(tick, *order[cell], unit)] = code
    return codes


def _cell_order(cells):
    """Return the cells of a tick from 0 on, in the order that the engine computes them."""
    return [cells - 1, *range(1, cells - 1), *([0] if cells > 1 else [])]


def first_difference(found, expected):
    """Return a line that names the first difference, in the order of ticks and data flow, or None.

    found, expected: name to codes (T, units), or (T, N, units) for the tensors of the N cells.
    """
    places = []
    for flow, (name, codes) in enumerate(expected.items()):
        for at in np.argwhere(found[name] != codes).tolist():
            # The tensors of a cell follow each other before those of the next cell.
            cell = at[1] if codes.ndim == 3 else (BEFORE_CELLS, AFTER_CELLS)[name == "velocity"]
            places.append((at[0], cell, flow, name, tuple(at)))
    if not places:
        return None
    *_, name, at = min(places)
    cell = f" of g_{at[1] + 1}" if len(at) == 3 else ""
    code = found[name][at]
    value = "nothing" if code == MISSING else code
    return f"tick {at[0]}, {name}{cell}, unit {at[-1]}: {value}, expected {expected[name][at]}"
