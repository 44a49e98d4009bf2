"""Where the C++ kernels of the extension layers lie."""

from pathlib import Path

import aegru_hw
from aegru_hw.errors import UserError

KERNELS = ("spike_window.h", "gru_cell.h", "layer_norm.h", "gru_chain.h")


def kernel_folder() -> Path:
    """Return the folder of the C++ headers: hls/ of a checkout, aegru_hw/_hls of a wheel.

    Raises UserError where neither holds them.
    """
    package = Path(aegru_hw.__file__).resolve().parent
    folders = (package / "_hls", package.parent / "hls")
    for folder in folders:
        if all((folder / name).is_file() for name in KERNELS):
            return folder
    raise UserError(
        f"the C++ kernels are in neither {folders[0]} nor {folders[1]}; install aegru-hw again"
    )
