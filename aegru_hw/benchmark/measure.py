"""Measuring every decoder on a recording for several seeds; each result is kept when it is there.

OUT/RECORDING/seed_N/ holds `float`, a RUN folder, and one JSON file a row; an interrupted benchmark
goes on where it stopped. Decoders without chance stand in OUT/RECORDING/ itself.
"""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from aegru_hw import pipeline
from aegru_hw.baselines import BaselineScore
from aegru_hw.decoder.checkpoint import load_weights, save_tensors
from aegru_hw.decoder.config import Config, make_config, preset
from aegru_hw.decoder.data import Dataset
from aegru_hw.errors import UserError
from aegru_hw.files import atomic_path
from aegru_hw.recordings.recording import Recording
from aegru_hw.run_folder import RunFolder

Row = dict[str, Any]

FLOAT, PRUNED = "AEGRU float", "AEGRU float, pruned"
LONGER = ("quantisation.epochs=20", "quantisation.min_updates=3000")
"""Fine-tuning of few weights of few bits."""
DECODERS: dict[str, tuple[str, int, tuple[str, ...]]] = {
    "AEGRU fixed, 8-bit weights": ("", 8, ()),
    "AEGRU fixed, 4-bit weights": ("", 4, ()),
    "AEGRU lean, 8-bit weights": ("lean", 8, ()),
    "AEGRU lean, 4-bit weights": ("lean", 4, LONGER),
}
"""The preset of the stages after the float network (the user's where empty), the weights' bits, and
settings besides."""
LINEAR = ("ridge, lagged (Wiener)", "Kalman filter")
PLAIN = "plain GRU"
STOCK = {
    "plain GRU, stock hls4ml, 16 bits": None,
    "plain GRU, stock hls4ml, 8 bits": 8,
}
STAGES = ("pruning.", "quantisation.")
ROWS = (FLOAT, PRUNED, *DECODERS, *LINEAR, PLAIN, *STOCK)


@dataclass(frozen=True)
class Case:
    """One recording of the benchmark: a name for its folder, and what is measured on it."""

    name: str
    recording: Recording

    @property
    def facts(self) -> dict[str, Any]:
        recording = self.recording
        return {
            "name": self.name,
            "source": recording.source,
            "sha256": recording.sha256,
            "channels": recording.channels,
            "ticks": recording.ticks,
            "tick_seconds": recording.tick_seconds,
        }


def measure(
    case: Case,
    seed: int,
    folder: Path,
    preset_name: str,
    overrides: list[str],
    *,
    say: Callable[[str], None] = lambda _: None,
    progress: bool = False,
) -> Iterator[tuple[str, Row]]:
    """Yield (row name, result) of every decoder for one recording and seed, from disk or anew.

    A result: r2, r2_x, r2_y, macs, footprint_bytes, and for AEGRU `mismatches`, `share` (MACs over
    the reference schedule's dense ones) and NeuroBench's counts. `say` hears what begins.
    Raises UserError where the folder holds results of other settings or of another recording.
    """
    config = make_config(preset_name, overrides, seed)
    base = folder / case.name
    home = base / f"seed_{seed}"
    home.mkdir(parents=True, exist_ok=True)
    _check_settings(base, case, config)
    bench = _Bench(case, config, overrides, home, progress)

    def kept(where: Path, names: tuple[str, ...], make: Callable[[], dict[str, Row]]) -> Any:
        if not all(_path(where, name).is_file() for name in names):
            say(", ".join(names))
            for name, row in make().items():
                with atomic_path(_path(where, name)) as temporary:
                    temporary.write_text(json.dumps(row, indent=1) + "\n", encoding="utf-8")
        return [(name, json.loads(_path(where, name).read_text("utf-8"))) for name in names]

    yield from kept(home, (FLOAT,), bench.float_row)
    with tempfile.TemporaryDirectory(prefix="aegru_benchmark_") as scratch:
        for decoder, (preset_of, width, besides) in DECODERS.items():
            names = (PRUNED, decoder) if (preset_of, width) == ("", 8) else (decoder,)
            run = RunFolder(Path(scratch) / (preset_of or "run"))
            settings = bench.settings(preset_of, width, besides)
            yield from kept(home, names, lambda: bench.fixed(run, names, settings))  # noqa: B023
    yield from kept(base, LINEAR, bench.linear)
    yield from kept(home, (PLAIN,), bench.plain_gru)
    for stock, bits in STOCK.items():
        yield from kept(home, (stock,), lambda: bench.stock(stock, bits))  # noqa: B023


class _Bench:
    """The decoders of one recording and seed; the float networks stay in its folder."""

    def __init__(
        self, case: Case, config: Config, overrides: list[str], home: Path, progress: bool
    ) -> None:
        self.case, self.config, self.overrides = case, config, overrides
        self.progress = progress
        self.run = RunFolder(home / "float")
        self.plain_weights = home / "plain_gru.safetensors"

    @property
    def dataset(self) -> Dataset:
        return Dataset.from_recording(self.case.recording, self.config)

    def float_row(self) -> dict[str, Row]:
        from aegru_hw.cost.macs import reference_dense
        from aegru_hw.decoder.network import Aegru

        if not self.run.float_weights.is_file():
            resume = self.run.checkpoint.is_file()
            pipeline.train(
                self.run,
                self.case.recording,
                self.config,
                resume=resume,
                force=not resume,
                progress=self.progress,
            )
        dataset = self.dataset
        network = Aegru(dataset.channels, self.config.network)
        load_weights(self.run.float_weights, network)
        geometry = pipeline.geometry_of(self.case.recording, dataset, self.config)
        metrics = pipeline.benchmark_metrics(network, dataset, geometry)
        dense = reference_dense(geometry)
        row = _r2(pipeline.test_r2(network, dataset))
        row |= {"macs": dense, "share": 1.0, "footprint_bytes": metrics["footprint_bytes"]}
        return {FLOAT: row | {"neurobench": metrics}}

    def settings(self, preset_name: str, width: int, besides: tuple[str, ...]) -> list[str]:
        """Return what is set for the stages after the float network."""
        settings = [f"widths.weight={width}"]
        if preset_name:
            # The user's own settings stand above those of the preset.
            settings += [*stage_overrides(preset_name), *besides]
            settings += [text for text in self.overrides if text.startswith(STAGES)]
        return settings

    def fixed(self, run: RunFolder, names: tuple[str, ...], settings: list[str]) -> dict[str, Row]:
        """Prune and quantise a copy of the float run, and compare its executions.

        run: where the copy goes; widths of one preset share it, and its pruned network.
        names: of the fixed decoder's row, and before it, where wanted, of the pruned network's.
        """
        if not run.path.exists():
            shutil.copytree(self.run.path, run.path)
        pipeline.quantize(run, settings, force=True, progress=self.progress)
        summary = pipeline.verify(run, progress=self.progress)
        macs = summary["macs"]
        fixed = _r2(summary["r2"]["fixed"]) | {
            "macs": macs["streaming_effective"],
            "share": macs["streaming_effective"] / macs["reference_dense"],
            "footprint_bytes": summary["footprint_bytes"]["fixed"],
            "all_macs": macs,
            "mismatches": sum(summary["mismatches"].values()),
            "ticks": summary["ticks_compared"],
            "neurobench": summary["neurobench"],
        }
        metrics = summary["neurobench"]
        pruned = _r2(summary["r2"]["pruned"]) | {
            "macs": macs["reference_effective"],
            "share": macs["reference_effective"] / macs["reference_dense"],
            "footprint_bytes": metrics["footprint_bytes"],
            "neurobench": metrics,
        }
        rows = {PRUNED: pruned, names[-1]: fixed}
        return {name: rows[name] for name in names}

    def linear(self) -> dict[str, Row]:
        from aegru_hw.baselines.kalman import kalman
        from aegru_hw.baselines.ridge import ridge

        dataset = self.dataset
        scores = ridge(dataset), kalman(dataset, self.case.recording.segment_starts)
        return {name: _baseline(score) for name, score in zip(LINEAR, scores, strict=True)}

    def plain_gru(self) -> dict[str, Row]:
        from aegru_hw.baselines.plain_gru import score_plain_gru, train_plain_gru

        dataset = self.dataset
        network = train_plain_gru(dataset, self.config, progress=self.progress)
        save_tensors(self.plain_weights, network.state_dict(), {})
        return {PLAIN: _baseline(score_plain_gru(network, dataset))}

    def stock(self, name: str, bits: int | None) -> dict[str, Row]:
        from aegru_hw.baselines.plain_gru import PlainGru
        from aegru_hw.baselines.stock_hls4ml import stock_hls4ml

        dataset = self.dataset
        settings = self.config.network
        network = PlainGru(dataset.channels, settings.hidden, settings.dropout)
        load_weights(self.plain_weights, network)
        return {name: _baseline(stock_hls4ml(network.eval(), dataset, bits))}


def case_of(name: str, recording: Recording) -> Case:
    """Return the case of a recording: its file's stem and the start of its hash name the folder."""
    digest = hashlib.sha256(recording.content_hash.encode()).hexdigest()
    return Case(f"{Path(name).stem}_{digest[:8]}", recording)


def _check_settings(base: Path, case: Case, config: Config) -> None:
    """Write the settings of a recording's folder, or refuse where they are other ones."""
    path = base / "settings.json"
    constants = asdict(config) | {"seed": None}
    settings = {"recording": case.recording.content_hash, "config": constants}
    if not path.exists():
        with atomic_path(path) as temporary:
            temporary.write_text(json.dumps(settings, indent=1) + "\n", encoding="utf-8")
        return
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"{path} is damaged: {error}") from None
    if found != settings:
        raise UserError(
            f"{base} holds results of other settings; choose another --out, or remove that folder"
        )


def stage_overrides(name: str) -> list[str]:
    """Return the overrides of the stages after the float network that make a preset of it."""
    constants = preset(name)
    return [
        f"{section}{key}={json.dumps(value)}"
        for section in STAGES
        for key, value in constants[section[:-1]].items()
    ]


def _r2(r2: dict[str, float]) -> Row:
    return {"r2": r2["mean"], "r2_x": r2["x"], "r2_y": r2["y"]}


def _baseline(score: BaselineScore) -> Row:
    facts = asdict(score)
    return _r2(facts.pop("r2")) | facts


def _path(folder: Path, name: str) -> Path:
    return folder / ("".join(c if c.isalnum() else "_" for c in name) + ".json")
