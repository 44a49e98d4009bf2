"""Keras on torch, which HGQ2's layers are made of; imported here, for the first import counts."""

import os
import sys
from types import ModuleType

from aegru_hw.errors import UserError

BACKEND = "torch"


def keras_on_torch() -> ModuleType:
    """Return Keras with torch beneath; UserError where this process has it on something else."""
    os.environ["KERAS_BACKEND"] = BACKEND
    if "keras" not in sys.modules:
        # Who failed to import it, as hls4ml tries to, leaves parts for a backend that is not there.
        for name in [name for name in sys.modules if name.startswith("keras.")]:
            del sys.modules[name]
    import keras

    if keras.backend.backend() != BACKEND:
        raise UserError(
            f"Keras runs on {keras.backend.backend()} here; {BACKEND} is accepted: "
            f"set KERAS_BACKEND={BACKEND}"
        )
    return keras
