"""What differs from tick to tick: all that the streaming form has to multiply.

With integer accumulators that live on, the products of a tick follow exactly from those of the tick
before and the differences of their operands:

    W z(t) = W z(t-1) + sum over j with z_j(t) != z_j(t-1) of W[:,j]·(z_j(t) - z_j(t-1))

so a matrix is multiplied only with operands whose code changed. Neil, Lee, Delbruck, Liu, "Delta
networks for optimized recurrent network computation", arXiv 1612.05571, do so beyond a threshold;
here the threshold is zero and nothing is lost.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aegru_hw.fixedpoint.parameters import Parameters
from aegru_hw.fixedpoint.types import Codes

Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Changes:
    """Whether each operand of a matrix changed, over T ticks.

    channels: (T, C) saturated window counts. latents: (T, L) codes.
    states: (T, N-1, H) past states of g_2 ... g_N that the next tick needs, against those of this
        one: they are a window old, and multiplied when a tick ends, for the next.
    """

    channels: Flags
    latents: Flags
    states: Flags

    @property
    def units(self) -> Flags:
        """Whether a unit's past state changed in any chain, (T, H)."""
        return np.asarray(self.states.any(axis=1))

    def macs(self, decoder: Parameters) -> dict[str, Codes]:
        """Return the effective MACs of each tick by matrix, (T,) each."""
        return {
            "encoder": _macs(self.channels, decoder.encoder.column_sizes),
            "input": _macs(self.latents, decoder.input.column_sizes),
            "recurrent": _macs(self.states.sum(axis=1), decoder.recurrent.column_sizes),
            "readout": np.full(len(self.channels), decoder.readout.non_zero, dtype=np.int64),
        }

    def after(self, ticks: int) -> "Changes":
        """Return the changes without those of the first ticks."""
        return Changes(self.channels[ticks:], self.latents[ticks:], self.states[ticks:])

    @classmethod
    def joined(cls, blocks: list["Changes"]) -> "Changes":
        """Return the changes of blocks of ticks that follow each other; there is at least one."""
        return cls(
            np.concatenate([block.channels for block in blocks]),
            np.concatenate([block.latents for block in blocks]),
            np.concatenate([block.states for block in blocks]),
        )


def _macs(changed: NDArray[Any], sizes: Codes) -> Codes:
    """Return the sum of the sizes of what changed, (T,); float64 holds every such sum exactly."""
    sums: NDArray[np.float64] = changed.astype(np.float64) @ sizes.astype(np.float64)
    return sums.astype(np.int64)
