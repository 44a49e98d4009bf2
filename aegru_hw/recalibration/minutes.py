"""The first minutes of a recording, which a decoder is recalibrated with."""

from dataclasses import replace

import numpy as np
import torch

from aegru_hw.decoder.config import Config
from aegru_hw.decoder.data import Dataset
from aegru_hw.errors import UserError
from aegru_hw.fixedpoint.labels import LabelScaling
from aegru_hw.recordings.recording import Recording
from aegru_hw.recordings.splits import split
from aegru_hw.recordings.windows import complete_history

FEWEST_WINDOWS = 64
VALIDATED = 0.25
"""Share of the minutes, their last part, by which a method is chosen."""


def first_minutes(recording: Recording, config: Config, minutes: float) -> Dataset:
    """Return a recording whose training and validation ticks are within its first minutes.

    They end before the test split, which stays as it is, so a short recording gives less. Labels
    are normalised by these minutes. Raises UserError where they hold too few windows.
    """
    dataset = Dataset.from_recording(recording, config)
    usable = complete_history(recording, dataset.window, dataset.steps)
    end = min(
        round(minutes * 60 / recording.tick_seconds),
        int(np.flatnonzero(split(recording, usable).test)[0]),
    )
    ticks = np.flatnonzero(usable[:end])
    if len(ticks) < FEWEST_WINDOWS:
        raise UserError(
            f"the first {minutes:g} minutes hold {len(ticks)} windows with a whole history; at "
            f"least {FEWEST_WINDOWS} are needed"
        )
    scaling = LabelScaling.from_training(recording.velocity, ticks)
    fitted = round(len(ticks) * (1 - VALIDATED))
    return replace(
        dataset,
        labels=torch.from_numpy(scaling.normalise(recording.velocity).astype(np.float32)),
        scaling=scaling,
        train=torch.from_numpy(ticks[:fitted]),
        validation=torch.from_numpy(ticks[fitted:]),
    )
