"""What the whole way was asked for: RUN/options.json, so that it can be gone on with."""

from dataclasses import dataclass, field
from pathlib import Path

from aegru_hw.strict_json import read_json


@dataclass(frozen=True)
class FirmwareOptions:
    """Settings of the hls4ml project; its default where None (aegru_hw/hls/project.py)."""

    part: str | None = None
    clock_period_ns: float | None = None
    strategy: str | None = None
    reuse_factor: int | None = None
    io_type: str | None = None


@dataclass(frozen=True)
class RunOptions:
    """What `run` was asked for beside recording and configuration.

    lanes: P of the engine; usual where None. target: where it is placed; nowhere where None.
    firmware: of the hls4ml project. without: executions that are left out.
    encoders: of sessions that are trained together, "own" or "shared".
    """

    lanes: int | None = None
    target: str | None = None
    firmware: FirmwareOptions = field(default_factory=FirmwareOptions)
    without: tuple[str, ...] = ()
    encoders: str = "own"


def read_options(path: Path) -> RunOptions:
    """Return the options of a run; the defaults where none were kept."""
    return read_json(path, RunOptions) if path.is_file() else RunOptions()
