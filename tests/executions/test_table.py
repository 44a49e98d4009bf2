"""The table of executions: what follows from it."""

from pathlib import Path

import pytest

from aegru_hw.errors import UserError
from aegru_hw.executions.picture import flowchart
from aegru_hw.executions.table import BY_NAME, EXECUTIONS, REFERENCE, chosen
from aegru_hw.needs.table import NEEDS

README = Path(__file__).parents[2] / "README.md"


def test_the_reference_stands_first_and_names_are_one_each() -> None:
    assert REFERENCE is EXECUTIONS[0]
    assert REFERENCE.name == "fixed"
    assert len(BY_NAME) == len(EXECUTIONS)


def test_what_an_execution_needs_is_known_or_a_package() -> None:
    needed = {name for execution in EXECUTIONS for name in execution.needs}
    assert needed - {"numpy"} <= set(NEEDS)


def test_all_but_the_reference_may_be_left_out() -> None:
    assert chosen(()) == EXECUTIONS
    others = [execution.name for execution in EXECUTIONS[1:]]
    assert chosen(others) == (REFERENCE,)
    for name in ("fixed", "nothing", ""):
        with pytest.raises(UserError, match=f"accepted are {', '.join(others)}"):
            chosen((name,))


def test_the_readme_has_the_picture_of_the_table() -> None:
    assert f"```mermaid\n{flowchart()}\n```" in README.read_text(encoding="utf-8")
