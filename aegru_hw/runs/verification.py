"""The fourth step of a run: every execution over the test split, compared tick by tick."""

from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from aegru_hw.cost.energy import energy
from aegru_hw.errors import UserError
from aegru_hw.executions.execution import Context, Execution, Output
from aegru_hw.executions.table import chosen
from aegru_hw.fixedpoint import FixedDecoder, load_decoder, per_output
from aegru_hw.recordings.r2 import r2_score
from aegru_hw.recordings.recording import Recording, load_recording
from aegru_hw.recordings.stream import TickStream, test_stream
from aegru_hw.rtl.verification import cycle_facts
from aegru_hw.runs.evidence import context_of
from aegru_hw.runs.folder import RunFolder
from aegru_hw.runs.options import read_options
from aegru_hw.runs.results import Measured, OutputRate
from aegru_hw.runs.summarise import recording_folder, sha256_of, write_summary
from aegru_hw.runs.summary import Summary
from aegru_hw.runs.tools import versions_of
from aegru_hw.strict_json import write_json


def verify(
    run: RunFolder,
    recording: Recording | None = None,
    *,
    without: Iterable[str] = (),
    board: str | None = None,
    progress: bool = True,
    say: Callable[[str], None] = lambda text: None,
) -> Summary:
    """Run the executions that the run has over the test split; return the summary.

    recording: another one than the run's own, which must have the decoder's channels and tick; its
    results stand in `other_recordings`.
    without: names of executions to leave out. board: the port of one, which runs it too.
    say: told of each execution as it begins, and of those that are passed over because what they
    need is not here.
    Each result is kept as soon as it is there: a later failure loses none.
    """
    executions = chosen(without)
    with run.held():
        decoder = load_decoder(run.require(run.decoder, "aegru-hw quantize RUN"))
        own = recording is None
        if recording is None:
            recording = load_recording(run.require(run.recording, "aegru-hw train ... --out RUN"))
        check_recording(decoder, recording)
        stream, wanted = test_stream(recording, decoder.geometry)
        truth = recording.velocity[wanted]
        context = context_of(run, progress=progress, board=board)
        for execution in executions:
            if execution.is_there(context):
                execution.check(decoder, context)
        if own:
            _keep_left_out(run, tuple(sorted(without)))
        for execution in executions:
            if (lacking := execution.lacks()) is not None:
                say(f"not verified: {execution.label}: {lacking}")
            elif execution.is_there(context):
                say(f"verifying: {execution.label_at(board)}")
                summary = _verified(run, execution, decoder, recording, stream, truth, context)
    return summary


def check_recording(decoder: FixedDecoder, recording: Recording) -> None:
    """Refuse a recording that a decoder was not made for; UserError says what it was made for."""
    geometry = decoder.geometry
    if recording.channels != geometry.channels:
        raise UserError(
            f"the recording has {recording.channels} channels; "
            f"this decoder takes {geometry.channels}"
        )
    if not np.isclose(recording.tick_seconds, geometry.tick_seconds):
        raise UserError(
            f"the recording's tick is {recording.tick_seconds:g} s; this decoder takes "
            f"{geometry.tick_seconds:g} s"
        )


def _verified(
    run: RunFolder,
    execution: Execution,
    decoder: FixedDecoder,
    recording: Recording,
    stream: TickStream,
    truth: NDArray[np.float64],
    context: Context,
) -> Summary:
    """Run one execution and keep its result."""
    # Before the run, so that a project that is exchanged meanwhile does not get the proof.
    made_of = {"decoder": decoder.digest, "recording": recording.content_hash}
    made_of |= execution.made_of(context)
    output = execution.run(decoder, stream.counts, context)
    result = Measured(
        execution=execution.name,
        source=recording.source,
        made_of=made_of,
        tools=versions_of(execution.uses(context)),
        ticks=len(output.velocity),
        scored=int(stream.scored.sum()),
        r2=r2_score(truth, decoder.physical(output.velocity[stream.scored])),
        macs=_macs(output, stream.scored),
        rate=OutputRate(decoder.geometry.every, 1 / decoder.geometry.output_seconds),
        velocity_sha256=sha256_of(output.velocity),
        place=output.place,
    )
    if output.engine is not None:
        result = replace(
            result,
            cycles=cycle_facts(output.engine, stream.scored),
            energy=energy(per_output(decoder), output.engine.predicted.over(stream.scored)),
        )
    folder = recording_folder(recording.content_hash)
    with run.transaction() as change:
        write_json(result, change.path(f"{folder}/{execution.name}.json"))
        with open(change.path(f"{folder}/{execution.name}.npy"), "wb") as file:
            np.save(file, output.velocity.astype("<i4"), allow_pickle=False)
        return write_summary(run, change)


def _macs(output: Output, scored: NDArray[np.bool_]) -> dict[str, float]:
    """Return multiply-accumulates a scored output by schedule, the mean where they differ."""
    return {
        name: float(macs) if isinstance(macs, int) else float(macs[scored].mean())
        for name, macs in output.macs.items()
    }


def _keep_left_out(run: RunFolder, without: tuple[str, ...]) -> None:
    options = read_options(run.options)
    if options.without != without:
        with run.transaction() as change:
            write_json(replace(options, without=without), change.path("options.json"))
            write_summary(run, change)
