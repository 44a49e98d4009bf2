"""Running commands in this process, and what they say."""

import json
from pathlib import Path
from typing import Any

from aegru_hw.cli import main
from tests.support.recordings import QUICK

SETTINGS = [part for text in QUICK for part in ("--set", text)]


def done(*arguments: object) -> None:
    """Run a command quietly; it must end well."""
    assert main([*map(str, arguments), "--quiet"]) == 0


def refused(capsys, *arguments: object) -> str:
    """Run a command that must be refused; return the one line that it says."""
    capsys.readouterr()
    assert main([str(argument) for argument in arguments]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    lines = captured.err.strip().splitlines()
    assert len(lines) == 1, lines
    assert lines[0].startswith("aegru-hw: ")
    return lines[0]


def said(capsys, *arguments: object, status: int = 0) -> str:
    """Return what a command prints for people; it says nothing on standard error."""
    capsys.readouterr()
    assert main([*map(str, arguments), "--quiet"]) == status
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out


def printed(capsys, *arguments: object, status: int = 0) -> dict[str, Any]:
    """Return the JSON that a command prints; it is strict, and nothing stands beside it."""
    capsys.readouterr()
    assert main([*map(str, arguments), "--json"]) == status
    captured = capsys.readouterr()
    assert captured.err == ""
    facts = strict_json(captured.out)
    assert isinstance(facts, dict)
    return facts


def strict_json(text: str) -> Any:
    """Return what JSON says that has neither NaN nor Infinity."""

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    return json.loads(text, parse_constant=refuse)


def summary_of(run: Path) -> dict[str, Any]:
    """Return a run's summary.json."""
    return strict_json((run / "summary.json").read_text(encoding="utf-8"))


def snapshot(folder: Path) -> dict[str, tuple[bytes | None, int]]:
    """Return the content and the time of change of all that is in a folder; a lock aside."""
    return {
        str(path.relative_to(folder)): (
            path.read_bytes() if path.is_file() else None,
            path.stat().st_mtime_ns if path.is_file() else 0,
        )
        for path in sorted(folder.rglob("*"))
        if path.name not in (".lock", ".holder")
    }
