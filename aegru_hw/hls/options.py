"""What the user chooses about the firmware."""

import math
import re
from dataclasses import dataclass
from pathlib import Path

from aegru_hw.errors import UserError
from aegru_hw.strict_json import read_json

STRATEGIES = ("latency", "resource", "resource_unrolled")
IO_TYPES = ("io_parallel", "io_stream")
MAX_REUSE_FACTOR = 1 << 20
DEFAULT_PART = "xczu7ev-ffvc1156-2-e"
FILE = "options.json"
"""Beside the project's other files: the options that it was written with."""


@dataclass(frozen=True)
class Options:
    """What the user chooses; the decoder gives all the rest.

    part: the vendor's name of the FPGA.
    clock_period_ns: the clock to synthesise for.
    strategy: how hls4ml's matrix products are built: latency, resource or resource_unrolled.
    reuse_factor: products that share one multiplier; the nearest that fits each matrix is taken.
    io_type: io_parallel (arrays at the ports) or io_stream (AXI4-Stream).
    """

    part: str = DEFAULT_PART
    clock_period_ns: float = 5.0
    strategy: str = "resource"
    reuse_factor: int = 32
    io_type: str = "io_parallel"


def check_options(options: Options) -> None:
    """Raise UserError where an option is out of range; the text names what is accepted."""
    if not re.fullmatch(r"[A-Za-z0-9_.-]+", options.part):
        raise UserError(
            f"part '{options.part}' is not a part's name; accepted are letters, digits, - _ and ., "
            f"for example {DEFAULT_PART}"
        )
    if not (math.isfinite(options.clock_period_ns) and options.clock_period_ns > 0):
        raise UserError(
            f"clock period {options.clock_period_ns} ns is out of range; accepted is any above 0"
        )
    if options.strategy not in STRATEGIES:
        raise UserError(
            f"strategy '{options.strategy}' is unknown; accepted are {', '.join(STRATEGIES)}"
        )
    if not 1 <= options.reuse_factor <= MAX_REUSE_FACTOR:
        raise UserError(
            f"reuse factor {options.reuse_factor} is out of range; accepted are 1 to "
            f"{MAX_REUSE_FACTOR}"
        )
    if options.io_type not in IO_TYPES:
        raise UserError(
            f"io type '{options.io_type}' is unknown; accepted are {', '.join(IO_TYPES)}"
        )


def read_options(folder: Path) -> Options:
    """Return the options that a project was written with.

    Raises UserError where they are missing or damaged.
    """
    return read_json(Path(folder) / FILE, Options)
