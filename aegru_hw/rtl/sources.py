"""Where the SystemVerilog sources and the testbenches are."""

from pathlib import Path

from aegru_hw.errors import UserError

PACKAGE = Path(__file__).resolve().parents[1]


def source_folder(name: str) -> Path:
    """Return the folder `rtl` or `sim`: of the checkout, or of the installed package.

    Raises UserError where neither has it.
    """
    for folder in (PACKAGE / f"_{name}", PACKAGE.parent / name):
        if folder.is_dir():
            return folder
    raise UserError(
        f"the folder {name}/ of the engine's sources is not installed; reinstall aegru-hw"
    )


def sources() -> list[Path]:
    """Return the SystemVerilog files, the package first."""
    folder = source_folder("rtl")
    package = folder / "aegru_pkg.sv"
    return [package, *sorted(path for path in folder.glob("aegru_*.sv") if path != package)]
