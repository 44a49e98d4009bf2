"""Where the sources that are not Python lie: SystemVerilog, testbenches and C++ kernels."""

from pathlib import Path

from aegru_hw.errors import UserError

PACKAGE = Path(__file__).resolve().parent


def source_folder(name: str) -> Path:
    """Return the folder `rtl`, `sim` or `hls`: beside the package in a checkout, in it in a wheel.

    Raises UserError where neither has it.
    """
    folders = (PACKAGE / f"_{name}", PACKAGE.parent / name)
    for folder in folders:
        if folder.is_dir():
            return folder
    raise UserError(
        f"the sources {name}/ are in neither {folders[0]} nor {folders[1]}; install aegru-hw again"
    )
