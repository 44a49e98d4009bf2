"""The packages, by stand-ins on sys.path."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from aegru_hw.needs.need import numbers_of
from aegru_hw.needs.packages import PACKAGES, package

PROJECT = Path(__file__).parents[2] / "pyproject.toml"


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A folder of packages; importing one of them is an error."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def install(name, version):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise RuntimeError", encoding="utf-8")
        if version is not None:
            information = tmp_path / f"{name}-{version}.dist-info"
            information.mkdir()
            (information / "METADATA").write_text(
                f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", encoding="utf-8"
            )
        return str(tmp_path / name)

    return install


def test_found_without_importing(site):
    where = site("aegru_stand_in", "1.10")
    finding = package("aegru_stand_in", "aegru_stand_in", least="1.9")
    assert (finding.version, finding.where, finding.problem) == ("1.10", where, None)


def test_old(site):
    site("aegru_stand_in", "1.8.9")
    finding = package("aegru_stand_in", "aegru_stand_in", least="1.9")
    assert finding.found
    assert finding.problem == "version 1.8.9 is too old, 1.9 or later is wanted"


def test_without_metadata(site):
    site("aegru_stand_in", None)
    finding = package("aegru_stand_in", "aegru_stand_in", least="1.9")
    assert (finding.found, finding.version, finding.problem) == (True, None, None)


@pytest.mark.parametrize("module", ["aegru_nowhere", "aegru_nowhere.inner", "aegru_folder"])
def test_missing(tmp_path, monkeypatch, module):
    (tmp_path / "aegru_folder").mkdir()  # a folder is no package
    monkeypatch.syspath_prepend(str(tmp_path))
    finding = package("it", module)
    assert (finding.found, finding.problem) == (False, "it is not installed")


def test_probing_imports_none_of_them():
    heavy = ("torch", "brevitas", "hls4ml", "plotly", "numpy", "cocotb", "pynwb")
    heavy += ("optuna", "psycopg")
    code = (
        "import sys; from aegru_hw.needs.table import NEEDS; "
        "[need.probe() for need in NEEDS.values()]; "
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"


def test_versions_and_extras_are_those_of_the_project():
    project = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    for need in PACKAGES:
        extra = re.search(r"\[([\w-]+)\]", need.pip)
        lines = extras[extra.group(1)] if extra else project["dependencies"]
        matches = [re.match(rf"{need.name}(?:\[\w+\])?[=<>]+(.*)", line) for line in lines]
        stated = [match.group(1) for match in matches if match]
        assert len(stated) == 1, need.name
        least = need.probe.args[2]
        if least is not None:
            assert numbers_of(stated[0]) >= numbers_of(least)
