"""The virtual board: rtl/aegru_spi_top.sv compiled by Verilator, bytes on its pins."""

import ctypes
from pathlib import Path

from aegru_hw.fixedpoint.decoder import FixedDecoder
from aegru_hw.rtl.compiling import Compilation, cached_library, load_library
from aegru_hw.rtl.elaboration import engine_parameters
from aegru_hw.rtl.lanes import DEFAULT_LANES
from aegru_hw.rtl.limits import Limits
from aegru_hw.rtl.sources import digest_of, sources
from aegru_hw.sources import source_folder

Parameters = dict[str, int | str]

TOP = "aegru_spi_top"
SERIAL: Parameters = {"Totals": 1}
"""What the board's top is elaborated with besides: it keeps what ticks cost."""


class VirtualBoard:
    """A simulated board; `transfer` moves its pins, edge by edge, SCK at an eighth of the clock.

    parameters: the engine's, such as those of a run's project; where None, those of an engine of
        four lanes that takes decoders of any format up to the usual limits.
    sources_folder: of the SystemVerilog, the package's where None. cache: folder of compiled
    libraries, the user's where None.
    seed: of what registers and memories hold on power-up; zeros where 0.
    Raises UserError where Verilator or the compiler is missing, or fails.
    """

    name = "virtual"
    most = 1 << 20
    is_simulated = True

    def __init__(
        self,
        parameters: Parameters | None = None,
        *,
        sources_folder: Path | None = None,
        cache: Path | None = None,
        seed: int = 0,
    ) -> None:
        if parameters is None:
            parameters = dict(Limits().parameters(DEFAULT_LANES))
        self._library = _open(board_library(parameters, sources_folder, cache))
        self._handle = self._library.board_new(seed)

    @classmethod
    def of(
        cls, decoder: FixedDecoder, lanes: int, *, cache: Path | None = None, seed: int = 0
    ) -> "VirtualBoard":
        """Return a board whose engine of P lanes is made for a decoder, as its bitstream is."""
        return cls(engine_parameters(decoder, lanes), cache=cache, seed=seed)

    def transfer(self, data: bytes, lost: int = -1) -> bytes:
        """Exchange bytes; lost: a bit whose pulse of SCK does not reach the board."""
        if not self._handle:
            raise OSError("the virtual board is closed")
        received = ctypes.create_string_buffer(len(data))
        self._library.board_transfer(self._handle, data, received, len(data), lost)
        return received.raw

    @property
    def cycles(self) -> int:
        """Clock cycles since power-up."""
        return int(self._library.board_cycles(self._handle))

    def power_cycle(self, seed: int) -> None:
        """Switch it off and on; seed: of what registers and memories hold then."""
        self._library.board_delete(self._handle)
        self._handle = self._library.board_new(seed)

    def close(self) -> None:
        if self._handle:
            self._library.board_delete(self._handle)
            self._handle = None


def board_library(
    parameters: Parameters, sources_folder: Path | None = None, cache: Path | None = None
) -> Path:
    """Return the shared library of a board, compiling it where the cache has none."""
    parameters = parameters | SERIAL
    how = [source_folder("rtl") / name for name in ("engine.vlt", "board.cpp")]
    files = [how[0], *sources(sources_folder), how[1]]
    made_of = (sorted(parameters.items()), digest_of((file.name, file) for file in files))
    # What is not initialised has a value of its own in each instance, by its seed.
    flags = ("--x-initial", "unique")
    compilation = Compilation("board", TOP, parameters, repr(made_of), flags)
    return cached_library(compilation, lambda: files, cache)


def _open(path: Path) -> ctypes.CDLL:
    library = load_library(path)
    handle, count = ctypes.c_void_p, ctypes.c_uint64
    library.board_new.argtypes, library.board_new.restype = [ctypes.c_uint32], handle
    library.board_delete.argtypes = [handle]
    library.board_cycles.argtypes, library.board_cycles.restype = [handle], count
    library.board_transfer.argtypes = [
        *(handle, ctypes.c_char_p, ctypes.c_char_p, count, ctypes.c_int64),
    ]
    return library
