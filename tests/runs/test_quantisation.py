"""The second step of a run: what it takes of the step before, and what it leaves."""

from dataclasses import asdict
from pathlib import Path

import pytest

from aegru_hw.decoder.config import make_config
from aegru_hw.fixedpoint import load_decoder
from aegru_hw.runs import quantisation
from aegru_hw.runs.folder import RunFolder
from aegru_hw.runs.quantisation import quantize
from aegru_hw.runs.summarise import summarise
from aegru_hw.runs.training import begin, train
from tests.support.recordings import QUICK, small_recording


def trained(folder: Path) -> RunFolder:
    run = RunFolder(folder)
    begin(run, small_recording(ticks=400), make_config(overrides=QUICK))
    train(run, progress=False)
    return run


def test_another_width_takes_the_pruned_network_that_is_there(tmp_path, monkeypatch) -> None:
    straight, again = trained(tmp_path / "straight"), trained(tmp_path / "again")
    quantize(straight, ["widths.weight=4"], progress=False)
    quantize(again, [], progress=False)
    with monkeypatch.context() as patch:
        patch.setattr(quantisation.stages, "prune", lambda *_, **__: pytest.fail("pruned again"))
        quantize(again, ["widths.weight=4"], force=True, progress=False)
    for name in ("encoder", "input", "recurrent", "readout"):
        codes = [getattr(load_decoder(run.decoder), name).weight for run in (straight, again)]
        assert (codes[0] == codes[1]).all()
    assert summarise(straight).r2 == summarise(again).r2
    sparse = quantize(again, ["pruning.rate=0.75"], force=True, progress=False)
    assert sparse.neurobench is not None
    assert sparse.neurobench.connection_sparsity > 0.6


def test_pruning_by_macs_depends_on_the_codes_that_change(tmp_path, monkeypatch) -> None:
    run = trained(tmp_path / "run")
    settings = ["pruning.scope=macs", "pruning.score=saliency"]
    quantize(run, settings, progress=False)
    asked, real = [], quantisation.stages.prune
    monkeypatch.setattr(
        quantisation.stages, "prune", lambda *a, **k: asked.append(a) or real(*a, **k)
    )
    for text, times in (("widths.weight=4", 0), ("widths.state=6", 1), ("widths.latent=5", 2)):
        quantize(run, [text], force=True, progress=False)
        assert len(asked) == times


def test_neurobench_metrics_are_in_the_summary(tmp_path) -> None:
    run = trained(tmp_path / "run")
    metrics = quantize(run, [], progress=False).neurobench
    assert metrics is not None
    assert summarise(run).neurobench == metrics
    assert set(asdict(metrics)) == {
        *("footprint_bytes", "connection_sparsity", "activation_sparsity"),
        *("dense", "effective_macs", "effective_acs"),
    }
    assert 0 < metrics.effective_macs < metrics.dense
