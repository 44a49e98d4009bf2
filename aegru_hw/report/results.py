"""What summary.json says, as far as each part of it was run."""

from dataclasses import dataclass
from typing import Any

from aegru_hw.report.values import mapping, number, numbers, text, whole

AXES = ("mean", "x", "y")


@dataclass(frozen=True)
class EngineCycles:
    """Clock cycles that the RTL engine counted over the test split."""

    lanes: int | None
    per_tick_mean: float | None
    per_tick_max: float | None
    latency_mean: float | None
    latency_max: float | None
    predicted_equal: bool


@dataclass(frozen=True)
class Energy:
    """The energy estimate of a tick, in nJ.

    parts: schedule ("engine", "reference_dense") to part to nJ.
    """

    lanes: int | None
    technology: str
    voltage: float | None
    source: str
    per_tick_nj: dict[str, float]
    parts: dict[str, dict[str, float]]
    assumptions: tuple[str, ...]


@dataclass(frozen=True)
class Results:
    """The sections of summary.json; what was not run is empty or None.

    r2: stage to R² of "mean", "x" and "y", None where an axis has none.
    mismatches: pair of executions to the number of ticks that differ.
    macs: schedule to multiply-accumulates per output; "rtl" as the engine counted them.
    """

    r2: dict[str, dict[str, float | None]]
    mismatches: dict[str, int]
    ticks_compared: int | None
    macs: dict[str, float]
    cycles: EngineCycles | None
    energy: Energy | None
    sparsity: float | None
    footprint_bytes: dict[str, float]
    training: dict[str, dict[str, float]]
    versions: dict[str, str]
    firmware: dict[str, Any]
    recording_command: str

    @property
    def mismatching(self) -> int:
        """Mismatching ticks, summed over the pairs."""
        return sum(self.mismatches.values())


def results_from(summary: dict[str, Any]) -> Results:
    """Return the results in a summary, whatever it lacks."""
    r2 = {
        text(stage): {axis: number(mapping(values).get(axis)) for axis in AXES}
        for stage, values in mapping(summary.get("r2")).items()
    }
    mismatches = {
        text(pair): whole(count) for pair, count in mapping(summary.get("mismatches")).items()
    }
    return Results(
        r2=r2,
        mismatches={pair: count for pair, count in mismatches.items() if count is not None},
        ticks_compared=whole(summary.get("ticks_compared")),
        macs=numbers(summary.get("macs")),
        cycles=_cycles(mapping(summary.get("cycles"))),
        energy=_energy(mapping(summary.get("energy"))),
        sparsity=number(summary.get("sparsity")),
        footprint_bytes=numbers(summary.get("footprint_bytes")),
        training={
            text(stage): numbers(values)
            for stage, values in mapping(summary.get("training")).items()
        },
        versions={
            text(name): text(value) for name, value in mapping(summary.get("versions")).items()
        },
        firmware=mapping(summary.get("firmware")),
        recording_command=text(mapping(summary.get("recording")).get("made_by")),
    )


def _cycles(cycles: dict[str, Any]) -> EngineCycles | None:
    if not cycles:
        return None
    return EngineCycles(
        lanes=whole(cycles.get("lanes")),
        per_tick_mean=number(cycles.get("per_tick_mean")),
        per_tick_max=number(cycles.get("per_tick_max")),
        latency_mean=number(cycles.get("latency_mean")),
        latency_max=number(cycles.get("latency_max")),
        predicted_equal=cycles.get("predicted_equal") is True,
    )


def _energy(energy: dict[str, Any]) -> Energy | None:
    per_tick = numbers(energy.get("per_tick_nj"))
    if not {"engine", "reference_dense"} <= set(per_tick):
        return None
    assumptions = energy.get("assumptions")
    return Energy(
        lanes=whole(energy.get("lanes")),
        technology=text(energy.get("technology")),
        voltage=number(energy.get("voltage")),
        source=text(energy.get("source")),
        per_tick_nj=per_tick,
        parts={
            schedule: numbers(mapping(energy.get("parts")).get(schedule))
            for schedule in ("engine", "reference_dense")
        },
        assumptions=tuple(text(line) for line in assumptions if text(line))
        if isinstance(assumptions, list)
        else (),
    )
