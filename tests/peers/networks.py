"""Small networks of the rival with weights of chance, for tests; none where its packages lack."""

from importlib.util import find_spec

import pytest
import torch

from aegru_hw.peers.qgru import Qgru

LACKING = [name for name in ("keras", "hgq", "alkaid") if find_spec(name) is None]
needs_peers = [
    pytest.mark.skipif(bool(LACKING), reason=f"no {', '.join(LACKING)}: extra peers"),
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),  # Keras's
]

CHANNELS, HIDDEN, STEPS = 4, 3, 2


def counts(windows: int = 200, seed: int = 1) -> torch.Tensor:
    """Return window counts (B, N, C)."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 12, (windows, STEPS, CHANNELS), generator=generator)


def small_qgru(seed: int = 0) -> Qgru:
    """Return a calibrated network, its weights large enough that gates saturate at times."""
    network = Qgru.made(CHANNELS, HIDDEN, STEPS, dropout=0.0, seed=seed)
    cell = network.gru.cell
    with torch.no_grad():
        for weight in (cell.kernel, cell.recurrent_kernel, cell.bias):
            weight.assign(weight.value * 1.5 + 0.1)
    network.calibrate(counts())
    return network
