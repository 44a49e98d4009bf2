"""A run's decoder for other programs, and executions whose tools may be missing."""

import shutil
import subprocess
from pathlib import Path

import pytest

from aegru_hw.errors import UserError
from aegru_hw.export.formats import FILES
from aegru_hw.runs.exporting import export
from aegru_hw.runs.folder import RunFolder
from aegru_hw.runs.quantisation import MADE_OF_DECODER
from aegru_hw.runs.status import MISSING, THERE, status
from aegru_hw.runs.summarise import summarise
from aegru_hw.runs.verification import verify
from tests.support.runs import write_run

LEFT_OUT = ("brevitas", "streaming", "live", "onnx")


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    return write_run(tmp_path / "run", executions=())


def test_c_of_a_run_checks_itself_on_its_test_split(run: RunFolder) -> None:
    if shutil.which("cc") is None:
        pytest.skip("no C compiler")
    folder = export(run, "c")
    assert folder == run.export / "c"
    subprocess.run(["cc", "-std=c99", "main.c", "aegru_decoder.c"], cwd=folder, check=True)
    ended = subprocess.run([folder / "a.out"], capture_output=True, text=True)
    assert ended.stdout == "0 mismatches in 390 outputs of 390 ticks\n"
    assert ended.returncode == 0


@pytest.mark.parametrize("kind", FILES)
def test_only_an_export_is_replaced(run: RunFolder, kind: str, tmp_path: Path) -> None:
    if kind == "onnx":
        pytest.importorskip("onnx")
    for out in (None, tmp_path / "out"):
        folder = export(run, kind, out)
        assert {path.name for path in folder.iterdir()} == set(FILES[kind])
        before = {path.name: path.read_bytes() for path in folder.iterdir()}
        with pytest.raises(UserError, match="exists; --force replaces an export"):
            export(run, kind, out)
        (folder / FILES[kind][0]).write_text("spoilt")
        assert export(run, kind, out, force=True) == folder
        assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    (tmp_path / "out" / "thesis.txt").write_text("mine")
    with pytest.raises(UserError, match=f"holds more than an export to {kind}"):
        export(run, kind, tmp_path / "out", force=True)
    assert (tmp_path / "out" / "thesis.txt").read_text() == "mine"
    assert "export" in MADE_OF_DECODER


def test_an_optional_execution_without_its_tool_is_passed_over(
    run: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = shutil.which("cc")
    if path is None:
        pytest.skip("no C compiler")
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    said: list[str] = []
    summary = verify(run, without=LEFT_OUT, progress=False, say=said.append)
    why = "cc: it is not on PATH; it compiles the exported C; `apt-get install gcc`"
    assert said == ["verifying: Simulator", f"not verified: C: {why}"]
    assert set(summary.r2) & {"fixed", "c"} == {"fixed"}
    parts = {part.name: part for part in status(run).parts}
    found = parts["verified: c"]
    assert (found.state, found.says, found.command) == (MISSING, why, None)

    monkeypatch.setenv("PATH", str(Path(path).parent))
    said.clear()
    summary = verify(run, without=LEFT_OUT, progress=False, say=said.append)
    assert said == ["verifying: Simulator", "verifying: C"]
    assert summary.mismatches == {"c_vs_fixed": 0}

    monkeypatch.setenv("PATH", str(tmp_path / "bin"))  # a result holds without its tool
    assert "c" in summarise(run).r2
    parts = {part.name: part for part in status(run).parts}
    assert parts["verified: c"].state == THERE
