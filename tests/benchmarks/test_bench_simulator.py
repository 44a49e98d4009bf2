import json
import subprocess
import sys
from pathlib import Path

from aegru_hw.fixedpoint import save_decoder
from aegru_hw.fixedpoint.made_up import random_decoder

ROOT = Path(__file__).resolve().parents[2]


def run_script(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "benchmarks.bench_simulator", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_report_of_a_saved_decoder(tmp_path: Path) -> None:
    decoder = random_decoder(1, channels=7, latent=4, hidden=4, window=3, steps=2, norm=False)
    save_decoder(decoder, tmp_path / "decoder.h5")
    ended = run_script(str(tmp_path), "--ticks", "50", "--repeats", "1", "--no-firmware", "--json")
    assert ended.stderr == ""
    report = json.loads(ended.stdout)
    assert (report["channels"], report["norm"], report["ticks"]) == (7, False, 50)
    rates = report["ticks_per_second"]
    assert list(rates) == ["window form", "streaming form", "step", "compiled step"]
    assert report["streaming_form_over"] == {
        name: rates["streaming form"] / rates[name]
        for name in ("window form", "step", "compiled step")
    }


def test_a_missing_run_is_one_line(tmp_path: Path) -> None:
    ended = run_script(str(tmp_path / "nowhere"))
    assert ended.returncode == 1
    assert ended.stderr.startswith("error: no decoder at")
    assert ended.stderr.count("\n") == 1


def test_help_has_an_example() -> None:
    assert "example: python -m benchmarks.bench_simulator" in run_script("--help").stdout
