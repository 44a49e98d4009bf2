"""run_vendor, with a stand-in for the vendor's tool."""

from dataclasses import asdict
from pathlib import Path

import pytest

from aegru_hw.errors import UserError
from aegru_hw.hls import require_vendor, run_vendor, write_project
from aegru_hw.hls.vendor import Bounds, VendorReport
from aegru_hw.strict_json import read_json, write_json
from tests.hls.conftest import small_decoder

REPORT = """<profile>
<UserAssignments><TargetClockPeriod>5.00</TargetClockPeriod></UserAssignments>
<PerformanceEstimates>
<SummaryOfTimingAnalysis><EstimatedClockPeriod>3.65</EstimatedClockPeriod></SummaryOfTimingAnalysis>
<SummaryOfOverallLatency>
<Best-caseLatency>412</Best-caseLatency><Worst-caseLatency>{worst}</Worst-caseLatency>
<Interval-min>310</Interval-min><Interval-max>311</Interval-max>
</SummaryOfOverallLatency>
</PerformanceEstimates>
<AreaEstimates>
<Resources><BRAM_18K>12</BRAM_18K><DSP>34</DSP><FF>5600</FF><LUT>7800</LUT></Resources>
<AvailableResources><BRAM_18K>624</BRAM_18K><DSP>1728</DSP><FF>460800</FF><LUT>230400</LUT>
</AvailableResources>
</AreaEstimates>
</profile>
"""

# It answers only where it is called as the tool is, in the project, with synthesis asked for.
STAND_IN = """#!/bin/sh
set -e
echo "called as $0 $*"
test "$*" = "{arguments}"
test -f build_prj.tcl
grep -q "synth      1" build_opt.tcl
grep -q "csim       0" build_opt.tcl
mkdir -p aegru_prj/solution1/syn/report
echo '<p><solutions><solution name="solution1"/></solutions></p>' > aegru_prj/hls.app
cat > aegru_prj/solution1/syn/report/aegru_csynth.xml <<'END'
{report}END
"""

ARGUMENTS = {
    "vitis-run": "--mode hls --tcl build_prj.tcl",
    "vitis_hls": "-f build_prj.tcl",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_project(small_decoder(), tmp_path / "hls")
    return tmp_path / "hls"


def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, script: str) -> None:
    """Put a script of that name on PATH."""
    tools = tmp_path / "tools"
    tools.mkdir()
    tool = tools / name
    tool.write_text(script)
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:/usr/bin:/bin")


def test_missing_tool_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    before = sorted(folder.rglob("*"))
    with pytest.raises(UserError, match="looked for vitis-run and vitis_hls on PATH") as missing:
        run_vendor(folder)
    assert "\n" not in str(missing.value)
    with pytest.raises(UserError, match="looked for vitis-run and vitis_hls on PATH"):
        require_vendor()
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize("name", ARGUMENTS)
def test_report_is_read(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    script = STAND_IN.format(arguments=ARGUMENTS[name], report=REPORT.format(worst=480))
    stand_in(tmp_path, monkeypatch, name, script)
    report = run_vendor(folder)
    write_json(report, tmp_path / "vendor.json")
    assert read_json(tmp_path / "vendor.json", VendorReport) == report
    assert asdict(report) == {
        "tool": name,
        "clock_ns": {"target": 5.0, "estimated": 3.65},
        "latency_cycles": {"best": 412, "worst": 480},
        "interval_cycles": {"best": 310, "worst": 311},
        "used": {"lut": 7800, "ff": 5600, "dsp": 34, "bram_18k": 12},
        "available": {"lut": 230400, "ff": 460800, "dsp": 1728, "bram_18k": 624},
    }
    assert f"{name} {ARGUMENTS[name]}" in (folder / "vendor.log").read_text()


def test_undefined_latency_is_none(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = REPORT.format(worst="undef")
    script = STAND_IN.format(arguments=ARGUMENTS["vitis-run"], report=report)
    stand_in(tmp_path, monkeypatch, "vitis-run", script)
    assert run_vendor(folder).latency_cycles == Bounds(best=412, worst=None)


def test_failing_tool(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(tmp_path, monkeypatch, "vitis-run", "#!/bin/sh\necho no licence\nexit 3\n")
    with pytest.raises(UserError, match=r"vitis-run failed with status 3; see .*vendor\.log"):
        run_vendor(folder)
    assert "no licence" in (folder / "vendor.log").read_text()


@pytest.mark.parametrize("report", ["", "<profile/>", "not XML"])
def test_unreadable_report(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, report: str
) -> None:
    script = STAND_IN.format(arguments=ARGUMENTS["vitis-run"], report=f"{report}\n")
    stand_in(tmp_path, monkeypatch, "vitis-run", script)
    with pytest.raises(UserError, match="no synthesis report that can be read"):
        run_vendor(folder)


def test_tool_that_writes_nothing(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(tmp_path, monkeypatch, "vitis-run", "#!/bin/sh\nexit 0\n")
    with pytest.raises(UserError, match="no synthesis report that can be read"):
        run_vendor(folder)
