from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from aegru_hw.fixedpoint import (
    FixedDecoder,
    FixedType,
    LabelScaling,
    load_decoder,
    run_window_form,
    save_decoder,
)
from aegru_hw.fixedpoint.made_up import random_counts, random_decoder


def test_physical_velocity_is_the_scaled_code() -> None:
    decoder = random_decoder(1, channels=3, latent=2, hidden=2)
    # The random decoder has 12 fraction bits, scale (2, 3) and mean (0.5, -0.25).
    assert decoder.physical(np.array([4096, -2048])).tolist() == [2.5, -1.75]


def test_features_saturate_at_the_end_of_their_table() -> None:
    decoder = random_decoder(1, channels=3, latent=2, hidden=2)
    codes = decoder.feature.codes
    assert decoder.features(np.array([0, 62, 63, 64, 10**6])).tolist() == [
        codes[0],
        codes[62],
        codes[63],
        codes[63],
        codes[63],
    ]


def test_sparsity_is_the_share_of_zero_weights() -> None:
    decoder = random_decoder(1, channels=3, latent=2, hidden=2)
    for linear in decoder.matrices.values():
        linear.weight[:] = 1
    decoder.encoder.weight[:] = 0
    assert decoder.sparsity == 6 / (6 + 12 + 12 + 4)


@pytest.mark.parametrize("norm", [True, False])
def test_footprint_counts_each_code_at_its_width(norm: bool) -> None:
    decoder = random_decoder(1, channels=3, latent=2, hidden=2, weight_bits=6, norm=norm)
    weights = 6 * (2 * 3 + 6 * 2 + 6 * 2 + 2 * 2)
    widths = {name: linear.accumulator.width for name, linear in decoder.matrices.items()}
    biases = 2 * widths["encoder"] + 6 * widths["input"] + 6 * widths["recurrent"]
    biases += 2 * widths["readout"]
    tables = 64 * 8 + 1024 * 8 + 1024 * 8
    layer_norm = 2 * 8 + 2 * 20 + 64 * 12 if norm else 0
    assert decoder.footprint_bytes == -(-(weights + biases + tables + layer_norm) // 8)


def test_history_is_window_times_steps() -> None:
    assert random_decoder(1, window=7, steps=3).geometry.history == 21


def small(**options: Any) -> FixedDecoder:
    return random_decoder(1, **({"channels": 3, "latent": 2, "hidden": 2, "steps": 3} | options))


def test_digest_is_the_checksum_of_the_file(tmp_path: Path) -> None:
    decoder = small()
    decoder.save(str(tmp_path / "decoder.h5"))
    with h5py.File(tmp_path / "decoder.h5") as file:
        assert bytes(file.attrs["sha256"]).decode() == decoder.digest
    assert FixedDecoder.load(str(tmp_path / "decoder.h5")).digest == decoder.digest


def test_decoders_of_one_content_are_equal(tmp_path: Path) -> None:
    decoder = small()
    save_decoder(decoder, str(tmp_path / "decoder.h5"))
    loaded = load_decoder(str(tmp_path / "decoder.h5"))
    assert type(loaded) is FixedDecoder
    assert loaded == decoder
    assert loaded == small()
    assert hash(loaded) == hash(decoder)
    assert len({loaded, decoder, small()}) == 1
    assert decoder != "decoder"


def changed_weight(decoder: FixedDecoder) -> FixedDecoder:
    weight = decoder.readout.weight.copy()
    weight[1, 1] ^= 1
    return replace(decoder, readout=replace(decoder.readout, weight=weight))


@pytest.mark.parametrize(
    "change",
    [
        changed_weight,
        lambda decoder: replace(decoder, provenance={"seed": 2}),
        lambda decoder: replace(decoder, velocity=FixedType(16, 11)),
        lambda decoder: replace(decoder, labels=LabelScaling(np.zeros(2), np.ones(2))),
        lambda decoder: replace(decoder, norm=None),
        lambda decoder: replace(decoder, geometry=replace(decoder.geometry, window=7)),
        lambda decoder: replace(decoder, geometry=replace(decoder.geometry, tick_seconds=0.005)),
        lambda decoder: replace(decoder, norm=replace(decoder.norm, epsilon=9)),
    ],
)
def test_a_decoder_of_another_content_differs(
    change: Callable[[FixedDecoder], FixedDecoder],
) -> None:
    assert change(small()) != small()
    assert change(small()).digest != small().digest


def test_it_prints_as_one_short_line() -> None:
    decoder = random_decoder(1, weight_bits=6)
    assert (
        str(decoder)
        == repr(decoder)
        == (
            "FixedDecoder(96 channels, 4 ms ticks, window 20, steps 5, latent 32, hidden 32, "
            f"6-bit weights, LayerNorm, sparsity {decoder.sparsity:.3f}, {decoder.digest[:12]})"
        )
    )
    assert "no norm" in repr(small(norm=False))
    mixed = replace(decoder, readout=replace(decoder.readout, weight_type=FixedType(8, 5)))
    assert "6/8-bit weights" in repr(mixed)


def test_decode_gives_physical_velocity() -> None:
    decoder = small()
    counts = random_counts(1, 50, 3, rate=0.3)
    velocity = decoder.decode(counts)
    assert velocity.shape == (50, 2)
    assert np.array_equal(velocity, decoder.physical(run_window_form(decoder, counts).velocity))
    assert np.array_equal(decoder.decode(counts.tolist()), velocity)
    assert decoder.decode(np.zeros((0, 3))).shape == (0, 2)
