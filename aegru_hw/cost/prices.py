"""The energy of an operation and of a memory access, from a published table.

M. Horowitz, "Computing's energy problem (and what we can do about it)", ISSCC 2014, pp. 10-14,
figure 1.1.9: 45 nm, 0.9 V. An integer addition takes 0.03 pJ (8 bits) and 0.1 pJ (32 bits), a
multiplication 0.2 pJ (8 x 8) and 3.1 pJ (32 x 32), an access of 64 bits 10 pJ (8 kB SRAM), 20 pJ
(32 kB) and 100 pJ (1 MB).
"""

import math

TECHNOLOGY, VOLTAGE = "45 nm CMOS", 0.9
SOURCE = "M. Horowitz, Computing's energy problem, ISSCC 2014, figure 1.1.9"

ADD_PJ = {8: 0.03, 32: 0.1}
MULTIPLY_PJ = {8: 0.2, 32: 3.1}
ACCESS_BITS = 64
ACCESS_PJ = {8 << 10: 10.0, 32 << 10: 20.0, 1 << 20: 100.0}
"""The published table; memory sizes in bytes."""


def add_pj(bits: int) -> float:
    """Return the energy in pJ of an addition of this width."""
    first, second = ADD_PJ.items()
    return _line(bits, first, second)


def multiply_pj(first: int, second: int) -> float:
    """Return the energy in pJ of a multiplication of two widths in bits."""
    narrow, wide = ((width**2, pj) for width, pj in MULTIPLY_PJ.items())
    return _line(first * second, narrow, wide)


def access_pj(bits: int, memory_bits: float) -> float:
    """Return the energy in pJ of reading or writing a word in a memory of this many bits."""
    size = math.log(memory_bits / 8)
    points = [(math.log(size), math.log(energy)) for size, energy in ACCESS_PJ.items()]
    if size <= points[0][0]:
        whole = points[0][1] + 0.5 * (size - points[0][0])
    else:
        upper = next((i for i in (1, 2) if size <= points[i][0]), 2)
        whole = _line(size, points[upper - 1], points[upper])
    return math.exp(whole) * bits / ACCESS_BITS


def _line(x: float, first: tuple[float, float], second: tuple[float, float]) -> float:
    slope = (second[1] - first[1]) / (second[0] - first[0])
    return first[1] + slope * (x - first[0])
