"""A recording as it was imported, with what the importer found, assumed and lost."""

from dataclasses import dataclass

from aegru_hw.recordings.recording import Recording


@dataclass(frozen=True)
class Imported:
    """A recording and what a person should know of how it came about.

    Attributes:
        recording: the recording.
        notes: what was assumed, derived or left out, a sentence each.
        lost_ticks: ticks of the file that are not in the recording.
        velocity_unit: the velocity's unit where it is known, else empty.
    """

    recording: Recording
    notes: tuple[str, ...] = ()
    lost_ticks: int = 0
    velocity_unit: str = ""

    @property
    def lost_share(self) -> float:
        """Share of the file's ticks that are not in the recording."""
        return self.lost_ticks / (self.recording.ticks + self.lost_ticks)
