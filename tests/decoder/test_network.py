import numpy as np
import torch
from torch import nn

from aegru_hw.cost.neurobench import float_footprint_bytes
from aegru_hw.decoder.config import make_config
from aegru_hw.decoder.folding import fold_batch_norm
from aegru_hw.decoder.network import Aegru, features
from aegru_hw.fixedpoint.decoder import Geometry


def trained_looking(seed: int = 0, channels: int = 10, norm: str = "layer") -> Aegru:
    """Return a network in eval mode whose BatchNorm has seen data."""
    torch.manual_seed(seed)
    network = Aegru(channels, make_config("paper", [f"network.norm={norm}"]).network)
    network.train()
    for _ in range(20):
        network.training_output(features(torch.randint(0, 9, (32, 5, channels))))
    return network.eval()


def test_cell_is_pytorchs_gru_cell_with_layernorm() -> None:
    network = trained_looking()
    reference = nn.GRUCell(32, 32)
    with torch.no_grad():
        reference.weight_ih.copy_(network.input.weight)
        reference.bias_ih.copy_(network.input.bias)
        reference.weight_hh.copy_(network.recurrent.weight)
        reference.bias_hh.copy_(network.recurrent.bias)
    latent, state = torch.randn(7, 32), torch.randn(7, 32)
    expected = network.norm(reference(latent, state))
    torch.testing.assert_close(network.cell(network.input(latent), state), expected)


def test_forward_uses_the_last_step_and_the_oldest_first() -> None:
    network = trained_looking()
    counts = torch.randint(0, 9, (3, 5, 10))
    states = torch.zeros(3, 32)
    for step in range(5):
        states = network.cell(network.input(network.latents(counts[:, step])), states)
    torch.testing.assert_close(network(counts), network.readout(states))


def test_features_are_log_softplus() -> None:
    counts = torch.arange(200)
    expected = np.log(np.log1p(np.exp(np.arange(200.0))))
    np.testing.assert_allclose(features(counts).numpy(), expected, rtol=1e-6, atol=1e-6)


def test_folding_batch_norm_keeps_the_function_and_zeros() -> None:
    network = trained_looking()
    with torch.no_grad():
        network.encoder.weight[:, 3] = 0
        counts = torch.randint(0, 9, (16, 5, 10))
        before = network(counts)
        fold_batch_norm(network)
        torch.testing.assert_close(network(counts), before, atol=1e-5, rtol=1e-5)
    assert (network.encoder.weight[:, 3] == 0).all()


def test_footprint_is_the_published_one() -> None:
    for channels, published in ((96, 39_184), (192, 51_856)):
        geometry = Geometry(channels, 32, 32, 20, 5, 0.004)
        assert float_footprint_bytes(geometry, norm=True) == published
        network = Aegru(channels, make_config("paper").network)
        training_only = ("variance", "reconstruction")
        held = sum(
            tensor.numel() * tensor.element_size()
            for name, tensor in network.state_dict().items()
            if not name.startswith(training_only)
        )
        assert held + 4 * channels == published
