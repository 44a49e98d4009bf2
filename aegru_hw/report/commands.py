"""The commands that add to a run what it lacks."""

from aegru_hw.report.facts import Facts

EXAMPLE_TARGET = "ecp5-25k"


def to_verify(facts: Facts) -> tuple[str, ...]:
    return (f"aegru-hw verify {facts.shell_name}",)


def to_add_firmware(facts: Facts) -> tuple[str, ...]:
    """Return the commands that make the firmware, where there is none, and verify it."""
    synth = () if facts.has_firmware else (f"aegru-hw synth {facts.shell_name}",)
    return (*synth, *to_verify(facts))


def to_add_rtl(facts: Facts) -> tuple[str, ...]:
    """Return the commands that generate the engine, where there is none, and verify it."""
    generated = facts.engine is not None and facts.engine.generated
    synth = () if generated else (f"aegru-hw synth {facts.shell_name} --backend rtl",)
    return (*synth, *to_verify(facts))


def to_place(facts: Facts) -> tuple[str, ...]:
    return (f"aegru-hw synth {facts.shell_name} --backend rtl --target {EXAMPLE_TARGET}",)


def to_run_vendor(facts: Facts) -> tuple[str, ...]:
    force = "--force " if facts.has_firmware else ""
    return (f"aegru-hw synth {facts.shell_name} {force}--run-vendor",)
