"""Real-time priority, or one line that says why not."""

import os
import subprocess
import sys

import pytest

from aegru_hw.errors import UserError
from aegru_hw.streams.realtime import take_realtime_priority


def test_where_it_is_not_allowed_it_is_one_line(monkeypatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "sched_setscheduler", refuse)
    with pytest.raises(UserError, match=r"^--realtime: Operation not permitted; `ulimit -r 10`"):
        take_realtime_priority()
    monkeypatch.delattr(os, "sched_setscheduler")
    with pytest.raises(UserError, match=r"^--realtime: this system has no SCHED_FIFO$"):
        take_realtime_priority()


def test_threads_have_it_too() -> None:
    """In a process of its own, where the system allows it."""
    code = (
        "import os, threading\n"
        "from aegru_hw.errors import UserError\n"
        "from aegru_hw.streams.realtime import take_realtime_priority\n"
        "try: take_realtime_priority()\n"
        "except UserError: print('not allowed')\n"
        "else:\n"
        "    found = []\n"
        "    one = threading.Thread(target=lambda: found.append(os.sched_getscheduler(0)))\n"
        "    one.start(); one.join()\n"
        "    print(found == [os.SCHED_FIFO])\n"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() in ("True", "not allowed")
