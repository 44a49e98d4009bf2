"""An image as the words that are written to LoadData, one after the other."""

import zlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from aegru_hw.rtl.address_map import IMAGE_VERSION, LANES, SELECTS
from aegru_hw.rtl.images import BIASES, Image

NUMBERED = {
    "bias": len(BIASES),
    "lane": LANES,
    "startup_latent": LANES,
    "directory": LANES,
}
"""Memories of which there are several."""

SELECT = {
    name + suffix: SELECTS[name][0] + index
    for name in SELECTS
    for index, suffix in enumerate(map(str, range(NUMBERED[name])) if name in NUMBERED else [""])
}
"""Number of each memory by its name in an image."""


def image_header(image: Image) -> list[int]:
    """Return the words before the memories: version, lanes, and what the engine must hold."""
    needs = image.needs
    engine = IMAGE_VERSION << 16 | image.schedule.lanes
    widths = needs.accumulator_bits << 16 | needs.count_bits
    return [engine, needs.ring, needs.history, widths]


def image_blocks(image: Image) -> Iterator[NDArray[np.uint32]]:
    """Yield of each memory its select and length in one word, and its words from the last on."""
    for name, words in sorted(image.memories.items(), key=lambda item: SELECT[item[0]]):
        first = np.array([SELECT[name] << 24 | len(words) - 1], dtype=np.uint32)
        yield np.concatenate([first, words[::-1]])


def image_stream(image: Image) -> NDArray[np.uint32]:
    """Return header, memories and the CRC-32 of both, little-endian."""
    header = np.array(image_header(image), dtype=np.uint32)
    return with_crc(np.concatenate([header, *image_blocks(image)]))


def with_crc(words: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Return words with their CRC-32 behind them."""
    crc = zlib.crc32(words.astype("<u4").tobytes())
    return np.append(words, np.uint32(crc))
