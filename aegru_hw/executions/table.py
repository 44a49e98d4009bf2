"""All executions, the reference first, in the order that they run and are shown."""

from collections.abc import Container, Iterable

from aegru_hw.errors import UserError
from aegru_hw.executions.board import OnBoard
from aegru_hw.executions.brevitas import Brevitas
from aegru_hw.executions.c import C
from aegru_hw.executions.execution import Execution
from aegru_hw.executions.firmware import HlsFirmware
from aegru_hw.executions.live import Live
from aegru_hw.executions.onnx import Onnx
from aegru_hw.executions.rtl import Rtl
from aegru_hw.executions.streaming import Streaming
from aegru_hw.executions.window import Window

EXECUTIONS: tuple[Execution, ...] = (
    Window(),
    Brevitas(),
    Streaming(),
    Live(),
    C(),
    Onnx(),
    HlsFirmware(),
    Rtl(),
    OnBoard(),
)

REFERENCE = EXECUTIONS[0]
BY_NAME = {execution.name: execution for execution in EXECUTIONS}


def worth_showing(found: Container[str]) -> tuple[Execution, ...]:
    """Return the executions but those that nobody asked for; found: names of those with results."""
    return tuple(
        execution
        for execution in EXECUTIONS
        if execution.asked_by is None or execution.name in found
    )


def chosen(without: Iterable[str]) -> tuple[Execution, ...]:
    """Return the executions but those named; the reference always runs.

    Raises UserError for a name that there is not, and for the reference's.
    """
    left_out = set(without)
    possible = [name for name in BY_NAME if name != REFERENCE.name]
    for name in sorted(left_out):
        if name not in possible:
            raise UserError(f"--without {name}: accepted are {', '.join(possible)}")
    return tuple(execution for execution in EXECUTIONS if execution.name not in left_out)
