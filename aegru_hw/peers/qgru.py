"""HGQ2's QGRU and a QDense on it: the plain GRU of the baselines, every number's bits learnt.

`hard_tanh` and `hard_sigmoid` stand for tanh and sigmoid, as HGQ2 has it by default. A number's
bits follow from the gradient of the loss and of β · EBOPs, the bit operations of one step.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from aegru_hw.decoder.network import features
from aegru_hw.fixedpoint.decoder import VELOCITY_AXES
from aegru_hw.peers.backend import keras_on_torch

FIRST_BITS = 6
"""Bits of a weight, without its sign, and fraction bits of all else, before training."""
BATCH = 4096


@dataclass(frozen=True, eq=False)
class Qgru:
    """v(t) = W q(h_N) + b with h_k = QGRU(x(t-(N-k)·WS), h_(k-1)), for C channels, H hidden units.

    gru, readout: the two layers of Keras, which these networks share:
    every: features (B, N, C) to velocity (B, N, 2) after every step, normalised.
    whole: features (B, N, C) to velocity (B, 2), which alkaid unrolls.
    step: features (B, 1, C) and state (B, H) to the next state (B, H), quantised, and velocity.
    """

    gru: Any
    readout: Any
    every: Any
    whole: Any
    step: Any

    @classmethod
    def made(cls, channels: int, hidden: int, steps: int, dropout: float, seed: int) -> "Qgru":
        """Return an untrained network."""
        keras = keras_on_torch()
        from hgq.config import LayerConfigScope, QuantizerConfigScope
        from hgq.layers import QGRU, QDense

        keras.utils.set_random_seed(seed)
        with (
            QuantizerConfigScope(
                place="all", default_q_type="kbi", overflow_mode="SAT_SYM", b0=FIRST_BITS
            ),
            QuantizerConfigScope(
                place="datalane", default_q_type="kif", overflow_mode="WRAP", f0=FIRST_BITS
            ),
            LayerConfigScope(enable_ebops=True, beta0=0.0),
        ):
            gru = QGRU(hidden, return_sequences=True)
            readout = QDense(VELOCITY_AXES)
            drop = keras.layers.Dropout(dropout)
            window = keras.Input((steps, channels))
            states = gru(window)
            velocities = [readout(drop(states[:, index])) for index in range(steps)]
            one, state = keras.Input((1, channels)), keras.Input((hidden,))
            after = gru(one, state)[:, 0]
        return cls(
            gru,
            readout,
            keras.Model(window, keras.ops.stack(velocities, axis=1)),
            keras.Model(window, velocities[-1]),
            keras.Model([one, state], [gru.cell.sq(after), readout(after)]),
        )

    @property
    def hidden(self) -> int:
        return int(self.gru.cell.units)

    @property
    def steps(self) -> int:
        return int(self.whole.inputs[0].shape[1])

    @property
    def channels(self) -> int:
        return int(self.whole.inputs[0].shape[2])

    @property
    def ebops(self) -> int:
        """Bit operations of one step and the readout, as HGQ2 counted them last."""
        return int(self.gru.ebops) + int(self.readout.ebops)

    @property
    def macs(self) -> int:
        """MACs of one output, every weight that is not zero counted in each of its N steps."""
        kernels = (self.gru.cell.qkernel, self.gru.cell.qrecurrent_kernel)
        step = sum(int((array(kernel) != 0).sum()) for kernel in kernels)
        return self.steps * step + int((array(self.readout.qkernel) != 0).sum())

    @property
    def weight_bits(self) -> int:
        """Bits of all weights and biases, signs included; a weight of no bits is pruned."""
        cell = self.gru.cell
        pairs = (
            (cell.kq, cell.kernel),
            (cell.rkq, cell.recurrent_kernel),
            (cell.bq, cell.bias),
            (self.readout.kq, self.readout.kernel),
            (self.readout.bq, self.readout.bias),
        )
        return sum(int(array(quantizer.bits_(value.shape)).sum()) for quantizer, value in pairs)

    @property
    def input_bits(self) -> int:
        """Bits of the features of one window."""
        return int(array(self.gru.cell.iq.bits_((1, self.channels))).sum())

    def calibrate(self, window_counts: Tensor) -> None:
        """Choose the integer bits that counts (B, N, C) need; larger values of others wrap."""
        from hgq.utils import trace_minmax

        with torch.no_grad():
            trace_minmax(self.every, features(window_counts).numpy())

    def rounded(self, window_counts: Tensor) -> NDArray[np.float32]:
        """Return features (B, N, C) of counts, as the first quantiser leaves them."""
        return array(self.gru.cell.iq(features(window_counts)))

    def velocity(self, window_counts: Tensor) -> NDArray[np.float32]:
        """Return velocity (B, 2), normalised, for counts (B, N, C): what Keras predicts."""
        found = self.whole.predict(features(window_counts).numpy(), batch_size=BATCH, verbose=0)
        return np.asarray(found)


def array(value: Any) -> NDArray[np.float32]:
    """Return what Keras has as an array of numpy."""
    from keras import ops

    return np.asarray(ops.convert_to_numpy(value))
