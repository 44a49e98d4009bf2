"""Decoding a recording with a run's decoder, and predicting an engine's work on it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aegru_hw.cost.energy import Energy, energy
from aegru_hw.cost.macs import reference_dense
from aegru_hw.fixedpoint import at_output_rate, load_decoder, run_streaming_form
from aegru_hw.recordings.r2 import R2, r2_score
from aegru_hw.recordings.recording import Recording
from aegru_hw.recordings.stream import TickStream
from aegru_hw.recordings.windows import complete_history
from aegru_hw.rtl.cycles import Prediction, tick_costs
from aegru_hw.rtl.schedule import schedule
from aegru_hw.runs.folder import RunFolder
from aegru_hw.runs.results import OutputRate
from aegru_hw.runs.verification import check_recording


@dataclass(frozen=True)
class Simulation:
    """What is known of decoding a recording.

    outputs: of `ticks` ticks, as often as `rate` says. r2: over those with a complete history.
    macs: multiply-accumulates per output, by schedule.
    engine, energy: predicted for an engine of given lanes, per output; None where none were given.
    """

    ticks: int
    outputs: int
    rate: OutputRate
    r2: R2
    macs: dict[str, float]
    engine: Prediction | None = None
    energy: Energy | None = None


def simulate(
    run: RunFolder, recording: Recording, lanes: int | None = None
) -> tuple[NDArray[np.float64], NDArray[np.int64], Simulation]:
    """Decode a recording with the streaming form, at every output.

    lanes: P of an engine whose cycles and energy the cost model predicts; none where not given.
    Returns velocity (O, 2) in the recording's unit, the tick of each (O,), and the facts.
    """
    decoder = load_decoder(run.require(run.decoder, "aegru-hw quantize RUN"))
    check_recording(decoder, recording)
    geometry = decoder.geometry
    stream = TickStream.from_recording(
        recording,
        np.ones(recording.ticks, dtype=bool),
        *(geometry.window, geometry.steps, geometry.every),
    )
    ticks = stream.scored_ticks
    at_rate, sums = at_output_rate(decoder, stream.counts)
    result = run_streaming_form(at_rate, sums)
    velocity = decoder.physical(result.velocity[stream.scored])
    complete = complete_history(recording, geometry.window, geometry.steps)[ticks]
    prediction = estimate = None
    if lanes is not None:
        costs = tick_costs(at_rate, schedule(at_rate, lanes), sums).over(stream.scored)
        prediction, estimate = costs.prediction(geometry.output_seconds), energy(at_rate, costs)
    return (
        velocity,
        ticks,
        Simulation(
            ticks=recording.ticks,
            outputs=len(ticks),
            rate=OutputRate(geometry.every, 1 / geometry.output_seconds),
            r2=r2_score(recording.velocity[ticks][complete], velocity[complete]),
            macs={
                "reference_dense": float(reference_dense(geometry)),
                "streaming_dense": float(result.macs_dense),
                "streaming_effective": float(result.macs_effective[stream.scored].mean()),
            },
            engine=prediction,
            energy=estimate,
        ),
    )
