"""What is found of a decoder in hardware: one line of the table of peers."""

from dataclasses import dataclass

from aegru_hw.synthesis.resources import Use

YES, NO = "yes", "no"


@dataclass(frozen=True)
class Abilities:
    """Whether a design has LayerNorm inside the recurrence, carries its state from one output to
    the next ("in a window": from step to step alone, each output begins from zero), and takes other
    weights without another bitstream.
    """

    layer_norm: str
    carried_state: str
    reload: str


@dataclass(frozen=True)
class PeerRow:
    """One decoder of one recording and seed, on one target.

    r2: over the test split, mean of the axes; None where undefined.
    weight_bits: of all weights that are not pruned; ebops: HGQ2's bit operations of a step.
    ticks: of the test split; mismatches: those where Verilator on the Verilog differs from the
        network; None where it was not placed. traced_mismatches: where alkaid's simulation does.
    resources, fmax_mhz: as `Resources`; None where it was not placed, and `says` why.
    latency_cycles: from a window to its velocity, at most; interval_cycles: from one velocity to
        the next, at most. estimate: of LUTs, by the maker's own tool.
    """

    r2: float | None
    weight_bits: int
    ticks: int
    mismatches: int | None
    resources: dict[str, Use] | None
    fmax_mhz: float | None
    says: str | None
    latency_cycles: int
    interval_cycles: int
    ebops: int | None = None
    estimate: int | None = None
    traced_mismatches: int | None = None

    @property
    def latency_us(self) -> float | None:
        """Microseconds from a window to its velocity at Fmax, at most; None where not placed."""
        return None if self.fmax_mhz is None else self.latency_cycles / self.fmax_mhz

    @property
    def outputs_a_second(self) -> float | None:
        """Velocities a second at Fmax, each window there in time; None where not placed."""
        return None if self.fmax_mhz is None else 1e6 * self.fmax_mhz / self.interval_cycles
