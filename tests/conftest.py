"""What tests of several parts share."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def real_recordings() -> Path:
    """Return the folder of the real recordings."""
    folder = os.environ.get("AEGRU_RECORDINGS")
    if not folder:
        pytest.skip("AEGRU_RECORDINGS names no folder with real recordings")
    return Path(folder)
