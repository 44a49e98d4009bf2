"""Live use of the engine compiled by Verilator: one tick's spikes in, one velocity out."""

from pathlib import Path

import numpy as np

from aegru_hw.fixedpoint.decoder import FixedDecoder
from aegru_hw.fixedpoint.held import HeldOutputs
from aegru_hw.fixedpoint.rate import per_output
from aegru_hw.fixedpoint.types import Codes
from aegru_hw.rtl.engine import Engine


class RtlDecoder(HeldOutputs):
    """`LiveDecoder` in the simulated engine.

    lanes, cache, sources_folder: of the engine, as `Engine` has them.
    """

    def __init__(
        self,
        decoder: FixedDecoder,
        lanes: int,
        *,
        cache: Path | None = None,
        sources_folder: Path | None = None,
    ) -> None:
        self._engine = Engine(
            per_output(decoder), lanes, cache=cache, sources_folder=sources_folder
        )
        self._restart()
        super().__init__(decoder)

    def _restart(self) -> None:
        self._engine.reset()

    def _output(self, spikes: Codes) -> Codes:
        return self._engine.run(spikes.astype(np.uint16)[None]).velocity[0]

    def close(self) -> None:
        """Free the simulated engine."""
        self._engine.close()
