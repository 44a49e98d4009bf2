"""The notebook, cell by cell, in an empty folder."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "docs/notebook.ipynb"


def kinds(notebook: nbformat.NotebookNode) -> list[list[str]]:
    """Return what each code cell put out: its streams, and the types of what it shows."""
    return [
        [output.get("name") or " ".join(sorted(output.data)) for output in cell.outputs]
        for cell in notebook.cells
        if cell.cell_type == "code"
    ]


@pytest.mark.slow
def test_the_notebook_runs_and_shows_what_it_was_kept_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own assertions are that no execution differs in any tick."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    kept = nbformat.read(NOTEBOOK, as_version=4)
    played = nbformat.from_dict(kept)
    for cell in played.cells:
        if cell.cell_type == "code":
            cell.outputs = []
    where = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(played, timeout=600, kernel_name="python3", resources=where).execute()
    assert kinds(played) == kinds(kept)
    assert (tmp_path / "notebook_run" / "decoder.h5").is_file()
