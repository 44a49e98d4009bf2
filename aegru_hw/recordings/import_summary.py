"""What a person would check of a recording that was just imported."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from aegru_hw.recordings.imported import Imported


@dataclass(frozen=True)
class ImportSummary:
    """Facts of an imported recording.

    Attributes:
        seconds: length of what was kept.
        rate: mean over channels, spikes/s.
        silent_channels: channels without a spike.
        velocity: least and most of x and of y, in the file's unit.
        velocity_unit: where the file says it, or "per tick" of a position's unit; else empty.
        lost_share: of the file's ticks, 0 to 1.
        notes: what was assumed, derived or left out.
    """

    path: str
    ticks: int
    tick_seconds: float
    seconds: float
    channels: int
    rate: float
    silent_channels: int
    largest_count: int
    velocity: dict[str, tuple[float, float]]
    velocity_unit: str
    segments: int
    reaches: int
    lost_ticks: int
    lost_share: float
    notes: tuple[str, ...]


def import_summary(path: str, imported: Imported) -> ImportSummary:
    """Return the summary of an imported recording that was written to `path`."""
    recording = imported.recording
    spikes = recording.counts.sum(axis=0, dtype=np.int64)
    return ImportSummary(
        path=path,
        ticks=recording.ticks,
        tick_seconds=recording.tick_seconds,
        seconds=recording.seconds,
        channels=recording.channels,
        rate=float(spikes.mean() / recording.seconds),
        silent_channels=int((spikes == 0).sum()),
        largest_count=int(recording.counts.max()),
        velocity={
            axis: (float(values.min()), float(values.max()))
            for axis, values in zip("xy", recording.velocity.T, strict=True)
        },
        velocity_unit=imported.velocity_unit,
        segments=len(recording.segment_starts),
        reaches=len(recording.reach_starts),
        lost_ticks=imported.lost_ticks,
        lost_share=imported.lost_share,
        notes=imported.notes,
    )


def import_lines(summary: ImportSummary) -> Iterator[str]:
    """Yield the summary as lines of text, notes last."""
    yield (
        f"wrote {summary.path}: {summary.ticks} ticks of {summary.tick_seconds:g} s, "
        f"{summary.channels} channels, {summary.segments} segments, {summary.reaches} reaches"
    )
    yield f"length    {summary.seconds:.1f} s, {summary.lost_share:.1%} of the file lost"
    yield (
        f"spikes    {summary.rate:.2f} a second and channel, at most {summary.largest_count} a "
        f"tick; {summary.silent_channels} channels silent"
    )
    ranges = (f"{axis} {low:.4g} to {high:.4g}" for axis, (low, high) in summary.velocity.items())
    yield f"velocity  {', '.join(ranges)} {summary.velocity_unit or '(unit not said)'}"
    yield from summary.notes
