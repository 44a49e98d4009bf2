import numpy as np
import pytest

from tests.support.decoders import random_decoder


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
