"""What an engine is elaborated for, and what is refused before anything is trained."""

import numpy as np
import pytest

from aegru_hw.errors import UserError
from aegru_hw.fixedpoint.decoder import Geometry
from aegru_hw.fixedpoint.made_up import random_decoder
from aegru_hw.rtl.images import memory_image
from aegru_hw.rtl.lanes import LANES
from aegru_hw.rtl.limits import (
    Limits,
    bounds,
    check_geometry_fits,
    engine_limits,
    least_limits,
)

PAPER = {"channels": 96, "latent": 32, "hidden": 32, "window": 20, "steps": 5}


def geometry(**sizes: int) -> Geometry:
    return Geometry(**(PAPER | sizes), tick_seconds=0.004)


@pytest.mark.parametrize("lanes", LANES)
@pytest.mark.parametrize("channels", [1, 96, 192, 256])
def test_usual_decoders_share_one_engine(lanes: int, channels: int) -> None:
    needs = memory_image(random_decoder(1, channels=channels), lanes).needs
    assert engine_limits(needs, lanes) == Limits()


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ({"channels": 257}, {"channels": 512}),
        ({"channels": 384}, {"channels": 512}),
        ({"channels": 1024}, {"channels": 1024}),
        ({"hidden": 96}, {"hidden": 128}),
        ({"hidden": 160, "latent": 65}, {"hidden": 256, "latent": 128, "states": 1024}),
        ({"window": 257}, {}),
        ({"window": 258}, {"count_bits": 17}),
        ({"window": 500, "steps": 2}, {"count_bits": 17}),
    ],
)
def test_larger_decoders_get_their_own(sizes: dict[str, int], expected: dict[str, int]) -> None:
    decoder = random_decoder(1, **(PAPER | {"steps": 2 if "window" in sizes else 5} | sizes))
    limits = engine_limits(memory_image(decoder, 4).needs, 4)
    found = {name: size for name, size in vars(limits).items() if size != vars(Limits())[name]}
    found = {name: size for name, size in found.items() if name in (*expected, "count_bits")}
    assert found == expected


@pytest.mark.parametrize("lanes", LANES)
def test_limits_lie_between_the_needs_and_the_bounds(lanes: int) -> None:
    generator = np.random.default_rng(lanes)
    fitting = 0
    for _ in range(3000):
        states = int(generator.integers(1, 3000))
        needs = Limits(
            channels=int(generator.integers(1, 5000)),
            latent=int(generator.integers(1, 257)),
            hidden=int(generator.integers(1, 257)),
            schedule=int(generator.integers(1, 65537)),
            states=states,
            ring=int(generator.integers(1, 100)) * states,
            history=int(generator.integers(1, 66000)),
            table_bits=int(generator.integers(8, 13)),
            count_bits=int(generator.integers(8, 21)),
            accumulator_bits=int(generator.integers(10, 24)),
        )
        try:
            limits = engine_limits(needs, lanes)
        except UserError:
            continue
        fitting += 1
        most = bounds(lanes, limits.states)
        for name, size in vars(limits).items():
            assert getattr(needs, name) <= size <= getattr(most, name), name
    assert fitting > 100


@pytest.mark.parametrize(
    ("sizes", "lanes", "message"),
    [
        ({"latent": 257}, 4, "needs latent 257; an engine of P = 4 has at most 256"),
        ({"latent": 129}, 1, "needs latent 129; an engine of P = 1 has at most 128"),
        ({"hidden": 257}, 16, "needs hidden 257; an engine of P = 16 has at most 256"),
        ({"hidden": 129}, 1, "needs hidden 129; an engine of P = 1 has at most 128"),
        ({"channels": 65536}, 16, "needs channels 65536; .* at most 65535"),
        ({"channels": 4096, "window": 40}, 2, "needs history 81920 .* at most 65535"),
        ({"window": 512}, 4, "needs ring 65536 .* at most 65408"),
        ({"steps": 256, "hidden": 2, "window": 2}, 4, "needs steps 256; .* at most 255"),
        ({}, 3, "3 lanes are not possible; choose one of 1, 2, 4, 8, 16"),
    ],
)
def test_refused_before_training(sizes: dict[str, int], lanes: int, message: str) -> None:
    with pytest.raises(UserError, match=message):
        check_geometry_fits(geometry(**sizes), lanes, address_bits=10)


def test_table_beyond_the_widest() -> None:
    check_geometry_fits(geometry(), 4, address_bits=16)
    with pytest.raises(UserError, match=r"needs table_bits 17 .* at most 16"):
        check_geometry_fits(geometry(), 4, address_bits=17)


@pytest.mark.parametrize(
    ("sizes", "lanes"),
    [
        ({"latent": 256, "hidden": 256, "window": 4}, 2),
        ({"latent": 128, "hidden": 128}, 1),
        ({"channels": 3276}, 1),
        ({"channels": 4096}, 2),
        ({"window": 511}, 4),
    ],
)
def test_the_largest_are_taken(sizes: dict[str, int], lanes: int) -> None:
    check_geometry_fits(geometry(**sizes), lanes, address_bits=12)


def test_a_schedule_too_long_is_refused() -> None:
    decoder = random_decoder(1, channels=4096, latent=64, window=2, sparsity=0.0)
    with pytest.raises(UserError, match=r"needs schedule \d{6} .*; an engine of P = 1 has at most"):
        memory_image(decoder, 1)


def test_least_limits_hold_both() -> None:
    first, second = (
        memory_image(random_decoder(seed, channels=channels, hidden=hidden), 4).needs
        for seed, channels, hidden in ((1, 40, 20), (2, 30, 24))
    )
    least = least_limits(first, second)
    assert (least.channels, least.hidden) == (40, 24)
    assert (least.table_bits, least.accumulator_bits) == (10, 20)
    assert least.count_bits == max(first.count_bits, second.count_bits)
