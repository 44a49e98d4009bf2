"""The results of a run, one file each in RUN/results, with the digests of what they follow from.

`made_of` names what a result was measured on (`recording`, `config`, `decoder`, `weights`,
`firmware`, `engine`) and its SHA-256 then; `tools` the versions of the tools. A result holds only
while all of these are what they were: `evidence.py` compares.
"""

from dataclasses import dataclass

from aegru_hw.cost.energy import Energy
from aegru_hw.cost.neurobench import Metrics
from aegru_hw.decoder.config import Config
from aegru_hw.hls.estimate import LayerEstimate
from aegru_hw.hls.vendor import VendorReport
from aegru_hw.recordings.r2 import R2
from aegru_hw.rtl.verification import CycleFacts

TRAINING, QUANTISATION = "training.json", "quantisation.json"
RECALIBRATION = "recalibration.json"
FIRMWARE, ENGINE = "firmware.json", "engine.json"


@dataclass(frozen=True)
class RecordingFacts:
    """The recording of a run.

    source, sha256: of the file that it was read from. digest: SHA-256 of its content.
    made_by: the command that made it, where it is a generated one.
    """

    source: str
    sha256: str
    digest: str
    channels: int
    ticks: int
    tick_seconds: float
    made_by: str | None = None


@dataclass(frozen=True)
class StageSize:
    """How much a stage trained: epochs, windows in a batch, and windows of an epoch."""

    epochs: int
    batch: int
    windows: int


@dataclass(frozen=True)
class Footprint:
    """Bytes of parameters: of the float network, and of the decoder with its tables."""

    float: int
    fixed: int


@dataclass(frozen=True)
class Training:
    """Float training: RUN/results/training.json.

    config: of the whole run as it was then. r2: of the float network on the test split.
    remarks: what people should know of the recording, in words.
    """

    made_of: dict[str, str]
    tools: dict[str, str]
    recording: RecordingFacts
    config: Config
    stage: StageSize
    r2: R2
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Quantisation:
    """Pruning and quantised fine-tuning: RUN/results/quantisation.json.

    decoder: digest of the decoder that came of it. config: that it was made with.
    stages, r2: by stage, "pruned" and "quantised"; r2 on the test split.
    sparsity: share of zero weights. neurobench: of the pruned network.
    """

    made_of: dict[str, str]
    tools: dict[str, str]
    decoder: str
    config: Config
    stages: dict[str, StageSize]
    r2: dict[str, R2]
    sparsity: float
    neurobench: Metrics
    footprint_bytes: Footprint


@dataclass(frozen=True)
class Recalibration:
    """A decoder made of another day's: RUN/results/recalibration.json.

    decoder, parent: digests of the decoder that came of it, and of the one it was made from.
    config: the parent's. method: by which; validation: R² by method, where one was chosen.
    minutes: of the recording's beginning that it was made with; None for training and validation
    split, with all sessions before. sessions: how many there were before.
    r2: of "unchanged" and "quantised", on the test split. seconds: what it took.
    """

    made_of: dict[str, str]
    tools: dict[str, str]
    decoder: str
    parent: str
    config: Config
    recording: RecordingFacts
    method: str
    minutes: float | None
    validation: dict[str, float | None]
    sessions: int
    r2: dict[str, R2]
    sparsity: float
    footprint_bytes: Footprint
    seconds: float


@dataclass(frozen=True)
class FirmwareProject:
    """The hls4ml project that was written: RUN/results/firmware.json.

    part, clock_period_ns, strategy, reuse_factor, io_type: as asked for (aegru_hw/hls/graph.py).
    reuse_factors: by matrix, what hls4ml made of it. layers: an estimate by arithmetic. vendor: its
    estimate, where its tool was run.
    """

    made_of: dict[str, str]
    tools: dict[str, str]
    part: str
    clock_period_ns: float
    strategy: str
    reuse_factor: int
    io_type: str
    reuse_factors: dict[str, int]
    layers: tuple[LayerEstimate, ...] = ()
    vendor: VendorReport | None = None
    backend: str = "hls4ml"


@dataclass(frozen=True)
class EngineProject:
    """The engine that was generated: RUN/results/engine.json."""

    made_of: dict[str, str]
    tools: dict[str, str]
    lanes: int
    parameters: dict[str, int | str]
    backend: str = "rtl"


@dataclass(frozen=True)
class OutputRate:
    """How often a decoder gives a velocity: every so many ticks, so often a second."""

    every: int
    per_second: float


@dataclass(frozen=True)
class Measured:
    """One execution over the test split: RUN/results/RECORDING/EXECUTION.json, its velocity codes
    (T, 2) beside it as .npy.

    source: of the recording. ticks: with an output, compared, warm-up included. scored: those of
    the test split, which r2 is of. rate: None in results of before there was a choice.
    macs, cycles, energy: per scored output, macs by schedule.
    velocity_sha256: of the codes' bytes, little-endian int32. place: the port of a board.
    """

    execution: str
    source: str
    made_of: dict[str, str]
    tools: dict[str, str]
    ticks: int
    scored: int
    r2: R2
    macs: dict[str, float]
    velocity_sha256: str
    cycles: CycleFacts | None = None
    energy: Energy | None = None
    rate: OutputRate | None = None
    place: str | None = None
