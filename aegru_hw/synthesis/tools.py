"""The open tools as subprocesses: a live line of what runs and for how long, a log of each."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import IO

from tqdm import tqdm

from aegru_hw.errors import UserError
from aegru_hw.needs.places import beside_python
from aegru_hw.needs.table import NEEDS
from aegru_hw.needs.tools import YOWASP

COMPILING = "Preparing to run"
"""What a YoWASP tool says where it is not in the cache yet."""

COMPILING_TAKES = "up to two minutes"
POLL_SECONDS = 0.5


class ToolFailedError(UserError):
    """A tool ended with an error; its text has the tool and its first error line."""


def require_tools(names: Iterable[str]) -> None:
    """Raise UserError naming the first tool that is not installed."""
    for name in names:
        _find(name)


def tool_versions(names: Iterable[str]) -> dict[str, str]:
    """Return the version of the package that each tool comes in, 'unknown' for a tool on PATH."""
    found = {}
    for name in names:
        try:
            found[name] = version(YOWASP[name][0])
        except PackageNotFoundError:
            found[name] = "unknown"
    return found


def run_tool(
    name: str,
    arguments: list[str],
    folder: Path,
    *,
    log: str,
    progress: bool = False,
    own_log: bool = False,
    longest_s: float | None = None,
) -> float:
    """Run a tool in a folder and return its seconds.

    arguments: with paths relative to the folder: a YoWASP tool sees neither the system's /tmp nor,
        for SystemVerilog, a path with "..".
    log: file of the folder that keeps what the tool says. own_log: the tool writes that file
        itself; what it prints besides is appended. longest_s: it is killed after.
    Raises ToolFailedError where its exit status is not 0, where it cannot be started or is killed,
    where it takes too long, and where its log cannot be written.
    """
    path = folder / log
    printed = folder / f"{log}.printed" if own_log else path
    begin = time.monotonic()
    command = [_find(name), *arguments]
    try:
        try:
            with open(printed, "wb") as output:
                status = _wait(command, name, folder, printed, output, progress, longest_s)
        finally:
            if own_log:
                _append(printed, path)
    except OSError as error:  # a full disk, a file that is no program
        raise ToolFailedError(f"{name} could not run: {error.strerror}") from None
    if status < 0:
        raise ToolFailedError(f"{name} was killed by {_signal_name(-status)}")
    if status > 0:
        raise ToolFailedError(f"{name} failed with status {status}: {first_error(path)}")
    return round(time.monotonic() - begin, 1)


def first_error(log: Path) -> str:
    """Return the first line of a log that speaks of an error, or else its last line.

    Later errors only follow from the first, such as "Design elaboration failed".
    """
    lines = [
        line.strip() for line in log.read_text("utf-8", "replace").splitlines() if line.strip()
    ]
    errors = [line for line in lines if "error:" in line.lower()]
    if errors:
        return errors[0]
    return lines[-1] if lines else "it said nothing"


def _find(name: str) -> str:
    found = beside_python(name)
    if found is None:
        raise UserError(NEEDS[name].missing_text())
    return found


def _wait(
    command: list[str],
    name: str,
    folder: Path,
    printed: Path,
    output: IO[bytes],
    progress: bool,
    longest_s: float | None,
) -> int:
    """Return a command's exit status; show meanwhile what runs and for how long."""
    begin = time.monotonic()
    live = progress and sys.stderr.isatty()
    announced = False
    bar = tqdm(desc=name, bar_format="{desc}  {elapsed}", disable=not progress, leave=True)
    with (
        bar,
        subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        ) as process,
    ):
        try:
            while True:
                try:
                    return process.wait(timeout=POLL_SECONDS)
                except subprocess.TimeoutExpired:
                    if longest_s is not None and time.monotonic() - begin > longest_s:
                        raise ToolFailedError(
                            f"{name} was ended after {longest_s:g} s, without a result"
                        ) from None
                    if progress and not announced and _is_compiling(printed):
                        bar.write(
                            f"{name}: first call; compiles itself once, {COMPILING_TAKES}",
                            file=sys.stderr,
                        )
                        announced = True
                    if live:
                        bar.refresh()
        except BaseException:
            process.kill()
            raise


def _is_compiling(printed: Path) -> bool:
    with open(printed, "rb") as file:
        return file.read(200).startswith(COMPILING.encode())


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # a real-time signal
        return f"signal {number}"


def _append(printed: Path, log: Path) -> None:
    with open(log, "ab") as file:
        file.write(printed.read_bytes())
    printed.unlink()
