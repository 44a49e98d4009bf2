"""The command line: commands parse, call the steps, and print; the steps are elsewhere."""

import argparse
import shlex

from aegru_hw.cli.output import complain
from aegru_hw.cli.parser import build_parser
from aegru_hw.errors import UserError
from aegru_hw.needs.extras import missing_module_text
from aegru_hw.runs.folder import MARKER

__all__ = ["build_parser", "main"]


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return its exit status.

    0: done. 1: refused, failed, mismatched, or timing missed. 130: interrupted.
    """
    options = build_parser().parse_args(arguments)
    try:
        status: int = options.function(options)
        return status
    except UserError as error:
        complain(str(error))
        return 1
    except KeyboardInterrupt:
        complain(f"interrupted{_advice(options)}")
        return 130
    except BrokenPipeError:
        return 1
    except OSError as error:  # a full disk, a folder without permission
        where = "" if error.filename is None else f": {error.filename}"
        complain(f"{error.strerror or error}{where}")
        return 1
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] == "aegru_hw":
            raise
        complain(missing_module_text(error.name))
        return 1
    except MemoryError as error:
        said = f" ({error})" if str(error) else ""
        complain(f"not enough memory{said}; a shorter recording or a larger machine is needed")
        return 1


def _advice(options: argparse.Namespace) -> str:
    """Return how to go on with what was interrupted."""
    if options.command in ("train", "run", "demo"):
        run = shlex.quote(str(options.out))
        if not (options.out / MARKER).is_file():
            return f"; {run} was not begun"
        if options.command == "demo":
            return f"; `aegru-hw run --out {run} --resume` goes on with it"
        return f"; add --resume to go on with {run}"
    if options.command == "sweep":
        return "; the same command goes on with the study"
    if options.command == "sweep-lanes":
        return f"; the same command goes on with {options.run_path / 'lanes'}"
    if options.command == "benchmark":
        return f"; the same command goes on with {options.out}"
    return ""
