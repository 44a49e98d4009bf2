"""The reference of the site, made anew from the code at each build, so it cannot be stale."""

import argparse
import ast
import dataclasses
import inspect
import textwrap
import typing
from pathlib import Path
from typing import Any

import aegru_hw
from aegru_hw.cli.parser import build_parser
from aegru_hw.fixedpoint import artefact, content
from aegru_hw.fixedpoint.made_up import random_decoder
from aegru_hw.recordings.recording import Recording
from aegru_hw.rtl import address_map
from aegru_hw.runs.summary import Summary, Verification

ROOT = Path(__file__).parents[1]


def generated_pages() -> dict[str, str]:
    """Return the Markdown of every generated page by its path in the site."""
    return {
        "reference/commands.md": commands_page(),
        "reference/python.md": python_page(),
        "reference/files.md": files_page(),
        "reference/registers.md": registers_page(),
        "rtl.md": (ROOT / "rtl/README.md").read_text(encoding="utf-8"),
    }


def commands_page() -> str:
    """Return all commands with their arguments, from the parser."""
    lines = ["# Commands", ""]
    for name, parser in subparsers(build_parser()).items():
        lines += _command(f"aegru-hw {name}", parser, 2)
    return "\n".join(lines) + "\n"


def subparsers(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """Return the commands directly under a parser."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    return {}


def _command(name: str, parser: argparse.ArgumentParser, level: int) -> list[str]:
    lines = [f"{'#' * level} {name}", "", _escaped(parser.description or ""), ""]
    rows = []
    for action in parser._actions:
        if isinstance(action, argparse._HelpAction | argparse._SubParsersAction):
            continue
        metavar = action.metavar if isinstance(action.metavar, str) else action.dest.upper()
        if action.choices:
            metavar = ",".join(str(choice) for choice in action.choices)
        shown = ", ".join(action.option_strings) or metavar
        if action.option_strings and action.nargs != 0:
            shown += f" {metavar}"
        values = {**vars(action), "prog": name}
        text = (action.help or "") % values if action.help != argparse.SUPPRESS else None
        if text is not None:
            rows.append(f"| `{shown.replace('|', '/')}` | {_escaped(text)} |")
    if rows:
        lines += ["| argument | |", "|---|---|", *rows, ""]
    if parser.epilog:
        lines += ["```text", parser.epilog.replace("%(prog)s", name), "```", ""]
    for below, child in subparsers(parser).items():
        lines += _command(f"{name} {below}", child, level + 1)
    return lines


def python_page() -> str:
    """Return the public names with signatures and docstrings."""
    lines = ["# Python", "", "All are in `aegru_hw`.", ""]
    for name in aegru_hw.__all__:
        lines += _described(name, getattr(aegru_hw, name), 2)
    return "\n".join(lines) + "\n"


def _described(name: str, value: Any, level: int) -> list[str]:
    signature = "" if isinstance(value, property) else _signature(value)
    lines = [f"{'#' * level} {name}", ""]
    if signature:
        lines += ["```python", f"{name}{signature}", "```", ""]
    lines += ["```text", inspect.getdoc(value) or "", "```", ""]
    if inspect.isclass(value):
        for below, member in vars(value).items():
            plain = member.__func__ if isinstance(member, classmethod | staticmethod) else member
            public = inspect.isfunction(plain) or isinstance(plain, property)
            if public and not below.startswith("_") and inspect.getdoc(plain):
                lines += _described(f"{name}.{below}", plain, level + 1)
    return lines


def _signature(value: Any) -> str:
    """Return the parameters as they stand in the source; a class's are those that make it."""
    if dataclasses.is_dataclass(value):  # its fields are described one by one
        return ""
    try:
        source = inspect.getsource(value.__init__ if inspect.isclass(value) else value)
    except TypeError:  # of a class that has none of its own
        return ""
    parsed = ast.parse(textwrap.dedent(source)).body[0]
    assert isinstance(parsed, ast.FunctionDef)
    below = [argument.arg for argument in parsed.args.args[:1]]
    if below in (["self"], ["cls"]):
        del parsed.args.args[0]
    returns = "" if parsed.returns is None else f" -> {ast.unparse(parsed.returns)}"
    return f"({ast.unparse(parsed.args)})" + ("" if inspect.isclass(value) else returns)


def files_page() -> str:
    """Return the formats of the files that a run leaves."""
    lines = ["# Files", "", "## decoder.h5", "", _escaped(inspect.getdoc(artefact) or ""), ""]
    lines += [f"Format `{content.FORMAT}`, schema version {content.SCHEMA_VERSION}.", ""]
    lines += _datasets()
    lines += ["## recording.h5", ""]
    lines += ["```text", (inspect.getdoc(Recording) or "").partition(">>>")[0].rstrip(), "```", ""]
    lines += _fields(Recording)
    lines += ["## summary.json", ""]
    seen: list[type] = []
    for record in (Summary, Verification):
        _record(record, lines, seen)
    return "\n".join(lines) + "\n"


def _datasets() -> list[str]:
    """Return the datasets of decoder.h5: those of a decoder whose sizes all differ."""
    sizes = {"C": 96, "L": 40, "H": 30, "3H": 90, "N": 7}
    geometry = {"channels": 96, "latent": 40, "hidden": 30, "steps": 7, "window": 20}
    names = {size: name for name, size in sizes.items()}
    lines = ["For C channels, L latents, H hidden units, N steps, A bits of a table's address:", ""]
    lines += ["| dataset | shape | type |", "|---|---|---|"]
    for name, array in sorted(content.contents_of(random_decoder(0, **geometry)).items()):
        shape = ", ".join(str(names.get(size, size)) for size in array.shape)
        shape = "2^A" if name.startswith("tables/") else shape
        lines.append(f"| `{name}` | {shape} | {array.dtype} |")
    return [*lines, ""]


def _record(record: type, lines: list[str], seen: list[type]) -> None:
    """Describe a record, and after it those that its fields hold."""
    if record in seen:
        return
    seen.append(record)
    lines += [f"### {record.__name__}", "", "```text", inspect.getdoc(record) or "", "```", ""]
    lines += _fields(record)
    for kind in typing.get_type_hints(record).values():
        for held in _records(kind):
            _record(held, lines, seen)


def _records(kind: Any) -> list[type]:
    """Return the records in a type: itself, or of what it is made."""
    if dataclasses.is_dataclass(kind):
        return [kind] if isinstance(kind, type) else []
    return [record for part in typing.get_args(kind) for record in _records(part)]


def _fields(record: type) -> list[str]:
    lines = ["| field | type |", "|---|---|"]
    parts = [
        part
        for kind in reversed(record.__mro__)
        if dataclasses.is_dataclass(kind)
        for part in ast.parse(textwrap.dedent(inspect.getsource(kind))).body[0].body
    ]
    types = {
        part.target.id: ast.unparse(part.annotation).strip("'")
        for part in parts
        if isinstance(part, ast.AnnAssign)
    }
    for field in dataclasses.fields(record):
        lines.append(f"| `{field.name}` | `{types[field.name].replace('|', 'or')}` |")
    return [*lines, ""]


def registers_page() -> str:
    """Return the register map, from the address map."""
    lines = ["# Registers", "", "| address | register | |", "|---|---|---|"]
    for name, (address, meaning) in address_map.REGISTERS.items():
        lines.append(f"| 0x{address:02X} | `{name}` | {_escaped(meaning)} |")
    lines += ["", "Bits of `status`:", "", "| bit | name | |", "|---|---|---|"]
    for bit, (name, meaning) in enumerate(address_map.STATUS.items()):
        lines.append(f"| {bit} | `{name}` | {_escaped(meaning)} |")
    lines += ["", "Bits of `control`:", "", "| bit | name |", "|---|---|"]
    lines += [f"| {bit} | `{name}` |" for name, bit in address_map.CONTROL.items()]
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")
