"""Everything that the report says, gathered from a run."""

import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aegru_hw.cost.cycles import TickCosts, tick_costs
from aegru_hw.decoder.config import Config, load_config
from aegru_hw.errors import UserError
from aegru_hw.fixedpoint import FixedDecoder, load_decoder, run_streaming_form
from aegru_hw.recordings.recording import Recording, load_recording
from aegru_hw.recordings.splits import split
from aegru_hw.recordings.stream import TickStream
from aegru_hw.recordings.windows import complete_history
from aegru_hw.report.results import Results, results_from
from aegru_hw.report.targets import Target, read_targets
from aegru_hw.report.values import read_json, whole
from aegru_hw.rtl.images import memory_image
from aegru_hw.rtl.schedule import LANES, Schedule
from aegru_hw.run_folder import RunFolder

DEFAULT_LANES = 4


@dataclass(frozen=True, eq=False)
class Decoding:
    """The test split's n scored ticks, in the recording's order.

    ticks: (n,) tick of the recording.
    truth, decoded: (n, 2) velocity in the recording's unit; decoded by the fixed-point decoder.
    """

    ticks: NDArray[np.int64]
    truth: NDArray[np.float64]
    decoded: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class EnginePlan:
    """The engine's schedule for the decoder, and what each scored tick costs.

    generated: the run holds an engine of these lanes; otherwise the lanes are the default.
    costs: of every tick of the stream, warm-up included.
    cycles, latency, scan: clock cycles of the n scored ticks, (n,).
    """

    generated: bool
    plan: Schedule
    costs: TickCosts
    cycles: NDArray[np.int64]
    latency: NDArray[np.int64]
    scan: NDArray[np.int64]

    @property
    def lanes(self) -> int:
        return self.plan.lanes


@dataclass(frozen=True, eq=False)
class Facts:
    """A run as the report shows it.

    engine: the generated one, or one of the default lanes; None where the engine cannot hold the
        decoder, and `engine_refusal` says why.
    engines: by lanes, that engine and those of the targets.
    has_firmware: the run holds an hls4ml project.
    """

    name: str
    decoder: FixedDecoder
    config: Config
    recording: Recording
    results: Results
    test: Decoding
    engine: EnginePlan | None
    engine_refusal: str
    engines: dict[int, EnginePlan]
    has_firmware: bool
    targets: tuple[Target, ...]

    @property
    def shell_name(self) -> str:
        """The run's folder as a word of a shell."""
        return shlex.quote(self.name)

    @property
    def counted(self) -> bool:
        """Whether the RTL counted the cycles that `engine` predicts, and found them equal."""
        rtl = self.results.cycles
        return (
            self.engine is not None
            and rtl is not None
            and rtl.predicted_equal
            and rtl.lanes == self.engine.lanes
        )


def gather(run: RunFolder) -> Facts:
    """Read a run and decode its test split.

    Raises UserError where the run holds no decoder, and for a file of it that is damaged.
    """
    run.require(run.decoder, "aegru-hw quantize RUN")
    run.require(run.recording, "aegru-hw train RECORDING --out RUN")
    decoder, recording = load_decoder(run.decoder), load_recording(run.recording)
    geometry = decoder.geometry
    if recording.channels != geometry.channels:
        raise UserError(
            f"{run.recording} has {recording.channels} channels; {run.decoder} takes "
            f"{geometry.channels}"
        )
    wanted = split(recording, complete_history(recording, geometry.window, geometry.steps)).test
    stream = TickStream.from_recording(recording, wanted, geometry.window, geometry.steps)
    velocity = run_streaming_form(decoder, stream.counts).velocity[stream.scored]
    targets = read_targets(run.path / "synth")
    generated = _generated_lanes(run.path / "rtl")
    engines, refusal = _engines(decoder, stream, generated, targets)
    return Facts(
        name=run.path.resolve().name,
        decoder=decoder,
        config=load_config(run.config),
        recording=recording,
        results=results_from(run.read_summary()),
        test=Decoding(
            np.flatnonzero(wanted), recording.velocity[wanted], decoder.physical(velocity)
        ),
        engine=engines.get(generated or DEFAULT_LANES),
        engine_refusal=refusal,
        engines=engines,
        has_firmware=run.hls.is_dir(),
        targets=targets,
    )


def _generated_lanes(folder: Path) -> int | None:
    """Return the lanes of the run's generated engine, None where there is none."""
    lanes = whole(read_json(folder / "parameters.json").get("Lanes"))
    return lanes if lanes in LANES else None


def _engines(
    decoder: FixedDecoder, stream: TickStream, generated: int | None, targets: Iterable[Target]
) -> tuple[dict[int, EnginePlan], str]:
    """Return the engines to show by lanes, or none and why."""
    wanted = {generated or DEFAULT_LANES, *(target.lanes for target in targets)}
    try:
        return {
            lanes: _engine(decoder, stream, lanes, lanes == generated)
            for lanes in LANES
            if lanes in wanted
        }, ""
    except UserError as error:
        return {}, str(error)


def _engine(decoder: FixedDecoder, stream: TickStream, lanes: int, generated: bool) -> EnginePlan:
    plan = memory_image(decoder, lanes).schedule
    costs, scored = tick_costs(decoder, plan, stream.counts), stream.scored
    return EnginePlan(
        generated,
        plan,
        costs,
        costs.cycles[scored],
        costs.latency[scored],
        costs.scan_cycles[scored],
    )
