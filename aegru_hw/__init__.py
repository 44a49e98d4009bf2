"""From a motor-cortex recording to a verified fixed-point GRU decoder in hardware.

The public names; each is loaded when it is first used, so that live decoding needs numpy and h5py
alone.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aegru_hw.errors import UserError
    from aegru_hw.export.compiled import CompiledDecoder, load_live
    from aegru_hw.fixedpoint import FixedDecoder, LiveDecoder, load_decoder
    from aegru_hw.recordings.layout import open_recording
    from aegru_hw.recordings.recording import Recording
    from aegru_hw.run import Run, train

__version__ = "0.1.0"

__all__ = [
    "CompiledDecoder",
    "FixedDecoder",
    "LiveDecoder",
    "Recording",
    "Run",
    "UserError",
    "load_decoder",
    "load_live",
    "open_recording",
    "train",
]

_MODULES = {
    "CompiledDecoder": "aegru_hw.export.compiled",
    "FixedDecoder": "aegru_hw.fixedpoint",
    "LiveDecoder": "aegru_hw.fixedpoint",
    "Recording": "aegru_hw.recordings.recording",
    "Run": "aegru_hw.run",
    "UserError": "aegru_hw.errors",
    "load_decoder": "aegru_hw.fixedpoint",
    "load_live": "aegru_hw.export.compiled",
    "open_recording": "aegru_hw.recordings.layout",
    "train": "aegru_hw.run",
}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return getattr(import_module(_MODULES[name]), name)
    raise AttributeError(f"module 'aegru_hw' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
