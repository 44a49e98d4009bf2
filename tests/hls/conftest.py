"""Firmware compiled once for all the tests that run it."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from aegru_hw.fixedpoint import FixedDecoder
from aegru_hw.fixedpoint.made_up import random_decoder
from aegru_hw.hls import Firmware, write_project


def small_decoder(seed: int = 1, **changes: object) -> FixedDecoder:
    """Return a random decoder small enough to compile in seconds."""
    sizes = {"channels": 12, "latent": 8, "hidden": 8, "window": 2, "steps": 3}
    return random_decoder(seed, **(sizes | changes))  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], tuple[FixedDecoder, Path]]:
    """Return a function that gives a small decoder and its compiled project, made once."""

    @cache
    def make() -> tuple[FixedDecoder, Path]:
        decoder = small_decoder()
        # A space in the path must not matter.
        folder = tmp_path_factory.mktemp("a run") / "hls"
        write_project(decoder, folder, reuse_factor=8)
        Firmware(folder).compile()
        return decoder, folder

    return make
