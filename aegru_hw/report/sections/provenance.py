"""Where the numbers come from, and the commands that give them again."""

import json
import shlex
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from aegru_hw.decoder.config import PRESETS, Config, preset
from aegru_hw.report.facts import Facts
from aegru_hw.report.section import Cell, Section, Table
from aegru_hw.runs.evidence import NAMED
from aegru_hw.runs.results import FirmwareProject

FIRMWARE_OPTIONS = {
    "part": "--part",
    "clock_period_ns": "--clock-period",
    "strategy": "--strategy",
    "reuse_factor": "--reuse-factor",
    "io_type": "--io-type",
}


def provenance_section(facts: Facts) -> Section:
    recording, summary = facts.recording, facts.summary
    stages = {
        stage: f"{size.epochs:,} epochs, batch {size.batch:,}, {size.windows:,} windows"
        for stage, size in summary.training.items()
    }
    digests = {NAMED.get(key, key): digest for key, digest in summary.made_of.items()}
    return Section(
        "provenance",
        "Provenance",
        "What this report was made from, and how to make it again.",
        tables=(
            _list(
                "Recording",
                {
                    "source": recording.source,
                    "sha256": recording.sha256,
                    "channels": f"{recording.channels:,}",
                    "ticks": f"{recording.ticks:,} of {recording.tick_seconds * 1e3:g} ms",
                    "length": f"{recording.seconds:,.0f} s",
                    "segments": f"{len(recording.segment_starts):,}",
                    "reaches": f"{len(recording.reach_starts):,}",
                },
            ),
            _list("Training", {"seed": str(facts.config.seed), **stages}),
            _list("Versions of tools and packages", facts.tools),
            _list("SHA-256 of what the results follow from", digests),
            _list("Configuration", _flat(asdict(facts.config)), folded=True),
        ),
        commands=tuple(_commands(facts)),
    )


def _list(caption: str, values: Mapping[str, str], *, folded: bool = False) -> Table:
    rows = tuple((Cell(name), Cell(value, "code")) for name, value in values.items())
    return Table((), rows, caption, folded)


def _flat(constants: Mapping[str, Any]) -> dict[str, str]:
    flat: dict[str, str] = {}
    for section, values in constants.items():
        if isinstance(values, dict):
            flat |= {f"{section}.{key}": f"{value}" for key, value in values.items()}
        else:
            flat[section] = f"{values}"
    return flat


def _commands(facts: Facts) -> list[str]:
    run, summary = facts.shell_path, facts.summary
    source = shlex.quote(facts.recording.source)
    made_by = _generating(summary.recording.made_by if summary.recording else None)
    lines = [made_by or f"# RECORDING: {source}, or what `aegru-hw import` made of it"]
    if made_by is None:
        source = "RECORDING"
    lines += [
        f"aegru-hw train {source} --out {run} {' '.join(training_options(facts.config))}",
        f"aegru-hw quantize {run}",
    ]
    if summary.firmware is not None:
        lines.append(" ".join([f"aegru-hw synth {run}", *_firmware_options(summary.firmware)]))
    if facts.engine is not None and facts.engine.generated:
        lines.append(f"aegru-hw synth {run} --backend rtl --lanes {facts.engine.lanes}")
    for target in facts.targets:
        options = [f"--target {shlex.quote(target.target)}", f"--lanes {target.lanes}"]
        options.append(f"--clock {target.clock_mhz:g}")
        if target.board:
            options.append(f"--board {shlex.quote(target.board)}")
        options.append(f"--place-seed {target.seed}")
        lines.append(f"aegru-hw synth {run} --backend rtl {' '.join(options)}")
    without = f" --without {shlex.quote(','.join(summary.left_out))}" if summary.left_out else ""
    return [*lines, f"aegru-hw verify {run}{without}", f"aegru-hw report {run}"]


def _generating(made_by: str | None) -> str | None:
    """Return the command that generated the recording, and no other, with its words quoted."""
    try:
        words = shlex.split(made_by or "")
    except ValueError:
        return None
    return shlex.join(words) if words[:2] == ["aegru-hw", "generate"] else None


def training_options(config: Config) -> list[str]:
    """Return the options of `train` that give a configuration, from the nearest preset."""
    wanted = asdict(config)
    choices = []
    for name in PRESETS:
        constants = preset(name)
        changes = [
            f"--set {section}.{key}={_toml(value)}"
            for section, values in wanted.items()
            if isinstance(values, dict)
            for key, value in values.items()
            if constants[section][key] != value
        ]
        choices.append([f"--preset {name}", f"--seed {config.seed}", *changes])
    return min(choices, key=len)


def _toml(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _firmware_options(firmware: FirmwareProject) -> list[str]:
    options = []
    for key, option in FIRMWARE_OPTIONS.items():
        value = getattr(firmware, key)
        words = value if isinstance(value, str) else f"{value:g}"
        options.append(f"{option} {shlex.quote(words)}")
    return options
