"""The firmware gives the codes of the window form, on every tick."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aegru_hw.fixedpoint import FixedDecoder, FixedType, run_window_form
from aegru_hw.fixedpoint.layernorm import LayerNorm
from aegru_hw.fixedpoint.made_up import random_counts, random_decoder
from aegru_hw.fixedpoint.parts import Linear, Table
from aegru_hw.hls import Firmware, write_project
from tests.hls.conftest import small_decoder

SMALL = {"channels": 12, "latent": 8, "hidden": 8}

# Together: with and without LayerNorm at 8, 6 and 4 bits; windows of 1, 2 and 20 ticks; each
# strategy with reuse factors below and above the matrices' inputs; arrays and streams.
CASES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "norm 8 bits latency": (
        {"weight_bits": 8, "window": 1},
        {"strategy": "latency", "reuse_factor": 1},
    ),
    "norm 6 bits resource": (
        {"weight_bits": 6, "window": 2, "spread": 2.0},
        {"strategy": "resource", "reuse_factor": 4},
    ),
    "norm 4 bits stream": (
        {"weight_bits": 4, "window": 20},
        {"strategy": "resource", "reuse_factor": 24, "io_type": "io_stream"},
    ),
    "no norm 8 bits unrolled": (
        {"weight_bits": 8, "window": 20, "norm": False},
        {"strategy": "resource_unrolled", "reuse_factor": 4},
    ),
    "no norm 6 bits latency stream": (
        {"weight_bits": 6, "window": 1, "norm": False, "spread": 3.0},
        {"strategy": "latency", "reuse_factor": 3, "io_type": "io_stream"},
    ),
    "no norm 4 bits resource": (
        {"weight_bits": 4, "window": 2, "norm": False},
        {"strategy": "resource", "reuse_factor": 96},
    ),
    "norm 8 bits unrolled stream": (
        {"weight_bits": 8, "window": 2, "steps": 2},
        {"strategy": "resource_unrolled", "reuse_factor": 16, "io_type": "io_stream"},
    ),
}


def compiled_firmware(decoder: FixedDecoder, folder: Path, **options: Any) -> Firmware:
    write_project(decoder, folder, **options)
    firmware = Firmware(folder)
    firmware.compile()
    return firmware


def assert_same_codes(firmware: Firmware, decoder: FixedDecoder, counts: np.ndarray) -> np.ndarray:
    """Return the velocity codes (T, 2) that both agree on."""
    velocity = firmware.predict(counts)
    np.testing.assert_array_equal(velocity, run_window_form(decoder, counts).velocity)
    return velocity


def assert_exact(firmware: Firmware, decoder: FixedDecoder, ticks: int = 300) -> None:
    """Compare on sparse, busy and saturating spike counts and on silence, each after silence."""
    channels = decoder.geometry.channels
    sparse = random_counts(11, ticks, channels, rate=0.1)
    busy = random_counts(12, ticks, channels, rate=3.0, maximum=255)
    saturating = np.random.default_rng(13).integers(0, 256, (ticks, channels), dtype=np.uint8)
    saturating[: ticks // 3] = 255
    silence = np.zeros((min(ticks, 60), channels), dtype=np.uint8)
    for counts in (sparse, saturating, silence):
        assert_same_codes(firmware, decoder, counts)
    # Something to compare: a decoder stuck at one output would agree with much.
    assert len(np.unique(assert_same_codes(firmware, decoder, busy), axis=0)) > 4


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_firmware_equals_window_form(case: str, tmp_path: Path) -> None:
    sizes, options = CASES[case]
    decoder = random_decoder(3, **(SMALL | sizes))
    assert_exact(compiled_firmware(decoder, tmp_path / "hls", **options), decoder)


@pytest.mark.slow
def test_paper_geometry(tmp_path: Path) -> None:
    decoder = random_decoder(4)
    assert_exact(compiled_firmware(decoder, tmp_path / "hls"), decoder)


@pytest.mark.slow
def test_unusual_types(tmp_path: Path) -> None:
    """Fractions beyond the width, products requantised to finer types, a large epsilon."""
    decoder = small_decoder(5)
    norm = decoder.norm
    assert norm is not None
    feature = FixedType(6, 8)
    weight = FixedType(5, 2)
    encoder = replace(
        decoder.encoder,
        weight=np.clip(decoder.encoder.weight, weight.min_code, weight.max_code),
        weight_type=weight,
        input_type=feature,
    )
    # An address wider than a byte, which is also the type of the spike counts.
    address = FixedType(10, 0, signed=False)
    codes = feature.nearest(0.03 * np.log1p(address.codes) - 0.1)
    decoder = replace(
        decoder,
        feature=Table(codes, address, feature),
        encoder=encoder,
        recurrent_candidate=FixedType(18, 16),
        mixed_state=FixedType(17, 14),
        velocity=FixedType(9, 5),
        # Of the size of the variance, so that leaving it out would show.
        norm=replace(norm, epsilon=1 << 25),
    )
    assert_exact(compiled_firmware(decoder, tmp_path / "hls", reuse_factor=4), decoder)


@pytest.mark.slow
def test_layer_norm_of_equal_and_of_extreme_states(tmp_path: Path) -> None:
    """V is at its least where all units are equal, and large where they sit at the extremes."""
    decoder = small_decoder(6)
    norm = decoder.norm
    assert norm is not None
    candidate = decoder.tanh.output
    # Latent 0 decides: below 0 all candidates agree, at 0 and above they are driven apart.
    hidden = decoder.geometry.hidden
    signs = np.where(np.arange(hidden) % 2, 1, -1)
    weight = np.zeros_like(decoder.input.weight)
    weight[2 * hidden :, 0] = 127 * signs
    step_table = np.where(
        decoder.tanh.address.codes > 0, candidate.max_code, candidate.min_code
    ).astype(np.int64)
    zero = Linear(
        np.zeros_like(decoder.recurrent.weight),
        decoder.recurrent.weight_type,
        np.zeros_like(decoder.recurrent.bias),
        decoder.recurrent.input_type,
    )
    decoder = replace(
        decoder,
        input=replace(decoder.input, weight=weight, bias=np.zeros_like(decoder.input.bias)),
        recurrent=zero,
        tanh=Table(step_table, decoder.tanh.address, candidate),
        norm=replace(norm, epsilon=1),
    )
    seen = variances_of(decoder, random_counts(14, 300, 12, rate=0.5))
    assert seen.min() == 1
    assert seen.max() > 1 << 20
    firmware = compiled_firmware(decoder, tmp_path / "hls", strategy="latency", reuse_factor=1)
    assert_exact(firmware, decoder)
    assert_same_codes(firmware, decoder, random_counts(14, 300, 12, rate=0.5))


def variances_of(decoder: FixedDecoder, counts: np.ndarray) -> np.ndarray:
    """Return LayerNorm's V of every cell of a run."""
    from aegru_hw.fixedpoint.layernorm import moments

    norm = decoder.norm
    assert isinstance(norm, LayerNorm)
    seen: list[np.ndarray] = []

    def observe(name: str, codes: np.ndarray) -> None:
        if name == "mixed_state":
            seen.append(moments(codes, norm.epsilon)[1])

    run_window_form(decoder, counts, observe)
    return np.concatenate(seen)


@pytest.mark.slow
def test_one_chain_of_one_unit(tmp_path: Path) -> None:
    sizes = {"channels": 1, "latent": 1, "hidden": 1, "window": 1, "steps": 1}
    decoder = random_decoder(7, **sizes, sparsity=0.0, norm=False)
    assert_exact(compiled_firmware(decoder, tmp_path / "hls"), decoder, ticks=100)
