"""The exported C: the window form's codes in plain integers, whatever the decoder."""

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aegru_hw.errors import UserError
from aegru_hw.export.c_source import SOURCE, header_and_source
from aegru_hw.export.c_text import array, c_type
from aegru_hw.export.c_vectors import VECTORS
from aegru_hw.export.compiled import run_compiled
from aegru_hw.export.formats import write_c
from aegru_hw.fixedpoint import FixedDecoder, FixedType, run_window_form
from aegru_hw.fixedpoint.made_up import random_counts
from aegru_hw.fixedpoint.rate import at_outputs
from tests.export.decoders import edges, small, with_rate
from tests.fixedpoint.geometries import Stream, streams

pytestmark = pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler")
STRICT = ("-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-pedantic")
SANITIZED = ("-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover")


def expected(decoder: FixedDecoder, counts: np.ndarray) -> list[list[int]]:
    velocity = run_window_form(decoder, counts).velocity
    return at_outputs(velocity, decoder.geometry.every).tolist()


def compiled(folder: Path, *flags: str) -> Path:
    """Compile what `write_c` wrote as strictly as a compiler can; nothing may be said."""
    program = folder / "check"
    sources = [str(folder / "main.c"), str(folder / SOURCE)]
    ended = subprocess.run(
        ["cc", *STRICT, *flags, "-o", str(program), *sources], capture_output=True, text=True
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    return program


@settings(deadline=None, derandomize=True, max_examples=12)
@given(streams(most_ticks=60), st.data())
def test_codes_are_the_definitions(stream: Stream, data: st.DataObject) -> None:
    window = stream.decoder.geometry.window
    divisors = [every for every in range(1, window + 1) if window % every == 0]
    decoder = with_rate(stream.decoder, data.draw(st.sampled_from(divisors)))
    found = run_compiled(decoder, stream.counts)
    assert found.tolist() == expected(decoder, stream.counts)


@pytest.mark.parametrize("name", edges())
def test_strictly_compiled_and_sanitized(name: str, tmp_path: Path) -> None:
    decoder = edges()[name]
    counts = random_counts(1, 60, decoder.geometry.channels, rate=0.4, maximum=3)
    counts[20] = 255
    write_c(decoder, counts, tmp_path / "c")
    ended = subprocess.run([compiled(tmp_path / "c", *SANITIZED)], capture_output=True, text=True)
    outputs = 60 // decoder.geometry.every
    assert ended.stdout == f"0 mismatches in {outputs} outputs of 60 ticks\n"
    assert (ended.returncode, ended.stderr) == (0, "")
    assert run_compiled(decoder, counts).tolist() == expected(decoder, counts)


def test_the_check_finds_a_wrong_code(tmp_path: Path) -> None:
    decoder, counts = small(), random_counts(1, 30, 7, rate=0.4)
    write_c(decoder, counts, tmp_path / "c")
    vectors = tmp_path / "c" / VECTORS
    x, y = expected(decoder, counts)[-1]
    before, after = vectors.read_text().rsplit(f"{{{x}, {y}}}", 1)
    vectors.write_text(f"{before}{{{x}, {y + 1}}}{after}")
    ended = subprocess.run([compiled(tmp_path / "c")], capture_output=True, text=True)
    assert ended.returncode == 1
    assert ended.stdout == (
        f"tick 29: ({x}, {y}), expected ({x}, {y + 1})\n1 mismatches in 30 outputs of 30 ticks\n"
    )


def test_integers_alone_and_no_library() -> None:
    for name, whole in header_and_source(small()).items():
        text = re.sub(r"/\*.*?\*/|//[^\n]*", "", whole, flags=re.DOTALL)
        assert re.findall(r"#include (\S+)", text) == (
            ["<stdint.h>"] if name.endswith(".h") else ['"aegru_decoder.h"']
        )
        assert not re.search(r"\b(float|double|malloc|\d+\.\d+)\b", text)
        assert "@" not in text


def test_a_decoder_beyond_64_bits_is_refused() -> None:
    far = replace(small(), recurrent_candidate=FixedType(24, 63))
    with pytest.raises(UserError, match="the sum of the candidate of this decoder needs"):
        header_and_source(far)


@pytest.mark.parametrize(
    ("low", "high", "kind"),
    [
        *((0, 255, "uint8_t"), (0, 256, "uint16_t"), (-1, 127, "int8_t"), (-1, 128, "int16_t")),
        *((-129, 0, "int16_t"), (0, 2**32, "uint64_t"), (-(2**31), 0, "int32_t")),
    ],
)
def test_the_smallest_type_is_taken(low: int, high: int, kind: str) -> None:
    assert c_type(low, high) == kind


def test_the_lowest_codes_are_literals_that_c_has() -> None:
    text = array("int64_t", "table", np.array([-(2**31), -(2**63), -1, 2**40]), "edges")
    assert "((-2147483647) - 1), ((-INT64_C(9223372036854775807)) - 1), (-1)," in text
    assert "INT64_C(1099511627776)" in text
