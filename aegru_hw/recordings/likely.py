"""Whether what a file was read as can be a recording: units of time, rates, movement.

What cannot be is refused, what is odd is said.
"""

from collections.abc import Iterator

import numpy as np

from aegru_hw.errors import UserError
from aegru_hw.recordings.floats import Floats
from aegru_hw.recordings.recording import Recording
from aegru_hw.recordings.say import Say, silent

LONGEST_TICK_SECONDS = 1.0
SHORTEST_TICK_SECONDS = 1e-4
LONGEST_SECONDS = 86400.0
SHORTEST_SECONDS = 5.0
HIGHEST_RATE = 500.0
"""Spikes a second that a channel does not keep up."""

LOWEST_RATE = 0.1
"""Spikes a second below which a channel says next to nothing, as the mean of all."""

OUTLIER = 100.0
"""A velocity beyond so many standard deviations is an artefact."""

CLOCKS = (
    (1e-3, "milliseconds"),
    (1e-6, "microseconds"),
    (1e-9, "nanoseconds"),
    (1 / 30000, "samples at 30 kHz"),
    (1 / 24414.0625, "samples at 24.4 kHz"),
)
FACTORS = (
    (10.0, "cm/s where position is in mm"),
    (1000.0, "m/s where position is in mm"),
    (100.0, "m/s where position is in cm"),
    (0.1, "mm/s where position is in cm"),
    (0.001, "mm/s where position is in m"),
    (0.01, "cm/s where position is in m"),
)
_FACTOR_TOLERANCE = 0.1
_ALIKE = 0.7
"""Cosine between steps and velocity from which the two belong together."""


def check_plausible(recording: Recording, say: Say = silent) -> None:
    """Check the ticks, rates and velocity of a recording that was just read.

    Raises UserError as `check_tick` does; everything else is said.
    """
    check_tick(recording.tick_seconds, recording.ticks, say)
    for sentence in (*_odd_rates(recording), *_odd_velocity(recording)):
        say(sentence)


def check_tick(tick_seconds: float, ticks: int, say: Say = silent) -> None:
    """Refuse ticks that are too long, or make too long a recording, for seconds to be meant.

    Raises UserError for ticks above 1 s or below 0.1 ms, and for more than a day.
    """
    tick = f"a tick of {tick_seconds:g} s"
    if tick_seconds > LONGEST_TICK_SECONDS:
        hint = f"; for {tick_seconds:g} ms give {tick_seconds / 1000:g}"
        raise UserError(
            f"{tick} is longer than any movement; at most {LONGEST_TICK_SECONDS:g} s is accepted"
            + (hint if tick_seconds <= 1000 * LONGEST_TICK_SECONDS else "")
        )
    if tick_seconds < SHORTEST_TICK_SECONDS:
        raise UserError(
            f"{tick} is shorter than a spike; at least {SHORTEST_TICK_SECONDS:g} s is accepted"
        )
    seconds = ticks * tick_seconds
    if seconds > LONGEST_SECONDS:
        raise UserError(
            f"{ticks} ticks of {tick_seconds:g} s last {seconds / 3600:.1f} h; at most 24 h are "
            "accepted: check the tick length, which is in seconds"
        )
    if seconds < SHORTEST_SECONDS:
        say(f"the recording lasts {seconds:.3g} s only; check the tick length, {tick_seconds:g} s")


def check_interval(seconds: float, what: str) -> None:
    """Refuse samples of a movement that lie too far apart for seconds to be meant.

    Raises UserError for 1 s and more, naming `what` says when they were taken.
    """
    if seconds >= LONGEST_TICK_SECONDS:
        raise UserError(
            f"the samples of the movement are {seconds:g} apart by {what}: milliseconds? Times in "
            "seconds are needed, of spikes too"
        )


@np.errstate(over="ignore", invalid="ignore")
def check_spike_times(
    spikes: Floats, begin: float, end: float, channels: int, say: Say = silent
) -> None:
    """Check that spike times (N,) and a movement from `begin` to `end` are on the same clock.

    Raises UserError where less than a tenth of the spikes falls within the movement, and these
    are fewer than 0.1 a second and channel; the text says which unit of time, or that another
    zero, would explain it. Less than half of the spikes is said.
    """
    finite = spikes[np.isfinite(spikes)]
    if len(finite) == 0:
        say("there is no spike")
        return
    within = _within(finite, begin, end)
    share = within / len(finite)
    if share >= 0.5:
        return
    first, last = float(finite.min()), float(finite.max())
    where = (
        f"{within} of {len(finite)} spikes fall within the movement: spike times run from "
        f"{first:.6g} to {last:.6g} s, the movement from {begin:.6g} to {end:.6g} s"
    )
    if share >= 0.1 or within >= LOWEST_RATE * (end - begin) * channels:
        say(where)
        return
    raise UserError(f"only {where}; {_explanation(finite, begin, end)}")


def _explanation(spikes: Floats, begin: float, end: float) -> str:
    for factor, unit in CLOCKS:
        scaled = spikes * factor
        long_enough = scaled.max() - scaled.min() > 0.1 * (end - begin)
        if long_enough and _within(scaled, begin, end) > 0.5 * len(scaled):
            return f"they look like {unit}; seconds are needed"
    lasting = float(spikes.max() - spikes.min())
    if 0.5 * (end - begin) < lasting < 2 * (end - begin):
        return f"they look like another clock's, {spikes.min() - begin:+.6g} s away; align the two"
    return "both must be in seconds on the same clock"


def _within(times: Floats, begin: float, end: float) -> int:
    return int(((times >= begin) & (times <= end)).sum())


@np.errstate(over="ignore", invalid="ignore")
def velocity_remark(position: Floats, velocity: Floats, tick_seconds: float) -> str | None:
    """Return in words by what factor velocity (T, 2) disagrees with the steps of position (T, 2).

    Velocity may be the backward, forward or central difference, whichever is most alike. None where
    the two agree within a tenth, where they are not related, and where nothing moves.

    >>> ramp = np.arange(10.0)[:, None] * [1.0, 2.0]
    >>> velocity_remark(ramp, np.full((10, 2), [1.0, 2.0]), 0.05)
    'velocity is 20 times too small for position: it looks like a step per tick, not per second'
    """
    if len(position) < 2 or position.shape != velocity.shape:
        return None
    step = np.diff(position, axis=0)
    later, earlier = tick_seconds * velocity[1:], tick_seconds * velocity[:-1]
    explained = (_explained(step, moved) for moved in (later, earlier, (later + earlier) / 2))
    likeness, factor = max(explained)
    if likeness < _ALIKE:
        return None
    if abs(factor - 1) <= _FACTOR_TOLERANCE:
        return None
    if factor < 0:
        return f"velocity points against position (factor {factor:.3g}); check the axes' direction"
    many = f"{factor:.3g} times too small" if factor > 1 else f"{1 / factor:.3g} times too large"
    return f"velocity is {many} for position: {_factor_meaning(factor, tick_seconds)}"


def _explained(step: Floats, moved: Floats) -> tuple[float, float]:
    """Return how alike steps and movements (T, 2) are, 0 to 1, and what the latter lack in size."""
    usable = np.isfinite(step).all(axis=1) & np.isfinite(moved).all(axis=1)
    step, moved = step[usable], moved[usable]
    if len(step) == 0:
        return 0.0, 1.0
    # A jump between trials would rule the sums; it is left out.
    length = np.abs(step).max(axis=1)
    calm = length <= 10 * np.median(length)
    product = float((step[calm] * moved[calm]).sum())
    powers = [float((values[calm] ** 2).sum()) for values in (step, moved)]
    if not all(0 < power < np.inf for power in powers):
        return 0.0, 1.0
    return abs(product) / float(np.sqrt(powers[0]) * np.sqrt(powers[1])), product / powers[1]


def _factor_meaning(factor: float, tick_seconds: float) -> str:
    if abs(factor * tick_seconds - 1) <= _FACTOR_TOLERANCE:
        return "it looks like a step per tick, not per second"
    for known, meaning in FACTORS:
        if abs(factor / known - 1) <= _FACTOR_TOLERANCE:
            return f"it looks like {meaning}"
    return f"the units differ, or the tick is not {tick_seconds:g} s"


def _odd_rates(recording: Recording) -> Iterator[str]:
    rates = recording.counts.mean(axis=0) / recording.tick_seconds
    fast = np.flatnonzero(rates > HIGHEST_RATE)
    if len(fast):
        yield (
            f"{len(fast)} of {len(rates)} channels have more than {HIGHEST_RATE:g} spikes/s, "
            f"'{recording.channel_names[fast[0]]}' {rates[fast[0]]:.4g}: counts may be rates, or "
            f"the tick not {recording.tick_seconds:g} s"
        )
    if 0 < rates.mean() < LOWEST_RATE:
        yield (
            f"the channels fire {rates.mean():.2g} spikes/s on average: next to none; check the "
            f"unit and the zero of spike times, and the tick, {recording.tick_seconds:g} s"
        )


def _odd_velocity(recording: Recording) -> Iterator[str]:
    for axis, values in zip("xy", recording.velocity.T, strict=True):
        with np.errstate(over="ignore", invalid="ignore"):
            spread = float(np.median(np.abs(values - np.median(values))))
            far = np.abs(values) > OUTLIER * max(spread, float(values.std()) / OUTLIER**0.5)
        if far.any():
            tick = int(np.argmax(far))
            yield (
                f"velocity {axis} is {values[tick]:.4g} at tick {tick}, far beyond the rest "
                f"({int(far.sum())} ticks): an artefact, or a step across a gap"
            )
