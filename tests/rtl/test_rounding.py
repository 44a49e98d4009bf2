"""The rounding of aegru_pkg, through Verilator, against the integer simulator's."""

import subprocess
from pathlib import Path

import numpy as np
import pytest

from aegru_hw.fixedpoint.arithmetic import requantize
from aegru_hw.fixedpoint.types import FixedType
from aegru_hw.rtl.verilator import verilator_command
from aegru_hw.sources import source_folder

WIDE_BITS = 36

BENCH = """
module rounding import aegru_pkg::*; ();
  int file, shift, width;
  longint x;
  wide_t both, right;
  logic [31:0] high;
  initial begin
    file = $fopen("cases.txt", "r");
    while ($fscanf(file, "%d %d %d", x, shift, width) == 3) begin
      high = (32'd1 << (width - 1)) - 32'd1;
      both = requantize(wide_t'(x), shift_t'(shift), high);
      right = (shift < 0) ? both : saturate(cut_right(wide_t'(x), 6'(shift)), high);
      $display("%0d %0d", both, right);
    end
    $finish;
  end
endmodule
"""


def cases() -> np.ndarray:
    """Return (cases, 3): code, shift and width of the result; ties, ends and random ones."""
    generator = np.random.default_rng(0)
    rows = []
    for width in (2, 8, 9, 16, 24):
        high = 1 << width - 1
        for shift in (-3, 0, 1, 2, 7, 11, 24, 35):
            unit = 1 << max(shift, 0)
            near = [0, 1, 2, 3, high - 2, high - 1, high, high + 1]
            codes = {
                sign * code * unit + part
                for code in near
                for sign in (-1, 1)
                for part in (-unit // 2 - 1, -(unit // 2), 0, unit // 2, unit // 2 + 1)
            }
            codes |= {int(c) for c in generator.integers(-(1 << 34), 1 << 34, 40)}
            codes |= {int(c) for c in generator.integers(-4 * high * unit, 4 * high * unit, 40)}
            most = 1 << WIDE_BITS - 1 + min(shift, 0)  # a shift to the left stays in the width
            rows += [(code, shift, width) for code in sorted(codes) if -most <= code < most]
    return np.array(rows)


@pytest.mark.slow
def test_rounds_and_saturates_as_the_simulator(tmp_path: Path) -> None:
    rows = cases()
    (tmp_path / "cases.txt").write_text("\n".join(" ".join(map(str, row)) for row in rows))
    (tmp_path / "rounding.sv").write_text(BENCH)
    program, environment = verilator_command(tmp_path)
    package = str(source_folder("rtl") / "aegru_pkg.sv")
    options = ["--binary", "-Wno-fatal", "-MAKEFLAGS", "CFG_CXXFLAGS_PCH_I=-include"]
    subprocess.run(
        [program, *options, "--top-module", "rounding", package, "rounding.sv"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        check=True,
    )
    said = subprocess.run(
        ["obj_dir/Vrounding"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    lines = [line.split() for line in said.stdout.splitlines() if line[:1] in "-0123456789"]
    found = np.array([line for line in lines if len(line) == 2], dtype=np.int64)
    codes, shifts, widths = rows.T
    expected = [
        int(requantize(np.array([code]), int(shift), FixedType(int(width), 0))[0])
        for code, shift, width in zip(codes, shifts, widths, strict=True)
    ]
    np.testing.assert_array_equal(found[:, 0], expected)
    np.testing.assert_array_equal(found[:, 1], expected)
