"""The compiled engine against the integer simulator and the cost model: equality on every tick."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from aegru_hw.errors import UserError
from aegru_hw.fixedpoint import FixedDecoder, FixedType, LiveDecoder, run_streaming_form
from aegru_hw.fixedpoint.made_up import random_counts, random_decoder
from aegru_hw.rtl.cycles import tick_costs
from aegru_hw.rtl.engine import COST_FIELDS, NO_SPIKE, REFUSED, TICKS, TLAST, Engine, events_of
from aegru_hw.rtl.images import memory_image
from aegru_hw.rtl.limits import Limits

LANES = (1, 4, 16)


def check(engine: Engine, decoder: FixedDecoder, counts: np.ndarray) -> None:
    run = engine.run(counts)
    reference = run_streaming_form(decoder, counts)
    np.testing.assert_array_equal(run.velocity, reference.velocity)
    predicted = tick_costs(decoder, engine.image.schedule, counts)
    for name in COST_FIELDS:
        np.testing.assert_array_equal(run.costs[name], getattr(predicted, name), err_msg=name)
    macs = sum(run.costs[name] for name in ("encoder", "input", "recurrent", "readout"))
    np.testing.assert_array_equal(macs, reference.macs_effective)


@pytest.mark.slow
@pytest.mark.parametrize("lanes", LANES)
@pytest.mark.parametrize("channels", [96, 192])
@pytest.mark.parametrize("norm", [True, False])
def test_paper_geometry(engine_cache: Path, lanes: int, channels: int, norm: bool) -> None:
    decoder = random_decoder(channels + lanes, channels=channels, norm=norm)
    with Engine(decoder, lanes, cache=engine_cache) as engine:
        check(engine, decoder, random_counts(1, 300, channels))


@pytest.mark.slow
@pytest.mark.parametrize("lanes", LANES)
@pytest.mark.parametrize("seed", range(12))
def test_random_geometry(engine_cache: Path, lanes: int, seed: int) -> None:
    generator = np.random.default_rng(seed)
    decoder = random_decoder(
        seed,
        channels=int(generator.integers(1, 256)),
        latent=int(generator.integers(1, 64)),
        hidden=int(generator.integers(1, 64)),
        window=int(generator.integers(1, 24)),
        steps=int(generator.integers(1, 6)),
        weight_bits=int(generator.integers(3, 9)),
        sparsity=float(generator.uniform(0, 0.95)),
        norm=bool(generator.integers(2)),
        spread=float(generator.choice([0.5, 1.0, 4.0])),
    )
    counts = random_counts(seed, 150, decoder.geometry.channels, rate=0.2, maximum=5)
    with Engine(decoder, lanes, cache=engine_cache) as engine:
        check(engine, decoder, counts)


@pytest.mark.slow
@pytest.mark.parametrize("steps", [2, 4])
def test_a_walk_that_takes_longer_than_the_lanes(engine_cache: Path, steps: int) -> None:
    """Few inputs and many units: the lanes wait for the states of the ring."""
    decoder = random_decoder(3, channels=2, latent=2, hidden=60, steps=steps, window=3)
    counts = random_counts(3, 80, 2, rate=0.5)
    with Engine(decoder, 16, cache=engine_cache) as engine:
        check(engine, decoder, counts)


@pytest.mark.slow
@pytest.mark.parametrize(("lanes", "channels"), [(1, 210), (16, 1024)])
def test_beyond_the_usual_sizes(engine_cache: Path, lanes: int, channels: int) -> None:
    """Channels, units, tables and a window that the shared engine has not."""
    decoder = random_decoder(
        14, channels=channels, latent=70, hidden=96, window=300, steps=2, table_bits=12
    )
    counts = random_counts(14, 310, channels, rate=0.02)
    # The window count goes through 2^16.
    counts[:257, 5] = 255
    counts[257:, 5] = 1
    with Engine(decoder, lanes, cache=engine_cache) as engine:
        assert (engine.limits.latent, engine.limits.hidden) == (128, 128)
        assert (engine.limits.table_bits, engine.limits.count_bits) == (12, 17)
        check(engine, decoder, counts)


@pytest.mark.slow
def test_a_window_count_that_passes_16_bits(engine_cache: Path) -> None:
    decoder = random_decoder(1, channels=4, latent=4, hidden=4, window=512, steps=2)
    counts = np.zeros((700, 4), dtype=np.int64)
    counts[:512, 1], counts[600:, 2] = 128, 255
    with Engine(decoder, 1, cache=engine_cache) as engine:
        check(engine, decoder, counts)


@pytest.mark.cross
@pytest.mark.parametrize("lanes", LANES)
@pytest.mark.parametrize(
    "sizes", [{"channels": 384}, {"channels": 1024}, {"hidden": 96}, {"table_bits": 12}]
)
def test_one_size_beyond(engine_cache: Path, lanes: int, sizes: dict[str, int]) -> None:
    decoder = random_decoder(16, **sizes)
    with Engine(decoder, lanes, cache=engine_cache) as engine:
        check(engine, decoder, random_counts(16, 150, decoder.geometry.channels))


@pytest.mark.cross
@pytest.mark.parametrize(("lanes", "units"), [(1, 128), (2, 256), (4, 256), (16, 256)])
@pytest.mark.parametrize("norm", [True, False])
def test_the_largest(engine_cache: Path, lanes: int, units: int, norm: bool) -> None:
    decoder = random_decoder(
        15, channels=40, latent=units, hidden=units, window=2, steps=3, norm=norm, sparsity=0.8
    )
    with Engine(decoder, lanes, cache=engine_cache) as engine:
        check(engine, decoder, random_counts(15, 40, 40, rate=0.3))


def test_start_up_reaches_every_latent(engine_cache: Path) -> None:
    """Many latents and next to nothing else, in an engine just as large."""
    decoder = random_decoder(4, channels=3, latent=60, hidden=2, steps=1, window=1)
    counts = random_counts(4, 30, 3, rate=0.5)
    limits = memory_image(decoder, 1).needs
    with Engine(decoder, 1, cache=engine_cache, limits=limits) as engine:
        check(engine, decoder, counts)


def test_edges(engine_cache: Path) -> None:
    """Silence, every channel at once, counts far beyond the table's end and the spike counter's."""
    decoder = random_decoder(5)
    counts = np.zeros((90, 96), dtype=np.int64)
    counts[20] = 1
    counts[30:40] = 9
    counts[60, 7] = 700
    with Engine(decoder, 4, cache=engine_cache) as engine:
        predicted = tick_costs(decoder, engine.image.schedule, counts)
        assert predicted.saturations.max() == 96
        check(engine, decoder, counts)


def test_reset_and_second_decoder(engine_cache: Path) -> None:
    first, second = random_decoder(6), random_decoder(7, channels=40, hidden=20, steps=3)
    counts = random_counts(6, 60, 96)
    with Engine(first, 4, cache=engine_cache) as engine:
        check(engine, first, counts)
        assert engine.read(TICKS) == 60
        engine.reset()
        assert engine.read(TICKS) == 0
        check(engine, first, counts)
        engine.load(second)
        check(engine, second, counts[:, :40])


def test_continues_between_runs(engine_cache: Path) -> None:
    decoder, counts = random_decoder(8), random_counts(8, 100, 96)
    with Engine(decoder, 4, cache=engine_cache) as engine:
        pieces = [engine.run(counts[:33]).velocity, engine.run(counts[33:]).velocity]
    reference = run_streaming_form(decoder, counts).velocity
    np.testing.assert_array_equal(np.concatenate(pieces), reference)


def test_refuses_and_counts_bad_indices(engine_cache: Path) -> None:
    decoder = random_decoder(9, channels=10)
    live = LiveDecoder(decoder)
    live.step([3])
    with Engine(decoder, 4, cache=engine_cache) as engine:
        run = engine.run_events(np.array([3, 10, 500, NO_SPIKE, 0xFFFE | TLAST], np.uint32), 1)
        assert engine.read(REFUSED) == 3
    np.testing.assert_array_equal(run.velocity[0], live.velocity_codes)


@pytest.mark.parametrize("value", [-1, 0.5, np.nan, 65536])
def test_what_is_no_count_is_refused_and_leaves_no_trace(engine_cache: Path, value: float) -> None:
    decoder, counts = random_decoder(9, channels=10), random_counts(9, 20, 10, rate=0.3)
    wrong = counts.astype(float)
    wrong[17, 2] = value
    with Engine(decoder, 4, cache=engine_cache) as engine:
        with pytest.raises(UserError, match=r"count .* at tick 17, channel 2 is not a spike count"):
            engine.run(wrong)
        with pytest.raises(UserError, match=r"\(ticks, 10\)"):
            engine.run(counts[:, :9])
        assert engine.read(TICKS) == 0
        check(engine, decoder, counts)


def test_decoder_beyond_the_limits(engine_cache: Path) -> None:
    with pytest.raises(UserError, match="needs hidden 65; this engine has 64"):
        Engine(random_decoder(1, hidden=65), 4, cache=engine_cache, limits=Limits())
    decoder = replace(random_decoder(1), state=FixedType(12, 9))
    with pytest.raises(UserError, match="state"):
        memory_image(decoder, 4)


def test_events_of() -> None:
    counts = np.array([[0, 2, 1], [0, 0, 0], [1, 0, 0]])
    expected = [1, 1, 2 | TLAST, NO_SPIKE | TLAST, 0 | TLAST]
    assert events_of(counts).tolist() == expected
    assert Limits().parameters(4)["Lanes"] == 4
