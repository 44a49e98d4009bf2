"""The estimate by arithmetic, beside what hls4ml itself writes into the project."""

import re
from math import ceil
from pathlib import Path

import pytest

from aegru_hw.fixedpoint.made_up import random_decoder
from aegru_hw.hls import write_project
from aegru_hw.hls.estimate import estimate
from aegru_hw.hls.options import STRATEGIES

MATRICES = {"encoder": "3", "input": "4_input", "recurrent": "4_recurrent", "readout": "5"}
"""Of each matrix, the number of its configuration in parameters.h."""


def configuration(folder: Path, number: str) -> dict[str, int]:
    """Return the whole numbers of a matrix's configuration, as hls4ml wrote them."""
    text = (folder / "firmware" / "parameters.h").read_text()
    body = text.partition(f"struct config{number} :")[2].partition("\n};")[0]
    return {name: int(value) for name, value in re.findall(r"unsigned (\w+) = (\d+);", body)}


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("norm", [True, False])
def test_multipliers_and_intervals_are_hls4ml_s(tmp_path: Path, strategy: str, norm: bool) -> None:
    decoder = random_decoder(
        3, channels=24, latent=8, hidden=12, steps=4, window=5, sparsity=0.9, norm=norm
    )
    written = write_project(decoder, tmp_path / "hls", strategy=strategy, reuse_factor=8)
    layers = {found.layer: found for found in estimate(decoder, strategy, written.reuse_factors)}
    generated = (tmp_path / "hls" / "firmware" / "nnet_utils" / "nnet_code_gen.h").read_text()
    for name, number in MATRICES.items():
        found, config = layers[f"{name} product"], configuration(tmp_path / "hls", number)
        assert found.interval == config["reuse_factor"]
        shared = ceil(config["n_in"] * config["n_out"] / config["reuse_factor"])
        expected = {
            "latency": shared - config["n_zeros"] // config["reuse_factor"],
            "resource": shared,
        }
        if strategy in expected:
            assert found.multipliers == expected[strategy]
        else:
            code = generated.partition(f"class dense_resource_unrolled_{number} ")[2]
            assert found.multipliers == int(re.findall(r"instances=mul limit=(\d+)", code)[0])
            assert found.multipliers < shared
    assert layers["recurrent product"].calls == 3
    assert layers["cells"].cycles == 4 * 12
    assert layers["spike window"].cycles == 24
    assert ("LayerNorm" in layers) is norm


def test_memory_is_of_every_word(tmp_path: Path) -> None:
    decoder = random_decoder(4, channels=10, latent=3, hidden=5, steps=3, window=2)
    layers = {
        found.layer: found for found in estimate(decoder, "resource", dict.fromkeys(MATRICES, 1))
    }
    encoder = decoder.encoder
    words = 10 * 3 * encoder.weight_type.width + 3 * encoder.accumulator.width
    assert layers["encoder product"].memory_bits == words
    tables = sum(len(table.codes) * table.output.width for table in (decoder.sigmoid, decoder.tanh))
    assert layers["cells"].memory_bits == tables + 2 * 3 * 5 * decoder.state.width
