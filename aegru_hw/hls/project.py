"""Writing the hls4ml project of a decoder."""

from dataclasses import dataclass
from pathlib import Path

from aegru_hw.errors import UserError
from aegru_hw.files import atomic_path
from aegru_hw.fixedpoint import FixedDecoder
from aegru_hw.hls.defines import check_types
from aegru_hw.hls.graph import build_graph
from aegru_hw.hls.options import FILE, Options, check_options
from aegru_hw.hls.precision import precisions
from aegru_hw.hls.quiet import log_to
from aegru_hw.strict_json import write_json

CONFIG = "hls4ml_config.yml"
BUILD_SCRIPT = "build_lib.sh"
WRITE_LOG = "write.log"
DEFAULTS = Options()
STAMP = "firmware"
"""In the library's name, where hls4ml puts another one each time: the same decoder and options give
the same sources."""

WEIGHTS_DIR = 'WEIGHTS_DIR="\\"${BASEDIR}/firmware/weights\\""'
QUOTED_WEIGHTS_DIR = """\
QUOTED="$(printf %s "${BASEDIR}" | sed 's/["\\\\]/\\\\&/g')"
WEIGHTS_DIR="\\"${QUOTED}/firmware/weights\\""
"""
"""The folder of weights as a C++ string, whatever letters it has."""


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
    part: str = DEFAULTS.part,
    clock_period_ns: float = DEFAULTS.clock_period_ns,
    strategy: str = DEFAULTS.strategy,
    reuse_factor: int = DEFAULTS.reuse_factor,
    io_type: str = DEFAULTS.io_type,
    final: Path | None = None,
) -> HlsProject:
    """Write the Vitis project of a decoder to a folder, replacing an hls4ml project that is there.

    Afterwards the types in the project's defines.h are compared with those asked for. A failure
    leaves what was there before. What hls4ml says goes to write.log in the folder.
    final: where the project will lie, for its configuration, where not in `folder`.
    Raises UserError for an option out of range, for a folder that holds something else, and where
    hls4ml wrote another type than asked.
    """
    options = Options(part, clock_period_ns, strategy, reuse_factor, io_type)
    check_options(options)
    folder = Path(folder).resolve()
    _check_folder(folder)
    with atomic_path(folder) as temporary:
        temporary.mkdir()
        with log_to(temporary / WRITE_LOG):
            graph = build_graph(decoder, temporary, options)
            graph.write()
        types_checked = check_types(temporary, precisions(decoder))
        _finish(temporary, folder if final is None else Path(final).resolve())
        write_json(options, temporary / FILE)
        layers = graph.graph
        reuse_factors = {
            "encoder": int(layers["encoder"].get_attr("reuse_factor")),
            "input": int(layers["gru_chain"].get_attr("input_reuse_factor")),
            "recurrent": int(layers["gru_chain"].get_attr("recurrent_reuse_factor")),
            "readout": int(layers["readout"].get_attr("reuse_factor")),
        }
    return HlsProject(folder, options, reuse_factors, types_checked)


def _check_folder(folder: Path) -> None:
    """Refuse to replace anything but an hls4ml project or an empty folder."""
    if not folder.exists():
        return
    if not folder.is_dir() or (any(folder.iterdir()) and not (folder / CONFIG).is_file()):
        raise UserError(f"{folder} exists and is no hls4ml project; remove it or give another path")


def _finish(written: Path, folder: Path) -> None:
    """Name the final folder where hls4ml named the temporary one; make the sources repeatable."""
    import yaml  # type: ignore[import-untyped]

    path, script = written / CONFIG, written / BUILD_SCRIPT
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    text = script.read_text(encoding="utf-8")
    lines = {
        f"LIB_STAMP={config['Stamp']}\n": f"LIB_STAMP={STAMP}\n",
        f"{WEIGHTS_DIR}\n": QUOTED_WEIGHTS_DIR,
    }
    for line, wanted in lines.items():
        if line not in text:
            raise RuntimeError(f"hls4ml's {BUILD_SCRIPT} has no line {line.strip()}")
        text = text.replace(line, wanted)
    script.write_text(text, encoding="utf-8")
    config |= {"OutputDir": str(folder), "Stamp": STAMP}
    path.write_text(yaml.safe_dump(config, allow_unicode=True), encoding="utf-8")
