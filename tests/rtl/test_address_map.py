"""One map of addresses: everywhere the same, and nothing stale."""

import pytest

from aegru_hw.fixedpoint.made_up import random_decoder
from aegru_hw.rtl import address_map
from aegru_hw.rtl.address_map import CONFIG, REGISTERS, SELECTS, written
from aegru_hw.rtl.image_stream import SELECT
from aegru_hw.rtl.images import memory_image


@pytest.mark.parametrize("path", written(), ids=lambda path: path.name)
def test_what_is_written_is_what_the_map_says(path) -> None:
    stale = f"{path} is stale; `python -m aegru_hw.rtl.address_map` writes it again"
    assert path.read_text(encoding="utf-8") == written()[path], stale


def test_another_map_shows_in_every_file(monkeypatch) -> None:
    monkeypatch.setitem(REGISTERS, "load_data", (0xC8, "the image, a word at a time"))
    for path, text in written().items():
        assert path.read_text(encoding="utf-8") != text


def test_registers_are_words_of_their_own() -> None:
    addresses = [at for at, _ in REGISTERS.values()]
    assert addresses == sorted(set(addresses))
    assert all(at % 4 == 0 and at < 256 for at in addresses)


def test_the_configuration_has_the_words_that_it_names() -> None:
    words = memory_image(random_decoder(1), 4).memories["config"]
    assert len(words) == len(CONFIG) == len(set(CONFIG)) <= 64
    assert words[CONFIG.index("channels")] == 96
    assert words[CONFIG.index("steps")] == 5


def test_selects_do_not_overlap() -> None:
    assert list(SELECT.values()) == sorted(set(SELECT.values()))
    header = {address_map.HEADER_AT + index for index in range(len(address_map.HEADER))}
    assert not header & set(SELECT.values())
    assert max(SELECT.values()) < 64
    assert {SELECT["bias0"], SELECT["lane0"]} == {SELECTS["bias"][0], SELECTS["lane"][0]}
