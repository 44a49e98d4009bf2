"""The finder of the folders that hold no Python."""

from pathlib import Path

import pytest

from aegru_hw import sources
from aegru_hw.errors import UserError
from aegru_hw.sources import source_folder


@pytest.mark.parametrize("name", ["rtl", "sim", "hls"])
def test_folders_of_a_checkout_and_of_a_wheel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(sources, "PACKAGE", tmp_path / "aegru_hw")
    with pytest.raises(UserError, match="install aegru-hw again"):
        source_folder(name)
    (tmp_path / name).mkdir()
    assert source_folder(name) == tmp_path / name
    (tmp_path / "aegru_hw" / f"_{name}").mkdir(parents=True)
    assert source_folder(name) == tmp_path / "aegru_hw" / f"_{name}"
