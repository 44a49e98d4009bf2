"""How far a run is: what is there, what is stale, what is missing, and the next command."""

import shlex
from dataclasses import dataclass, replace

from aegru_hw.executions.compare import pair_name
from aegru_hw.executions.table import EXECUTIONS, REFERENCE
from aegru_hw.recordings.r2 import R2
from aegru_hw.runs.evidence import context_of
from aegru_hw.runs.folder import RunFolder
from aegru_hw.runs.options import read_options
from aegru_hw.runs.page import page_holds
from aegru_hw.runs.results import RECALIBRATION
from aegru_hw.runs.summarise import DIGITS, summarise
from aegru_hw.runs.summary import Summary

THERE, MISSING, STALE, LEFT_OUT = "there", "missing", "stale", "left out"


@dataclass(frozen=True)
class Part:
    """A part of a run. state: THERE, MISSING, STALE or LEFT_OUT.

    says: what is known of it, in words. command: what makes or renews it, where it is not there.
    """

    name: str
    state: str
    says: str = ""
    command: str | None = None


@dataclass(frozen=True)
class Status:
    """The parts of a run in the order that they are made, and the next command; None where done.

    other_recordings: sources of other recordings that were verified. remarks: in words.
    """

    path: str
    parts: tuple[Part, ...]
    next: str | None
    other_recordings: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


def status(run: RunFolder) -> Status:
    """Return how far a run is; nothing of it is changed.

    Raises UserError where the folder is no run.
    """
    run.check_marker()
    summary = summarise(run)
    parts = tuple(_Parts(run, summary).all())
    return Status(
        path=str(run.path),
        parts=parts,
        next=next((part.command for part in parts if part.command), None),
        other_recordings=tuple(found.source for found in summary.other_recordings.values()),
        remarks=summary.remarks,
    )


class _Parts:
    def __init__(self, run: RunFolder, summary: Summary) -> None:
        self.run, self.summary = run, summary
        self.name = shlex.quote(str(run.path))
        self.options = read_options(run.options)
        self.stale = {stale.result: stale for stale in summary.stale}

    def all(self) -> list[Part]:
        name, r2 = self.name, self.summary.r2
        parts = [
            self._part("recording", self.run.recording.exists(), self._recording(), None),
            *([] if self._recalibrated else [self._float()]),
            self._part(
                "decoder",
                self.run.decoder.exists(),
                f"{self._from()}R² {_shown(r2.get('quantised'))} quantised, sparsity "
                f"{self._sparsity()}{self._every()}",
                f"aegru-hw quantize {name}",
                "recalibration" if self._recalibrated else "quantisation",
            ),
        ]
        if not self.run.decoder.exists():
            return parts
        parts += [
            self._project("firmware", self.run.hls.is_dir(), f"aegru-hw synth {name}"),
            self._project(
                "engine", self.run.rtl.is_dir(), f"aegru-hw synth {name} --backend rtl", "rtl"
            ),
            *self._verified(),
        ]
        for target in sorted(self._placed()):
            found = self.summary.synthesis.get(target)
            says = "" if found is None else f"Fmax {found.fmax_mhz or '-'} MHz, {found.lanes} lanes"
            parts.append(self._part(f"synth/{target}", True, says, None, f"synth/{target}"))
        parts.append(self._report())
        return parts

    def _part(
        self, name: str, there: bool, says: str, command: str | None, result: str = ""
    ) -> Part:
        stale = self.stale.get(result)
        if not there:
            return Part(name, MISSING, "", command)
        if stale is not None:
            return Part(name, STALE, "; ".join(stale.because), stale.command)
        return Part(name, THERE, says)

    @property
    def _recalibrated(self) -> bool:
        return (self.run.results / RECALIBRATION).is_file()

    def _from(self) -> str:
        parent = self.summary.recalibrated_from
        return "" if parent is None else f"recalibrated from {parent[:DIGITS]}, "

    def _float(self) -> Part:
        there = self.run.float_weights.exists()
        says = f"R² {_shown(self.summary.r2.get('float'))}"
        command = f"aegru-hw train --out {self.name} --resume"
        part = self._part("float network", there, says, command, "training")
        if not there and self.run.checkpoint.exists():
            return replace(part, says="training was interrupted")
        return part

    def _report(self) -> Part:
        if page_holds(self.run, self.summary):
            return Part("report", THERE)
        command = f"aegru-hw report {self.name}"
        if self.run.report.exists():
            return Part("report", STALE, "the run changed since it was written", command)
        return Part("report", MISSING, "", command)

    def _project(self, name: str, there: bool, command: str, execution: str = "firmware") -> Part:
        if not there and execution in self.options.without:
            return Part(name, LEFT_OUT, f"--without {execution}")
        return self._part(name, there, "", command, name)

    def _verified(self) -> list[Part]:
        parts = []
        own = self.summary.made_of.get("recording", "")[:DIGITS]
        for execution in EXECUTIONS:
            name = f"verified: {execution.name}"
            pair = pair_name(REFERENCE.name, execution.name)
            command = f"aegru-hw verify {self.name}"
            if execution.asked_by is not None:
                command += f" {execution.asked_by} PORT"
            if execution.name in self.summary.r2:
                count = self.summary.mismatches.get(pair)
                says = f"R² {_shown(self.summary.r2[execution.name])}"
                if count is not None:
                    says = f"{count} mismatches, {says}"
                if execution.name in self.summary.places:
                    place = self.summary.places[execution.name]
                    says += f" (at {place})"
                parts.append(Part(name, THERE, says))
            elif execution.name in self.options.without:
                parts.append(Part(name, LEFT_OUT, f"--without {execution.name}"))
            elif stale := self.stale.get(f"{own}/{execution.name}"):
                parts.append(Part(name, STALE, "; ".join(stale.because), command))
            elif (lacking := execution.lacks()) is not None:
                parts.append(Part(name, MISSING, lacking))
            elif execution.is_there(context_of(self.run)):
                parts.append(Part(name, MISSING, "", command))
        return parts

    def _recording(self) -> str:
        facts = self.summary.recording
        if facts is None:
            return ""
        return f"{facts.source}: {facts.channels} channels, {facts.ticks:,} ticks"

    def _sparsity(self) -> str:
        return "-" if self.summary.sparsity is None else f"{self.summary.sparsity:.3f}"

    def _every(self) -> str:
        rate = self.summary.rate
        return "" if rate is None or rate.every == 1 else f", an output every {rate.every} ticks"

    def _placed(self) -> set[str]:
        stale = {name.removeprefix("synth/") for name in self.stale if name.startswith("synth/")}
        return stale | set(self.summary.synthesis)


def _shown(r2: R2 | None) -> str:
    return "-" if r2 is None or r2.mean is None else f"{r2.mean:.4f}"


def status_text(found: Status) -> str:
    """Return a status as lines for people."""
    width = max(len(part.name) for part in found.parts)
    lines = [found.path]
    lines += [
        f"  {part.name:{width}}  {part.state:8}  {part.says}".rstrip() for part in found.parts
    ]
    lines += [f"  other recording: {source}" for source in found.other_recordings]
    lines += [f"  note: {remark}" for remark in found.remarks]
    lines.append(f"next: {found.next}" if found.next else "next: nothing; all of it is there")
    return "\n".join(lines)
