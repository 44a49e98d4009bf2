"""The first difference of a trace: named by tensor, unit and tick, in the order of data flow."""

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from aegru_hw.fixedpoint import run_streaming_form
from aegru_hw.fixedpoint.made_up import random_counts, random_decoder
from aegru_hw.fixedpoint.traces import streaming_traces
from aegru_hw.sources import source_folder


@pytest.fixture(scope="module")
def trace() -> ModuleType:
    """Return the testbenches' own module, which does not import the package."""
    spec = importlib.util.spec_from_file_location(
        "aegru_trace", source_folder("sim") / "aegru_trace.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def traces() -> dict[str, np.ndarray]:
    decoder = random_decoder(1, channels=8, latent=4, hidden=6, steps=3, window=2)
    return streaming_traces(decoder, random_counts(1, 7, 8, rate=0.5))


def write(path: Path, tensors: dict[str, np.ndarray]) -> None:
    """Write tensors as the engine does: cells in the order g_N, g_2, ..., g_(N-1), g_1."""
    lines = []
    for tick in range(len(tensors["velocity"])):
        lines.append("tick")
        for name, codes in tensors.items():
            rows = [codes[tick]]
            if codes.ndim == 3:
                rows = [codes[tick, -1], *codes[tick, 1:-1], codes[tick, 0]]
            for row in rows:
                lines += [f"{name} {unit} {code}" for unit, code in enumerate(row)]
    path.write_text("\n".join(lines) + "\n")


def test_streaming_traces_end_in_the_simulators_velocity() -> None:
    for norm in (True, False):
        decoder = random_decoder(2, norm=norm)
        counts = random_counts(2, 130, 96)
        found = streaming_traces(decoder, counts)
        expected = run_streaming_form(decoder, counts).velocity
        np.testing.assert_array_equal(found["velocity"], expected)
        assert ("normalised" in found) is norm


def test_a_trace_reads_back(trace: ModuleType, tmp_path: Path) -> None:
    expected = traces()
    write(tmp_path / "trace.txt", expected)
    found = trace.read_trace(tmp_path / "trace.txt", 0, expected)
    assert trace.first_difference(found, expected) is None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"velocity": (3, 1), "state": (3, 2, 5)}, "tick 3, state of g_3, unit 5"),
        ({"candidate": (3, 1, 2), "reset": (3, 2, 0)}, "tick 3, candidate of g_2, unit 2"),
        ({"latent": (4, 3), "reset": (4, 0, 0)}, "tick 4, latent, unit 3"),
        ({"velocity": (2, 0), "latent": (4, 3)}, "tick 2, velocity, unit 0"),
    ],
)
def test_names_the_first_difference(
    trace: ModuleType, tmp_path: Path, changes: dict[str, tuple[int, ...]], said: str
) -> None:
    expected = traces()
    altered = {name: codes.copy() for name, codes in expected.items()}
    for name, place in changes.items():
        altered[name][place] += 1
    write(tmp_path / "trace.txt", altered)
    found = trace.read_trace(tmp_path / "trace.txt", 0, expected)
    assert trace.first_difference(found, expected).startswith(said)


def test_a_missing_tick_is_a_difference(trace: ModuleType, tmp_path: Path) -> None:
    expected = traces()
    write(tmp_path / "trace.txt", {name: codes[:-1] for name, codes in expected.items()})
    found = trace.read_trace(tmp_path / "trace.txt", 0, expected)
    assert "tick 6, latent, unit 0: nothing" in trace.first_difference(found, expected)
