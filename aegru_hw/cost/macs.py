"""Multiply-accumulates per tick of the two dense schedules, from the geometry alone."""

from aegru_hw.fixedpoint.decoder import GATES, VELOCITY_AXES, Geometry


def reference_dense(geometry: Geometry) -> int:
    """Return the MACs of one output that runs all N steps anew, as the paper and NeuroBench do."""
    hidden = geometry.hidden
    encoder = geometry.channels * geometry.latent
    cell = GATES * hidden * (geometry.latent + hidden)
    return geometry.steps * (encoder + cell) + VELOCITY_AXES * hidden


def streaming_dense(geometry: Geometry) -> int:
    """Return the MACs of one tick of the streaming form; g_1 starts at 0 and needs no W_hh."""
    hidden = geometry.hidden
    encoder = geometry.channels * geometry.latent
    input_product = GATES * hidden * geometry.latent
    recurrent = (geometry.steps - 1) * GATES * hidden * hidden
    return encoder + input_product + recurrent + VELOCITY_AXES * hidden
