"""The decoder's interface of the FALCON challenge (extra `falcon`)."""

from pathlib import Path
from typing import Any

import numpy as np
from falcon_challenge.config import FalconConfig
from falcon_challenge.interface import BCIDecoder
from numpy.typing import NDArray

from aegru_hw.errors import UserError
from aegru_hw.export.compiled import load_live


class FalconDecoder(BCIDecoder):
    """A decoder.h5 as the challenge's evaluator calls it: M2, of two velocities.

    Raises UserError where the task's channels, bins or outputs are not the decoder's, and where the
    file holds no sound decoder.
    """

    def __init__(self, task_config: FalconConfig, path: str | Path, batch_size: int = 1) -> None:
        super().__init__(task_config, batch_size)
        self._path = path
        self.set_batch_size(batch_size)
        geometry = self._decoders[0].decoder.geometry
        takes = geometry.channels, round(geometry.tick_seconds * 1e3, 6), 2
        task = task_config.n_channels, task_config.bin_size_ms, task_config.out_dim
        if takes != task or geometry.every != 1:
            raise UserError(
                f"the task has {task[0]} channels in bins of {task[1]:g} ms and {task[2]} outputs; "
                f"this decoder {takes[0]} channels in ticks of {takes[1]:g} ms and {takes[2]} "
                f"outputs every {geometry.every} ticks"
            )

    def set_batch_size(self, batch_size: int) -> None:
        """Decode so many sessions beside each other, each after silence."""
        self.batch_size = batch_size
        self._decoders = [load_live(self._path) for _ in range(batch_size)]

    def reset(self, dataset_tags: list[Any] = [""]) -> None:  # noqa: B006
        """Begin other sessions, each after silence."""
        for decoder in self._decoders:
            decoder.reset()

    def predict(self, neural_observations: NDArray[Any]) -> NDArray[np.float64]:
        """Return the velocities (B, 2) of a bin's spike counts (B, C)."""
        pairs = zip(self._decoders, neural_observations, strict=True)
        return np.array([decoder.step_counts(counts) for decoder, counts in pairs])

    def on_done(self, dones: NDArray[Any]) -> None:
        """Nothing: the session's spikes go on after a trial."""
