"""What an engine is elaborated for, and what no engine holds."""

from dataclasses import dataclass, fields, replace

from aegru_hw.errors import UserError
from aegru_hw.fixedpoint.decoder import Geometry
from aegru_hw.rtl.lanes import check_lanes, group_size
from aegru_hw.rtl.schedule import SLOT_BITS

WORDS = 1 << 16
"""Most words of a memory: addresses have 16 bits."""

BLOCK = 1 << 10
"""Words of a schedule that a block RAM holds: the ECP5's 1,024 of 18 bits. The iCE40UP's SPRAM has
16,384 in one piece."""

STEPS_BITS, SPIKE_BITS = 8, 8
MIN_COUNT_BITS, MAX_COUNT_BITS, MAX_TABLE_BITS, MAX_ACCUMULATOR_BITS = 9, 24, 16, 24
"""Bits of a number of chains and of a channel's spikes in a tick; least and most of a window count,
most of a table's address and of an accumulator."""

MAX_UNITS = 256
"""Most latent and hidden units."""

MADE_OF = {
    "states": "(steps - 1) x hidden",
    "chains": "steps - 1",
    "ring": "window x (steps - 1) x hidden",
    "history": "window x groups of channels",
    "schedule": "words of non-zero weights a lane",
    "table_bits": "the tables' address",
    "count_bits": "a window count",
    "accumulator_bits": "the matrices' accumulators",
}
"""What the limits without a setting of their own follow from."""

BITS = ("table_bits", "count_bits", "accumulator_bits")
"""Limits that are widths, and not rounded up."""

SHARED_BITS = ("table_bits", "accumulator_bits")
"""Widths that follow from the weights: no engine has less than the default, so that others of the
same geometry and formats fit."""


@dataclass(frozen=True)
class Limits:
    """Maxima that an engine is elaborated with: the parameters of rtl/aegru_engine.sv."""

    channels: int = 256
    latent: int = 64
    hidden: int = 64
    schedule: int = WORDS
    states: int = 512
    chains: int = 8
    ring: int = 8192
    history: int = 8192
    table_bits: int = 10
    count_bits: int = 16
    accumulator_bits: int = 20

    def parameters(self, lanes: int) -> dict[str, int]:
        """Return the parameters of an engine of P lanes by name."""
        return {
            "Lanes": lanes,
            "MaxChannels": self.channels,
            "MaxLatent": self.latent,
            "MaxHidden": self.hidden,
            "ScheduleDepth": self.schedule,
            "StateDepth": self.states,
            "MaxChains": self.chains,
            "RingDepth": self.ring,
            "HistoryDepth": self.history,
            "TableBits": self.table_bits,
            "CountBits": self.count_bits,
            "AccumulatorBits": self.accumulator_bits,
            "GroupSize": group_size(lanes),
        }


def needs_of(
    geometry: Geometry, lanes: int, *, schedule: int, address_bits: int, accumulator_bits: int = 2
) -> Limits:
    """Return the least limits of an engine of P lanes for a geometry.

    schedule: words of each lane's schedule. address_bits: of the widest table's address.
    accumulator_bits: of the widest accumulator.
    """
    states = max(geometry.steps - 1, 1) * geometry.hidden
    return Limits(
        channels=geometry.channels,
        latent=geometry.latent,
        hidden=geometry.hidden,
        schedule=schedule,
        states=states,
        chains=max(geometry.steps - 1, 1),
        ring=geometry.window * states,
        history=geometry.window * -(-geometry.channels // group_size(lanes)),
        table_bits=address_bits,
        count_bits=(geometry.window * ((1 << SPIKE_BITS) - 1)).bit_length(),
        accumulator_bits=accumulator_bits,
    )


def bounds(lanes: int, states: int) -> Limits:
    """Return what no engine of P lanes goes beyond; states: the past states of a tick."""
    units = min(MAX_UNITS, lanes << SLOT_BITS)
    return Limits(
        channels=WORDS - 1,
        latent=units,
        hidden=units,
        schedule=WORDS,
        states=WORDS // 2,
        chains=1 << STEPS_BITS,
        ring=WORDS - states,  # the states of silence lie above the ring
        history=WORDS - 1,
        table_bits=MAX_TABLE_BITS,
        count_bits=MAX_COUNT_BITS,
        accumulator_bits=MAX_ACCUMULATOR_BITS,
    )


def check_bounds(needs: Limits, lanes: int) -> None:
    """Raise UserError where no engine of P lanes can be elaborated for these needs."""
    _require_within(needs, bounds(lanes, needs.states), f"an engine of P = {lanes} has at most")


def check_within(needs: Limits, limits: Limits) -> None:
    """Raise UserError where these needs are beyond an engine's limits."""
    _require_within(needs, limits, "this engine has")


def _require_within(needs: Limits, limits: Limits, has: str) -> None:
    for name, needed in vars(needs).items():
        available = getattr(limits, name)
        if needed > available:
            because = f" ({MADE_OF[name]})" if name in MADE_OF else ""
            raise UserError(f"the decoder needs {name} {needed}{because}; {has} {available}")


def engine_limits(needs: Limits, lanes: int) -> Limits:
    """Return limits for these needs that many decoders share: powers of two, at least the defaults.

    Raises UserError where no engine of P lanes can be elaborated for them.
    """
    check_bounds(needs, lanes)
    default = Limits()
    sizes: dict[str, int] = {}
    for name, needed in vars(needs).items():
        rounded = needed if name in BITS else 1 << (needed - 1).bit_length()
        sizes[name] = max(getattr(default, name), rounded)
    most = bounds(lanes, sizes["states"])
    if needs.ring > most.ring:
        # Rounded up, the states leave too little to the ring.
        sizes["states"] = needs.states
        most = bounds(lanes, needs.states)
    return Limits(**{name: min(size, getattr(most, name)) for name, size in sizes.items()})


def memory_depth(words: int) -> int:
    """Return the words that a memory for so many has anyway: block RAMs of 1,024 are not split.

    A decoder with a few more non-zero weights then loads into the same bitstream.
    """
    if words <= BLOCK:
        return 1 << (words - 1).bit_length()
    return min(-(-words // BLOCK) * BLOCK, WORDS)


def least_limits(*needs: Limits) -> Limits:
    """Return the least limits that an engine for all these needs can be elaborated with.

    The schedule, the one memory whose words follow from the weights, has its blocks whole.
    """
    needs = tuple(replace(need, schedule=memory_depth(need.schedule)) for need in needs)
    least = {field.name: 2 for field in fields(Limits)}
    least |= {name: getattr(Limits(), name) for name in SHARED_BITS} | {
        "count_bits": MIN_COUNT_BITS
    }
    return Limits(
        **{
            name: max(size, *(getattr(need, name) for need in needs))
            for name, size in least.items()
        }
    )


def check_geometry_fits(geometry: Geometry, lanes: int, *, address_bits: int) -> None:
    """Raise UserError where no engine of P lanes holds a decoder of this geometry.

    address_bits: of the gates' and the candidate's tables. What depends on the weights is left to
    `memory_image`: the words of the schedule beyond one a row, and the accumulators' widths.
    """
    check_lanes(lanes)
    most = (1 << STEPS_BITS) - 1
    if geometry.steps > most:
        raise UserError(f"the decoder needs steps {geometry.steps}; the engine has at most {most}")
    check_bounds(needs_of(geometry, lanes, schedule=1, address_bits=address_bits), lanes)
