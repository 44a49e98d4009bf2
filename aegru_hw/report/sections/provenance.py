"""Where the numbers come from, and the commands that give them again."""

import json
import shlex
from dataclasses import asdict
from typing import Any

from aegru_hw.decoder.config import PRESETS, Config, preset
from aegru_hw.report.facts import Facts
from aegru_hw.report.section import Cell, Section, Table
from aegru_hw.report.values import number, text

FIRMWARE_OPTIONS = {
    "part": "--part",
    "clock_period_ns": "--clock-period",
    "strategy": "--strategy",
    "reuse_factor": "--reuse-factor",
    "io_type": "--io-type",
}


def provenance_section(facts: Facts) -> Section:
    recording, results = facts.recording, facts.results
    return Section(
        "provenance",
        "Provenance",
        "What this report was made from, and how to make it again.",
        tables=(
            Table(
                (),
                _rows(
                    source=recording.source,
                    sha256=recording.sha256,
                    channels=f"{recording.channels:,}",
                    ticks=f"{recording.ticks:,} of {recording.tick_seconds * 1e3:g} ms",
                    length=f"{recording.seconds:,.0f} s",
                    segments=f"{len(recording.segment_starts):,}",
                    reaches=f"{len(recording.reach_starts):,}",
                ),
                "Recording",
            ),
            Table(
                (),
                _rows(
                    seed=str(facts.config.seed),
                    **{
                        stage: ", ".join(f"{name} {value:,.0f}" for name, value in values.items())
                        for stage, values in results.training.items()
                    },
                ),
                "Training",
            ),
            Table((), _rows(**_versions(facts)), "Versions"),
            Table((), _rows(**_flat(asdict(facts.config))), "Configuration", folded=True),
        ),
        commands=tuple(_commands(facts)),
    )


def _rows(**values: str) -> tuple[tuple[Cell, ...], ...]:
    return tuple((Cell(name), Cell(value, "code")) for name, value in values.items())


def _versions(facts: Facts) -> dict[str, str]:
    versions = dict(facts.results.versions)
    for target in facts.targets:
        versions |= target.tools
    return versions


def _flat(constants: dict[str, Any]) -> dict[str, str]:
    flat: dict[str, str] = {}
    for section, values in constants.items():
        if isinstance(values, dict):
            flat |= {f"{section}.{key}": f"{value}" for key, value in values.items()}
        else:
            flat[section] = f"{values}"
    return flat


def _commands(facts: Facts) -> list[str]:
    name, results = facts.shell_name, facts.results
    source = shlex.quote(facts.recording.source)
    lines = []
    if results.recording_command:
        lines.append(results.recording_command)
    else:
        lines.append(f"# RECORDING: {source}, or what `aegru-hw import` made of it")
        source = "RECORDING"
    lines += [
        f"aegru-hw train {source} --out {name} {' '.join(training_options(facts.config))}",
        f"aegru-hw quantize {name}",
    ]
    if facts.has_firmware:
        lines.append(" ".join([f"aegru-hw synth {name}", *_firmware_options(results.firmware)]))
    if facts.engine is not None and facts.engine.generated:
        lines.append(f"aegru-hw synth {name} --backend rtl --lanes {facts.engine.lanes}")
    for target in facts.targets:
        options = [f"--target {shlex.quote(target.name)}"]
        if target.lanes is not None:
            options.append(f"--lanes {target.lanes}")
        if target.clock_mhz is not None:
            options.append(f"--clock {target.clock_mhz:g}")
        if target.board:
            options.append(f"--board {shlex.quote(target.board)}")
        if target.seed is not None:
            options.append(f"--place-seed {target.seed}")
        lines.append(f"aegru-hw synth {name} --backend rtl {' '.join(options)}")
    return [*lines, f"aegru-hw verify {name}", f"aegru-hw report {name}"]


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


def _firmware_options(firmware: dict[str, Any]) -> list[str]:
    options = []
    for key, option in FIRMWARE_OPTIONS.items():
        value = number(firmware.get(key))
        words = f"{value:g}" if value is not None else text(firmware.get(key))
        if words:
            options.append(f"{option} {shlex.quote(words)}")
    return options
