"""Whether a decoder loads into an engine: this module's answer beside the engine's own."""

from dataclasses import replace

import pytest

from aegru_hw.errors import UserError
from aegru_hw.fixedpoint.made_up import random_decoder
from aegru_hw.fixedpoint.parts import Linear
from aegru_hw.rtl.address_map import CONFIG
from aegru_hw.rtl.elaboration import engine_parameters
from aegru_hw.rtl.fitting import fixed_words, loads_in_place_of, misfits, spare_words
from aegru_hw.rtl.lanes import LANES
from aegru_hw.rtl.limits import WORDS, memory_depth
from aegru_hw.rtl.schedule import schedule

SIZES = {"channels": 12, "latent": 8, "hidden": 8, "window": 4}


def test_other_weights_of_the_same_formats_load() -> None:
    parameters = engine_parameters(random_decoder(1, **SIZES), 2)
    assert misfits(random_decoder(2, **SIZES), parameters) == ()


def test_the_bias_of_the_readout_is_no_format() -> None:
    decoder = random_decoder(1, **SIZES)
    readout = decoder.readout
    other = Linear(readout.weight, readout.weight_type, readout.bias + 5, readout.input_type)
    assert misfits(replace(decoder, readout=other), engine_parameters(decoder, 1)) == ()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"channels": 13}, "it needs MaxChannels 13, and the engine has 12"),
        ({"window": 5}, "its window is 5, and the engine's is wired to 4"),
        ({"norm": False}, "its norm is 0, and the engine's is wired to 1"),
        ({"sparsity": 0.0}, "it needs ScheduleDepth"),
        ({"table_bits": 11}, "it needs TableBits 11, and the engine has 10"),
    ],
)
def test_reasons(changes, reason) -> None:
    parameters = engine_parameters(random_decoder(1, **SIZES), 1)
    found = misfits(random_decoder(1, **(SIZES | changes)), parameters)
    assert any(text.startswith(reason) for text in found), found


def test_a_decoder_that_no_engine_holds() -> None:
    parameters = engine_parameters(random_decoder(1, **SIZES), 1)
    (reason,) = misfits(random_decoder(1, **(SIZES | {"latent": 129})), parameters)
    assert reason.startswith("the decoder needs latent 129; an engine of P = 1 has at most 128")


def test_spare_words_are_those_of_the_blocks() -> None:
    decoder = random_decoder(5, **SIZES)
    depth = {lanes: schedule(decoder, lanes).depth for lanes in LANES}
    spare = spare_words(decoder)
    assert spare == min(lanes * (memory_depth(depth[lanes]) - depth[lanes]) for lanes in LANES)
    assert spare > 0


def test_what_loads_in_place_of_another() -> None:
    decoder = random_decoder(1, **SIZES)
    assert loads_in_place_of(random_decoder(2, **SIZES), decoder)
    assert not loads_in_place_of(random_decoder(1, **(SIZES | {"sparsity": 0.0})), decoder)


def test_words_of_the_literal() -> None:
    decoder = random_decoder(1, **SIZES)
    words = fixed_words(str(engine_parameters(decoder, 1)["FixedConfig"]))
    assert words[CONFIG.index("channels")] == 12
    assert words[CONFIG.index("window")] == 4
    for damaged in ("", "2048'hxyz", "64'h0000000100000002"):
        with pytest.raises(UserError, match="damaged"):
            fixed_words(damaged)


@pytest.mark.parametrize(
    ("words", "depth"),
    [(1, 1), (20, 32), (1024, 1024), (1025, 2048), (4603, 5120), (4609, 5120), (65536, WORDS)],
)
def test_depths_are_what_a_memory_has_anyway(words, depth) -> None:
    assert memory_depth(words) == depth
