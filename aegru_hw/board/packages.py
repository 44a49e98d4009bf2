"""The packages that lead to boards, which few have."""

from importlib import import_module
from typing import Any

from aegru_hw.errors import UserError

PACKAGE = {"spidev": "spidev", "pyftdi.spi": "pyftdi", "serial": "pyserial"}


def board_package(module: str) -> Any:
    """Return a module of the extra `board`; UserError in one line where it is not there."""
    try:
        return import_module(module)
    except ImportError:
        raise UserError(
            f'{PACKAGE[module]} is not installed; `pip install "aegru-hw[board]"`'
        ) from None
