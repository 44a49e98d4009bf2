"""The engines that play a mutant through their C interface: lanes, decoders, libraries."""

import ctypes
import shutil
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aegru_hw.errors import UserError
from aegru_hw.fixedpoint import FixedDecoder, run_streaming_form
from aegru_hw.fixedpoint.types import Codes
from aegru_hw.rtl.cycles import tick_costs
from aegru_hw.rtl.engine import COST_FIELDS, events_of
from aegru_hw.rtl.image_stream import image_stream
from aegru_hw.rtl.images import memory_image
from aegru_hw.rtl.limits import Limits, least_limits
from aegru_hw.rtl.rebuild import rebuild_costs
from proof.mutants.decoders import Sizes, made
from proof.simulators import verilated_library

HARNESS = Path(__file__).with_name("harness.cpp")


@dataclass(frozen=True)
class Played:
    """A decoder, spikes of T ticks, and what the integer simulator and the cost model say of them.

    words: the decoder's image. memories: what it holds, by name. events: of the spikes.
    velocity: (T, 2). costs: (T, 7).
    """

    words: NDArray[np.uint32]
    memories: dict[str, NDArray[np.uint32]]
    events: NDArray[np.uint32]
    velocity: Codes
    costs: Codes
    refused_channel: int


@dataclass(frozen=True)
class Plan:
    """An engine of P lanes for some decoders, whose formats are wired in where `fixed`.

    protected: with rebuilds, and memories that can be read back.

    decoders: what each is made with.
    """

    name: str
    lanes: int
    decoders: tuple[Sizes, ...]
    fixed: bool = False
    protected: bool = False
    ticks: int = 12

    @cached_property
    def made(self) -> list[FixedDecoder]:
        return [made(seed, **sizes) for seed, sizes in enumerate(self.decoders, 1)]

    @cached_property
    def parameters(self) -> dict[str, int | str]:
        given: dict[str, int | str] = {**self.limits.parameters(self.lanes)}
        if self.fixed:
            given["FixedConfig"] = memory_image(self.made[0], self.lanes).fixed_config
        if self.protected:
            given |= {"Protected": 1, "ReadBack": 1}
        return given

    @cached_property
    def limits(self) -> Limits:
        return least_limits(*(memory_image(decoder, self.lanes).needs for decoder in self.made))

    @cached_property
    def played(self) -> list[Played]:
        return [
            played(
                decoder,
                self.lanes,
                lively_counts(decoder, self.ticks),
                self.limits if self.protected else None,
            )
            for decoder in self.made
        ]


SMALL: Sizes = {"channels": 13, "latent": 6, "hidden": 7, "steps": 3, "window": 4, "table_bits": 6}
SPARSE: Sizes = {
    "channels": 30,
    "latent": 20,
    "hidden": 24,
    "window": 2,
    "table_bits": 6,
    "sparsity": 0.9,
}

PLANS = (
    Plan(
        "four lanes",
        4,
        (
            SMALL,
            {**SMALL, "norm": False, "steps": 2, "window": 1, "spread": 4.0, "weight_bits": 4},
            {**SMALL, "hidden": 4, "latent": 3, "steps": 1, "sparsity": 0.0, "channels": 5},
            {**SMALL, "formats": "coarse", "weight_bits": 7},
        ),
    ),
    Plan("one lane, wired formats", 1, (SMALL, {**SMALL, "formats": "ties"}), fixed=True),
    Plan(
        "sixteen lanes",
        16,
        (
            {**SPARSE, "steps": 6},
            {**SPARSE, "steps": 8, "sparsity": 0.97},
            {**SPARSE, "steps": 2, "window": 1, "hidden": 17, "sparsity": 0.3, "norm": False},
        ),
    ),
    Plan(
        "two lanes",
        2,
        (
            {**SMALL, "steps": 2, "window": 1},
            {**SMALL, "steps": 4, "hidden": 9, "latent": 2, "weight_bits": 3, "sparsity": 0.8},
            {**SMALL, "steps": 1, "window": 3},
            {**SMALL, "formats": "coarse", "norm": False, "weight_bits": 7},
        ),
    ),
    Plan(
        "four lanes, wired formats",
        4,
        ({**SMALL, "steps": 5}, {**SMALL, "steps": 5, "formats": "ties"}),
        fixed=True,
    ),
    Plan(
        "four lanes, protected",
        4,
        ({**SMALL, "steps": 4}, {**SMALL, "window": 1}, {**SMALL, "steps": 1, "window": 3}),
        protected=True,
    ),
    Plan("one lane, protected", 1, (SMALL,), protected=True),
    Plan(
        "four lanes, a long ring",
        4,
        ({**SMALL, "hidden": 130, "steps": 8, "window": 37, "sparsity": 0.99},),
        ticks=3,
    ),
)
"""From the one on that most mutants die in."""


def lively_counts(decoder: FixedDecoder, ticks: int) -> NDArray[np.int64]:
    """Return spike counts (T, C) with silence, all channels at once, and counts beyond the ends."""
    channels, end = decoder.geometry.channels, decoder.feature.address.max_code
    counts = np.random.default_rng(channels).poisson(0.3, (ticks, channels))
    counts[ticks // 3] = 0
    counts[ticks // 2] = end // 2 + 1
    counts[ticks // 2 + 1 :, 0] += end
    counts[-1, channels // 2] = 300
    return counts


def played(
    decoder: FixedDecoder, lanes: int, counts: NDArray[np.int64], rebuilt: Limits | None = None
) -> Played:
    """Return spike counts (T, C) as a stream, and what it must give.

    rebuilt: what a protected engine is elaborated for.
    """
    image = memory_image(decoder, lanes)
    predicted = tick_costs(decoder, image.schedule, counts)
    if rebuilt is not None:
        rebuilds = rebuild_costs(decoder, image.schedule, counts, rebuilt)
        predicted = rebuilds.added_to(predicted)
    return Played(
        words=image_stream(image),
        memories=image.memories,
        events=events_of(counts),
        velocity=run_streaming_form(decoder, counts).velocity,
        costs=np.stack([getattr(predicted, name) for name in COST_FIELDS], axis=1),
        refused_channel=decoder.geometry.channels,
    )


def compile_engine(
    plan: Plan,
    sources: list[Path],
    target: Path,
    work: Path,
    *,
    optimise: str = "-O1",
    options: tuple[str, ...] = (),
) -> str | None:
    """Compile sources and harness into the library `target`; return what was said of a failure.

    work: a folder with a plain path for what the tools leave. options: further ones of Verilator.
    """
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    files, given = [*sources, HARNESS], ("--assert", "-DSIMULATION", *options)
    try:
        library = verilated_library(
            work, "aegru_engine", files, plan.parameters, given, level=optimise
        )
    except UserError as error:
        return str(error)
    shutil.copy(library, target)
    shutil.rmtree(work)
    return None


def opened(path: Path) -> ctypes.CDLL:
    """Return a compiled library with the types of its functions."""
    library = ctypes.CDLL(str(path))
    handle, words = ctypes.c_void_p, ctypes.POINTER(ctypes.c_uint32)
    library.engine_new.restype = handle
    library.engine_new.argtypes = [ctypes.c_uint32, ctypes.c_uint64, ctypes.c_uint32]
    library.engine_cover.argtypes = [handle, ctypes.c_char_p]
    library.engine_delete.argtypes = [handle]
    library.engine_reset.argtypes = [handle, ctypes.c_uint32]
    library.engine_write.argtypes = [handle, ctypes.c_uint32, ctypes.c_uint32]
    library.engine_read.argtypes = [handle, ctypes.c_uint32]
    library.engine_read.restype = ctypes.c_uint32
    for counter in (
        library.engine_cycles,
        library.engine_source_stalls,
        library.engine_sink_stalls,
    ):
        counter.argtypes = [handle]
        counter.restype = ctypes.c_uint64
    library.engine_torn.argtypes = [handle]
    library.engine_torn.restype = ctypes.c_bool
    library.engine_run.argtypes = [
        *(handle, words, ctypes.c_uint64, ctypes.c_uint64),
        *(ctypes.POINTER(ctypes.c_int32), words, ctypes.c_uint64, ctypes.c_uint32, ctypes.c_uint32),
    ]
    library.engine_run.restype = ctypes.c_uint64
    return library
