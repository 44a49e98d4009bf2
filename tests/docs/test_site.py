"""The site: it builds without a warning, needs no network, and its reference has everything."""

import os
import re
import subprocess
import sys
from html import unescape
from pathlib import Path

import pytest

pytest.importorskip("mkdocs")

import aegru_hw
from aegru_hw.cli.parser import build_parser
from aegru_hw.rtl.address_map import REGISTERS
from scripts.reference_pages import commands_page, generated_pages, subparsers

ROOT = Path(__file__).parents[2]
LOADED = re.compile(r'<(?:script|link|img|iframe)\b[^>]*(?:src|href)="(?:https?:)?//[^"]*"')


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return folder


def test_it_builds_and_loads_nothing_from_elsewhere(site: Path) -> None:
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > 20
    for page in pages:
        found = LOADED.findall(page.read_text(encoding="utf-8"))
        assert [tag for tag in found if 'rel="canonical"' not in tag] == [], page.name


def test_the_reference_has_every_command_option_name_and_register(site: Path) -> None:
    pages = {
        name: unescape((site / f"reference/{name}.html").read_text(encoding="utf-8"))
        for name in ("commands", "python", "registers")
    }
    for name, parser in subparsers(build_parser()).items():
        assert f"aegru-hw {name}" in pages["commands"]
        for action in parser._actions:
            assert all(
                f"<code>{option}" in pages["commands"] or option in ("-h", "--help")
                for option in action.option_strings[:1]
            ), (name, action.option_strings)
    for name in aegru_hw.__all__:
        assert f'id="{name.lower()}"' in pages["python"]
    files = unescape((site / "reference/files.html").read_text(encoding="utf-8"))
    for name in ("encoder/weight", "startup/states", "mismatches", "fmax_mhz"):
        assert f"<code>{name}</code>" in files
    notebook = unescape((site / "notebook.html").read_text(encoding="utf-8"))
    assert notebook.count("<img") >= 3
    assert (site / "notebook.ipynb").is_file()
    for name, (address, _) in REGISTERS.items():
        assert f"0x{address:02X}" in pages["registers"]
        assert f"<code>{name}</code>" in pages["registers"]


def test_help_stands_in_the_reference_once_a_command() -> None:
    page = commands_page()
    for name in subparsers(build_parser()):
        assert page.count(f"\n## aegru-hw {name}\n") == 1
    assert all(text.startswith("# ") for text in generated_pages().values())


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) < 150
