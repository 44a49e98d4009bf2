"""The real engine of a small decoder through the real tools, on both families that are placed."""

from pathlib import Path

import pytest

from aegru_hw.fixedpoint.made_up import random_decoder
from aegru_hw.synthesis.boards import board_pins
from aegru_hw.synthesis.engine import synthesise_engine
from aegru_hw.synthesis.made_of import made_of
from aegru_hw.synthesis.resources import read_resources
from aegru_hw.synthesis.targets import target_named


@pytest.mark.slow
@pytest.mark.parametrize(("name", "lanes"), [("ice40up5k", 1), ("ecp5-25k", 4)])
def test_engine_is_placed_and_packed(tmp_path: Path, name: str, lanes: int) -> None:
    target, folder = target_named(name), tmp_path / "synth"
    decoder = random_decoder(1, channels=12, latent=8, hidden=8, steps=3, window=3)
    found = synthesise_engine(
        decoder, target, folder, lanes=lanes, clock_mhz=12, pins=board_pins(target)
    )
    assert read_resources(folder) == found
    assert found.lanes == lanes
    assert found.timing_met
    assert found.made_of == made_of(decoder, target, lanes, clock_mhz=12, pins=board_pins(target))
    assert found.bitstream is not None
    assert (folder / found.bitstream).stat().st_size > 10_000
    for use in found.resources.values():
        assert 0 <= use.used <= use.available
    if name == "ice40up5k":
        # Schedule, ring and history: what the single-port RAMs are for.
        assert found.resources["single_port_rams"].used == 3
