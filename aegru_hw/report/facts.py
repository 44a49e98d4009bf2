"""Everything that the report says, gathered from a run."""

import shlex
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aegru_hw.decoder.config import Config, config_from
from aegru_hw.errors import UserError
from aegru_hw.executions import table
from aegru_hw.executions.execution import Execution
from aegru_hw.fixedpoint import (
    FixedDecoder,
    at_output_rate,
    load_decoder,
    run_streaming_form,
)
from aegru_hw.fixedpoint.changes import Changes
from aegru_hw.fixedpoint.streaming_form import changes_of
from aegru_hw.recordings.recording import Recording, load_recording
from aegru_hw.recordings.stream import test_stream
from aegru_hw.report.bounded import bounded
from aegru_hw.rtl.cycles import TickCosts, tick_costs
from aegru_hw.rtl.images import memory_image
from aegru_hw.rtl.lanes import LANES
from aegru_hw.runs.evidence import context_of
from aegru_hw.runs.folder import RunFolder
from aegru_hw.runs.results import Measured
from aegru_hw.runs.summarise import recording_folder
from aegru_hw.runs.summary import Summary
from aegru_hw.runs.verification import check_recording
from aegru_hw.strict_json import read_json
from aegru_hw.synthesis.lanes import Work
from aegru_hw.synthesis.resources import Resources
from aegru_hw.synthesis.targets import usual_lanes


@dataclass(frozen=True, eq=False)
class Decoding:
    """The test split's n scored outputs, in the recording's order.

    ticks: (n,) tick of the recording.
    truth, decoded: (n, 2) velocity in the recording's unit; decoded by the fixed-point decoder.
    """

    ticks: NDArray[np.int64]
    truth: NDArray[np.float64]
    decoded: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class EnginePlan:
    """What each of the n scored outputs costs on an engine.

    generated: the run holds an engine of these lanes; otherwise the lanes are the usual ones.
    """

    generated: bool
    costs: TickCosts

    @property
    def lanes(self) -> int:
        return self.costs.lanes

    @property
    def cycles(self) -> NDArray[np.int64]:
        """Clock cycles of each output, (n,)."""
        return self.costs.cycles

    @property
    def latency(self) -> NDArray[np.int64]:
        """Clock cycles from each output's start to its velocity, (n,)."""
        return self.costs.latency


@dataclass(frozen=True, eq=False)
class Facts:
    """A run as the report shows it. Texts of the summary are printable and short.

    path: of the run, as it was given. config: that the decoder was made with.
    there: executions of which what they run is in the folder. tools: versions, by tool.
    changes: of the n scored outputs.
    engine: the generated one, or one of the usual lanes; None where the engine cannot hold the
        decoder, and `engine_refusal` says why.
    engines: by lanes, that engine and those of the targets.
    """

    path: Path
    decoder: FixedDecoder
    config: Config
    recording: Recording
    summary: Summary
    there: frozenset[str]
    tools: dict[str, str]
    test: Decoding
    changes: Changes
    engine: EnginePlan | None
    engine_refusal: str
    engines: dict[int, EnginePlan]

    @property
    def name(self) -> str:
        """The run folder's own name."""
        return self.path.name or self.path.resolve().name

    @property
    def shell_path(self) -> str:
        """The run's folder, as it was given, as a word of a shell that is no option."""
        path = str(self.path)
        return shlex.quote(f"./{path}" if path.startswith("-") else path)

    @property
    def targets(self) -> tuple[Resources, ...]:
        """The placements that hold, in the order of names."""
        return tuple(found for _, found in sorted(self.summary.synthesis.items()))

    @property
    def results_folder(self) -> str:
        """The name of the folder of the results over the run's own recording."""
        return _results_folder(self.summary)

    @property
    def stale_executions(self) -> frozenset[str]:
        """Executions whose result over the run's own recording does not hold any more."""
        names = {
            stale.result.removeprefix(f"{self.results_folder}/") for stale in self.summary.stale
        }
        return frozenset(names & {execution.name for execution in table.EXECUTIONS})

    @property
    def executions(self) -> tuple[Execution, ...]:
        """The executions that are shown."""
        return table.worth_showing({*self.summary.r2, *self.stale_executions})

    def label(self, execution: Execution) -> str:
        """Return the label of an execution, by where it ran."""
        return execution.label_at(self.summary.places.get(execution.name))

    def is_stale(self, result: str) -> bool:
        """Tell whether a result, or one in the folder of that name, does not hold any more."""
        return any(
            stale.result == result or stale.result.startswith(f"{result}/")
            for stale in self.summary.stale
        )

    @property
    def counted(self) -> bool:
        """Whether the RTL counted the cycles that `engine` predicts, and found them equal."""
        rtl = self.summary.cycles
        return (
            self.engine is not None
            and rtl is not None
            and rtl.predicted_equal
            and rtl.lanes == self.engine.lanes
        )


def gather(run: RunFolder, summary: Summary) -> Facts:
    """Read a run and decode its test split. summary: of the run as it is.

    Raises UserError where the run holds no decoder, and for a damaged decoder or recording.
    """
    run.require(run.decoder, "aegru-hw quantize RUN")
    run.require(run.recording, "aegru-hw train RECORDING --out RUN")
    decoder, recording = load_decoder(run.decoder), load_recording(run.recording)
    check_recording(decoder, recording)
    stream, wanted = test_stream(recording, decoder.geometry)
    at_rate, sums = at_output_rate(decoder, stream.counts)
    velocity = run_streaming_form(at_rate, sums).velocity[stream.scored]
    summary = shown(summary)
    generated = None if summary.engine is None else summary.engine.lanes
    generated = generated if generated in LANES else None
    work = Work(at_rate, sums, stream.scored)
    engines, refusal = _engines(work, generated, summary.synthesis.values())
    return Facts(
        path=run.path,
        decoder=decoder,
        config=_config(run, decoder),
        recording=recording,
        summary=summary,
        there=frozenset(
            execution.name for execution in table.EXECUTIONS if execution.is_there(context_of(run))
        ),
        tools=_tools(run, summary),
        test=Decoding(
            np.flatnonzero(wanted), recording.velocity[wanted], decoder.physical(velocity)
        ),
        changes=_changes(work),
        engine=engines.get(generated or usual_lanes(None)),
        engine_refusal=refusal,
        engines=engines,
    )


def shown(summary: Summary) -> Summary:
    """Return a summary that a page can show; its commands, which no file holds, stay whole."""
    stale = [replace(bounded(stale), command=stale.command) for stale in summary.stale]
    return replace(bounded(replace(summary, stale=())), stale=tuple(stale))


def _config(run: RunFolder, decoder: FixedDecoder) -> Config:
    """Return what the decoder says that it was made with, or else config.toml."""
    stated = decoder.provenance.get("config")
    try:
        return config_from(stated if isinstance(stated, dict) else {})
    except UserError:
        return Config.load(run.config)


def _tools(run: RunFolder, summary: Summary) -> dict[str, str]:
    """Return the versions of the tools that the results were made with."""
    tools = dict(summary.versions)
    for project in (summary.firmware, summary.engine, *summary.synthesis.values()):
        tools |= {} if project is None else project.tools
    for execution in table.EXECUTIONS:
        if execution.name in summary.r2:
            result = f"{_results_folder(summary)}/{execution.name}.json"
            try:
                tools |= bounded(read_json(run.results / result, Measured)).tools
            except UserError:
                continue
    return tools


def _results_folder(summary: Summary) -> str:
    return recording_folder(summary.made_of.get("recording", "")).removeprefix("results/")


def _changes(work: Work) -> Changes:
    """Return what changed in each scored output."""
    found, scored = changes_of(work.decoder, work.counts), work.scored
    return Changes(found.channels[scored], found.latents[scored], found.states[scored])


def _engines(
    work: Work, generated: int | None, targets: Iterable[Resources]
) -> tuple[dict[int, EnginePlan], str]:
    """Return the engines to show by lanes, or none and why."""
    wanted = {generated or usual_lanes(None), *(target.lanes for target in targets)}
    try:
        return {
            lanes: _engine(work, lanes, lanes == generated) for lanes in LANES if lanes in wanted
        }, ""
    except UserError as error:
        return {}, str(error)


def _engine(work: Work, lanes: int, generated: bool) -> EnginePlan:
    plan = memory_image(work.decoder, lanes).schedule
    return EnginePlan(generated, tick_costs(work.decoder, plan, work.counts).over(work.scored))
