"""Measuring decoders on a recording for a seed; each result is kept when it is there.

OUT/RECORDING/seed_N/ holds `float`, a RUN folder, and one JSON file a row; an interrupted benchmark
goes on where it stopped. Decoders without chance stand in OUT/RECORDING/ itself.
"""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Generator, Iterator
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

from filelock import FileLock
from threadpoolctl import threadpool_limits

from aegru_hw.benchmark.decoders import DECODERS, FLOAT, LINEAR, PEER, PLAIN, PRUNED, ROWS, STOCK
from aegru_hw.benchmark.rows import Row, axes
from aegru_hw.decoder.checkpoint import load_weights, save_tensors
from aegru_hw.decoder.config import Config, Formats, make_config, preset
from aegru_hw.decoder.data import Dataset
from aegru_hw.decoder.facts import StageFacts
from aegru_hw.decoder.geometry import geometry_of
from aegru_hw.decoder.metrics import benchmark_metrics, test_r2
from aegru_hw.errors import UserError
from aegru_hw.recordings.recording import Recording
from aegru_hw.runs import training
from aegru_hw.runs.folder import RunFolder
from aegru_hw.runs.lock import FolderLock
from aegru_hw.runs.quantisation import quantize
from aegru_hw.runs.verification import verify
from aegru_hw.strict_json import read_json, write_json

SETTINGS_LOCK = ".settings.lock"
STAGES = ("pruning.", "quantisation.", "widths.")


@dataclass(frozen=True)
class CaseFacts:
    """What the table says of a recording."""

    name: str
    source: str
    sha256: str
    channels: int
    ticks: int
    tick_seconds: float


@dataclass(frozen=True)
class Case:
    """One recording of the benchmark: a name for its folder, and what is measured on it."""

    name: str
    recording: Recording

    @property
    def facts(self) -> CaseFacts:
        recording = self.recording
        return CaseFacts(
            self.name,
            recording.source,
            recording.sha256,
            recording.channels,
            recording.ticks,
            recording.tick_seconds,
        )


@dataclass(frozen=True)
class Measurement:
    """What is measured of every recording and seed, and where the results are kept."""

    folder: Path
    preset: str
    overrides: tuple[str, ...] = ()
    decoders: tuple[str, ...] = ROWS

    def measure(
        self, case: Case, seed: int | None, *, say: Callable[[str], None] = lambda _: None
    ) -> Generator[tuple[str, Row], None, None]:
        """Yield (row name, result) of the decoders for one recording, from disk or anew.

        seed: of the decoders with chance; None for those without.
        say: hears what begins.

        Raises UserError where the folder holds results of other settings or of another recording,
        and where another process is at this seed.
        """
        bench = self.bench(case, seed)
        base, home = self.folder / case.name, bench.home
        home.mkdir(parents=True, exist_ok=True)
        with FileLock(base / SETTINGS_LOCK):
            _check_settings(base, case, bench.config)
        with FolderLock(home).held(), tempfile.TemporaryDirectory(prefix="aegru_benchmark_") as tmp:
            linear = Group(LINEAR, bench.linear)
            for group in (linear,) if seed is None else bench.groups(Path(tmp)):
                if not set(self.decoders) & {*group.names, *group.needed_by}:
                    continue
                if not all(_path(home, name).is_file() for name in group.names):
                    say(", ".join(group.names))
                    for name, row in group.make().items():
                        _sweep(_path(home, name))
                        write_json(row, _path(home, name))
                for name in group.names:
                    if name in self.decoders:
                        yield name, read_json(_path(home, name), Row)

    def bench(self, case: Case, seed: int | None) -> "Bench":
        """Return what makes the decoders of one recording and seed."""
        base = self.folder / case.name
        home = base if seed is None else base / f"seed_{seed}"
        config = make_config(self.preset, self.overrides, seed or 0)
        return Bench(case, config, self.overrides, home)


@dataclass(frozen=True)
class Group:
    """Decoders that are measured at once; others are made of them, and need them too."""

    names: tuple[str, ...]
    make: Callable[[], dict[str, Row]]
    needed_by: tuple[str, ...] = ()


class Bench:
    """The decoders of one recording and seed; the float networks stay in its folder."""

    def __init__(self, case: Case, config: Config, overrides: tuple[str, ...], home: Path) -> None:
        self.case, self.config, self.overrides = case, config, overrides
        self.home = home
        self.run = RunFolder(home / "float")
        self.plain_weights = home / "plain_gru.safetensors"
        self.rival_weights = home / "qgru.safetensors"

    def groups(self, scratch: Path) -> Iterator[Group]:
        """Yield the decoders with chance; each group is made at once, after those it needs."""
        yield Group((FLOAT,), self.float_row, (PRUNED, *DECODERS))
        for decoder, (preset_of, width, besides) in DECODERS.items():
            names = (PRUNED, decoder) if (preset_of, width) == ("", 8) else (decoder,)
            run = RunFolder(scratch / (preset_of or "run"))
            settings = self.settings(preset_of, width, besides)
            yield Group(names, partial(self.fixed, run, names, settings))
        yield Group((PLAIN,), self.plain_gru, tuple(STOCK))
        for stock, bits in STOCK.items():
            yield Group((stock,), partial(self.stock, stock, bits))
        yield Group((PEER,), self.rival)

    @property
    def dataset(self) -> Dataset:
        return Dataset.from_recording(self.case.recording, self.config)

    def float_row(self) -> dict[str, Row]:
        from aegru_hw.cost.macs import reference_dense
        from aegru_hw.decoder.network import Aegru

        if not self.run.float_weights.is_file():
            if not self.run.is_run:
                training.begin(self.run, self.case.recording, self.config)
            training.train(self.run, progress=False)
        dataset = self.dataset
        network = Aegru(dataset.channels, self.config.network)
        load_weights(self.run.float_weights, network, StageFacts)
        geometry = geometry_of(self.case.recording, dataset, self.config)
        metrics = benchmark_metrics(network, dataset, geometry)
        row = Row(
            *axes(test_r2(network, dataset)),
            macs=reference_dense(geometry),
            footprint_bytes=metrics.footprint_bytes,
            share=1.0,
            neurobench=metrics,
        )
        return {FLOAT: row}

    def settings(self, preset_name: str, width: int, besides: tuple[str, ...]) -> list[str]:
        """Return what is set for the stages after the float network."""
        settings = []
        if preset_name:
            # The user's own settings stand above those of the preset.
            settings += [*stage_overrides(preset_name), *besides]
            settings += [text for text in self.overrides if text.startswith(STAGES)]
        return [*settings, f"widths.weight={width}"]

    def fixed(self, run: RunFolder, names: tuple[str, ...], settings: list[str]) -> dict[str, Row]:
        """Prune and quantise a copy of the float run, and compare its executions.

        run: where the copy goes; widths of one preset share it, and its pruned network.
        names: of the fixed decoder's row, and before it, where wanted, of the pruned network's.
        """
        self.quantise(run, settings)
        summary = verify(run, progress=False)
        macs, metrics, footprint = summary.macs, summary.neurobench, summary.footprint_bytes
        if footprint is None or metrics is None:
            raise RuntimeError("quantize left no footprint and no NeuroBench counts")
        fixed = Row(
            *axes(summary.r2["fixed"]),
            macs=macs["streaming_effective"],
            footprint_bytes=footprint.fixed,
            share=macs["streaming_effective"] / macs["reference_dense"],
            ticks=summary.ticks_scored,
            mismatches=sum(summary.mismatches.values()),
            all_macs=macs,
            neurobench=metrics,
        )
        pruned = Row(
            *axes(summary.r2["pruned"]),
            macs=macs["reference_effective"],
            footprint_bytes=metrics.footprint_bytes,
            share=macs["reference_effective"] / macs["reference_dense"],
            neurobench=metrics,
        )
        rows = {PRUNED: pruned, names[-1]: fixed}
        return {name: rows[name] for name in names}

    def quantise(self, run: RunFolder, settings: list[str]) -> None:
        """Prune and quantise a copy of the float run, which is made where it is missing."""
        if not run.path.exists():
            shutil.copytree(self.run.path, run.path)
        quantize(run, settings, force=True, progress=False)

    def linear(self) -> dict[str, Row]:
        from aegru_hw.baselines.kalman import kalman
        from aegru_hw.baselines.ridge import ridge

        dataset = self.dataset
        with threadpool_limits(1):  # so that sums are the same wherever they are made
            scores = ridge(dataset), kalman(dataset, self.case.recording.segment_starts)
        return {name: Row.of_baseline(score) for name, score in zip(LINEAR, scores, strict=True)}

    def plain_gru(self) -> dict[str, Row]:
        from aegru_hw.baselines.plain_gru import score_plain_gru, train_plain_gru

        dataset = self.dataset
        network = train_plain_gru(dataset, self.config, progress=False)
        save_tensors(self.plain_weights, network.state_dict(), {})
        return {PLAIN: Row.of_baseline(score_plain_gru(network, dataset))}

    def stock(self, name: str, bits: int | None) -> dict[str, Row]:
        from aegru_hw.baselines.plain_gru import PlainGru
        from aegru_hw.baselines.stock_hls4ml import stock_hls4ml

        dataset = self.dataset
        settings = self.config.network
        network = PlainGru(dataset.channels, settings.hidden, settings.dropout)
        load_weights(self.plain_weights, network, dict)
        return {name: Row.of_baseline(stock_hls4ml(network.eval(), dataset, bits))}

    def rival(self) -> dict[str, Row]:
        from aegru_hw.peers.placing import score_rival
        from aegru_hw.peers.saved import save_qgru
        from aegru_hw.peers.training import train_qgru

        dataset = self.dataset
        with threadpool_limits(1):
            network = train_qgru(dataset, self.config)
            save_qgru(self.rival_weights, network)
            score, mismatches = score_rival(network, dataset)
        return {PEER: replace(Row.of_baseline(score), mismatches=mismatches)}


def case_of(name: str, recording: Recording) -> Case:
    """Return the case of a recording: its file's stem and the start of its hash name the folder."""
    digest = hashlib.sha256(recording.content_hash.encode()).hexdigest()
    return Case(f"{Path(name).stem}_{digest[:8]}", recording)


def _check_settings(base: Path, case: Case, config: Config) -> None:
    """Write the settings of a recording's folder, or refuse where they are other ones."""
    path = base / "settings.json"
    _sweep(path)
    constants = asdict(config) | {"seed": None}
    if config.formats == Formats():
        del constants["formats"]  # as in folders of before there was this section
    settings = {"recording": case.recording.content_hash, "config": constants}
    if not path.exists():
        write_json(settings, path)
    elif read_json(path, dict) != settings:
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


def _sweep(path: Path) -> None:
    """Remove what killed processes left of a file that this one alone writes."""
    for scratch in path.parent.glob(f".{path.name}.*"):
        shutil.rmtree(scratch, ignore_errors=True)


def _path(folder: Path, name: str) -> Path:
    return folder / ("".join(c if c.isalnum() else "_" for c in name) + ".json")
