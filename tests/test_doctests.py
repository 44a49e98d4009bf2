"""The examples in docstrings, run where `my_run/decoder.h5` is a decoder of 96 channels."""

import doctest
import importlib
from pathlib import Path

import numpy as np
import pytest

from aegru_hw.fixedpoint.made_up import random_decoder

EXAMPLES = {
    "aegru_hw.fixedpoint.arithmetic": 2,
    "aegru_hw.fixedpoint.decoder": 7,
    "aegru_hw.fixedpoint.live": 7,
    "aegru_hw.fixedpoint.types": 4,
    "aegru_hw.recordings.intervals": 1,
    "aegru_hw.recordings.likely": 2,
    "aegru_hw.recordings.recording": 7,
}
"""Modules, and how many examples each has: none may be lost on the way."""


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my_run").mkdir()
    random_decoder(1).save(tmp_path / "my_run" / "decoder.h5")
    monkeypatch.chdir(tmp_path)
    module = importlib.import_module(name)
    ended = doctest.testmod(module, extraglobs={"np": np}, optionflags=doctest.ELLIPSIS)
    assert ended.failed == 0
    assert ended.attempted == EXAMPLES[name]


def test_no_module_with_examples_is_left_out() -> None:
    root = Path(__file__).resolve().parents[1] / "aegru_hw"
    found = {
        ".".join(path.relative_to(root.parent).with_suffix("").parts)
        for folder in ("fixedpoint", "recordings")
        for path in (root / folder).glob("*.py")
        if ">>> " in path.read_text(encoding="utf-8")
    }
    assert found == set(EXAMPLES)
