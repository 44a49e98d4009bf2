"""What a page cannot show, and what it says instead."""

from aegru_hw.executions import table
from aegru_hw.report.commands import to_run
from aegru_hw.report.facts import Facts
from aegru_hw.report.section import Cell, Missing

NOT_RUN, STALE, LEFT_OUT = "not run", "stale", "left out"


def lack(facts: Facts, name: str) -> str | None:
    """Return why an execution has no result to show: STALE, LEFT_OUT or NOT_RUN; None if it has."""
    if name in facts.summary.r2:
        return None
    if name in facts.stale_executions:
        return STALE
    return LEFT_OUT if name in facts.summary.left_out else NOT_RUN


def lacking_cell(facts: Facts, *names: str) -> Cell:
    """Return the cell in the place of what needs the results of these executions."""
    lacks = [found for name in names if (found := lack(facts, name)) is not None]
    return Cell(lacks[0] if lacks else "not compared", "missing centre")


def missing(facts: Facts, what: str, *names: str) -> tuple[Missing, ...]:
    """Return that something needs executions that were not run; empty where they were, or are
    stale, which the head of the page says.
    """
    lacks = {name: lack(facts, name) for name in names}
    if STALE in lacks.values():
        return ()
    wanted = [execution for execution in facts.executions if lacks.get(execution.name)]
    if not wanted:
        return ()
    commands = dict.fromkeys(command for one in wanted for command in to_run(facts, one))
    return (Missing(what, tuple(commands), str(lacks[wanted[0].name])),)


def missing_executions(facts: Facts) -> tuple[Missing, ...]:
    """Return the executions that were not run, those together that the same commands add."""
    groups: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for execution in facts.executions:
        found = lack(facts, execution.name)
        if found in (NOT_RUN, LEFT_OUT):
            key = (str(found), to_run(facts, execution))
            groups.setdefault(key, []).append(execution.label)
    return tuple(
        Missing(", ".join(labels), commands, how) for (how, commands), labels in groups.items()
    )


def stale_name(facts: Facts, result: str) -> str:
    """Return the name of a stale result for people."""
    folder, _, name = result.rpartition("/")
    label = next((one.label for one in table.EXECUTIONS if one.name == name), None)
    if not folder or label is None:
        return result
    if folder == facts.results_folder:
        return f"{label}, verified"
    return f"{label}, verified on recording {folder}"
