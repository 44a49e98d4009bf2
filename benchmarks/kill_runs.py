"""`aegru-hw run`, killed at random moments and gone on with: no state may be false or unreadable.

    python -m benchmarks.kill_runs --kills 50

A small recording is made up. One run goes the whole way undisturbed. Others are killed, with all
their children, after a random part of the time that it took, and gone on with until they are
finished. After each kill `status` has to read the folder; what it calls there has to be the
undisturbed run's, bit for bit; and every finished run has to be equal to it.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from aegru_hw.fixedpoint import load_decoder

SETTINGS = (
    *("training.epochs=3", "training.batch=32", "training.min_updates=0"),
    *("pruning.epochs=1", "pruning.min_updates=0"),
    *("quantisation.epochs=1", "quantisation.min_updates=0"),
    *("network.latent=8", "network.hidden=8", "network.variance_hidden=8"),
)
COMPARED = ("r2", "mismatches", "macs", "cycles", "energy", "sparsity", "training", "seed")
GENERATE = ("--channels", "12", "--seconds", "40")


@dataclass
class Count:
    """What happened, over all runs."""

    kills: int = 0
    runs: int = 0
    unreadable: int = 0
    false: int = 0


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "aegru_hw", *map(str, arguments), "--quiet"]


def whole_way(recording: Path, run: Path) -> list[str]:
    """Return the command that begins a run, or goes on with one that is there."""
    if (run / "run.json").exists() or (run / ".transaction" / "journal.json").exists():
        return command("run", "--out", run, "--resume")
    settings = [part for text in SETTINGS for part in ("--set", text)]
    return command("run", recording, "--out", run, *settings)


def killed(words: list[str], seconds: float) -> int | None:
    """Run a command and kill it after some seconds; return its status where it ended before."""
    process = subprocess.Popen(
        words, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    try:
        _, said = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return None
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(words)}\nended with {process.returncode}: {said}")
    return process.returncode


def false_claims(run: Path, reference: dict) -> list[str] | None:
    """Return what the run claims that is not so; None where it cannot be read."""
    if not (run / "run.json").exists() and not (run / ".transaction").exists():
        return []
    status = subprocess.run(
        command("status", run, "--json"), capture_output=True, text=True, check=False
    )
    if status.returncode == 1 and "holds no run" in status.stderr:
        return []
    if status.returncode != 0:
        return None
    json.loads(status.stdout, parse_constant=lambda name: sys.exit(f"{name} in JSON"))
    try:
        summary = json.loads((run / "summary.json").read_text())
    except FileNotFoundError:
        return []
    claims = []
    for section in COMPARED:
        found, whole = summary.get(section), reference[section]
        if isinstance(found, dict) and isinstance(whole, dict) and section != "energy":
            claims += [f"{section}.{key}" for key in found if found[key] != whole.get(key)]
        elif found is not None and found != whole:
            claims.append(section)
    return claims


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    count = Count()
    with tempfile.TemporaryDirectory(prefix="aegru_kills_") as scratch:
        folder = Path(scratch)
        recording, whole = folder / "made.mat", folder / "whole"
        subprocess.run(command("generate", recording, *GENERATE), check=True, capture_output=True)
        began = time.monotonic()
        subprocess.run(whole_way(recording, whole), check=True, capture_output=True)
        took = time.monotonic() - began
        reference = json.loads((whole / "summary.json").read_text())
        digest = load_decoder(whole / "decoder.h5").digest
        print(f"undisturbed: {took:.0f} s; seed {options.seed}")
        with tqdm(total=options.kills, unit="kill") as bar:
            while count.kills < options.kills:
                run = folder / f"run{count.runs}"
                while killed(whole_way(recording, run), chance.uniform(0, took)) is None:
                    count.kills += 1
                    bar.update()
                    claims = false_claims(run, reference)
                    count.unreadable += claims is None
                    if claims:
                        count.false += 1
                        bar.write(f"false after kill {count.kills}: {', '.join(claims)}")
                count.runs += 1
                different = false_claims(run, reference)
                if different != [] or load_decoder(run / "decoder.h5").digest != digest:
                    count.false += 1
                    bar.write(f"finished, but unlike: {different}")
    print(
        f"{count.kills} kills in {count.runs} runs: {count.false} false or mixed states, "
        f"{count.unreadable} unreadable"
    )
    return 1 if count.false or count.unreadable else 0


if __name__ == "__main__":
    sys.exit(main())
