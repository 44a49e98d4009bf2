"""From the engine's sources to a placed design and a bitstream, and what it takes of a device."""

from aegru_hw.synthesis.design import Design
from aegru_hw.synthesis.engine import synthesise_engine
from aegru_hw.synthesis.flow import DoesNotFitError, missed_timing, synthesise
from aegru_hw.synthesis.targets import TARGETS, Target, target_named
from aegru_hw.synthesis.tools import ToolFailedError

__all__ = [
    "TARGETS",
    "Design",
    "DoesNotFitError",
    "Target",
    "ToolFailedError",
    "missed_timing",
    "synthesise",
    "synthesise_engine",
    "target_named",
]
