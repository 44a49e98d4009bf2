"""Writing the hls4ml project of a decoder."""

import math
import re
from dataclasses import dataclass
from pathlib import Path

from aegru_hw.errors import UserError
from aegru_hw.files import atomic_path
from aegru_hw.fixedpoint import FixedDecoder
from aegru_hw.hls.defines import check_types
from aegru_hw.hls.graph import Options, build_graph
from aegru_hw.hls.precision import precisions
from aegru_hw.hls.quiet import log_to

CONFIG = "hls4ml_config.yml"
WRITE_LOG = "write.log"
DEFAULT_PART = "xczu7ev-ffvc1156-2-e"
DEFAULT_CLOCK_PERIOD_NS = 5.0
DEFAULT_STRATEGY = "resource"
DEFAULT_REUSE_FACTOR = 32
DEFAULT_IO_TYPE = "io_parallel"
STRATEGIES = ("latency", "resource", "resource_unrolled")
IO_TYPES = ("io_parallel", "io_stream")
MAX_REUSE_FACTOR = 1 << 20


@dataclass(frozen=True)
class HlsProject:
    """A written project.

    folder: where it lies.
    options: what was asked for.
    reuse_factors: the reuse factor that each matrix got, the nearest that fits it.
    types_checked: types of defines.h that were compared with the decoder's.
    """

    folder: Path
    options: Options
    reuse_factors: dict[str, int]
    types_checked: int


def write_project(
    decoder: FixedDecoder,
    folder: Path,
    *,
    part: str = DEFAULT_PART,
    clock_period_ns: float = DEFAULT_CLOCK_PERIOD_NS,
    strategy: str = DEFAULT_STRATEGY,
    reuse_factor: int = DEFAULT_REUSE_FACTOR,
    io_type: str = DEFAULT_IO_TYPE,
) -> HlsProject:
    """Write the Vitis project of a decoder to a folder, replacing an hls4ml project that is there.

    Afterwards the types in the project's defines.h are compared with those asked for. A failure
    leaves what was there before. What hls4ml says goes to write.log in the folder.
    Raises UserError for an option out of range, for a folder that holds something else, and where
    hls4ml wrote another type than asked.
    """
    options = Options(part, clock_period_ns, strategy, reuse_factor, io_type)
    _check_options(options)
    folder = Path(folder).resolve()
    _check_folder(folder)
    with atomic_path(folder) as temporary:
        temporary.mkdir()
        with log_to(temporary / WRITE_LOG):
            graph = build_graph(decoder, temporary, options)
            graph.write()
        types_checked = check_types(temporary, precisions(decoder))
        _name_folder(temporary, folder)
        layers = graph.graph
        reuse_factors = {
            "encoder": int(layers["encoder"].get_attr("reuse_factor")),
            "input": int(layers["gru_chain"].get_attr("input_reuse_factor")),
            "recurrent": int(layers["gru_chain"].get_attr("recurrent_reuse_factor")),
            "readout": int(layers["readout"].get_attr("reuse_factor")),
        }
    return HlsProject(folder, options, reuse_factors, types_checked)


def _check_options(options: Options) -> None:
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


def _check_folder(folder: Path) -> None:
    """Refuse to replace anything but an hls4ml project or an empty folder."""
    if not folder.exists():
        return
    if not folder.is_dir() or (any(folder.iterdir()) and not (folder / CONFIG).is_file()):
        raise UserError(f"{folder} exists and is no hls4ml project; remove it or give another path")


def _name_folder(written: Path, folder: Path) -> None:
    """Put the project's final folder where its configuration names the temporary one."""
    import yaml  # type: ignore[import-untyped]

    path = written / CONFIG
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    config["OutputDir"] = str(folder)
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
