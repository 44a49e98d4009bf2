"""The integer decoder: its numeric contract, its artefact and its simulators (numpy only)."""

from aegru_hw.fixedpoint.artefact import load_decoder, save_decoder
from aegru_hw.fixedpoint.decoder import FixedDecoder, Geometry
from aegru_hw.fixedpoint.live import LiveDecoder
from aegru_hw.fixedpoint.run import Run
from aegru_hw.fixedpoint.streaming_form import run_streaming_form
from aegru_hw.fixedpoint.types import FixedType
from aegru_hw.fixedpoint.window_form import run_window_form

__all__ = [
    "FixedDecoder",
    "FixedType",
    "Geometry",
    "LiveDecoder",
    "Run",
    "load_decoder",
    "run_streaming_form",
    "run_window_form",
    "save_decoder",
]
