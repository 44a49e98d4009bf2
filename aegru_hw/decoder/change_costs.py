"""What codes that change from output to output cost, in pruning and as a penalty.

A weight is multiplied where the code of its operand differs from the one of the output before, once
for each chain: fixedpoint/changes.py counts them. Here the counts are smooth: a value that moves by
d on a grid of resolution r changes its code with probability min(|d| / r, 1).
"""

import torch
from torch import Tensor

from aegru_hw.decoder.calibration import Types
from aegru_hw.decoder.network import Aegru
from aegru_hw.decoder.quantized_network import QuantizedAegru

MACS_A_UNIT = 1000
"""The penalty is in thousands of multiply-accumulates, so that its weight is near that of R²."""


@torch.no_grad()
def column_costs(
    network: Aegru, window_counts: Tensor, before: Tensor, types: Types
) -> dict[str, Tensor]:
    """Return the multiply-accumulates an output that one weight of each column costs, (inputs,).

    network: of floats, put into eval mode; types: what its latents and states will have.
    window_counts, before: (B, N, C) of outputs and of those before them.
    """
    network.eval()
    most = types.count.max_code
    channels = (window_counts.clamp(max=most) != before.clamp(max=most)).float()
    latents = network.latents(torch.cat([window_counts, before]))
    moved_latents = _difference(latents) / types.latent.resolution
    moved_states = _difference(network.states(latents)[:, :-1]) / types.state.resolution
    return {
        "encoder": channels.mean(dim=(0, 1)),
        "input": moved_latents.clamp(max=1.0).mean(dim=(0, 1)),
        "recurrent": moved_states.clamp(max=1.0).mean(dim=0).sum(dim=0),
        "readout": torch.ones(network.settings.hidden),
    }


def change_penalty(network: QuantizedAegru, latents: Tensor, states: Tensor) -> Tensor:
    """Return by how many codes the operands of W_ih and W_hh differ, each times its weights.

    latents (2B, N, L), states (2B, N, H): of outputs, then of those before them, on their grids. In
    thousands of multiply-accumulates an output where every difference is of one code.
    """
    input_sizes, recurrent_sizes = (
        (network.weights[name] != 0).sum(dim=0).to(latents.dtype) for name in ("input", "recurrent")
    )
    moved_latents = _difference(latents) / network.types.latent.resolution
    moved_states = _difference(states[:, :-1]) / network.types.state.resolution
    macs = moved_latents.mean(dim=(0, 1)) @ input_sizes
    macs = macs + moved_states.mean(dim=0).sum(dim=0) @ recurrent_sizes
    return macs / MACS_A_UNIT


def _difference(values: Tensor) -> Tensor:
    now, before = values.chunk(2)
    return (now - before).abs()
