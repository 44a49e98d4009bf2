"""Which images an engine takes: its own, whole, and no other; the status says why not."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from aegru_hw.fixedpoint.made_up import random_decoder
from aegru_hw.rtl.address_map import IMAGE_VERSION
from aegru_hw.rtl.engine import (
    LOAD_BEGIN,
    LOAD_DATA,
    STATUS,
    STATUS_CRC_ERROR,
    STATUS_IMAGE_VALID,
    STATUS_LOADING,
    STATUS_MISFIT,
    STATUS_MISSING,
    Engine,
)
from aegru_hw.rtl.image_stream import SELECT, image_header, image_stream, with_crc
from aegru_hw.rtl.images import Image, memory_image
from aegru_hw.rtl.limits import Limits

LANES = 2
LIMITS = Limits(
    channels=16, latent=8, hidden=8, schedule=256, states=32, chains=2, ring=128, history=64
)
DECODER = random_decoder(1, channels=16, latent=8, hidden=8, window=4, steps=3)
IMAGE = memory_image(DECODER, LANES)


@pytest.fixture(scope="module")
def engine(engine_cache: Path):
    with Engine(DECODER, LANES, cache=engine_cache, limits=LIMITS) as engine:
        yield engine


def status_after(engine: Engine, words: np.ndarray) -> int:
    """Return the status after loading words; before that a sound image was loaded."""
    for image in (image_stream(IMAGE), words):
        engine.write(LOAD_BEGIN, 0)
        for word in image:
            engine.write(LOAD_DATA, int(word))
    return engine.read(STATUS)


def with_memories(**memories: np.ndarray | None) -> Image:
    changed = IMAGE.memories | memories
    return replace(IMAGE, memories={k: v for k, v in changed.items() if v is not None})


def test_its_own_image(engine: Engine) -> None:
    assert status_after(engine, image_stream(IMAGE)) == STATUS_IMAGE_VALID


@pytest.mark.parametrize("name", IMAGE.memories)
def test_a_memory_left_out(engine: Engine, name: str) -> None:
    words = image_stream(with_memories(**{name: None}))
    assert status_after(engine, words) == STATUS_MISSING


def test_nothing_and_a_crc_of_nothing(engine: Engine) -> None:
    assert status_after(engine, np.zeros(0, dtype=np.uint32)) == STATUS_LOADING
    assert status_after(engine, np.zeros(1, dtype=np.uint32)) == STATUS_MISFIT


@pytest.mark.parametrize("lanes", [1, 4, 16])
def test_an_image_for_other_lanes(engine: Engine, lanes: int) -> None:
    assert status_after(engine, image_stream(memory_image(DECODER, lanes))) == STATUS_MISFIT


def test_a_header_beyond_the_engine(engine: Engine) -> None:
    """Each word of the header at the engine's limit, and one beyond."""
    own = image_stream(IMAGE)[:-1]
    widths = LIMITS.accumulator_bits << 16 | LIMITS.count_bits
    most = [IMAGE_VERSION << 16 | LANES, LIMITS.ring, LIMITS.history, widths]
    assert len(image_header(IMAGE)) == len(most)
    for index, limit in enumerate(most):
        for value, expected in (
            (limit, STATUS_IMAGE_VALID),
            (limit + 1, STATUS_MISFIT),
            (limit + 0x10000, STATUS_MISFIT),
        ):
            words = own.copy()
            words[index] = value
            assert status_after(engine, with_crc(words)) == expected, (index, value)


@pytest.mark.parametrize(
    ("name", "depth"),
    [
        *(("config", 64), ("feature", 256), ("sigmoid", 1024), ("tanh", 1024), ("rsqrt", 64)),
        *((f"bias{index}", LIMITS.hidden) for index in range(4)),
        *(("norm", LIMITS.hidden), ("readout", LIMITS.hidden)),
        *(("startup_state", LIMITS.states), ("lane0", LIMITS.schedule)),
        *(("lane1", LIMITS.schedule), ("startup_latent1", LIMITS.latent // LANES)),
        ("directory1", LIMITS.channels + LIMITS.latent + LIMITS.hidden),
    ],
)
def test_a_memory_beyond_the_engine(engine: Engine, name: str, depth: int) -> None:
    for length, expected in ((depth, STATUS_IMAGE_VALID), (depth + 1, STATUS_MISFIT)):
        longer = np.resize(IMAGE.memories[name], length)
        words = image_stream(with_memories(**{name: longer}))
        assert status_after(engine, words) == expected


@pytest.mark.parametrize(("word", "most"), [(0, LIMITS.channels), (5, LIMITS.chains + 1)])
def test_channels_or_steps_beyond_the_engine(engine: Engine, word: int, most: int) -> None:
    """No memory's length shows these two; the configuration's own words do."""
    for value, expected in ((most, STATUS_IMAGE_VALID), (most + 1, STATUS_MISFIT)):
        config = IMAGE.memories["config"].copy()
        config[word] = value
        assert status_after(engine, image_stream(with_memories(config=config))) == expected


def test_a_damaged_word(engine: Engine) -> None:
    own = image_stream(IMAGE)
    for index in (6, len(own) // 2, len(own) - 1):
        words = own.copy()
        words[index] ^= 1 << 13
        assert status_after(engine, words) == STATUS_CRC_ERROR


def test_words_after_the_crc_change_nothing(engine: Engine) -> None:
    words = np.append(image_stream(IMAGE), np.uint32(5))
    assert status_after(engine, words) == STATUS_IMAGE_VALID


def test_every_memory_has_its_place() -> None:
    assert list(IMAGE.memories) != []
    for lanes in (1, 16):
        memories = memory_image(random_decoder(2, latent=3, steps=1, norm=False), lanes).memories
        kinds = ("lane", "startup_latent", "directory")
        lane = {f"{kind}{p}" for kind in kinds for p in range(lanes)}
        shared = {name for name in SELECT if name.rstrip("0123456789") not in kinds}
        assert set(memories) == shared | lane
        assert all(len(words) > 0 for words in memories.values())
