"""What alkaid makes of HGQ2's network: the same codes in its simulation and in Verilator."""

import re
from pathlib import Path

import numpy as np
import pytest

from aegru_hw.peers.backend import keras_on_torch
from aegru_hw.peers.logic import FORMS, Logic, bits_of
from aegru_hw.peers.simulation import simulate
from aegru_hw.peers.verilog import CORE, Verilog
from tests.peers.networks import CHANNELS, HIDDEN, STEPS, counts, needs_peers, small_qgru

pytestmark = [*needs_peers, pytest.mark.slow]


@pytest.fixture(scope="module")
def network():
    return small_qgru()


@pytest.mark.parametrize("form", FORMS)
def test_alkaid_and_verilator_have_the_codes_of_keras(network, form, tmp_path) -> None:
    keras = network.velocity(counts())
    rounded = network.rounded(counts())
    logic = Logic.traced(network, form)
    np.testing.assert_array_equal(logic.velocity(rounded), keras)
    verilog = Verilog.written(logic, tmp_path / "rival")
    np.testing.assert_array_equal(simulate(verilog, rounded, tmp_path / "simulated"), keras)
    assert len(np.unique(keras, axis=0)) > 100  # it says something
    inputs = CHANNELS * (STEPS if form == "unrolled" else 1)
    assert len(logic.inputs) == inputs + (0 if form == "unrolled" else HIDDEN)
    assert verilog.latency == (
        verilog.stages if form == "unrolled" else STEPS * (verilog.stages + 1)
    )


def test_another_network_has_other_codes(network) -> None:
    other = Logic.traced(small_qgru(seed=5), "one step").velocity(network.rounded(counts()))
    assert (other != network.velocity(counts())).any()


def test_weights_are_constants_of_the_verilog(network, tmp_path: Path) -> None:
    """Inputs, outputs and a clock are all ports that there are: none takes weights."""
    logic = Logic.traced(network, "unrolled")
    Verilog.written(logic, tmp_path)
    text = (tmp_path / "src" / f"{CORE}.v").read_text()
    module = re.search(rf"module {CORE} \((.*?)\);", text, re.S)
    assert re.findall(r"(\w+)\s*(?:,|$)", module.group(1)) == ["clk", "model_inp", "model_out"]
    assert f"[{bits_of(logic.inputs) - 1}:0] model_inp" in module.group(1)


def test_no_state_stays_between_windows(network) -> None:
    """A QGRU that Keras calls stateful is traced as one that begins from zero."""
    keras = keras_on_torch()
    from alkaid.converter import trace_model
    from alkaid.trace import trace
    from hgq.layers import QGRU

    codes = np.random.default_rng(0).integers(-8, 8, (50, STEPS * CHANNELS)) / 8
    found = []
    for stateful in (False, True):
        keras.utils.set_random_seed(0)
        window = keras.Input(batch_shape=(1, STEPS, CHANNELS))
        model = keras.Model(window, QGRU(HIDDEN, stateful=stateful)(window))
        logic = trace(*trace_model(model, inputs_kif=(1, 2, 3)))
        found.append(logic.predict(codes, n_threads=1))
    np.testing.assert_array_equal(*found)


def test_layernorm_is_neither_quantised_nor_traced() -> None:
    keras = keras_on_torch()
    import hgq.layers
    from alkaid.converter import trace_model

    assert not [name for name in dir(hgq.layers) if "LayerNorm" in name]
    values = keras.Input((4,))
    model = keras.Model(values, keras.layers.LayerNormalization()(values))
    with pytest.raises(KeyError, match="LayerNormalization"):
        trace_model(model, inputs_kif=(1, 2, 3))
