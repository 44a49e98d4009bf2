"""Each step of a run, ended at each of its file operations: the state before, or the state after.

What takes time is done once and put back in; the files are the steps' own.
"""

import copy
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from aegru_hw.decoder import stages
from aegru_hw.runs import training
from aegru_hw.runs.folder import RunFolder
from aegru_hw.runs.hardware import write_engine
from aegru_hw.runs.quantisation import quantize
from aegru_hw.runs.status import THERE, status
from aegru_hw.runs.summarise import summarise
from aegru_hw.runs.verification import verify
from aegru_hw.strict_json import to_json
from tests.runs.killing import killed_at_every_step, tree

Step = Callable[[Path], object]


def content(folder: Path) -> dict[str, bytes]:
    """Return a run's files, as its next user finds them."""
    run = RunFolder(folder)
    run.check_marker()  # carries out what was committed
    files = tree(folder)
    return {name: text for name, text in files.items() if name not in (".lock", ".holder")}


def assert_before_or_after(folder: Path, step: Step, tmp_path: Path) -> None:
    """Kill a step at each of its file operations and look at what it leaves."""
    before = content(folder)
    whole = Path(shutil.copytree(folder, tmp_path / "whole"))
    step(whole)
    after = content(whole)
    assert before != after
    seen = []
    for killed in killed_at_every_step(folder, step):
        found = content(killed)
        leftover = found.keys() - before.keys() - after.keys()
        assert all(".transaction" in name for name in leftover)  # swept away by the next writer
        found = {name: text for name, text in found.items() if name not in leftover}
        assert found in (before, after)
        seen.append(found == after)
        summary = summarise(RunFolder(killed))
        assert summary.stale == ()
        if (killed / "summary.json").exists():
            assert (killed / "summary.json").read_text().strip() == to_json(summary)
    assert seen == sorted(seen)  # once carried out, never back again
    assert set(seen) == {False, True}


@pytest.fixture
def trained_at_once(monkeypatch, trained_run) -> None:
    """Let float training take no time."""
    from aegru_hw.decoder.checkpoint import load_weights
    from aegru_hw.decoder.facts import StageFacts
    from aegru_hw.decoder.network import Aegru

    def train_float(dataset, config, **options):
        network = Aegru(dataset.channels, config.network)
        facts = load_weights(trained_run / "float.safetensors", network, StageFacts)
        return network.eval(), facts

    monkeypatch.setattr(stages, "train_float", train_float)


@pytest.fixture
def quantised_at_once(monkeypatch, trained_run, tmp_path) -> Callable[[str], None]:
    """Return a function that lets quantisation with an override take no time."""

    def prepare(override: str) -> None:
        kept: dict[str, object] = {}
        real_prune, real_quantize = stages.prune, stages.quantize

        def prune(network, *arguments, **options):
            facts = real_prune(network, *arguments, **options)
            kept["pruned"] = copy.deepcopy(network.state_dict()), facts
            return facts

        def fine_tune(*arguments, **options):
            kept["quantised"] = real_quantize(*arguments, **options)
            return kept["quantised"]

        scratch = RunFolder(shutil.copytree(trained_run, tmp_path / "scratch"))
        with monkeypatch.context() as patch:
            patch.setattr(stages, "prune", prune)
            patch.setattr(stages, "quantize", fine_tune)
            quantize(scratch, [override], progress=False)

        def prune_again(network, *arguments, **options):
            weights, facts = kept["pruned"]
            network.load_state_dict(weights)
            return facts

        monkeypatch.setattr(stages, "prune", prune_again)
        monkeypatch.setattr(stages, "quantize", lambda *_, **__: kept["quantised"])

    return prepare


@pytest.fixture(autouse=True)
def small_engine(monkeypatch) -> None:
    """Let an engine's project be two files."""
    from aegru_hw.rtl import project

    def write_project(decoder, folder, lanes, counts):
        (folder / "rtl").mkdir(parents=True)
        (folder / "rtl" / "aegru.sv").write_text(f"module aegru; // {lanes}")
        (folder / "parameters.json").write_text(f'{{"Lanes": {lanes}}}')
        return {"Lanes": lanes}

    monkeypatch.setattr(project, "write_project", write_project)


@pytest.mark.slow
def test_the_end_of_training(begun_run, trained_at_once, tmp_path) -> None:
    def step(folder: Path) -> None:
        training.train(RunFolder(folder), progress=False)

    assert_before_or_after(begun_run, step, tmp_path)


@pytest.mark.slow
def test_quantising_anew_with_all_that_follows(run, quantised_at_once, tmp_path) -> None:
    write_engine(run, 2)
    (run.path / "report.html").write_text("a page")
    quantised_at_once("widths.weight=5")

    def step(folder: Path) -> None:
        quantize(RunFolder(folder), ["widths.weight=5"], force=True, progress=False)

    assert_before_or_after(run.path, step, tmp_path)


@pytest.mark.slow
def test_another_engine(run, tmp_path) -> None:
    write_engine(run, 2)

    def step(folder: Path) -> None:
        write_engine(RunFolder(folder), 1, force=True)

    assert_before_or_after(run.path, step, tmp_path)


def test_verification_keeps_each_result_when_it_is_there(quantised_run, tmp_path) -> None:
    verified = {}

    def step(folder: Path) -> None:
        verify(RunFolder(folder), without=("brevitas", "live", "c", "onnx"), progress=False)

    for killed in killed_at_every_step(quantised_run, step):
        content(killed)
        summary = summarise(RunFolder(killed))
        assert summary.stale == ()
        assert not any(summary.mismatches.values())
        names = [name for name in summary.r2 if name in ("fixed", "streaming")]
        verified[tuple(names)] = set(summary.mismatches)
        parts = {part.name: part.state for part in status(RunFolder(killed)).parts}
        assert all(parts[f"verified: {name}"] == THERE for name in names)
    assert verified == {
        (): set(),
        ("fixed",): set(),
        ("fixed", "streaming"): {"streaming_vs_fixed"},
    }
