"""Boards: a decoder loaded over SPI, spikes in, velocities out; on a desk or simulated.

The public names; each is loaded when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aegru_hw.board.board import Board
    from aegru_hw.board.live import BoardDecoder
    from aegru_hw.board.ports import open_port

__all__ = ["Board", "BoardDecoder", "open_port"]

_MODULES = {"Board": "board", "BoardDecoder": "live", "open_port": "ports"}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
