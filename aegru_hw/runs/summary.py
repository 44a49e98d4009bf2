"""summary.json: what is known of a run, put together from the results that still hold.

It is derived from RUN/results (`summarise.py`). A result that does not hold any more is under
`stale`, with why and the command that renews it, and nowhere else.
"""

from dataclasses import dataclass, field

from aegru_hw.cost.energy import Energy
from aegru_hw.cost.neurobench import Metrics
from aegru_hw.recordings.r2 import R2
from aegru_hw.rtl.verification import CycleFacts
from aegru_hw.runs.evidence import Stale
from aegru_hw.runs.results import (
    EngineProject,
    FirmwareProject,
    Footprint,
    OutputRate,
    RecordingFacts,
    StageSize,
)
from aegru_hw.synthesis.resources import Resources

FORMAT, SCHEMA_VERSION = "aegru-hw summary", 2


@dataclass(frozen=True)
class Verification:
    """The executions of a decoder over one recording's test split.

    source: of the recording. r2: by execution. mismatches: by pair, as compare.py names it.
    ticks_compared: in each pair, warm-up included; ticks_scored: of the test split; both only those
    with an output, as often as `rate` says.
    macs, cycles, energy: per scored output, macs by schedule. places: ports of boards, by
    execution.
    """

    source: str = ""
    r2: dict[str, R2] = field(default_factory=dict)
    mismatches: dict[str, int] = field(default_factory=dict)
    ticks_compared: int | None = None
    ticks_scored: int | None = None
    macs: dict[str, float] = field(default_factory=dict)
    cycles: CycleFacts | None = None
    energy: Energy | None = None
    rate: OutputRate | None = None
    places: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Summary:
    """What summary.json holds; None or empty where it was not run or does not hold any more.

    made_of: digest now of each part of the run, by the names of `evidence.NAMED`.
    r2: by stage of training, over every tick of the test split, and by execution, over its outputs.
    macs, mismatches, cycles, energy, ticks_compared, ticks_scored, rate, places: as in
    `Verification`, of the run's own recording.
    synthesis: what the placed engine takes, by target.
    left_out: executions that were left out on request. stale: results that do not hold any more.
    recalibrated_from: digest of the decoder that this one was recalibrated from, if it was.
    other_recordings: by digest. remarks: what people should know, in words.
    """

    made_of: dict[str, str]
    recording: RecordingFacts | None = None
    seed: int | None = None
    versions: dict[str, str] = field(default_factory=dict)
    training: dict[str, StageSize] = field(default_factory=dict)
    r2: dict[str, R2] = field(default_factory=dict)
    sparsity: float | None = None
    neurobench: Metrics | None = None
    footprint_bytes: Footprint | None = None
    firmware: FirmwareProject | None = None
    engine: EngineProject | None = None
    mismatches: dict[str, int] = field(default_factory=dict)
    ticks_compared: int | None = None
    ticks_scored: int | None = None
    macs: dict[str, float] = field(default_factory=dict)
    cycles: CycleFacts | None = None
    energy: Energy | None = None
    rate: OutputRate | None = None
    synthesis: dict[str, Resources] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    stale: tuple[Stale, ...] = ()
    other_recordings: dict[str, Verification] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    recalibrated_from: str | None = None
    places: dict[str, str] = field(default_factory=dict)
    format: str = FORMAT
    schema_version: int = SCHEMA_VERSION

    @property
    def exact(self) -> bool:
        """Whether nothing that was compared differs, counters and cost model included."""
        equal = self.cycles is None or self.cycles.predicted_equal
        return equal and not any(self.mismatches.values())
