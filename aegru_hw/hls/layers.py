"""The two extension layers, and their C++ templates, on hls4ml's Vitis backend.

Importing this module imports hls4ml; `register` must run before a graph is made.
"""

from functools import cache
from typing import Any, ClassVar

import numpy as np
from hls4ml.backends.backend import get_backend
from hls4ml.backends.template import FunctionCallTemplate, LayerConfigTemplate
from hls4ml.backends.vivado.passes.unrolled_codegen import GenerateUnrolledDenseResource
from hls4ml.model.attributes import Attribute, TypeAttribute, WeightAttribute
from hls4ml.model.layers import Layer, register_layer
from hls4ml.model.types import Source

from aegru_hw.sources import source_folder

KERNELS = ("spike_window.h", "gru_cell.h", "layer_norm.h", "gru_chain.h")
"""The C++ headers of the two layers."""


NORM_TYPES = (
    "mixed_state_code",
    "total",
    "squares",
    "deviation",
    "variance",
    "rsqrt",
    "quotient",
    "normalised",
    "norm_scale",
    "norm_bias",
)
NORM_WEIGHTS = {"norm_scale": "norm_scale", "norm_bias": "norm_bias", "rsqrt_table": "rsqrt"}
"""LayerNorm's constants, each with the type it has."""

CHAIN_TYPES = (
    "input_weight",
    "input_bias",
    "input_accum",
    "recurrent_weight",
    "recurrent_bias",
    "recurrent_accum",
    "gate_address",
    "gate",
    "candidate_address",
    "candidate",
    "recurrent_candidate",
    "mixed_state",
    "state",
    "slot",
)
CHAIN_WEIGHTS = {
    "input_weight": "input_weight",
    "input_bias": "input_bias",
    "recurrent_weight": "recurrent_weight",
    "recurrent_bias": "recurrent_bias",
    "sigmoid_table": "gate",
    "tanh_table": "candidate",
    "startup_states": "state",
}
"""GRUChain's constants in the order that the kernel takes them, each with the type it has."""

DENSE_KERNELS = {
    "latency": "nnet::DenseLatency",
    "resource": "nnet::DenseResource_rf_leq_nin",
    "resource_unrolled": "nnet::dense_resource_unrolled_{name}",
}


class SpikeWindow(Layer):
    """Spike counts (C,) of a tick to features (C,); the last `n_window` ticks are its state."""

    _expected_attributes: ClassVar = [
        Attribute("n_in"),
        Attribute("n_window"),
        WeightAttribute("feature_table"),
        TypeAttribute("feature_table"),
        TypeAttribute("feature_address"),
        TypeAttribute("window_count"),
        TypeAttribute("slot"),
    ]

    def initialize(self) -> None:
        for name in ("feature_address", "window_count", "slot"):
            self._set_type_t(name)
        self.add_weights_variable(name="feature_table", var_name="feature_table{index}")
        self.add_output_variable([self.get_attr("n_in")])


class GRUChain(Layer):
    """Latent (L,) of a tick to the state (H,) of the last of `n_steps` chains.

    Its weights are given as (outputs, inputs); `norm` tells whether LayerNorm's are there.
    """

    _expected_attributes: ClassVar = [
        Attribute("n_in"),
        Attribute("n_out"),
        Attribute("n_window"),
        Attribute("n_steps"),
        Attribute("norm", value_type=bool),
        *(TypeAttribute(name) for name in CHAIN_TYPES),
        *(WeightAttribute(name) for name in CHAIN_WEIGHTS),
    ]

    def initialize(self) -> None:
        constants = CHAIN_WEIGHTS | (NORM_WEIGHTS if self.get_attr("norm") else {})
        self._choose_dense()
        for name in CHAIN_TYPES + (NORM_TYPES if self.get_attr("norm") else ()):
            precision, type_name = self.model.config.get_precision(self, name)
            self.set_attr(f"{name}_t", self._wrap_precision_to_type(type_name, precision))
        for name, type_of in constants.items():
            precision, type_name = self.model.config.get_precision(self, type_of)
            self.add_weights_variable(
                name=name, var_name=name + "{index}", type_name=type_name, precision=precision
            )
        self.add_output_variable([self.get_attr("n_out")])

    def _choose_dense(self) -> None:
        """Fix strategy, reuse factors and weight order as hls4ml does for its own layers.

        The latency strategy reads its weights as (inputs, outputs), the others as they are.
        """
        config = self.model.config
        backend = config.backend
        strategy, reuse_factor = config.get_strategy(self).lower(), config.get_reuse_factor(self)
        if strategy == "resource_unrolled" and reuse_factor == 1:
            strategy = "resource"
        self.set_attr("strategy", strategy)
        for name in ("input", "recurrent"):
            weight = self.get_attr(f"{name}_weight_data")
            n_out, n_in = weight.shape
            if strategy == "latency":
                self.set_attr(f"{name}_weight_data", np.ascontiguousarray(weight.T))
                self.set_attr(f"{name}_reuse_factor", reuse_factor)
                continue
            valid = backend.get_valid_reuse_factors(n_in, n_out)
            if strategy == "resource_unrolled":
                valid.pop()
            closest = backend.get_closest_reuse_factor(valid, reuse_factor)
            self.set_attr(f"{name}_reuse_factor", closest)


class SpikeWindowConfig(LayerConfigTemplate):
    template = """struct config{index} : nnet::spike_window_config {{
    static const unsigned n_in = {n_in};
    static const unsigned n_window = {n_window};
    typedef {slot_t.name} slot_t;
    typedef {window_count_t.name} window_count_t;
    typedef {feature_address_t.name} feature_address_t;
    typedef {feature_table_t.name} feature_table_t;
}};\n"""

    def __init__(self) -> None:
        super().__init__(SpikeWindow)

    def format(self, node: Layer) -> str:
        params = self._default_config_params(node)
        params["feature_table_t"] = node.get_weights("feature_table").type
        return self.template.format(**params)


class SpikeWindowCall(FunctionCallTemplate):
    template = "nnet::spike_window<{input_t}, {output_t}, {config}>({input}, {output}, {table});"

    def __init__(self) -> None:
        super().__init__(SpikeWindow, include_header=["nnet_utils/spike_window.h"])

    def format(self, node: Layer) -> str:
        params = self._default_function_params(node)
        params["table"] = node.get_weights("feature_table").name
        return self.template.format(**params)


class GRUChainConfig(LayerConfigTemplate):
    dense_template = """struct config{index}_{name} : nnet::dense_config {{
    static const unsigned n_in = {n_in};
    static const unsigned n_out = {n_out};
    static const unsigned io_type = nnet::{iotype};
    static const unsigned strategy = nnet::{strategy};
    static const unsigned reuse_factor = {reuse_factor};
    static const unsigned n_zeros = {n_zeros};
    static const unsigned n_nonzeros = {n_nonzeros};
    static const unsigned multiplier_limit =
        DIV_ROUNDUP(n_in * n_out, reuse_factor) - n_zeros / reuse_factor;
    static const bool store_weights_in_bram = false;
    typedef {accum_t} accum_t;
    typedef {bias_t} bias_t;
    typedef {weight_t} weight_t;
    template<class data_T, class res_T, class CONFIG_T>
    using kernel = {kernel}<data_T, res_T, CONFIG_T>;
    template<class x_T, class y_T>
    using product = nnet::product::{product}<x_T, y_T>;
}};\n"""
    template = """struct config{index} : nnet::gru_chain_config {{
    static const unsigned n_in = {n_in};
    static const unsigned n_out = {n_out};
    static const unsigned n_window = {n_window};
    static const unsigned n_steps = {n_steps};
    static const unsigned n_rings = {n_rings};
    typedef config{index}_input input_config;
    typedef config{index}_recurrent recurrent_config;
{types}{norm}}};\n"""
    norm_template = """    typedef nnet::layer_norm norm;
    static const unsigned n_mantissa_bits = {n_mantissa_bits};
    static const long long epsilon = {epsilon};
"""

    def __init__(self) -> None:
        super().__init__(GRUChain)

    def format(self, node: Layer) -> str:
        params = self._default_config_params(node)
        with_norm = node.get_attr("norm")
        params["n_rings"] = max(node.get_attr("n_steps") - 1, 1)
        params["types"] = "".join(
            f"    typedef {node.get_attr(f'{name}_t').name} {name}_t;\n"
            for name in CHAIN_TYPES + (NORM_TYPES if with_norm else ())
        )
        params["norm"] = self.norm_template.format(**params) if with_norm else ""
        input_type = node.get_input_variable().type.precision
        state_type = node.get_attr("state_t").precision
        return "\n".join(
            [
                self._dense(node, "input", input_type, params),
                self._dense(node, "recurrent", state_type, params),
                self.template.format(**params),
            ]
        )

    def _dense(self, node: Layer, name: str, input_type: Any, params: dict[str, Any]) -> str:
        """Return the configuration of one matrix product, as hls4ml's own layers write theirs."""
        weight = node.get_weights(f"{name}_weight")
        n_in = node.get_attr("n_in" if name == "input" else "n_out")
        reuse_factor = node.get_attr(f"{name}_reuse_factor")
        kernel = DENSE_KERNELS[params["strategy"]].format(name=f"{node.index}_{name}")
        if params["strategy"] == "resource" and reuse_factor > n_in:
            kernel = "nnet::DenseResource_rf_gt_nin_rem0"
        return self.dense_template.format(
            index=node.index,
            name=name,
            n_in=n_in,
            n_out=3 * node.get_attr("n_out"),
            iotype=params["iotype"],
            strategy=params["strategy"],
            reuse_factor=reuse_factor,
            n_zeros=weight.nzeros,
            n_nonzeros=weight.nonzeros,
            accum_t=node.get_attr(f"{name}_accum_t").name,
            bias_t=node.get_attr(f"{name}_bias_t").name,
            weight_t=node.get_attr(f"{name}_weight_t").name,
            kernel=kernel,
            product=get_backend("vivado").product_type(input_type, weight.type.precision),
        )


class GRUChainCall(FunctionCallTemplate):
    template = "nnet::gru_chain<{input_t}, {output_t}, {config}>({input}, {output}, {constants});"

    def __init__(self) -> None:
        super().__init__(GRUChain, include_header=["nnet_utils/gru_chain.h"])

    def format(self, node: Layer) -> str:
        params = self._default_function_params(node)
        names = (*CHAIN_WEIGHTS, *(NORM_WEIGHTS if node.get_attr("norm") else ()))
        params["constants"] = ", ".join(node.get_weights(name).name for name in names)
        return self.template.format(**params)


class GenerateUnrolledGRUChain(GenerateUnrolledDenseResource):  # type: ignore[misc]
    """Write GRUChain's matrix products without their zero weights (strategy resource_unrolled)."""

    def match(self, node: Layer) -> bool:
        return (
            isinstance(node, GRUChain)
            and node.get_attr("strategy") == "resource_unrolled"
            and node.get_attr("unrolled_input") is None
        )

    def transform(self, model: Any, node: Layer) -> bool:
        for name in ("input", "recurrent"):
            weight = node.get_weights(f"{name}_weight")
            n_out, n_in = weight.shape
            code = self._generate_unrolled_function(
                n_in, n_out, node.get_attr(f"{name}_reuse_factor"), weight, f"{node.index}_{name}"
            )
            code = self._add_backend_specific_pragmas_to_generated_code(code, model.config.backend)
            node.set_attr(f"unrolled_{name}", Source(code))
        return False


@cache
def register() -> None:
    """Register the layers, their templates and kernels with hls4ml, once a process."""
    backend = get_backend("Vitis")
    register_layer("SpikeWindow", SpikeWindow)
    register_layer("GRUChain", GRUChain)
    for template in (SpikeWindowConfig, SpikeWindowCall, GRUChainConfig, GRUChainCall):
        backend.register_template(template)
    backend.register_pass(
        "generate_unrolled_gru_chain", GenerateUnrolledGRUChain, flow="vivado:specific_types"
    )
    folder = source_folder("hls")
    for name in KERNELS:
        backend.register_source(folder / name)
