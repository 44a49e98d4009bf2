"""The ONNX model: the window form's codes in onnxruntime, and integers alone in the graph."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from aegru_hw.errors import UserError
from aegru_hw.fixedpoint import FixedDecoder, FixedType, at_output_rate, run_window_form
from aegru_hw.fixedpoint.made_up import random_counts
from aegru_hw.fixedpoint.rate import at_outputs
from tests.export.decoders import edges, small, with_rate
from tests.fixedpoint.geometries import Stream, streams

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from aegru_hw.export.onnx_model import onnx_model  # noqa: E402
from aegru_hw.export.onnx_session import run_onnx  # noqa: E402


def decoded(decoder: FixedDecoder, counts: np.ndarray) -> list[list[int]]:
    return run_onnx(*at_output_rate(decoder, counts)).tolist()


def expected(decoder: FixedDecoder, counts: np.ndarray) -> list[list[int]]:
    velocity = run_window_form(decoder, counts).velocity
    return at_outputs(velocity, decoder.geometry.every).tolist()


@settings(deadline=None, derandomize=True, max_examples=12)
@given(streams(most_ticks=60))
def test_codes_are_the_definitions(stream: Stream) -> None:
    assert decoded(stream.decoder, stream.counts) == expected(stream.decoder, stream.counts)


@pytest.mark.parametrize("name", edges())
def test_codes_at_the_edges(name: str) -> None:
    decoder = edges()[name]
    counts = random_counts(1, 60, decoder.geometry.channels, rate=0.4, maximum=3)
    counts[20] = 255
    assert decoded(decoder, counts) == expected(decoder, counts)


def test_integers_alone_in_standard_operators() -> None:
    model = onnx_model(small())
    assert model.ir_version == 8
    assert [(opset.domain, opset.version) for opset in model.opset_import] == [("", 17)]
    integers = {getattr(onnx.TensorProto, name) for name in ("INT8", "UINT8", "INT16", "UINT16")}
    kinds = {tensor.data_type for tensor in model.graph.initializer}
    assert kinds <= {*integers, onnx.TensorProto.INT64}
    inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True)
    made = {one.type.tensor_type.elem_type for one in inferred.graph.value_info}
    assert made <= {onnx.TensorProto.INT64, onnx.TensorProto.BOOL}
    assert [one.name for one in model.graph.input] == ["counts", "history", "past"]
    outputs = [one.name for one in model.graph.output]
    assert outputs == ["velocity", "next_history", "next_past"]


def test_facts_that_a_program_needs_stand_in_the_model() -> None:
    decoder = with_rate(small(), 3)
    facts = {entry.key: entry.value for entry in onnx_model(decoder).metadata_props}
    assert facts["decoder"] == decoder.digest
    assert (facts["ticks_per_call"], facts["velocity_fraction"]) == ("3", "12")
    assert json.loads(facts["velocity_scale"]) == decoder.labels.scale.tolist()


def test_a_decoder_beyond_64_bits_is_refused() -> None:
    far = replace(small(), recurrent_candidate=FixedType(24, 63))
    with pytest.raises(UserError, match="of this decoder needs"):
        onnx_model(far)
