"""Pages that mkdocs builds from the code, and links that leave docs/.

mkdocs calls the functions whose names begin with `on_` (mkdocs.yml, `hooks`). The reference is made
anew at each build, so it cannot be stale.
"""

import argparse
import dataclasses
import inspect
import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

import aegru_hw
from aegru_hw.cli.parser import build_parser
from aegru_hw.fixedpoint import artefact, content
from aegru_hw.recordings.recording import Recording
from aegru_hw.rtl import address_map
from aegru_hw.runs.summary import Summary, Verification

ROOT = Path(__file__).parents[1]
LINK = re.compile(r"\[([^\]]*)\]\(([^)#\s]+)(#[^)]*)?\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages."""
    for path, text in generated_pages().items():
        files.append(File.generated(config, path, content=text))
    return files


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Return a page whose links stay within the site."""
    return LINK.sub(_within_site, markdown)


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
    try:
        return re.sub(r" at 0x[0-9a-f]+", "", str(inspect.signature(value)))
    except (TypeError, ValueError):
        return ""


def files_page() -> str:
    """Return the formats of the files that a run leaves."""
    lines = ["# Files", "", "## decoder.h5", "", _escaped(inspect.getdoc(artefact) or ""), ""]
    lines += [f"Format `{content.FORMAT}`, schema version {content.SCHEMA_VERSION}.", ""]
    lines += ["## recording.h5", ""]
    lines += ["```text", (inspect.getdoc(Recording) or "").partition(">>>")[0].rstrip(), "```", ""]
    lines += _fields(Recording)
    lines += ["## summary.json", ""]
    seen: list[type] = []
    for record in (Summary, Verification):
        _record(record, lines, seen)
    return "\n".join(lines) + "\n"


def _record(record: type, lines: list[str], seen: list[type]) -> None:
    if record in seen:
        return
    seen.append(record)
    lines += [f"### {record.__name__}", "", "```text", inspect.getdoc(record) or "", "```", ""]
    lines += _fields(record)


def _fields(record: type) -> list[str]:
    lines = ["| field | type |", "|---|---|"]
    for field in dataclasses.fields(record):
        kind = field.type if isinstance(field.type, str) else inspect.formatannotation(field.type)
        lines.append(f"| `{field.name}` | `{kind.replace('|', 'or')}` |")
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


def _within_site(link: re.Match[str]) -> str:
    """Return a link to another page, or the name of a file that the site does not have."""
    text, target, anchor = link[1], link[2], link[3] or ""
    if target.endswith("rtl/README.md"):
        return f"[{text}](rtl.md{anchor})"
    if target.startswith("../docs/"):
        return f"[{text}]({target.removeprefix('../docs/')}{anchor})"
    if target.startswith("../"):
        return f"`{target.removeprefix('../')}`"
    return link[0]
