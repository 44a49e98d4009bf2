"""Where float32 is exact, where float64 takes over, and where nothing is exact any more."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from aegru_hw.fixedpoint import FixedDecoder, FixedType, run_streaming_form, run_window_form
from aegru_hw.fixedpoint.exactness import float_bits, require_exact
from aegru_hw.fixedpoint.made_up import random_counts, random_decoder
from aegru_hw.fixedpoint.parts import Linear
from aegru_hw.fixedpoint.streaming_form import StreamingPlan


def small(seed: int = 1, **options: Any) -> FixedDecoder:
    sizes = {"channels": 6, "latent": 5, "hidden": 8, "window": 3, "steps": 3}
    return random_decoder(seed, spread=3.0, **(sizes | options))


def with_bias(decoder: FixedDecoder, name: str, width: int) -> FixedDecoder:
    """Return the decoder with one bias so large that the accumulator has the width."""
    linear: Linear = getattr(decoder, name)
    weights_alone = replace(linear, bias=np.zeros_like(linear.bias))
    bias = linear.bias.copy()
    bias[-1] = (1 << (width - 1)) - (1 << weights_alone.accumulator.width)
    found: FixedDecoder = replace(decoder, **{name: replace(linear, bias=bias)})
    assert getattr(found, name).accumulator.width == width
    return found


@pytest.mark.parametrize("norm", [True, False])
@pytest.mark.parametrize("name", ["encoder", "input", "recurrent", "readout"])
@pytest.mark.parametrize(("width", "kind"), [(24, np.float32), (25, np.float64), (53, np.float64)])
def test_streaming_form_is_exact_up_to_each_limit(
    norm: bool, name: str, width: int, kind: type
) -> None:
    decoder = with_bias(small(norm=norm), name, width)
    assert StreamingPlan(decoder).dtype == kind
    counts = random_counts(1, 200, 6, rate=0.3)
    assert np.array_equal(
        run_streaming_form(decoder, counts).velocity, run_window_form(decoder, counts).velocity
    )


@pytest.mark.parametrize("recurrent_candidate", [FixedType(16, 12), FixedType(16, 10)])
@pytest.mark.parametrize("seed", range(5))
def test_wide_recurrent_candidates_stay_exact(seed: int, recurrent_candidate: FixedType) -> None:
    decoder = replace(small(seed), recurrent_candidate=recurrent_candidate)
    counts = random_counts(seed, 200, 6, rate=0.3)
    assert np.array_equal(
        run_streaming_form(decoder, counts).velocity, run_window_form(decoder, counts).velocity
    )


@pytest.mark.parametrize("seed", range(5))
def test_layer_norm_of_the_widest_mixed_state_is_exact(seed: int) -> None:
    decoder = replace(small(seed), mixed_state=FixedType(24, 21))
    counts = random_counts(seed, 200, 6, rate=0.3)
    assert np.array_equal(
        run_streaming_form(decoder, counts).velocity, run_window_form(decoder, counts).velocity
    )


def test_the_paper_size_runs_in_float32() -> None:
    for norm in (True, False):
        assert float_bits(random_decoder(1, norm=norm)) <= 24


@pytest.mark.parametrize("name", ["encoder", "input", "recurrent", "readout"])
def test_an_accumulator_beyond_float64_is_refused(name: str) -> None:
    decoder = with_bias(small(), name, 54)
    with pytest.raises(ValueError, match=f"the {name} accumulator needs 54 bits"):
        run_streaming_form(decoder, random_counts(1, 2, 6))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"recurrent_candidate": FixedType(24, 60)}, "the candidate address"),
        ({"mixed_state": FixedType(25, 21)}, "LayerNorm's variance"),
        ({"tanh": replace(small().tanh, output=FixedType(8, 45))}, "the mixed state"),
    ],
)
def test_types_beyond_float64_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        require_exact(replace(small(), **change))
