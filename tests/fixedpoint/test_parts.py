import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from aegru_hw.fixedpoint import FixedType
from aegru_hw.fixedpoint.parts import Linear, Table
from aegru_hw.fixedpoint.types import width_for

exact = settings(deadline=None, derandomize=True, max_examples=100)


@st.composite
def linears(draw: st.DrawFn, most_inputs: int = 12, widths: int = 10) -> Linear:
    generator = np.random.default_rng(draw(st.integers(0, 2**32)))
    outputs, inputs = draw(st.integers(1, 4)), draw(st.integers(1, most_inputs))
    weight_type = FixedType(draw(st.integers(1, widths)), draw(st.integers(-3, 12)))
    input_type = FixedType(
        draw(st.integers(1, widths)), draw(st.integers(-3, 12)), draw(st.booleans())
    )
    weight = generator.integers(
        weight_type.min_code, weight_type.max_code, (outputs, inputs), endpoint=True
    )
    weight[generator.random(weight.shape) < draw(st.floats(0, 1))] = 0
    reach = draw(st.integers(0, 2**20))
    return Linear(weight, weight_type, generator.integers(-reach, reach + 1, outputs), input_type)


@exact
@given(linears(), st.integers(0, 2**32))
def test_linear_is_the_exact_sum(layer: Linear, seed: int) -> None:
    kind = layer.input_type
    x = np.random.default_rng(seed).integers(
        kind.min_code, kind.max_code, (3, layer.weight.shape[1]), endpoint=True
    )
    expected = [
        [
            sum(w * v for w, v in zip(row, vector, strict=True)) + b
            for row, b in zip(layer.weight.tolist(), layer.bias.tolist(), strict=True)
        ]
        for vector in x.tolist()
    ]
    assert layer(x).tolist() == expected
    assert layer.accumulator.fraction == layer.weight_type.fraction + kind.fraction


@exact
@given(linears())
def test_accumulator_holds_every_input_and_no_bit_more(layer: Linear) -> None:
    """The worst inputs, added in the worst order, reach the last bit of the accumulator."""
    low = high = 0
    for row, bias in zip(layer.weight.tolist(), layer.bias.tolist(), strict=True):
        kind = layer.input_type
        extremes = [sorted((w * kind.min_code, w * kind.max_code)) for w in row]
        for terms in ([least for least, _ in extremes], [most for _, most in extremes]):
            for order in (sorted([*terms, bias]), sorted([*terms, bias], reverse=True)):
                partial = list(itertools.accumulate(order))
                low, high = min(low, *partial), max(high, *partial)
    assert layer.accumulator == FixedType(width_for(low, high), layer.accumulator.fraction)


@exact
@given(linears(most_inputs=3, widths=2))
def test_accumulator_of_a_tiny_layer_over_every_input_and_order(layer: Linear) -> None:
    sums = {0}
    for x in itertools.product(layer.input_type.codes.tolist(), repeat=layer.weight.shape[1]):
        for row, bias in zip(layer.weight.tolist(), layer.bias.tolist(), strict=True):
            terms = [bias, *(w * v for w, v in zip(row, x, strict=True))]
            for size in range(len(terms) + 1):
                sums |= {sum(some) for some in itertools.combinations(terms, size)}
    assert layer.accumulator.width == width_for(min(sums), max(sums))


def test_non_zero_counts_weights() -> None:
    weight_type = FixedType(4, 3)
    layer = Linear(np.array([[1, 0, -3], [0, 0, 2]]), weight_type, np.zeros(2, int), weight_type)
    assert layer.non_zero == 3


def test_table_reads_the_entry_of_each_address() -> None:
    for signed in (True, False):
        address = FixedType(4, 1, signed)
        entries = np.random.default_rng(1).integers(-8, 8, 16)
        table = Table(entries, address, FixedType(4, 0))
        assert table(address.codes).tolist() == entries.tolist()
        assert table(np.array([[address.min_code, address.max_code]])).tolist() == [
            [entries[0], entries[-1]]
        ]
