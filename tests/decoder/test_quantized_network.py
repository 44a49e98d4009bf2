import numpy as np
import pytest
import torch
from brevitas.nn import QuantIdentity

from aegru_hw.decoder import stages
from aegru_hw.decoder.calibration import best_type, calibrate
from aegru_hw.decoder.config import make_config
from aegru_hw.decoder.data import Dataset
from aegru_hw.decoder.export import export
from aegru_hw.decoder.folding import fold_batch_norm
from aegru_hw.decoder.network import Aegru
from aegru_hw.decoder.quantized_network import QuantizedAegru
from aegru_hw.decoder.quantizers import (
    FixedIdentity,
    FixedLinear,
    activation_quantizer,
    bias_quantizer,
    weight_quantizer,
)
from aegru_hw.decoder.straight_through import IntegerNormalise, TableActivation
from aegru_hw.fixedpoint import FixedType, Geometry, run_streaming_form, run_window_form
from aegru_hw.fixedpoint.arithmetic import requantize
from aegru_hw.fixedpoint.layernorm import LayerNorm, epsilon_code, rsqrt_table
from aegru_hw.recordings.stream import TickStream
from tests.support.recordings import QUICK, small_recording


@pytest.mark.parametrize(
    "kind", [FixedType(8, 5), FixedType(4, 3), FixedType(12, 8), FixedType(14, 11)]
)
def test_brevitas_activation_is_requantize(kind: FixedType) -> None:

    codes = np.arange(4 * kind.min_code - 9, 4 * kind.max_code + 9)
    activation = QuantIdentity(act_quant=activation_quantizer(kind)).eval()
    values = activation(torch.from_numpy(codes).float() * kind.resolution / 4)
    expected = requantize(codes, kind.fraction + 2, kind)
    assert np.array_equal(kind.nearest(values.detach().numpy()), expected)
    assert np.array_equal(values.detach().numpy(), kind.value(expected).astype(np.float32))


@pytest.mark.parametrize("width", [8, 6, 4, 2])
def test_brevitas_weights_and_biases_are_on_their_grid(width: int) -> None:
    from brevitas.nn import QuantLinear

    kind = FixedType(width, width - 1)
    torch.manual_seed(width)
    layer = QuantLinear(
        40, 30, bias=True, weight_quant=weight_quantizer(kind), bias_quant=bias_quantizer(12)
    )
    with torch.no_grad():
        layer.weight.normal_(std=0.8)
        layer.bias.normal_(std=3)
    assert np.array_equal(
        layer.quant_weight().int().numpy(), kind.nearest(layer.weight.detach().numpy())
    )
    bias = FixedType(24, 12).nearest(layer.bias.detach().numpy())
    assert np.array_equal(np.ldexp(layer.quant_bias().value.detach().numpy(), 12), bias)


def test_table_activation_is_exact_forward_and_smooth_backward() -> None:
    address, output = FixedType(10, 6), FixedType(8, 8, signed=False)
    table = TableActivation(torch.sigmoid, address, output)
    x = torch.from_numpy(address.value(address.codes)).float().requires_grad_()
    y = table(x)
    exact = 1 / (1 + np.exp(-address.value(address.codes)))
    assert np.array_equal(y.detach().numpy(), output.value(output.nearest(exact)))
    y.sum().backward()
    torch.testing.assert_close(x.grad.double().numpy(), exact * (1 - exact), atol=1e-6, rtol=0)


@pytest.mark.parametrize("hidden", [1, 8, 32])
def test_layernorm_in_torch_is_the_integer_layernorm(hidden: int) -> None:
    mixed_state, normalised = FixedType(12, 9), FixedType(12, 8)
    generator = np.random.default_rng(hidden)
    codes = generator.integers(-2048, 2048, (400, hidden))
    codes[:40] = generator.integers(-2, 3, (40, hidden))
    codes[40], codes[41], codes[42] = 0, 2047, -2048
    codes[43, : hidden // 2] = -2048
    integer = LayerNorm(
        scale=np.ones(hidden, dtype=np.int64),
        scale_type=FixedType(8, 6),
        bias=np.zeros(hidden, dtype=np.int64),
        epsilon=epsilon_code(1e-5, hidden, mixed_state.fraction),
        rsqrt=rsqrt_table(),
        normalised=normalised,
    )
    module = IntegerNormalise(hidden, mixed_state, normalised, 1e-5)
    values = module(torch.from_numpy(mixed_state.value(codes)).float())
    assert np.array_equal(normalised.nearest(values.numpy()), integer.normalise(codes))


def test_best_type_loses_least() -> None:
    generator = np.random.default_rng(0)
    values = generator.normal(scale=0.3, size=4000)
    chosen = best_type(values, 6)
    losses = {
        fraction: np.square(
            FixedType(6, fraction).value(FixedType(6, fraction).nearest(values)) - values
        ).mean()
        for fraction in range(0, 12)
    }
    assert chosen.fraction == min(losses, key=losses.get)
    assert best_type(np.zeros(3), 8).width == 8


@pytest.mark.parametrize("norm", ["layer", "none"])
@pytest.mark.parametrize("width", [8, 6, 4])
def test_codes_equal_the_simulators(norm: str, width: int) -> None:
    recording = small_recording(width)
    config = make_config("paper", [*QUICK, f"network.norm={norm}", f"widths.weight={width}"])
    dataset = Dataset.from_recording(recording, config)
    network, _ = stages.train_float(dataset, config, progress=False)
    stages.prune(network, dataset, config, progress=False)
    quantized, _ = stages.quantize(network, dataset, config, progress=False)
    geometry = Geometry(dataset.channels, 8, 8, dataset.window, dataset.steps, 0.05)
    decoder = export(quantized, geometry, dataset.scaling, {})
    wanted = np.zeros(recording.ticks, dtype=bool)
    wanted[dataset.test.numpy()] = True
    stream = TickStream.from_recording(recording, wanted, dataset.window, dataset.steps)
    velocity = stages.decode(quantized, dataset, dataset.test)
    codes = run_window_form(decoder, stream.counts).velocity
    assert np.array_equal(decoder.velocity.value(codes[stream.scored]), velocity)
    assert np.array_equal(run_streaming_form(decoder, stream.counts).velocity, codes)
    assert len(np.unique(codes)) > 100
    assert decoder.encoder.weight_type.width == width


def test_training_has_the_values_and_gradients_of_brevitas(monkeypatch) -> None:
    """A few steps of training, in one step for each quantiser and in Brevitas's own modules."""

    def trained() -> tuple[dict[str, torch.Tensor], list[float]]:
        config = make_config(overrides=(*QUICK, "widths.weight=4", "widths.latent=4"))
        dataset = Dataset.from_recording(small_recording(ticks=400), config)
        torch.manual_seed(1)
        network = Aegru(dataset.channels, config.network).eval()
        fold_batch_norm(network)
        types = calibrate(network, dataset.batch(dataset.train)[0], config.widths)
        quantized = QuantizedAegru.from_float(network, dataset.channels, types).train()
        loss_of = stages.velocity_loss(quantized, config, network)
        optimiser = torch.optim.SGD(quantized.parameters(), lr=0.5)
        losses = []
        for counts, labels in dataset.shuffled(dataset.train, 32):
            optimiser.zero_grad()
            loss = loss_of(counts, labels)
            loss.backward()
            optimiser.step()
            losses.append(loss.item())
        return dict(quantized.named_parameters()), losses

    fused, fused_losses = trained()
    monkeypatch.setattr(FixedIdentity, "forward", QuantIdentity.forward)
    monkeypatch.setattr(
        FixedLinear,
        "quantised",
        lambda layer: (layer.quant_weight().value, layer.quant_bias().value),
    )
    brevitas, losses = trained()
    assert len(losses) > 3
    assert fused_losses == losses
    assert all(torch.equal(fused[name], brevitas[name]) for name in brevitas)
