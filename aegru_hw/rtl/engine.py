"""The engine compiled by Verilator into a shared library: whole recordings at full speed."""

import ctypes
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from aegru_hw.fixedpoint.counts import check_counts
from aegru_hw.fixedpoint.decoder import FixedDecoder
from aegru_hw.fixedpoint.types import Codes
from aegru_hw.rtl.address_map import address, status_bit
from aegru_hw.rtl.compiling import Compilation, cached_library, load_library
from aegru_hw.rtl.image_stream import SELECT, image_stream
from aegru_hw.rtl.images import WIDTH, Image, memory_image
from aegru_hw.rtl.limits import Limits, check_within, engine_limits
from aegru_hw.rtl.sources import engine_digest, simulation_sources

CONTROL, STATUS, TICKS, REFUSED = map(address, ("control", "status", "ticks", "refused"))
LOAD_BEGIN, LOAD_DATA = address("load_begin"), address("load_data")
READ_BACK, READ_BACK_DATA = address("read_back"), address("read_back_data")
STATUS_IMAGE_VALID, STATUS_LOADING = status_bit("image_valid"), status_bit("loading")
STATUS_CRC_ERROR = status_bit("crc_error")
STATUS_MISFIT, STATUS_MISSING = status_bit("misfit"), status_bit("missing")
NO_SPIKE = 0xFFFF
TLAST = 1 << 16
COST_FIELDS = ("cycles", "latency", "encoder", "input", "recurrent", "readout", "saturations")


@dataclass(frozen=True)
class EngineRun:
    """What the engine gave for T ticks.

    velocity: (T, 2) velocity codes.
    costs: counters of each tick, (T,) by name: cycles, latency (both in clock cycles from the start
        of the tick), multiply-accumulates of the four matrices, saturated window counts.
    clock_cycles: cycles simulated, loading and waiting included.
    """

    velocity: Codes
    costs: dict[str, Codes]
    clock_cycles: int

    @classmethod
    def joined(cls, runs: list[Self], skipped: int = 0) -> Self:
        """Return runs one after the other, without the first `skipped` ticks."""
        return cls(
            np.concatenate([run.velocity for run in runs])[skipped:],
            {
                name: np.concatenate([run.costs[name] for run in runs])[skipped:]
                for name in COST_FIELDS
            },
            sum(run.clock_cycles for run in runs),
        )


class Engine:
    """A compiled engine with a decoder loaded.

    decoder: what it computes. lanes: P.
    limits: what it is elaborated for; what the decoder needs, rounded up, where None.
    cache: folder of compiled libraries, the user's where None; a library is compiled once for its
        sources and limits.
    sources_folder: the engine's sources, the package's where None.
    fixed_config: number formats and geometry that are wired in, as `Image.fixed_config` has them;
        any are taken where None.
    protected: with parity in every memory, and a rebuild at the end of every window of ticks.
    read_back: what was loaded can be read.
    Raises UserError where the decoder does not fit, and where the engine cannot be compiled.
    """

    def __init__(
        self,
        decoder: FixedDecoder,
        lanes: int,
        *,
        cache: Path | None = None,
        limits: Limits | None = None,
        sources_folder: Path | None = None,
        fixed_config: str | None = None,
        protected: bool = False,
        read_back: bool = False,
    ) -> None:
        image = memory_image(decoder, lanes)
        self.lanes = lanes
        self.limits = engine_limits(image.needs, lanes) if limits is None else limits
        check_within(image.needs, self.limits)
        library = compiled_library(
            lanes,
            self.limits,
            cache,
            sources_folder=sources_folder,
            fixed_config=fixed_config,
            protected=protected,
            read_back=read_back,
        )
        self._library = _open(library)
        self._handle = self._library.engine_new()
        self._load(image, decoder.geometry.channels)

    def load(self, decoder: FixedDecoder) -> None:
        """Load a decoder over the register bus, and start from its start-up state.

        Raises UserError where it is beyond the limits that the engine is elaborated for.
        """
        image = memory_image(decoder, self.lanes)
        check_within(image.needs, self.limits)
        self._load(image, decoder.geometry.channels)

    def _load(self, image: Image, channels: int) -> None:
        self.image, self.channels = image, channels
        words = image_stream(image)
        pointer = words.ctypes.data_as(ctypes.POINTER(ctypes.c_uint32))
        self._library.engine_load(self._handle, pointer, len(words))
        status = self.read(STATUS)
        if not status & STATUS_IMAGE_VALID:
            raise RuntimeError(f"the engine refused its own image: status 0x{status:03X}")
        self.write(CONTROL, 1)

    def reset(self) -> None:
        """Go back to the start-up state: silence for ever; clears the counters."""
        self.write(CONTROL, 3)

    def read(self, address: int) -> int:
        """Return the register at a byte address."""
        return int(self._library.engine_read(self._handle, address))

    def write(self, address: int, value: int) -> None:
        """Write the register at a byte address."""
        self._library.engine_write(self._handle, address, value)

    def wrong_words(self) -> list[tuple[str, int]]:
        """Return the memory and the address of each word that is not the image's, read back.

        It stops the engine, which then starts from its start-up state. For one made with read_back.
        """
        wrong = []
        for name, words in self.image.memories.items():
            stored = (1 << WIDTH.get(name, 32)) - 1
            for at, word in enumerate(words):
                self.write(READ_BACK, SELECT[name] << 24 | at)
                if (self.read(READ_BACK_DATA) ^ int(word)) & stored:
                    wrong.append((name, at))
        self.write(CONTROL, 1)
        return wrong

    def run(self, counts: NDArray[Any]) -> EngineRun:
        """Decode counts (T, C) of spikes per tick and channel, following what came before.

        Raises UserError as `check_counts` does.
        """
        counts = check_counts(counts, self.channels)
        return self.run_events(events_of(counts), len(counts))

    def run_events(self, events: NDArray[np.uint32], ticks: int) -> EngineRun:
        """Decode events (channel, bit 16 set closes the tick) that close `ticks` ticks.

        Raises RuntimeError where the engine stops before.
        """
        events = np.ascontiguousarray(events, dtype=np.uint32)
        velocity = np.zeros((ticks, 2), dtype=np.int32)
        costs = np.zeros((ticks, len(COST_FIELDS)), dtype=np.uint32)
        before = self._library.engine_cycles(self._handle)
        done = self._library.engine_run(
            self._handle,
            events.ctypes.data_as(ctypes.POINTER(ctypes.c_uint32)),
            len(events),
            ticks,
            velocity.ctypes.data_as(ctypes.POINTER(ctypes.c_int32)),
            costs.ctypes.data_as(ctypes.POINTER(ctypes.c_uint32)),
            1_000_000,
        )
        if done != ticks:
            raise RuntimeError(f"the engine stopped after {done} of {ticks} ticks")
        named = {name: costs[:, i].astype(np.int64) for i, name in enumerate(COST_FIELDS)}
        clock_cycles = int(self._library.engine_cycles(self._handle) - before)
        return EngineRun(velocity.astype(np.int64), named, clock_cycles)

    def close(self) -> None:
        """Free the simulated engine."""
        if self._handle:
            self._library.engine_delete(self._handle)
            self._handle = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def events_of(counts: NDArray[Any]) -> NDArray[np.uint32]:
    """Return the event stream of counts (T, C): a spike an event, tlast on each tick's last one."""
    ticks, channels = np.nonzero(counts)
    repeats = np.asarray(counts)[ticks, channels].astype(np.int64)
    spikes = np.repeat(channels, repeats)
    at = np.repeat(ticks, repeats)
    silent = np.setdiff1d(np.arange(len(counts)), ticks)
    order = np.argsort(np.concatenate([at, silent]), kind="stable")
    events = np.concatenate([spikes, np.full(len(silent), NO_SPIKE)])[order].astype(np.uint32)
    tick_of = np.concatenate([at, silent])[order]
    if len(events):
        last = np.append(tick_of[1:] != tick_of[:-1], True)
        events[last] |= np.uint32(TLAST)
    return events


def compiled_library(
    lanes: int,
    limits: Limits,
    cache: Path | None = None,
    *,
    sources_folder: Path | None = None,
    fixed_config: str | None = None,
    protected: bool = False,
    read_back: bool = False,
) -> Path:
    """Return the shared library of an engine, compiling it where the cache has none.

    cache: folder of compiled libraries, the user's where None.
    sources_folder: the engine's sources, such as RUN/rtl/rtl; the package's where None.
    Raises UserError where Verilator or the compiler is missing or too old, and, with the path of
    their log in the cache, where they fail.
    """
    made_of = (lanes, limits, engine_digest(sources_folder))
    options: dict[str, int | str] = {}
    if fixed_config is not None:
        options["FixedConfig"] = fixed_config
    if protected:
        options["Protected"] = 1
    if read_back:
        options["ReadBack"] = 1
    return cached_library(
        Compilation(
            *("engine", "aegru_engine"),
            parameters={**limits.parameters(lanes), **options},
            made_of=repr((made_of, options)),
        ),
        lambda: simulation_sources(sources_folder),
        cache,
    )


def _open(path: Path) -> ctypes.CDLL:
    library = load_library(path)
    words, handle = ctypes.POINTER(ctypes.c_uint32), ctypes.c_void_p
    library.engine_new.restype = handle
    library.engine_delete.argtypes = [handle]
    library.engine_write.argtypes = [handle, ctypes.c_uint32, ctypes.c_uint32]
    library.engine_read.argtypes = [handle, ctypes.c_uint32]
    library.engine_read.restype = ctypes.c_uint32
    library.engine_cycles.argtypes = [handle]
    library.engine_cycles.restype = ctypes.c_uint64
    library.engine_load.argtypes = [handle, words, ctypes.c_uint64]
    library.engine_run.argtypes = [
        *(handle, words, ctypes.c_uint64, ctypes.c_uint64),
        *(ctypes.POINTER(ctypes.c_int32), words, ctypes.c_uint64),
    ]
    library.engine_run.restype = ctypes.c_uint64
    return library
