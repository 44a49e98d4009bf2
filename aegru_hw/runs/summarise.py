"""Putting summary.json together: each result is read, and compared with what is there now."""

import hashlib
import shlex
from dataclasses import replace
from functools import cache
from typing import TypeVar

import numpy as np

from aegru_hw.decoder.config import Config
from aegru_hw.errors import UserError
from aegru_hw.executions.compare import mismatches
from aegru_hw.executions.execution import Context
from aegru_hw.executions.table import EXECUTIONS
from aegru_hw.files import sha256_of_file
from aegru_hw.fixedpoint.types import Codes
from aegru_hw.recordings.plausibility import remarks_on
from aegru_hw.recordings.r2 import R2
from aegru_hw.rtl.sources import sources
from aegru_hw.runs.evidence import (
    NAMED,
    Stale,
    changes,
    sessions_digest,
    stored_digest,
    tool_changes,
    training_digest,
)
from aegru_hw.runs.folder import RunFolder
from aegru_hw.runs.options import read_options
from aegru_hw.runs.results import (
    ENGINE,
    FIRMWARE,
    QUANTISATION,
    RECALIBRATION,
    TRAINING,
    EngineProject,
    FirmwareProject,
    Measured,
    Quantisation,
    Recalibration,
    Training,
)
from aegru_hw.runs.summary import Summary, Verification
from aegru_hw.runs.tools import present_version
from aegru_hw.runs.transaction import Transaction
from aegru_hw.strict_json import read_json, write_json
from aegru_hw.synthesis.made_of import digest_of_files
from aegru_hw.synthesis.resources import Resources, read_resources

DIGITS = 12
"""Of a recording's digest, in the name of the folder of its results."""

Kind = TypeVar(
    "Kind", Training, Quantisation, Recalibration, FirmwareProject, EngineProject, Measured
)


def summarise(run: RunFolder, view: Transaction | None = None) -> Summary:
    """Return what is known of a run, as it is or as it will be after a transaction.

    A file of the results that is damaged counts as one that is not there, and is named as stale.
    """
    return _Reader(run, view or Transaction(run.path)).summary()


def write_summary(run: RunFolder, change: Transaction) -> Summary:
    """Write summary.json as a part of a transaction; the page of before goes with it."""
    summary = summarise(run, change)
    write_json(summary, change.path("summary.json"))
    change.remove("report.html", "results/report.json")
    return summary


def recording_folder(digest: str) -> str:
    """Return the folder of the results over a recording, relative to the run."""
    return f"results/{digest[:DIGITS]}"


class _Reader:
    """Reads the results of one view of a run, and sorts out those that do not hold."""

    def __init__(self, run: RunFolder, view: Transaction) -> None:
        self.run, self.view = run, view
        self.name = shlex.quote(str(run.path))
        self.context = Context(
            view.present("quantized.safetensors"), view.present("hls"), view.present("rtl")
        )
        self.stale: list[Stale] = []
        self.digest = cache(self._digest)

    def summary(self) -> Summary:
        training = self._result(
            f"results/{TRAINING}", Training, "train RECORDING --out RUN --force"
        )
        quantised = self._result(f"results/{QUANTISATION}", Quantisation, "quantize RUN --force")
        recalibrated = self._result(
            f"results/{RECALIBRATION}", Recalibration, "recalibrate PARENT RECORDING --out RUN"
        )
        firmware = self._result(f"results/{FIRMWARE}", FirmwareProject, "synth RUN --force")
        engine = self._result(f"results/{ENGINE}", EngineProject, "synth RUN --backend rtl --force")
        own = self.digest("recording")
        verified = Verification() if own is None else self._verification(own)
        options = read_options(self.view.present("options.json"))
        summary = Summary(
            made_of={key: found for key in NAMED if (found := self.digest(key)) is not None},
            firmware=firmware,
            engine=engine,
            mismatches=verified.mismatches,
            ticks_compared=verified.ticks_compared,
            ticks_scored=verified.ticks_scored,
            macs=verified.macs,
            cycles=verified.cycles,
            energy=verified.energy,
            rate=verified.rate,
            places=verified.places,
            synthesis=self._placements(),
            left_out=options.without,
            other_recordings=self._others(own),
        )
        r2: dict[str, R2] = {}
        if training is not None:
            r2["float"] = training.r2
            summary = replace(
                summary,
                recording=training.recording,
                seed=training.config.seed,
                versions=training.tools,
                training={"float": training.stage},
                remarks=training.remarks,
            )
        if quantised is not None:
            r2 |= quantised.r2
            summary = replace(
                summary,
                seed=quantised.config.seed,
                versions=quantised.tools,
                training=summary.training | quantised.stages,
                sparsity=quantised.sparsity,
                neurobench=quantised.neurobench,
                footprint_bytes=quantised.footprint_bytes,
            )
        if recalibrated is not None:
            r2 |= recalibrated.r2
            summary = replace(
                summary,
                recording=recalibrated.recording,
                seed=recalibrated.config.seed,
                versions=recalibrated.tools,
                sparsity=recalibrated.sparsity,
                footprint_bytes=recalibrated.footprint_bytes,
                recalibrated_from=recalibrated.parent,
            )
        r2 |= verified.r2
        remarks = (*summary.remarks, *remarks_on(r2))
        return replace(summary, r2=r2, remarks=remarks, stale=tuple(self.stale))

    def _others(self, own: str | None) -> dict[str, Verification]:
        """Return what was found over other recordings than the run's own, by digest."""
        found = {}
        for name in self.view.listing("results"):
            if self.view.present(f"results/{name}").is_dir() and name != (own or "")[:DIGITS]:
                digests = {
                    measured.made_of.get("recording", "")
                    for measured in self._measured(f"results/{name}").values()
                }
                if len(digests) == 1 and (digest := digests.pop()).startswith(name):
                    found[digest] = self._verification(digest)
        return {digest: verified for digest, verified in found.items() if verified.r2}

    def _measured(self, folder: str) -> dict[str, Measured]:
        """Return the results of a folder by execution, whether or not they hold."""
        found = {}
        for execution in EXECUTIONS:
            path = self.view.present(f"{folder}/{execution.name}.json")
            try:
                found[execution.name] = read_json(path, Measured)
            except UserError:
                continue
        return found

    def _verification(self, recording: str) -> Verification:
        """Put together the executions over a recording whose results hold."""
        folder = recording_folder(recording)
        results: dict[str, Measured] = {}
        codes: dict[str, Codes] = {}
        command = "verify RUN" if recording == self.digest("recording") else "verify RUN RECORDING"
        for execution in EXECUTIONS:
            measured = self._result(
                f"{folder}/{execution.name}.json",
                Measured,
                command + ("" if execution.asked_by is None else f" {execution.asked_by} PORT"),
                recording,
            )
            if measured is not None:
                velocity = self._velocity(folder, execution.name, measured)
                if velocity is not None:
                    results[execution.name], codes[execution.name] = measured, velocity
        if not results:
            return Verification()
        compared = {len(velocity) for velocity in codes.values()}
        first = next(iter(results.values()))
        found = Verification(
            source=first.source,
            r2={name: measured.r2 for name, measured in results.items()},
            mismatches=mismatches(codes) if len(compared) == 1 else {},
            ticks_compared=max(compared),
            ticks_scored=first.scored,
            macs={key: n for measured in results.values() for key, n in measured.macs.items()},
            rate=first.rate,
            places={
                name: measured.place
                for name, measured in results.items()
                if measured.place is not None
            },
        )
        for measured in results.values():
            if measured.cycles is not None:
                found = replace(found, cycles=measured.cycles, energy=measured.energy)
        return found

    def _result(
        self, name: str, kind: type[Kind], command: str, recording: str | None = None
    ) -> Kind | None:
        """Return a result that holds; None where there is none, or it is stale, which is noted.

        recording: digest of the one it has to be of, where that is not the run's own.
        """
        path = self.view.present(name)
        if not path.is_file():
            return None
        result = name.removeprefix("results/").removesuffix(".json")
        renew = f"aegru-hw {command.replace('RUN', self.name)}"
        try:
            found = read_json(path, kind)
        except UserError as error:
            self.stale.append(Stale(result, (str(error),), renew))
            return None

        def now(key: str) -> str | None:
            return recording if key == "recording" and recording else self.digest(key)

        because = changes(found.made_of, now) + tool_changes(found.tools, present_version)
        if because:
            self.stale.append(Stale(result, because, renew))
            return None
        return found

    def _placements(self) -> dict[str, Resources]:
        """Return what was placed and still holds, by target."""
        found = {}
        for target in self.view.listing("synth"):
            folder = self.view.present(f"synth/{target}")
            if not folder.is_dir():
                continue
            renew = f"aegru-hw synth {self.name} --target {shlex.quote(target)}"
            try:
                resources = read_resources(folder)
            except UserError as error:
                self.stale.append(Stale(f"synth/{target}", (str(error),), renew))
                continue
            followed = {key: resources.made_of.get(key, "") for key in ("decoder", "sources")}
            because = changes(followed, self.digest)
            because += tool_changes(resources.tools, present_version)
            if because:
                self.stale.append(Stale(f"synth/{target}", because, renew))
            else:
                found[target] = resources
        return found

    def _velocity(self, folder: str, execution: str, measured: Measured) -> Codes | None:
        """Return the velocity codes (T, 2) of a result; None where they are not its own."""
        path = self.view.present(f"{folder}/{execution}.npy")
        try:
            codes = np.load(path, allow_pickle=False)
        except (OSError, ValueError, EOFError, MemoryError):
            codes = None
        if (
            measured.execution != execution
            or not isinstance(codes, np.ndarray)
            or codes.shape != (measured.ticks, 2)
            or sha256_of(codes) != measured.velocity_sha256
        ):
            renew = f"aegru-hw verify {self.name}"
            result = f"{folder.removeprefix('results/')}/{execution}"
            self.stale.append(Stale(result, (f"{path} is damaged",), renew))
            return None
        return codes.astype(np.int64)

    def _digest(self, key: str) -> str | None:
        """Return the digest now of a part of the run; None where it is not there."""
        present = self.view.present
        if key in ("recording", "decoder"):
            return stored_digest(present(NAMED[key]))
        if key == "sessions":
            names = self.view.listing("sessions")
            digests = [stored_digest(present(f"sessions/{name}")) or "" for name in names]
            return sessions_digest(digests) if digests else None
        if key in ("config", "training_config"):
            try:
                config = Config.load(present("config.toml"))
            except UserError:
                return None
            return config.digest if key == "config" else training_digest(config)
        if key == "float_weights":
            path = present(NAMED[key])
            return sha256_of_file(path) if path.is_file() else None
        if key == "sources":
            return digest_of_files(sources())
        for execution in EXECUTIONS:
            if execution.is_there(self.context):
                try:
                    made_of = execution.made_of(self.context)
                except UserError:
                    continue
                if key in made_of:
                    return made_of[key]
        return None


def sha256_of(codes: Codes) -> str:
    """Return the digest of velocity codes (T, 2), as little-endian int32."""
    return hashlib.sha256(np.ascontiguousarray(codes, dtype="<i4").tobytes()).hexdigest()
