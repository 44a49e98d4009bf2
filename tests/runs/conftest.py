"""Small runs that the tests of this folder share and copy."""

import shutil
from pathlib import Path

import pytest

from aegru_hw.decoder.config import make_config
from aegru_hw.runs import training
from aegru_hw.runs.folder import RunFolder
from aegru_hw.runs.quantisation import quantize
from aegru_hw.runs.verification import verify
from tests.support.recordings import QUICK, small_recording


@pytest.fixture(scope="session")
def begun_run(tmp_path_factory) -> Path:
    """Return a run that is about to be trained."""
    run = RunFolder(tmp_path_factory.mktemp("begun") / "run")
    training.begin(run, small_recording(ticks=500), make_config(overrides=QUICK))
    return run.path


@pytest.fixture(scope="session")
def trained_run(begun_run, tmp_path_factory) -> Path:
    """Return a run whose float network is trained."""
    run = RunFolder(shutil.copytree(begun_run, tmp_path_factory.mktemp("trained") / "run"))
    training.train(run, progress=False)
    return run.path


@pytest.fixture(scope="session")
def quantised_run(trained_run, tmp_path_factory) -> Path:
    """Return a run that has a decoder."""
    run = RunFolder(shutil.copytree(trained_run, tmp_path_factory.mktemp("quantised") / "run"))
    quantize(run, [], progress=False)
    return run.path


@pytest.fixture(scope="session")
def verified_run(quantised_run, tmp_path_factory) -> Path:
    """Return a run whose executions were compared, those that need no project."""
    run = RunFolder(shutil.copytree(quantised_run, tmp_path_factory.mktemp("verified") / "run"))
    verify(run, progress=False)
    return run.path


@pytest.fixture
def run(verified_run, tmp_path) -> RunFolder:
    """Return a verified run of one's own."""
    return RunFolder(shutil.copytree(verified_run, tmp_path / "run"))
