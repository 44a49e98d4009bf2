"""A unit for ezmsg (extra `ezmsg`): spike counts in, velocities out."""

from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path
from typing import Any

import ezmsg.core as ez
import numpy as np
from ezmsg.util.messages.axisarray import AxisArray
from numpy.typing import NDArray

from aegru_hw.export.compiled import CompiledDecoder, load_live
from aegru_hw.fixedpoint.live import LiveDecoder


class DecoderSettings(ez.Settings):
    """path: the decoder.h5."""

    path: Path


class DecoderState(ez.State):
    decoder: CompiledDecoder | LiveDecoder


class DecoderUnit(ez.Unit):
    """Decodes AxisArrays of counts ("time", "ch"), a row a tick, as they come.

    Each gives one of velocities ("time", "ch"), (n, 2), with the time axis of its output ticks; one
    without an output gives none. Raises UserError, which ends the graph, where the settings' file
    holds no sound decoder, and as `step_counts` does.
    """

    SETTINGS = DecoderSettings
    STATE = DecoderState
    INPUT = ez.InputStream(AxisArray)
    OUTPUT = ez.OutputStream(AxisArray)

    async def initialize(self) -> None:
        self.STATE.decoder = load_live(self.SETTINGS.path)

    @ez.subscriber(INPUT)  # type: ignore[untyped-decorator]
    @ez.publisher(OUTPUT)  # type: ignore[untyped-decorator]
    async def decode(self, counts: AxisArray) -> AsyncGenerator[Any, None]:
        decoded = velocities(self.STATE.decoder, counts)
        if decoded is not None:
            yield self.OUTPUT, decoded


def velocities(decoder: CompiledDecoder | LiveDecoder, counts: AxisArray) -> AxisArray | None:
    """Return the velocities of an AxisArray of counts; None where it has no output."""
    rows = np.moveaxis(counts.data, counts.get_axis_idx("time"), 0)
    found: list[NDArray[np.float64]] = []
    first = 0
    for tick, row in enumerate(rows):
        velocity = decoder.step_counts(row)
        if decoder.is_output:
            first = first if found else tick
            found.append(velocity)
    if not found:
        return None
    axes = {name: axis for name, axis in counts.axes.items() if name == "time"}
    if isinstance(axes.get("time"), AxisArray.LinearAxis):
        time, every = axes["time"], decoder.decoder.geometry.every
        axes["time"] = replace(time, gain=time.gain * every, offset=time.value(first))
    axes["ch"] = AxisArray.CoordinateAxis(
        data=np.array(["velocity_x", "velocity_y"]), dims=["ch"], unit=""
    )
    return AxisArray(np.array(found), dims=["time", "ch"], axes=axes, key=counts.key)
