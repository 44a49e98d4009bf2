"""The rival's top in Verilator: every window as the device would see it, in cycles."""

import ctypes
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aegru_hw.fixedpoint.decoder import VELOCITY_AXES
from aegru_hw.peers.logic import Format
from aegru_hw.peers.verilog import TOP, WORD, Verilog
from aegru_hw.rtl.compiling import Compilation, cached_library, load_library

DRIVER = """\
#include <cstdint>
#include "V{top}.h"

namespace {{
V{top} top;
void tick() {{
  top.clk_i = 0;
  top.eval();
  top.clk_i = 1;
  top.eval();
}}
}}  // namespace

double sc_time_stamp() {{ return 0; }}

// words: windows x steps x words of a step. velocity: of each window, as the top has it.
extern "C" void rival_run(const uint32_t* words, uint64_t windows, uint64_t* velocity) {{
  for (uint64_t window = 0; window < windows; ++window) {{
    for (int step = 0; step < {steps}; ++step) {{
      top.load_i = 1;
      for (int word = 0; word < {words}; ++word) {{
        top.first_i = step == 0;
        top.word_i = *words++;
        tick();
      }}
      top.load_i = top.first_i = 0;
      for (int cycle = 0; cycle < {stages}; ++cycle) tick();
      top.step_i = 1;
      tick();
      top.step_i = 0;
    }}
    velocity[window] = top.velocity_o;
  }}
}}
"""
FLAGS = ("-O1", "-Wno-WIDTH")
MOST_VELOCITY_BITS = 64


def simulate(verilog: Verilog, rounded: NDArray[np.float32], folder: Path) -> NDArray[np.float64]:
    """Return velocity (B, 2) for rounded features (B, N, C), by Verilator on the top.

    folder: where the library is compiled to. Raises UserError as `cached_library` does.
    """
    logic = verilog.logic
    driver = verilog.folder / "rival.cpp"
    once = logic.form == "unrolled"
    driver.write_text(
        DRIVER.format(
            top=TOP,
            steps=1 if once else logic.steps,
            words=verilog.words,
            stages=verilog.stages,
        ),
        encoding="utf-8",
    )
    made_of = "".join(path.read_text("utf-8") for path in (*verilog.sources, driver))
    library = load_library(
        cached_library(
            Compilation("rival", TOP, {}, made_of, FLAGS),
            lambda: [*verilog.sources, driver],
            folder,
        )
    )
    windows = rounded.reshape(len(rounded), 1 if once else logic.steps, -1)
    words = _packed(windows, logic.inputs[: windows.shape[2]], verilog.words)
    found = np.zeros(len(windows), dtype=np.uint64)
    library.rival_run(
        ctypes.c_void_p(words.ctypes.data),
        ctypes.c_uint64(len(windows)),
        ctypes.c_void_p(found.ctypes.data),
    )
    return _unpacked(found, logic.outputs[-VELOCITY_AXES:])


def _packed(windows: NDArray[np.float32], formats: list[Format], words: int) -> NDArray[np.uint32]:
    """Return the codes of windows (B, S, n), one beside the other from the lowest bit, in words."""
    count, steps, _ = windows.shape
    bits = np.zeros((count, steps, words * WORD), dtype=np.uint8)
    low = 0
    for index, one in enumerate(formats):
        code = np.rint(windows[..., index].astype(np.float64) * 2.0**one.fraction).astype(np.int64)
        for bit in range(one.width):
            bits[..., low + bit] = (code >> bit) & 1
        low += one.width
    return np.ascontiguousarray(np.packbits(bits, axis=-1, bitorder="little").view("<u4"))


def _unpacked(found: NDArray[np.uint64], formats: list[Format]) -> NDArray[np.float64]:
    velocity = np.zeros((len(found), VELOCITY_AXES))
    low = 0
    for axis, one in enumerate(formats):
        code = ((found >> np.uint64(low)) & np.uint64((1 << one.width) - 1)).astype(np.int64)
        if one.signed:
            code -= (code >> (one.width - 1)) << one.width
        velocity[:, axis] = code * 2.0**-one.fraction
        low += one.width
    return velocity
