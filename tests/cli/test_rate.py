"""An output every K ticks, from the command line: every execution, and what is said of it."""

from pathlib import Path

import numpy as np
import pytest

from aegru_hw.cost.energy import energy
from aegru_hw.fixedpoint import at_output_rate, load_decoder
from aegru_hw.recordings import stream as streams
from aegru_hw.recordings.recording import Recording
from aegru_hw.rtl.cycles import tick_costs
from aegru_hw.rtl.schedule import schedule
from aegru_hw.runs import quantisation
from tests.cli.commands import SETTINGS, done, printed, refused, said, summary_of
from tests.support.recordings import small_recording

WINDOW = ("--set", "window.seconds=0.3")
"""Six ticks of the small recording."""


def estimate(run: Path) -> float:
    """Return the nJ of an output of a run's engine over the test split, by the cost model."""
    decoder, recording = load_decoder(run / "decoder.h5"), Recording.load(run / "recording.h5")
    stream, _ = streams.test_stream(recording, decoder.geometry)
    decoder, sums = at_output_rate(decoder, stream.counts)
    costs = tick_costs(decoder, schedule(decoder, 4), sums).over(stream.scored)
    return energy(decoder, costs).per_tick_nj["engine"]


@pytest.mark.slow
def test_run_gives_the_same_codes_everywhere_at_a_lower_rate(tmp_path, capsys, monkeypatch) -> None:
    recording, run = tmp_path / "small.h5", tmp_path / "run"
    small_recording().save(recording)
    text = said(capsys, "run", recording, "--out", run, "--every", 3, *WINDOW, *SETTINGS)
    summary = summary_of(run)
    assert len(summary["mismatches"]) == 28
    assert not any(summary["mismatches"].values())
    assert summary["cycles"]["predicted_equal"] is True
    assert summary["rate"] == {"every": 3, "per_second": pytest.approx(20 / 3)}
    taken = summary["macs"]["streaming_effective"] * 20 / 3
    assert f"an output every 3 ticks, 6.66667 a second: {taken:,.0f} MACs" in text
    assert summary["energy"]["per_tick_nj"]["engine"] == pytest.approx(estimate(run))
    # The testbench plays whole outputs to an engine whose window is two of them.
    vectors = np.load(run / "rtl" / "vectors.npz")
    channels, *_, window, steps = vectors["registers"][-5:]
    assert (channels, window, steps) == (12, 2, 5)
    assert len(vectors["recording.velocity"]) == 40
    page = (run / "report.html").read_text(encoding="utf-8")
    assert "An output every 3 ticks, 6.66667 a second" in page
    assert "a velocity every 150 ms" in page
    assert "Training is scored at every tick" in page
    assert "quantised: at every tick; the others: at the outputs" in text
    assert "an output every 3 ticks" in said(capsys, "status", run)

    velocity = tmp_path / "velocity.npz"
    facts = printed(capsys, "simulate", run, recording, "--out", velocity, "--lanes", 4)
    decoded = np.load(velocity)
    # Segments of 500 and of 1,000 ticks; of each the last, incomplete output is left out.
    assert decoded["ticks"].tolist() == [*range(2, 498, 3), *range(502, 1499, 3)]
    assert decoded["velocity"].shape == (facts["outputs"], 2) == (499, 2)

    # Another rate needs no training, and nothing that was made for this one stays.
    with monkeypatch.context() as patch:
        patch.setattr(quantisation.stages, "quantize", lambda *_, **__: pytest.fail("trained"))
        done("quantize", run, "--every", 1, "--force")
    assert not (run / "rtl").exists()
    again = printed(capsys, "verify", run)
    assert again["rate"]["every"] == 1
    assert again["stale"] == []
    assert again["ticks_scored"] > 2 * summary["ticks_scored"]
    assert again["macs"]["reference_dense"] == summary["macs"]["reference_dense"]
    assert again["r2"]["quantised"] == summary["r2"]["quantised"]
    assert again["r2"]["fixed"] == pytest.approx(again["r2"]["quantised"])
    # With other settings too it is quantised anew.
    with monkeypatch.context() as patch:
        patch.setattr(quantisation.stages, "quantize", lambda *_, **__: pytest.fail("trained"))
        with pytest.raises(pytest.fail.Exception):
            done("quantize", run, "--every", 2, "--set", "widths.weight=4", "--force")


@pytest.mark.parametrize("command", ["run", "train"])
def test_rates_that_the_window_does_not_admit(command, tmp_path, capsys) -> None:
    recording, run = tmp_path / "small.h5", tmp_path / "run"
    small_recording().save(recording)
    line = refused(capsys, command, recording, "--out", run, *WINDOW, "--every", 4)
    says = "--every 4: accepted are 1, 2, 3, 6, the divisors of the window of 6 ticks"
    assert line == f"aegru-hw: {says}"
    line = refused(capsys, command, recording, "--out", run, "--every", 0)
    assert "window.every is 0; accepted is a whole number from 1 to 4096" in line
    assert not run.exists()
    with pytest.raises(SystemExit):
        done(command, recording, "--out", run, "--every", "often")
    assert "argument --every: invalid ticks value: 'often'" in capsys.readouterr().err
