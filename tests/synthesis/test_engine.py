"""The real engine of a small decoder through the real tools, on both families that are placed."""

import json
from pathlib import Path

import pytest

from aegru_hw.synthesis import synthesise_engine, target_named
from aegru_hw.synthesis.boards import board_pins
from tests.support.decoders import random_decoder


@pytest.mark.slow
@pytest.mark.parametrize(("name", "lanes"), [("ice40up5k", 1), ("ecp5-25k", 4)])
def test_engine_is_placed_and_packed(tmp_path: Path, name: str, lanes: int) -> None:
    target, folder = target_named(name), tmp_path / "synth"
    decoder = random_decoder(1, channels=12, latent=8, hidden=8, steps=3, window=3)
    facts = synthesise_engine(
        decoder, target, folder, lanes=lanes, clock_mhz=12, pins=board_pins(target)
    )
    assert facts == json.loads((folder / "resources.json").read_text())
    assert facts["lanes"] == lanes
    assert facts["timing_met"]
    assert (folder / facts["bitstream"]).stat().st_size > 10_000
    for numbers in facts["resources"].values():
        assert 0 <= numbers["used"] <= numbers["available"]
    if name == "ice40up5k":
        # Schedule (two), ring and history: what the single-port RAMs are for.
        assert facts["resources"]["single_port_rams"]["used"] == 4
