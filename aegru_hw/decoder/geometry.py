"""The geometry of the decoder that a configuration makes of a recording."""

from aegru_hw.decoder.config import Config
from aegru_hw.decoder.data import Dataset
from aegru_hw.errors import UserError
from aegru_hw.fixedpoint import Geometry
from aegru_hw.fixedpoint.rate import accepted_rates, is_rate
from aegru_hw.fixedpoint.soundness import UnsoundError, check_geometry
from aegru_hw.recordings.recording import Recording


def geometry_of(recording: Recording, dataset: Dataset, config: Config) -> Geometry:
    """Return the geometry of the decoder that a configuration makes of a recording.

    Raises UserError where no decoder may have it.
    """
    every = config.window.every
    if not is_rate(every, dataset.window):
        raise UserError(f"--every {every}: accepted are {accepted_rates(dataset.window)}")
    geometry = Geometry(
        channels=recording.channels,
        latent=config.network.latent,
        hidden=config.network.hidden,
        window=dataset.window,
        steps=dataset.steps,
        tick_seconds=recording.tick_seconds,
        every=every,
    )
    try:
        check_geometry(geometry)
    except UnsoundError as error:
        raise UserError(f"no decoder can be made with these settings: {error}") from None
    return geometry
