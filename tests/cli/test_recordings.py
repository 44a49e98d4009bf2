"""The commands about recordings."""

import os

import numpy as np
import pytest

from aegru_hw.cli import main
from tests.cli.commands import done, printed, refused
from tests.support.recordings import small_recording

NAMED = ("--counts", "counts", "--velocity", "velocity", "--tick", "0.05")


@pytest.mark.parametrize(
    ("arrays", "says"),
    [
        ({"velocity": np.zeros((100, 2))}, "counts"),
        ({"counts": np.zeros((100, 4)), "velocity": np.zeros((90, 2))}, ""),
        ({"counts": -np.ones((100, 4)), "velocity": np.zeros((100, 2))}, "-1"),
        ({"counts": np.full((100, 4), np.nan), "velocity": np.zeros((100, 2))}, "nan"),
        ({"counts": np.zeros((100, 4)), "velocity": np.full((100, 2), np.nan)}, "nan"),
        ({"counts": np.zeros((100, 4)), "velocity": np.zeros((100, 3))}, ""),
    ],
)
def test_import_refuses_what_is_no_recording(arrays, says, tmp_path, capsys) -> None:
    source, out = tmp_path / "source.npz", tmp_path / "out.h5"
    np.savez(source, **arrays)
    assert says in refused(capsys, "import", source, out, *NAMED)
    assert os.listdir(tmp_path) == ["source.npz"]


def test_import_round_trip_and_no_overwrite(tmp_path, capsys) -> None:
    recording = small_recording()
    source, out = tmp_path / "source.npz", tmp_path / "out.h5"
    np.savez(source, counts=recording.counts, velocity=recording.velocity)
    arguments = ["import", str(source), str(out), *NAMED]
    assert main(arguments) == 0
    assert "--force" in refused(capsys, *arguments)
    assert printed(capsys, *arguments, "--force")["channels"] == 12


@pytest.mark.parametrize("kind", ["same", "link", "hard link", "other spelling"])
def test_import_never_overwrites_what_it_reads(kind, tmp_path, capsys) -> None:
    source = tmp_path / "source.npz"
    np.savez(source, counts=np.ones((100, 4)), velocity=np.ones((100, 2)))
    before = source.read_bytes()
    out = tmp_path / "out.npz"
    if kind == "same":
        out = source
    elif kind == "link":
        out.symlink_to(source)
    elif kind == "hard link":
        os.link(source, out)
    else:
        (tmp_path / "folder").mkdir()
        out = tmp_path / "folder" / ".." / "source.npz"
    for force in ([], ["--force"]):
        line = refused(capsys, "import", source, out, *NAMED, *force)
        assert "is the same file as" in line
        assert source.read_bytes() == before


def test_generate_does_not_overwrite_unasked(tmp_path, capsys) -> None:
    out = tmp_path / "made.mat"
    short = ["--seconds", 5, "--channels", 4]
    done("generate", out, *short)
    before = out.read_bytes()
    assert "--force" in refused(capsys, "generate", out, *short, "--seed", 1)
    assert out.read_bytes() == before
    assert printed(capsys, "generate", out, *short, "--seed", 1, "--force")["seed"] == 1
    assert out.read_bytes() != before
    assert printed(capsys, "inspect", out)["recording"]["channels"] == 4
