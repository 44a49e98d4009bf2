"""The packages that lead to boards, which few have."""

from importlib import import_module
from typing import Any

from aegru_hw.errors import UserError

PACKAGE = {
    "spidev": ("spidev", "spidev"),
    "pyftdi.spi": ("pyftdi", "board"),
    "serial": ("pyserial", "board"),
}
"""By module, its package and the extra that brings it."""


def board_package(module: str) -> Any:
    """Return a module; UserError in one line where it is not there."""
    package, extra = PACKAGE[module]
    try:
        return import_module(module)
    except ImportError:
        raise UserError(f'{package} is not installed; `pip install "aegru-hw[{extra}]"`') from None
