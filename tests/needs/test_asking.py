"""A tool may do anything; asking it ends in time, and leaves no process."""

import os
import time

import pytest

from aegru_hw.needs import asking
from aegru_hw.needs.asking import ask, one_line


@pytest.fixture
def soon(monkeypatch):
    monkeypatch.setattr(asking, "SECONDS", 0.3)


def test_answer(bench):
    tool = bench.put(bench.path, "tool", "echo one; echo two >&2")
    answer = ask([str(tool)])
    assert (answer.text, answer.problem) == ("one\ntwo\n", None)


def test_input_is_given(bench):
    tool = bench.put(bench.path, "tool", 'read line; echo "<$line>"')
    assert ask([str(tool)], "word\n").text == "<word>\n"


def test_failing_tool(bench):
    tool = bench.put(bench.path, "tool", "echo no licence; exit 3")
    assert ask([str(tool)]).problem == "it fails with status 3: no licence"


@pytest.mark.parametrize(
    "body", ["/bin/sleep 60", "exec >&- 2>&-; /bin/sleep 60", "/bin/sleep 60 &"]
)
def test_hanging_tool_is_killed_with_its_children(bench, soon, body):
    mark = bench.path / "pid"
    tool = bench.put(bench.path, "tool", f"echo $$ > '{mark}'; {body}")
    begin = time.monotonic()
    assert ask([str(tool)]).problem == "it does not answer within 0.3 s"
    assert time.monotonic() - begin < 5
    group = int(mark.read_text())
    while _group_lives(group) and time.monotonic() - begin < 5:
        time.sleep(0.01)  # a killed process takes a moment to go
    assert not _group_lives(group)


def test_endless_talker_is_stopped(bench):
    tool = bench.put(
        bench.path, "tool", "while :; do echo yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy; done"
    )
    begin = time.monotonic()
    answer = ask([str(tool)])
    assert answer.problem == "it says more than 65,536 bytes where a line is expected"
    assert len(answer.text) < 2**18
    assert time.monotonic() - begin < 5


@pytest.mark.parametrize("content", [b"", b"\x7fELF\x00\x01garbage", b"#!/no/such/shell\n"])
def test_what_is_no_program(bench, content):
    tool = bench.path / "tool"
    tool.write_bytes(content)
    tool.chmod(0o755)
    assert ask([str(tool)]).problem.startswith("it cannot be run: ")


def test_missing_tool(tmp_path):
    assert ask([str(tmp_path / "none")]).problem == "it cannot be run: No such file or directory"


def test_bytes_that_are_no_text(bench):
    tool = bench.put(bench.path, "tool", r"printf '\377\376\033[31m\000\n'")
    assert one_line(ask([str(tool)]).text).isprintable()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "it says nothing"),
        ("\n \n\x1b[1m\n", "?[1m"),
        ("a\nb", "a"),
        ("x" * 200, "x" * 117 + "..."),
    ],
)
def test_one_line(text, line):
    assert one_line(text) == line


def _group_lives(group):
    """Tell whether a process of a group is there that is not dead already."""
    for entry in os.listdir("/proc"):
        try:
            with open(f"/proc/{entry}/stat", encoding="utf-8") as file:
                state, _, owner = file.read().rpartition(")")[2].split()[:3]
        except OSError:
            continue
        if int(owner) == group and state != "Z":
            return True
    return False
