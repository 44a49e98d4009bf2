"""The integer decoder: its numeric contract, its artefact and its simulators (numpy and h5py)."""

from aegru_hw.fixedpoint.artefact import save_decoder
from aegru_hw.fixedpoint.counts import check_counts
from aegru_hw.fixedpoint.decoded import Decoded
from aegru_hw.fixedpoint.decoder import FixedDecoder, load_decoder
from aegru_hw.fixedpoint.geometry import Geometry
from aegru_hw.fixedpoint.labels import LabelScaling
from aegru_hw.fixedpoint.live import LiveDecoder
from aegru_hw.fixedpoint.rate import at_output_rate, at_outputs, per_output
from aegru_hw.fixedpoint.streaming_form import run_streaming_form
from aegru_hw.fixedpoint.types import FixedType
from aegru_hw.fixedpoint.window_form import run_window_form

__all__ = [
    "Decoded",
    "FixedDecoder",
    "FixedType",
    "Geometry",
    "LabelScaling",
    "LiveDecoder",
    "at_output_rate",
    "at_outputs",
    "check_counts",
    "load_decoder",
    "per_output",
    "run_streaming_form",
    "run_window_form",
    "save_decoder",
]
