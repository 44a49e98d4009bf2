"""What synthesis left for each target: RUN/synth/TARGET/resources.json."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aegru_hw.report.values import mapping, number, read_json, text, whole

MAX_TARGETS = 64


@dataclass(frozen=True)
class Use:
    """How much of one kind of resource a design uses."""

    used: int
    available: int | None
    percent: float | None


@dataclass(frozen=True)
class Target:
    """The synthesised engine on one device; None where a tool does not say.

    estimate: synthesis alone, without place and route.
    board: whose pins it has; empty for none.
    clock_mhz: the clock that was asked for; fmax_mhz: the one that was reached.
    """

    name: str
    device: str
    lanes: int | None
    estimate: bool
    board: str
    seed: int | None
    clock_mhz: float | None
    fmax_mhz: float | None
    timing_met: bool | None
    critical_path: tuple[str, str] | None
    resources: dict[str, Use]
    bitstream: str
    tools: dict[str, str]
    seconds: dict[str, float]

    @property
    def label(self) -> str:
        return f"{self.name} (estimate)" if self.estimate else self.name

    @property
    def running_mhz(self) -> float | None:
        """The clock that the placed design runs at: as asked, or the most that it reaches."""
        if self.estimate:
            return None
        if self.timing_met and self.clock_mhz is not None:
            return self.clock_mhz
        return self.fmax_mhz


def read_targets(folder: Path) -> tuple[Target, ...]:
    """Return what was synthesised in a folder RUN/synth, in the order of names."""
    if not folder.is_dir():
        return ()
    paths = sorted(folder.glob("*/resources.json"))[:MAX_TARGETS]
    found = [(path.parent.name, read_json(path)) for path in paths]
    return tuple(_target(name, facts) for name, facts in found if facts)


def _target(folder: str, facts: dict[str, Any]) -> Target:
    path = mapping(facts.get("critical_path"))
    met = facts.get("timing_met")
    seconds = {text(tool): number(value) for tool, value in mapping(facts.get("seconds")).items()}
    return Target(
        name=text(facts.get("target")) or text(folder),
        device=text(facts.get("device")),
        lanes=whole(facts.get("lanes")),
        estimate=facts.get("estimate") is True,
        board=text(facts.get("board")),
        seed=whole(facts.get("seed")),
        clock_mhz=_positive(facts.get("clock_mhz")),
        fmax_mhz=_positive(facts.get("fmax_mhz")),
        timing_met=met if isinstance(met, bool) else None,
        critical_path=(text(path.get("from")), text(path.get("to"))) if path else None,
        resources={
            text(kind): use
            for kind, value in mapping(facts.get("resources")).items()
            if (use := _use(mapping(value))) is not None
        },
        bitstream=text(facts.get("bitstream")),
        tools={text(tool): text(version) for tool, version in mapping(facts.get("tools")).items()},
        seconds={tool: value for tool, value in seconds.items() if value is not None},
    )


def _use(use: dict[str, Any]) -> Use | None:
    used, available = whole(use.get("used")), whole(use.get("available"))
    if used is None:
        return None
    percent = number(use.get("percent"))
    if percent is None and available:
        percent = 100 * used / available
    return Use(used, available, percent)


def _positive(value: Any) -> float | None:
    found = number(value)
    return found if found is not None and found > 0 else None
