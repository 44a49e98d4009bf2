"""What the testbenches play and expect: scenarios of events with every intermediate, and images."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aegru_hw.fixedpoint.decoder import FixedDecoder
from aegru_hw.fixedpoint.traces import CELL_TENSORS, streaming_traces
from aegru_hw.fixedpoint.types import Codes
from aegru_hw.rtl.cycles import tick_costs
from aegru_hw.rtl.engine import COST_FIELDS, events_of
from aegru_hw.rtl.image_stream import image_stream
from aegru_hw.rtl.images import Image
from aegru_hw.rtl.limits import Limits
from aegru_hw.rtl.reads import lane_reads

RATE = 0.05
RECORDING_TICKS, SILENT_TICKS = 40, 12
PLAYED = ("recording", "silence", "every_channel", "saturation")
"""Scenarios that every testbench plays; `second` is for the second decoder alone."""


def scenarios(
    decoder: FixedDecoder, counts: NDArray[Any] | None = None
) -> dict[str, NDArray[np.int64]]:
    """Return counts (T, C) by scenario name.

    recording: `counts` as given, random ones where not. silence: nothing but one spike in the
    middle. every_channel: all channels fire in one tick, and leave the window together.
    saturation: window counts beyond the feature table's end, and a tick beyond a spike counter's.
    """
    geometry = decoder.geometry
    generator = np.random.default_rng(0)
    if counts is None:
        counts = generator.poisson(RATE, (RECORDING_TICKS, geometry.channels))
    silence = np.zeros((2 * SILENT_TICKS, geometry.channels), dtype=np.int64)
    silence[SILENT_TICKS, 0] = 1
    every_channel = np.zeros((geometry.window + 4, geometry.channels), dtype=np.int64)
    every_channel[2] = 1
    end = decoder.feature.address.max_code
    saturation = np.zeros((geometry.window + 6, geometry.channels), dtype=np.int64)
    some = generator.choice(geometry.channels, min(4, geometry.channels), replace=False)
    saturation[1, some] = end + 3
    saturation[2, some] = 1
    saturation[4, some[0]] = 300
    return {
        "recording": np.asarray(counts, dtype=np.int64),
        "silence": silence,
        "every_channel": every_channel,
        "saturation": saturation,
    }


def write_vectors(
    path: Path,
    decoder: FixedDecoder,
    image: Image,
    second: tuple[FixedDecoder, Image],
    limits: Limits,
    counts: NDArray[Any] | None = None,
) -> None:
    """Write events, velocities, costs and traces of every scenario, and both images, as .npz."""
    arrays: dict[str, Any] = {}
    for name, played in scenarios(decoder, counts).items():
        arrays |= _scenario(name, decoder, image, played)
    arrays |= _scenario("second", *second, scenarios(second[0])["recording"][:10])
    arrays |= _image("image", decoder, image) | _image("second", *second)
    geometry = decoder.geometry
    built = limits.parameters(image.schedule.lanes)
    arrays["registers"] = [
        *(built[name] for name in ("Lanes", "MaxChannels", "MaxLatent", "MaxHidden")),
        *(built[name] for name in ("ScheduleDepth", "RingDepth", "HistoryDepth")),
        *(geometry.channels, geometry.latent, geometry.hidden, geometry.window, geometry.steps),
    ]
    played = scenarios(decoder, counts)["recording"][:2]
    phases = tick_costs(decoder, image.schedule, played).phases(1)
    arrays["phase_middles"] = sorted({(phase.begin + phase.end) // 2 for phase in phases})
    np.savez(path, **arrays)


def _scenario(
    name: str, decoder: FixedDecoder, image: Image, counts: NDArray[Any]
) -> dict[str, NDArray[Any]]:
    costs = tick_costs(decoder, image.schedule, counts)
    fields = [getattr(costs, field) for field in COST_FIELDS]
    reads = lane_reads(decoder.geometry, costs)
    traces = _by_position(streaming_traces(decoder, counts), image)
    return {
        f"{name}.events": events_of(counts),
        f"{name}.velocity": traces["velocity"],
        f"{name}.costs": np.stack(fields, axis=1),
        f"{name}.reads": np.stack(list(reads.values()), axis=1),
        **{f"{name}.trace.{tensor}": codes for tensor, codes in traces.items()},
    }


def _by_position(traces: dict[str, Codes], image: Image) -> dict[str, Codes]:
    """Return traces with their units in the order of the engine's positions."""
    plan = image.schedule
    orders = {"latent": plan.latent_units} | dict.fromkeys(CELL_TENSORS, plan.hidden_units)
    return {
        name: codes[..., orders[name]] if name in orders else codes
        for name, codes in traces.items()
    }


def _image(name: str, decoder: FixedDecoder, image: Image) -> dict[str, Any]:
    return {
        f"{name}.words": image_stream(image),
        f"{name}.channels": decoder.geometry.channels,
    }
