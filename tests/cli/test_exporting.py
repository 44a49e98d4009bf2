"""The command that hands a decoder to other programs."""

import pytest

from tests.cli.commands import printed, refused, said
from tests.support.runs import write_run


def test_export(tmp_path, capsys) -> None:
    run = write_run(tmp_path / "run", executions=()).path
    facts = printed(capsys, "export", run, "--format", "c")
    assert facts["path"] == str(run / "export" / "c")
    assert facts["bytes"]["main.c"] == (run / "export" / "c" / "main.c").stat().st_size
    assert "--force" in refused(capsys, "export", run, "--format", "c")
    out = tmp_path / "elsewhere"
    text = said(capsys, "export", run, "--format", "c", "--out", out)
    assert text.startswith(f"wrote {out}\n  aegru_decoder.c ")


def test_export_needs_a_decoder_and_a_folder(tmp_path, capsys) -> None:
    assert "holds no run" in refused(capsys, "export", tmp_path, "--format", "c")
    run = write_run(tmp_path / "run", executions=())
    out = tmp_path / "no" / "folder"
    assert "in a folder that exists" in refused(
        capsys, "export", run.path, "--format", "c", "--out", out
    )
    run.decoder.unlink()
    assert "aegru-hw quantize" in refused(capsys, "export", run.path, "--format", "c")


def test_other_formats_are_refused(tmp_path, capsys) -> None:
    with pytest.raises(SystemExit):
        refused(capsys, "export", tmp_path, "--format", "cobol")
    assert "choose from" in capsys.readouterr().err
