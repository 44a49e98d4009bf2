"""alkaid's logic of the rival: the window unrolled, or one step with its state as a port.

Its own simulation is exact. Inputs are taken as HGQ2's first quantiser leaves them.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from aegru_hw.fixedpoint.decoder import VELOCITY_AXES
from aegru_hw.peers.qgru import Qgru, array

Form = Literal["one step", "unrolled"]
FORMS: tuple[Form, ...] = ("one step", "unrolled")

DELAY_CONSTRAINT = 5
"""Of each product of a matrix, in alkaid's unit of delay: as its command line has it."""


@dataclass(frozen=True)
class Format:
    """A number of alkaid's: a code of `width` bits times 2^-fraction; no bits for one that is 0."""

    signed: bool
    width: int
    fraction: int

    @classmethod
    def of(cls, interval: Any) -> "Format":
        """Return the format of an interval of alkaid's."""
        signed, integer, fraction = interval.kif
        width = int(signed + integer + fraction)
        return cls(bool(signed), width, int(fraction)) if width > 0 else cls(False, 0, 0)


@dataclass(frozen=True, eq=False)
class Logic:
    """What alkaid made of a network.

    form: of "unrolled" inputs are the N windows' features; of "one step" those of one window and
        the state, and outputs the next state and the velocity.
    comb: alkaid's `CombLogic`. channels, hidden, steps: C, H and N.
    """

    form: Form
    comb: Any
    channels: int
    hidden: int
    steps: int

    @classmethod
    def traced(cls, network: Qgru, form: Form) -> "Logic":
        """Let alkaid trace the network of a form."""
        from alkaid.converter import trace_model
        from alkaid.trace import trace

        cell = network.gru.cell
        whole = form == "unrolled"
        inputs = [_port(cell.iq, (1, network.steps if whole else 1, network.channels))]
        if not whole:
            inputs.append(_port(cell.sq, (1, network.hidden)))
        given, found = trace_model(
            network.whole if whole else network.step,
            solver_options={"hard_dc": DELAY_CONSTRAINT},
            inputs=tuple(inputs),
        )
        return cls(form, trace(given, found), network.channels, network.hidden, network.steps)

    @property
    def inputs(self) -> list[Format]:
        """The number format of each input, in the ports' order, the first one lowest."""
        return [Format.of(one) for one in self.comb.inp_qint]

    @property
    def outputs(self) -> list[Format]:
        """The number format of each output, in the ports' order, the first one lowest."""
        return [Format.of(one) for one in self.comb.out_qint]

    @property
    def state_bits(self) -> int:
        """The bits of the state's port; 0 where the form has none."""
        return bits_of(self.outputs[:-VELOCITY_AXES])

    def velocity(self, rounded: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return velocity (B, 2) for rounded features (B, N, C), by alkaid's own simulation."""
        return self.run(rounded, lambda given: self.comb.predict(given, n_threads=1))

    def run(self, rounded: NDArray[np.float32], predict: Any) -> NDArray[np.float64]:
        """Return velocity (B, 2) by what maps the inputs (B, n) to the outputs (B, m)."""
        if self.form == "unrolled":
            return np.asarray(predict(_flat(rounded)), dtype=np.float64)
        state = np.zeros((len(rounded), self.hidden))
        velocity = np.zeros((len(rounded), VELOCITY_AXES))
        for step in range(self.steps):
            found = predict(_flat(np.concatenate([rounded[:, step], state], axis=1)))
            state, velocity = found[:, : self.hidden], found[:, self.hidden :]
        return velocity


def bits_of(formats: list[Format]) -> int:
    """Return the bits of numbers side by side."""
    return sum(one.width for one in formats)


def _flat(values: NDArray[Any]) -> NDArray[np.float64]:
    return np.ascontiguousarray(values.reshape(len(values), -1), dtype=np.float64)


def _port(quantizer: Any, shape: tuple[int, ...]) -> Any:
    """Return an input of the numbers that a quantiser of HGQ2 lets through."""
    from alkaid.trace import FVArray, HWConfig

    bits = (np.broadcast_to(array(one), shape).astype(np.int8) for one in quantizer.quantizer.kif)
    return FVArray.from_kif(*bits, HWConfig(1, 1, -1), 0, {"hard_dc": DELAY_CONSTRAINT})
