"""Asking a tool for a few words, whatever the tool does: hang, fail, or talk without end."""

import os
import selectors
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass

SECONDS = 10.0
MAX_BYTES = 2**16


@dataclass(frozen=True)
class Answer:
    """What a tool said, standard output and error together; problem: None where it ended well."""

    text: str
    problem: str | None


def ask(command: list[str], given: str = "") -> Answer:
    """Run a command for SECONDS at most and return its answer; never raises.

    given: its standard input, a few bytes. It is killed, with all that it started, where it takes
    longer or says more than 64 KiB.
    """
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        return Answer("", f"it cannot be run: {getattr(error, 'strerror', None) or error}")
    deadline = time.monotonic() + SECONDS
    try:
        with suppress(OSError):  # it may not want its input
            process.stdin.write(given.encode())  # type: ignore[union-attr]
            process.stdin.close()  # type: ignore[union-attr]
        said, ended = _read(process.stdout.fileno(), deadline)  # type: ignore[union-attr]
        text = said.decode("utf-8", "replace")
        if len(said) >= MAX_BYTES:
            return Answer(text, f"it says more than {MAX_BYTES:,} bytes where a line is expected")
        try:
            if not ended:
                raise subprocess.TimeoutExpired(command, SECONDS)
            status = process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            return Answer(text, f"it does not answer within {SECONDS:g} s")
        if status != 0:
            return Answer(text, f"it fails with status {status}: {one_line(text)}")
        return Answer(text, None)
    finally:
        with suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for pipe in (process.stdin, process.stdout):
            with suppress(OSError):
                pipe.close()  # type: ignore[union-attr]


def one_line(text: str, most: int = 120) -> str:
    """Return the first line that says anything, fit for a terminal."""
    for line in text.splitlines():
        plain = "".join(letter if letter.isprintable() else "?" for letter in line).strip()
        if plain:
            return plain if len(plain) <= most else plain[: most - 3] + "..."
    return "it says nothing"


def _read(pipe: int, deadline: float) -> tuple[bytes, bool]:
    """Return what comes through a pipe, and whether it was closed before the deadline."""
    said = b""
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while len(said) < MAX_BYTES:
            if not selector.select(max(0.0, deadline - time.monotonic())):
                return said, False
            piece = os.read(pipe, MAX_BYTES)
            if not piece:
                return said, True
            said += piece
    return said, False
