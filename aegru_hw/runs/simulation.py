"""Decoding a recording with a run's decoder, and predicting an engine's work on it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aegru_hw.cost.energy import Energy, energy
from aegru_hw.cost.macs import reference_dense
from aegru_hw.fixedpoint import load_decoder, run_streaming_form
from aegru_hw.recordings.r2 import R2, r2_score
from aegru_hw.recordings.recording import Recording
from aegru_hw.recordings.stream import TickStream
from aegru_hw.recordings.windows import complete_history
from aegru_hw.rtl.cycles import Prediction, tick_costs
from aegru_hw.rtl.schedule import schedule
from aegru_hw.runs.folder import RunFolder
from aegru_hw.runs.verification import check_recording


@dataclass(frozen=True)
class Simulation:
    """What is known of decoding a recording.

    r2: over the ticks with a complete history. macs: multiply-accumulates a tick, by schedule.
    engine, energy: predicted for an engine of given lanes; None where none were given.
    """

    ticks: int
    r2: R2
    macs: dict[str, float]
    engine: Prediction | None = None
    energy: Energy | None = None


def simulate(
    run: RunFolder, recording: Recording, lanes: int | None = None
) -> tuple[NDArray[np.float64], Simulation]:
    """Decode every tick of a recording with the streaming form.

    lanes: P of an engine whose cycles and energy the cost model predicts; none where not given.
    Returns velocity (T, 2) in the recording's unit, and the facts.
    """
    decoder = load_decoder(run.require(run.decoder, "aegru-hw quantize RUN"))
    check_recording(decoder, recording)
    geometry = decoder.geometry
    every = np.ones(recording.ticks, dtype=bool)
    stream = TickStream.from_recording(recording, every, geometry.window, geometry.steps)
    result = run_streaming_form(decoder, stream.counts)
    velocity = decoder.physical(result.velocity[stream.scored])
    complete = complete_history(recording, geometry.window, geometry.steps)
    prediction = estimate = None
    if lanes is not None:
        costs = tick_costs(decoder, schedule(decoder, lanes), stream.counts).over(stream.scored)
        prediction, estimate = costs.prediction(geometry.tick_seconds), energy(decoder, costs)
    return velocity, Simulation(
        ticks=recording.ticks,
        r2=r2_score(recording.velocity[complete], velocity[complete]),
        macs={
            "reference_dense": float(reference_dense(geometry)),
            "streaming_dense": float(result.macs_dense),
            "streaming_effective": float(result.macs_effective[stream.scored].mean()),
        },
        engine=prediction,
        energy=estimate,
    )
