"""Lab Streaming Layer on this machine alone, and senders in processes of their own."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.bench_live import LOOPBACK

ROOT = Path(__file__).parents[2]
_configured: list[Any] = []


def loopback(folder: Path) -> Any:
    """Return pylsl, bound to loopback in this process and those it starts.

    liblsl reads its settings once, at its first use. Other sessions on the machine are not seen.
    """
    pylsl = pytest.importorskip("pylsl", reason="pylsl is not installed")
    if not _configured:
        config = folder / "lsl_api.cfg"
        config.write_text(LOOPBACK.format(session=f"aegru-{os.getpid()}"), encoding="utf-8")
        os.environ["LSLAPICFG"] = str(config)
        _configured.append(pylsl)
    return pylsl


@contextmanager
def running(*arguments: object) -> Iterator[subprocess.Popen[str]]:
    """Run a module of Python in a process of its own, which does not outlive the test."""
    process = subprocess.Popen(
        [sys.executable, "-m", *map(str, arguments)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


class Outlet:
    """A sender in this process, for streams that no recording would give."""

    def __init__(
        self,
        pylsl: Any,
        name: str,
        channels: int,
        rate: float,
        kind: str = "int16",
        source: str = "test",
    ) -> None:
        info = pylsl.StreamInfo(name, "Spikes", channels, rate, kind, source)
        self._outlet = pylsl.StreamOutlet(info, chunk_size=1)

    def wait(self) -> None:
        """Return when there is somebody who reads."""
        deadline = time.monotonic() + 30
        while not self._outlet.have_consumers():
            assert time.monotonic() < deadline, "nobody reads the stream"
            time.sleep(0.01)

    def push(self, sample: Any, stamp: float) -> None:
        self._outlet.push_sample(list(sample), stamp)

    def close(self) -> None:
        del self._outlet


def received(pylsl: Any, inlet: Any, most: int, seconds: float = 60) -> tuple[np.ndarray, list]:
    """Return the samples (n, C) of an inlet and their stamps, when there are so many."""
    samples, stamps = [], []
    deadline = time.monotonic() + seconds
    while len(stamps) < most and time.monotonic() < deadline:
        got, at = inlet.pull_chunk(timeout=0.2, max_samples=most, min_samples=1)
        samples += got
        stamps += at
    return np.array(samples), stamps
