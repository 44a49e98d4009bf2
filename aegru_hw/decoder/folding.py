"""BatchNorm folded into the encoder, before quantisation."""

import torch
from torch import nn

from aegru_hw.decoder.network import Aegru


@torch.no_grad()
def fold_batch_norm(network: Aegru) -> None:
    """Replace z = BatchNorm(W1 x + b1) by one linear layer, in place.

    W1' = s·W1 and b1' = s·(b1 - mean) + beta with s = gamma / sqrt(var + eps), from the running
    statistics. Zero weights stay zero.
    """
    norm = network.batch_norm
    if not isinstance(norm, nn.BatchNorm1d):
        return
    assert norm.running_mean is not None
    assert norm.running_var is not None
    scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    network.encoder.weight.mul_(scale[:, None])
    network.encoder.bias.copy_((network.encoder.bias - norm.running_mean) * scale + norm.bias)
    network.batch_norm = nn.Identity()
