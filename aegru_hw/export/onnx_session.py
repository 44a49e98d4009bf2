"""The ONNX model in onnxruntime, called once an output."""

import numpy as np
from numpy.typing import NDArray

from aegru_hw.errors import UserError
from aegru_hw.export.onnx_model import onnx_model
from aegru_hw.fixedpoint.decoder import FixedDecoder
from aegru_hw.fixedpoint.types import Codes
from aegru_hw.needs.table import NEEDS


def run_onnx(
    decoder: FixedDecoder, counts: NDArray[np.integer], *, progress: bool = False
) -> Codes:
    """Return the velocity codes (O, 2) for counts (O, C), one row an output, after silence.

    Raises UserError where a package is missing, and as `onnx_model` does.
    """
    try:
        import onnxruntime
    except ImportError:
        raise UserError(NEEDS["onnxruntime"].missing_text()) from None
    from tqdm import tqdm

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1  # a call is too small to share
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(
        onnx_model(decoder).SerializeToString(), options, ["CPUExecutionProvider"]
    )
    states = [one.name.removeprefix("next_") for one in session.get_outputs()[1:]]
    fed: dict[str, NDArray[np.int64]] = {}  # at first nothing: the defaults are those of silence
    velocity = np.empty((len(counts), 2), dtype=np.int64)
    bar = tqdm(counts, desc="onnx", unit="output", disable=not progress, leave=False)
    for output, spikes in enumerate(bar):
        found = session.run(None, fed | {"counts": spikes.astype(np.int64)})
        velocity[output] = found[0]
        fed = dict(zip(states, found[1:], strict=True))
    return velocity
