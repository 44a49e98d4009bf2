"""What live decoding imports, in an interpreter of its own."""

import pytest

from benchmarks.bench_import import STATEMENTS, imported


@pytest.mark.parametrize("statement", STATEMENTS)
def test_no_heavy_package_is_imported(statement: str) -> None:
    found = imported(statement)
    assert found.unwanted == ()
    assert 0 < found.milliseconds < 60_000
    assert found.modules > 0


def test_a_heavy_package_is_named() -> None:
    found = imported("import json, sklearn")
    assert found.unwanted == ("sklearn",)
    assert found.modules > 100
