"""The commands about recordings."""

import os
import shlex

import numpy as np
import pytest
import scipy.io

from aegru_hw.cli import main
from aegru_hw.recordings import open_recording
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


def made_files():
    counts = np.random.default_rng(0).integers(0, 3, (50, 4)).astype(float)
    hand = np.random.default_rng(1).normal(size=(50, 2))
    times = np.arange(50)[:, None] * 0.02
    trial = {"M1_spikes": counts, "vel": hand, "bin_size": 0.01}
    yield {"xds": {"spike_counts": counts, "curs_v": hand, "curs_vel": hand}}, "0.05 s for want"
    yield {"spikes": counts, "vel_x": hand[:, :1], "vel_y": hand[:, 1:], "t": times}, "step of 't'"
    yield {"counts": counts, "cursor_pos": hand, "dt": 0.03}, "the number 'dt'"
    binned = {"spikeratedata": counts / 0.05, "velocbin": hand, "timeframe": times / 0.02 * 0.05}
    yield {"binnedData": binned}, "multiples of 1/tick"
    structs = np.empty((1, 2), dtype=[(name, object) for name in trial])
    for name, value in trial.items():
        for number in range(2):
            structs[name][0, number] = value
    yield {"trial_data": structs}, "'trial_data.vel'"


@pytest.mark.parametrize("number", range(5))
def test_inspect_ends_with_an_import_line_that_works(number, tmp_path, capsys) -> None:
    arrays, reason = list(made_files())[number]
    path, out = tmp_path / "made.mat", tmp_path / "out.h5"
    scipy.io.savemat(path, arrays)
    facts = printed(capsys, "inspect", path)
    assert any(reason in guess for guess in facts["guessed"])
    command = shlex.split(facts["import"].replace("OUT.h5", str(out)))
    assert command[0] == "aegru-hw"
    imported = printed(capsys, *command[1:])
    assert imported["channels"] == 4
    assert main(["inspect", str(path)]) == 0
    assert capsys.readouterr().out.rstrip().splitlines()[-1] == f"import: {facts['import']}"


def test_inspect_says_that_its_line_would_be_refused(tmp_path, capsys) -> None:
    np.savez(tmp_path / "made.npz", spikes=np.full((9, 3), -1), vel=np.ones((9, 2)))
    facts = printed(capsys, "inspect", tmp_path / "made.npz")
    assert facts["guessed"][-1].startswith("tried, it is refused: count -1")


def test_inspect_of_what_nobody_could_guess(tmp_path, capsys) -> None:
    np.savez(tmp_path / "made.npz", a=np.ones((9, 3)))
    facts = printed(capsys, "inspect", tmp_path / "made.npz")
    assert facts["guessed"][0].startswith("nothing: no two arrays look like spikes and movement")
    assert facts["import"].endswith("OUT.h5 --counts KEY --velocity KEY --tick SECONDS")


def test_import_says_what_it_did(tmp_path, capsys) -> None:
    hand = np.random.default_rng(1).normal(size=(100, 2))
    hand[40:50] = np.nan
    source, out = tmp_path / "made.npz", tmp_path / "out.h5"
    np.savez(source, counts=np.arange(400).reshape(100, 4) / 0.05, hand=hand)
    named = ("--counts", "counts", "--position", "hand", "--tick", "0.05")
    assert "add --rates" in refused(capsys, "import", source, out, *named).lower()
    facts = printed(capsys, "import", source, out, *named, "--rates")
    assert (facts["lost_ticks"], facts["segments"]) == (10, 2)
    assert "10 of 100 ticks (10.0%)" in facts["notes"][0]
    assert "central difference of 'hand'" in facts["notes"][1]
    assert main(["import", str(source), str(out), *named, "--rates", "--force"]) == 0
    assert "10 of 100 ticks (10.0%)" in capsys.readouterr().out
    assert printed(capsys, "inspect", out)["recording"]["largest_count"] == 399


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


def test_generate_from_a_recording(tmp_path, capsys) -> None:
    coarse, fine = tmp_path / "coarse.h5", tmp_path / "fine.h5"
    small_recording(ticks=300, tick_seconds=0.064).save(coarse)
    command = ["generate", fine, "--from", coarse]
    facts = printed(capsys, *command, "--seed", 3)
    assert (facts["ticks"], facts["tick_seconds"], facts["seed"]) == (4800, 0.004, 3)
    recording = printed(capsys, "inspect", fine)["recording"]
    assert recording["source"] == "made from small: spikes placed at random within bins of 64 ms"
    assert recording["spikes"] == printed(capsys, "inspect", coarse)["recording"]["spikes"]
    before = fine.read_bytes()
    assert "--force" in refused(capsys, *command)
    for option in ("--channels", "--seconds"):
        assert f"{option} is not for --from" in refused(capsys, *command, option, 5, "--force")
    assert "does not divide" in refused(capsys, *command, "--tick", 0.005, "--force")
    assert "same file" in refused(capsys, "generate", coarse, "--from", coarse, "--force")
    assert "is for --from" in refused(capsys, "generate", tmp_path / "a.mat", "--tick", 0.02)
    assert fine.read_bytes() == before


def test_channels_of_any_file(tmp_path, capsys) -> None:
    made, out = tmp_path / "made.mat", tmp_path / "out.h5"
    done("generate", made, "--channels", 6, "--seconds", 8)
    names = open_recording(made).channel_names
    facts = printed(capsys, "import", made, out, "--channels", f"4:6,{names[0]}")
    assert facts["channels"] == 3
    assert facts["notes"] == ["3 of 6 channels were kept"]
    kept = open_recording(out)
    assert kept.channel_names == (names[4], names[5], names[0])
    assert np.array_equal(kept.counts, open_recording(made).counts[:, [4, 5, 0]])
    line = refused(capsys, "import", made, tmp_path / "no.h5", "--channels", "3:7")
    assert "channel 6 does not exist" in line
    assert printed(capsys, "import", out, tmp_path / "one.h5", "--channels", "1")["channels"] == 1


def test_import_prints_what_a_person_would_check(tmp_path, capsys) -> None:
    counts = np.zeros((40, 3))
    counts[::4, 0], counts[::2, 2] = 1, 3
    velocity = np.stack([np.linspace(-2, 5, 40), np.linspace(0, 1, 40)], axis=1)
    source, out = tmp_path / "made.npz", tmp_path / "out.h5"
    np.savez(source, counts=counts, velocity=velocity)
    facts = printed(capsys, "import", source, out, *NAMED)
    assert facts["seconds"] == pytest.approx(2.0)
    assert facts["rate"] == pytest.approx((10 + 60) / 3 / 2)
    assert (facts["silent_channels"], facts["largest_count"]) == (1, 3)
    assert facts["velocity"] == {"x": [-2.0, 5.0], "y": [0.0, 1.0]}
    assert (facts["lost_share"], facts["segments"], facts["reaches"]) == (0, 1, 0)
    named = [*map(str, ("import", source, out)), *NAMED, "--force", "--drop-silent"]
    assert main(named) == 0
    text = capsys.readouterr().out
    assert "0 channels silent" in text
    assert "x -2 to 5, y 0 to 1" in text
    assert "2 of 3 channels were kept" in text


def test_a_recording_is_looked_at(tmp_path, capsys) -> None:
    recording, page = tmp_path / "small.h5", tmp_path / "look.html"
    small_recording(ticks=300).save(recording)
    assert printed(capsys, "inspect", recording, "--plot", page)["plot"] == str(page)
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert "--force" in refused(capsys, "inspect", recording, "--plot", page)
    assert "same file" in refused(capsys, "inspect", recording, "--plot", recording, "--force")


def test_odoherty_files_at_another_tick_and_channels(tmp_path, capsys) -> None:
    made, out = tmp_path / "made.mat", tmp_path / "out.h5"
    done("generate", made, "--channels", 8, "--seconds", 20)
    command = ["import", made, out, "--tick", 0.02, "--channels", "2:6"]
    facts = printed(capsys, *command, "--units", "sorted")
    assert (facts["channels"], facts["tick_seconds"]) == (4, 0.02)
    assert "units 'odd' is unknown" in refused(capsys, *command, "--units", "odd", "--force")
    assert "--rates is for binned counts" in refused(capsys, *command, "--rates", "--force")


@pytest.mark.parametrize("kind", ["npz", "mat"])
def test_gaps_of_bins_are_not_bridged(kind, tmp_path, capsys) -> None:
    made, out = tmp_path / f"made.{kind}", tmp_path / "out.h5"
    if kind == "mat":
        done("generate", made, "--channels", 2, "--seconds", 8)
        line = refused(capsys, "import", made, out, "--bridge", 0.1)
        assert f"--bridge does nothing here: the samples of {made} have no gap" in line
    else:
        np.savez(made, counts=np.ones((9, 2)), velocity=np.ones((9, 2)))
        line = refused(capsys, "import", made, out, *NAMED, "--bridge", 0.1)
        assert "--bridge is for movement with times" in line
    assert not out.exists()
