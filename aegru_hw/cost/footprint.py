"""Bytes of the float network, counted as the published benchmark counts them."""

from aegru_hw.cost.macs import GATES, VELOCITY_AXES
from aegru_hw.fixedpoint.decoder import Geometry

FLOAT_BYTES = 4
BATCH_COUNTER_BYTES = 8


def float_footprint_bytes(geometry: Geometry, *, norm: bool) -> int:
    """Return float32 parameters, BatchNorm's running statistics and counter, and a 1 x C buffer."""
    latent, hidden = geometry.latent, geometry.hidden
    encoder = latent * (geometry.channels + 1)
    batch_norm = 4 * latent  # scale, bias, running mean and variance
    cell = GATES * hidden * (latent + hidden + 2)
    layer_norm = 2 * hidden if norm else 0
    readout = VELOCITY_AXES * (hidden + 1)
    numbers = encoder + batch_norm + cell + layer_norm + readout + geometry.channels
    return FLOAT_BYTES * numbers + BATCH_COUNTER_BYTES
