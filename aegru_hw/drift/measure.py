"""Measuring one session of a drift: each result is kept when it is there.

OUT/seed_N/SESSION has one JSON file a column, and the decoders that were recalibrated;
OUT/seed_N/carried/SESSION is the run that was trained on all sessions until then. Sessions that are
trained anew are measured as the benchmark does, in OUT/anew or in a benchmark's folder.
"""

import shutil
import tempfile
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from pathlib import Path

from aegru_hw.benchmark.measure import Case, Measurement
from aegru_hw.benchmark.rows import Row, axes
from aegru_hw.cost.macs import reference_dense
from aegru_hw.decoder.config import Config, preset
from aegru_hw.drift.columns import (
    ANEW,
    CARRIED,
    FIRST,
    NOTHING,
    RECALIBRATED,
    STATISTICS,
    UNCHANGED,
)
from aegru_hw.fixedpoint import load_decoder
from aegru_hw.recalibration import names
from aegru_hw.recalibration.minutes import first_minutes
from aegru_hw.recalibration.others import trained_from_nothing
from aegru_hw.runs.folder import RunFolder
from aegru_hw.runs.recalibration import recalibrate_run
from aegru_hw.runs.summary import Verification
from aegru_hw.runs.verification import verify
from aegru_hw.strict_json import read_json, write_json

FIXED = "AEGRU fixed, 8-bit weights"
COMPARED_WITHOUT = ("live", "firmware", "rtl")
"""Executions that are not run here: the others are the quantised network and both forms."""

NIGHT, DAY = "night", "day"


@dataclass(frozen=True)
class Session(Case):
    """A session of a drift. kind: NIGHT trains the decoder that is carried on, DAY measures.

    before: name of the session before; empty for the first one.
    """

    kind: str = DAY
    before: str = ""


@dataclass(frozen=True)
class DriftMeasurement:
    """What is measured of every session and seed, and where it is kept.

    run: the first session's run. anew: folder of a benchmark. method: of recalibration.
    """

    folder: Path
    run: Path
    anew: Path
    columns: tuple[str, ...]
    method: str

    @property
    def needs_nights(self) -> bool:
        """Whether any column is of the decoder that is carried."""
        return not set(self.columns).isdisjoint(CARRIED)

    def measure(
        self, case: Case, seed: int | None, *, say: Callable[[str], None] = lambda _: None
    ) -> Generator[tuple[str, Row], None, None]:
        """Yield (column, result) of a session, from disk or anew; of a night nothing.

        say: hears what begins.
        """
        assert isinstance(case, Session)
        assert seed is not None
        home = self.folder / f"seed_{seed}"
        if case.kind == NIGHT:
            self._carry(home, case, seed, say)
            return
        folder = home / case.name
        folder.mkdir(parents=True, exist_ok=True)
        for column in self.columns:
            path = folder / f"{_file_name(column)}.json"
            if not path.is_file():
                say(column)
                write_json(self._row(home, case, seed, column), path)
            yield column, read_json(path, Row)

    def carried(self, home: Path, name: str) -> RunFolder:
        """Return the run after a session; of no session, the first one's."""
        return RunFolder(home / "carried" / name if name else self.run)

    def _carry(self, home: Path, case: Session, seed: int, say: Callable[[str], None]) -> None:
        run = self.carried(home, case.name)
        if run.is_run:
            return
        say(NIGHT)
        run.path.parent.mkdir(parents=True, exist_ok=True)
        recalibrate_run(
            self.carried(home, case.before), case.recording, run, minutes=None, seed=seed
        )

    def _row(self, home: Path, case: Session, seed: int, column: str) -> Row:
        first, parent = RunFolder(self.run), self.carried(home, case.before)
        if column == ANEW:
            return self._anew(case, seed)
        if column in NOTHING:
            config = replace(Config.load(first.config), seed=seed)
            minutes = first_minutes(case.recording, config, NOTHING[column])
            r2 = trained_from_nothing(minutes, config)
            geometry = load_decoder(first.decoder).geometry
            return Row(*axes(r2), macs=reference_dense(geometry), footprint_bytes=0, share=None)
        with tempfile.TemporaryDirectory(prefix="aegru_drift_") as scratch:
            run = RunFolder(Path(scratch) / "run")
            if column in (FIRST, UNCHANGED):
                source = first if column == FIRST else parent
                shutil.copytree(source.path, run.path)
                found = verify(
                    run, case.recording, without=COMPARED_WITHOUT, progress=False
                ).other_recordings[case.recording.content_hash]
                return _row_of(found)
            recalibrate_run(
                parent,
                case.recording,
                run,
                minutes=RECALIBRATED.get(column, 2.0),
                method=names.STATISTICS if column == STATISTICS else self.method,
                seed=seed,
            )
            summary = verify(run, without=COMPARED_WITHOUT, progress=False)
            shutil.copy(run.decoder, home / case.name / f"{_file_name(column)}.h5")
            return _row_of(
                Verification(
                    r2=summary.r2,
                    mismatches=summary.mismatches,
                    ticks_scored=summary.ticks_scored,
                    macs=summary.macs,
                )
            )

    def _anew(self, case: Session, seed: int) -> Row:
        config = Config.load(RunFolder(self.run).config)
        measurement = Measurement(self.anew, "paper", changes_of(config), (FIXED,))
        return dict(measurement.measure(Case(case.name, case.recording), seed))[FIXED]


def changes_of(config: Config) -> tuple[str, ...]:
    """Return the settings by which a configuration differs from the preset `paper`."""
    usual = preset("paper")
    changed = []
    for section, constants in vars(config).items():
        if section in ("seed", "formats"):
            continue
        for name, value in vars(constants).items():
            if usual[section][name] != value:
                changed.append(f"{section}.{name}={value}")
    return tuple(changed)


def _row_of(found: Verification) -> Row:
    macs = found.macs["streaming_effective"]
    return Row(
        *axes(found.r2["fixed"]),
        macs=macs,
        footprint_bytes=0,
        share=macs / found.macs["reference_dense"],
        ticks=found.ticks_scored,
        mismatches=sum(found.mismatches.values()),
    )


def _file_name(column: str) -> str:
    return "".join(c if c.isalnum() else "_" for c in column)
