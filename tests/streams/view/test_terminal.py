"""The line in the terminal."""

import io
import os
import pty

import pytest

from aegru_hw.streams.tick import Delays, Losses, Tick
from aegru_hw.streams.view import terminal
from aegru_hw.streams.view.terminal import TerminalView


def delays() -> Delays:
    made = Delays()
    for microseconds in range(1, 1001):
        made.add(microseconds * 1000 - 1)
    return made


def test_what_the_line_says() -> None:
    view = TerminalView(delays(), Losses(missing=3, late=1), io.StringIO())
    rate, rest = view.line().split(" ticks/s  ")
    assert int(rate.replace(",", "")) > 0
    assert rest == "µs: p50 500  p99 990  p99.9 999  longest 1,000  missing 3  late 1  refused 0"
    assert view.line().startswith("0 ticks/s")


def test_nothing_is_written_where_there_is_no_terminal() -> None:
    stream = io.StringIO()
    view = TerminalView(delays(), Losses(), stream)
    view.put(Tick(0, []), None)
    view.close()
    assert stream.getvalue() == ""


def test_the_line_renews_itself_and_fits(monkeypatch) -> None:
    monkeypatch.setattr(terminal, "RENEWED", 0.01)
    monkeypatch.setenv("COLUMNS", "40")
    ours, theirs = pty.openpty()
    with open(theirs, "w", encoding="utf-8") as stream:
        view = TerminalView(delays(), Losses(), stream)
        text = b""
        while text.count(b"\r") < 3:
            text += os.read(ours, 1000)
        view.close()
        text += os.read(ours, 1000)
    os.close(ours)
    lines = text.decode().removesuffix("\r\n").split("\r")[1:]
    assert all(line.endswith("\x1b[K") for line in lines)
    assert max(len(line.removesuffix("\x1b[K")) for line in lines) == pytest.approx(39)
    assert b"\r\n" in text[-2:]
