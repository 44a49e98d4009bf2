"""Runs that the tests of commands share; each is made once."""

import shutil
from pathlib import Path

import pytest

from tests.cli.commands import SETTINGS, done
from tests.support.recordings import small_recording


@pytest.fixture(scope="session")
def recording_path(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("recording") / "small.h5"
    small_recording().save(path)
    return path


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory, recording_path) -> Path:
    """Return a run that went the whole way, firmware and engine included."""
    run = tmp_path_factory.mktemp("finished") / "run"
    done("run", recording_path, "--out", run, *SETTINGS)
    return run


@pytest.fixture(scope="session")
def light_run(tmp_path_factory, recording_path) -> Path:
    """Return a run without firmware and engine."""
    run = tmp_path_factory.mktemp("light") / "run"
    done("run", recording_path, "--out", run, "--without", "rtl,firmware", *SETTINGS)
    return run


@pytest.fixture
def run_copy(finished_run, tmp_path) -> Path:
    return Path(shutil.copytree(finished_run, tmp_path / "run"))


@pytest.fixture
def light_copy(light_run, tmp_path) -> Path:
    return Path(shutil.copytree(light_run, tmp_path / "run"))
