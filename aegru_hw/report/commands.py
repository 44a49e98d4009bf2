"""The commands that add to a run what it lacks."""

from aegru_hw.executions.execution import Execution
from aegru_hw.report.facts import Facts

EXAMPLE_TARGET = "ecp5-25k"


def to_verify(facts: Facts) -> tuple[str, ...]:
    return (f"aegru-hw verify {facts.shell_path}",)


def to_run(facts: Facts, execution: Execution) -> tuple[str, ...]:
    """Return the commands that write what an execution runs, where it is not there, and verify."""
    if execution.asked_by is not None:
        return tuple(f"{command} {execution.asked_by} PORT" for command in to_verify(facts))
    if execution.name in facts.there:
        return to_verify(facts)
    command, *options = (execution.made_by or "quantize --force").split()
    return (" ".join(["aegru-hw", command, facts.shell_path, *options]), *to_verify(facts))


def to_place(facts: Facts) -> tuple[str, ...]:
    return (f"aegru-hw synth {facts.shell_path} --backend rtl --target {EXAMPLE_TARGET}",)


def to_run_vendor(facts: Facts) -> tuple[str, ...]:
    force = "--force " if "firmware" in facts.there else ""
    return (f"aegru-hw synth {facts.shell_path} {force}--run-vendor",)
