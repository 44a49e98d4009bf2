"""The protocol of all executions: what each is called, what it needs, and running it."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from aegru_hw.fixedpoint.counts import Counts
from aegru_hw.fixedpoint.decoder import FixedDecoder
from aegru_hw.fixedpoint.types import Codes
from aegru_hw.needs.table import NEEDS

if TYPE_CHECKING:
    from aegru_hw.rtl.verification import EngineResult


@dataclass(frozen=True)
class Context:
    """Where executions find what they run beside the decoder, whether or not it is there.

    weights: of the Brevitas network. firmware: the hls4ml project. engine: the engine's project.
    progress: whether they show how far they are. board: the port of one; None where none is wanted.
    """

    weights: Path
    firmware: Path
    engine: Path
    progress: bool = False
    board: str | None = None


Macs = dict[str, NDArray[np.int64] | int]
"""Multiply-accumulates by schedule, as summary.json names it: (O,) of outputs, or one number."""


@dataclass(frozen=True, eq=False)
class Output:
    """What an execution gave at O output ticks.

    velocity: (O, 2) velocity codes.
    macs: where the execution counts them.
    engine: counters of the RTL engine and the cost model's prediction of them.
    place: where it ran, if not in a program here: the port of a board.
    """

    velocity: Codes
    macs: Macs = field(default_factory=dict)
    engine: "EngineResult | None" = None
    place: str | None = None


class Execution(ABC):
    """One way to execute a decoder; stateless, all of them stand in `table.EXECUTIONS`.

    name: its key in summary.json, in `--without` and in the mismatches.
    label, what: for people, a word and a phrase.
    needs: tools and packages it runs with, by their names in `aegru_hw.needs`.
    made_by: the command, behind `aegru-hw`, that writes what it runs; None where `quantize` does.
    is_trained_network: it runs the network that decoder.h5 was exported from, not decoder.h5.
    is_optional: where what it needs is not here, `verify` passes over it and says so.
    asked_by: the option of `verify` without which it is not run; then nobody misses it.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    what: ClassVar[str]
    needs: ClassVar[tuple[str, ...]] = ("numpy",)
    made_by: ClassVar[str | None] = None
    is_trained_network: ClassVar[bool] = False
    is_optional: ClassVar[bool] = False
    asked_by: ClassVar[str | None] = None

    def is_there(self, context: Context) -> bool:
        """Tell whether what it runs has been written."""
        return True

    def uses(self, context: Context) -> tuple[str, ...]:
        """Return the tools and packages that a run of it is made with."""
        return self.needs

    def label_at(self, place: str | None) -> str:
        """Return the label of a result that came of a place, as `Output` has it."""
        return self.label

    def lacks(self) -> str | None:
        """Return in words what an optional one needs and is not here; None where nothing."""
        if not self.is_optional:
            return None
        needs = (NEEDS[name] for name in self.needs if name in NEEDS)
        problems = ((need, need.probe().problem) for need in needs)
        lines = [need.missing_text(problem) for need, problem in problems if problem is not None]
        return " | ".join(lines) or None

    def made_of(self, context: Context) -> dict[str, str]:
        """Return digests of what its result follows from, beside decoder and recording."""
        return {}

    def check(self, decoder: FixedDecoder, context: Context) -> None:
        """Raise UserError for what can be known beforehand to be in the way of `run`."""
        return

    @abstractmethod
    def run(self, decoder: FixedDecoder, counts: Counts, context: Context) -> Output:
        """Decode counts (T, C) of spikes per tick and channel, after silence.

        The outputs are those of the ticks that fixedpoint/rate.py names, O = T // every.
        Raises UserError where a tool is missing or fails, and for a decoder or counts that it
        does not take.
        """
