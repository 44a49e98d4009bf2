"""The contract of spike counts: the same for every execution."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from aegru_hw.errors import UserError
from aegru_hw.fixedpoint import (
    FixedDecoder,
    LiveDecoder,
    check_counts,
    run_streaming_form,
    run_window_form,
)
from aegru_hw.fixedpoint.made_up import random_counts, random_decoder
from aegru_hw.fixedpoint.traces import streaming_traces

CHANNELS = 5


def stepped(decoder: FixedDecoder, counts: Any) -> np.ndarray:
    live = LiveDecoder(decoder)
    velocity = []
    for row in counts:
        live.step_counts(row)
        velocity.append(live.velocity_codes)
    return np.array(velocity)


EXECUTIONS: dict[str, Callable[[FixedDecoder, Any], np.ndarray]] = {
    "window form": lambda decoder, counts: run_window_form(decoder, counts).velocity,
    "streaming form": lambda decoder, counts: run_streaming_form(decoder, counts).velocity,
    "traces": lambda decoder, counts: streaming_traces(decoder, counts)["velocity"],
    "decode": lambda decoder, counts: decoder.velocity.nearest(
        decoder.labels.normalise(decoder.decode(counts))
    ),
    "step_counts": stepped,
}


@pytest.fixture(params=EXECUTIONS.values(), ids=EXECUTIONS)
def execution(request: pytest.FixtureRequest) -> Callable[[FixedDecoder, Any], np.ndarray]:
    return request.param


@pytest.fixture(scope="module")
def decoder() -> FixedDecoder:
    return random_decoder(1, channels=CHANNELS, latent=4, hidden=4, window=3, steps=2)


def counts_with(value: object, kind: type = float) -> np.ndarray:
    """Return counts in which tick 17 has a value on channel 2, and tick 30 another bad one."""
    counts = random_counts(1, 40, CHANNELS, rate=0.3, maximum=9).astype(kind)
    counts[17, 2] = value
    counts[30, 0] = value
    return counts


@pytest.mark.parametrize(
    ("value", "kind", "shown"),
    [
        (-1, int, "-1"),
        (-1, np.int8, "-1"),
        (-1.0, float, "-1.0"),
        (0.5, float, "0.5"),
        (0.5, np.float16, "0.5"),
        (1.0000001, np.float32, "1.0000001"),
        (np.nan, float, "nan"),
        (np.inf, float, "inf"),
        (-np.inf, float, "-inf"),
        (65536, int, "65536"),
        (65536.0, float, "65536.0"),
        (2**63, np.uint64, "9223372036854775808"),
    ],
)
def test_the_first_bad_count_is_named(
    decoder: FixedDecoder, execution: Callable, value: float, kind: type, shown: str
) -> None:
    with pytest.raises(UserError) as caught:
        execution(decoder, counts_with(value, kind))
    # Step by step there is but one tick to look at.
    place = "channel 2" if execution is stepped else "tick 17, channel 2"
    assert str(caught.value) == (
        f"count {shown} at {place} is not a spike count; whole numbers from 0 to 65535 are accepted"
    )


@pytest.mark.parametrize("kind", [complex, object, str, "datetime64[s]"])
def test_what_is_no_number_is_refused(
    decoder: FixedDecoder, execution: Callable, kind: object
) -> None:
    with pytest.raises(UserError, match=r"counts hold .*; whole numbers are needed"):
        execution(decoder, np.ones((4, CHANNELS)).astype(int).astype(kind))


@pytest.mark.parametrize(
    "kind", [np.float16, np.float32, float, np.uint64, np.int16, ">u2", ">f8", bool]
)
def test_whole_numbers_of_any_type_give_the_same(
    decoder: FixedDecoder, execution: Callable, kind: Any
) -> None:
    counts = random_counts(1, 60, CHANNELS, rate=0.5, maximum=1 if kind is bool else 9)
    expected = run_window_form(decoder, counts).velocity
    assert len(np.unique(expected, axis=0)) > 10
    assert np.array_equal(execution(decoder, counts.astype(kind)), expected)
    assert np.array_equal(execution(decoder, counts.astype(kind).tolist()), expected)


def test_the_largest_count_on_every_channel(decoder: FixedDecoder, execution: Callable) -> None:
    counts = np.full((30, CHANNELS), 65535)
    assert np.array_equal(execution(decoder, counts), run_window_form(decoder, counts).velocity)


def test_the_smaller_type_is_returned_and_nothing_copied_in_vain() -> None:
    assert check_counts([[0.0, 255.0]], 2).dtype == np.uint8
    assert check_counts([[0, 256]], 2).dtype == np.uint16
    for kind in (np.uint8, np.uint16):
        counts = np.ones((3, 2), dtype=kind)
        assert check_counts(counts, 2) is counts
    assert check_counts(np.zeros((0, 2)), 2).shape == (0, 2)


@pytest.mark.parametrize("counts", [[[1, 2], [3]], 3, [], [1, 2], [[[1, 2]]]])
def test_other_shapes_are_refused(counts: object) -> None:
    with pytest.raises(UserError, match=r"ticks, (channels|2)\)"):
        check_counts(counts, 2)
