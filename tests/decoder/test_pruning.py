import numpy as np
import pytest
import torch
from torch import nn

from aegru_hw.decoder.pruning import apply_masks, global_masks


@pytest.mark.parametrize("rate", [0.0, 0.3, 0.5, 0.9])
def test_masks_drop_the_smallest_of_all_matrices_together(rate: float) -> None:
    torch.manual_seed(0)
    weights = {
        "small": nn.Parameter(torch.randn(20, 10) * 0.1),
        "large": nn.Parameter(torch.randn(300)),
    }
    before = {name: weight.detach().clone() for name, weight in weights.items()}
    apply_masks(weights, global_masks(weights, rate))
    everything = np.concatenate([before[name].abs().numpy().ravel() for name in weights])
    kept = np.concatenate([weights[name].detach().numpy().ravel() != 0 for name in weights])
    assert (~kept).sum() == round(rate * 500)
    if rate > 0:
        assert everything[~kept].max() <= everything[kept].min()
    for name, weight in weights.items():
        alive = weight.detach() != 0
        assert torch.equal(weight.detach()[alive], before[name][alive])
