"""What is imported is declared; without an extra, a command says in one line which one it wants."""

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from aegru_hw.needs.extras import EXTRAS, missing_module_text
from tests.support.recordings import small_recording
from tests.support.runs import write_run

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CORE = {
    "filelock": "filelock",
    "h5py": "h5py",
    "msgspec": "msgspec",
    "numpy": "numpy",
    "threadpoolctl": "threadpoolctl",
    "tomli_w": "tomli-w",
    "tqdm": "tqdm",
}
"""By module, its distribution; all that a program without extras may import."""

TOOLS = {
    "hypothesis",
    "mkdocs",
    "nbclient",
    "nbconvert",
    "nbformat",
    "pyslang",
    "pytest",
    "selenium",
}
"""Modules that only tests and campaigns import, of distributions of the same name in `dev`."""

BLOCKED = f"""
import sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {sorted(EXTRAS)!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Blocked())
from aegru_hw.cli import main
sys.exit(main(sys.argv[1:]))
"""


def third_party(folder: Path, own: set[str]) -> set[str]:
    """Return the modules of others that the files of a folder import anywhere, by first name."""
    found = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                found.add(node.module)
            elif isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
                found |= {
                    str(given.value) for given in node.args if isinstance(given, ast.Constant)
                }
    names = {name.partition(".")[0] for name in found}
    ours = {name for name in names if name.startswith("aegru_")} | {"benchmarks", "proof", "tests"}
    return names - own - ours - set(sys.stdlib_module_names)


def declared(lines: list[str]) -> set[str]:
    """Return the distributions that requirements name, extras of this package followed."""
    names = set()
    for line in lines:
        name = re.match(r"[\w.-]+", line).group()
        if name == "aegru-hw":
            for extra in re.search(r"\[(.*)\]", line).group(1).split(","):
                names |= declared(PROJECT["optional-dependencies"][extra])
        else:
            names.add(name)
    return names


def test_what_the_package_imports_is_declared() -> None:
    imported = third_party(ROOT / "aegru_hw", set())
    assert imported - set(CORE) <= set(EXTRAS)
    assert set(CORE) <= imported
    assert set(CORE.values()) == declared(PROJECT["dependencies"])


@pytest.mark.parametrize("module", sorted(EXTRAS))
def test_an_extra_brings_its_module(module) -> None:
    distribution, extra = EXTRAS[module]
    assert distribution in declared(PROJECT["optional-dependencies"][extra])
    here = [name.lower() for name in packages_distributions().get(module, [])]
    assert not here or distribution in here


@pytest.mark.parametrize("folder", ["tests", "benchmarks", "proof", "scripts", "sim"])
def test_what_the_tests_import_comes_with_dev(folder) -> None:
    own = {"scripts", *(path.stem for path in (ROOT / folder).glob("*.py"))}
    brought = declared(PROJECT["optional-dependencies"]["dev"])
    for module in third_party(ROOT / folder, own):
        known = CORE.get(module) or EXTRAS.get(module, (module if module in TOOLS else None,))[0]
        assert known in brought | set(CORE.values()), module


def test_all_and_dev_hold_no_version_of_their_own() -> None:
    extras = PROJECT["optional-dependencies"]
    assert all(line.startswith("aegru-hw[") for line in extras["all"])
    pinned = {line for lines in extras.values() for line in lines if "==" in line}
    assert len({re.split("==", line)[0] for line in pinned}) == len(pinned)


def blocked(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the program where no module of any extra can be imported."""
    return subprocess.run(
        [sys.executable, "-c", BLOCKED, *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        check=False,
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """A folder with a run and a recording."""
    folder = tmp_path_factory.mktemp("core")
    small_recording(ticks=60, channels=12, tick_seconds=0.004).save(folder / "recording.h5")
    write_run(folder / "run", executions=("fixed",))
    return folder


@pytest.mark.parametrize(
    ("command", "package", "extra"),
    [
        (("generate", "NEW"), "scipy", "train"),
        (("fetch", "indy_20160407_02"), "pooch", "fetch"),
        (("train", "RECORDING", "--out", "NEW"), "torch", "train"),
        (("demo", "--out", "NEW"), "torch", "train"),
        (("sweep", "RECORDING", "--out", "NEW"), "torch", "train"),
        (("export", "RUN", "--format", "onnx"), "onnx", "onnx"),
        (("synth", "RUN", "--backend", "hls4ml", "--quiet"), "hls4ml", "hls"),
        (("report", "RUN"), "jinja2", "report"),
        (("live", "RUN", "--input", "lsl:spikes"), "pylsl", "live"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else None,
)
def test_a_missing_extra_is_named_in_one_line(made, command, package, extra) -> None:
    paths = {"RUN": made / "run", "RECORDING": made / "recording.h5", "NEW": made / "new"}
    ended = blocked(*(paths.get(word, word) for word in command))
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.count("\n") == 1, ended.stderr
    assert ended.stderr.startswith("aegru-hw: ")
    assert package in ended.stderr
    assert f'`pip install "aegru-hw[{extra}]"`' in ended.stderr
    assert not (made / "new").exists()


def test_core_alone_decodes_live_and_exports_c(made) -> None:
    assert blocked("--help").returncode == 0
    ended = blocked(
        *("live", made / "run", "--input", f"replay:{made / 'recording.h5'}", "--fast"),
        *("--output", f"csv:{made / 'velocity.csv'}", "--json"),
    )
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout)["ticks"] == 60
    assert len((made / "velocity.csv").read_text().splitlines()) == 61
    ended = blocked("export", made / "run", "--format", "c", "--out", made / "c")
    assert ended.returncode == 0, ended.stderr
    assert list((made / "c").glob("*.c"))


def test_a_module_of_no_extra_sends_to_the_doctor() -> None:
    assert missing_module_text("nowhere.inner").startswith("nowhere.inner is not installed; `aegru")
    assert missing_module_text("sklearn.linear_model") == (
        'scikit-learn is not installed; `pip install "aegru-hw[train]"`'
    )
