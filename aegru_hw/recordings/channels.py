"""Choosing channels of a recording, by number or by name."""

import re
from dataclasses import replace
from fnmatch import fnmatchcase

import numpy as np

from aegru_hw.errors import UserError
from aegru_hw.recordings.fields import as_counts
from aegru_hw.recordings.recording import Recording

_NUMBERS = re.compile(r"(\d{0,9}):(\d{0,9})|\d{1,9}")


def select_channels(
    recording: Recording, channels: str | None, *, drop_silent: bool = False
) -> Recording:
    """Return a recording with some of its channels.

    channels: a list with commas: "5" (counted from 0), "0:96" (without 96), a name such as
        "M1 001", or a pattern of names such as "M1*"; all where it is None. The order is that of
        the list, in which a channel counts once.
    drop_silent: channels without a spike, of those chosen, are left out.

    Raises UserError for a channel that does not exist and where none is left.
    """
    chosen = list(range(recording.channels))
    if channels is not None:
        wanted = [one for part in channels.split(",") for one in _matching(recording, part.strip())]
        chosen = list(dict.fromkeys(wanted))
    if drop_silent:
        fires = recording.counts.sum(axis=0, dtype=np.int64) > 0
        chosen = [channel for channel in chosen if fires[channel]]
        if not chosen:
            raise UserError("no channel that was chosen has a spike; leave --drop-silent out")
    if chosen == list(range(recording.channels)):
        return recording
    return replace(
        recording,
        counts=as_counts(np.ascontiguousarray(recording.counts[:, chosen])),
        channel_names=tuple(recording.channel_names[channel] for channel in chosen),
    )


def _matching(recording: Recording, part: str) -> list[int]:
    numbers = _NUMBERS.fullmatch(part)
    if part in recording.channel_names:
        found = [n for n, name in enumerate(recording.channel_names) if name == part]
    elif numbers is None:
        found = [n for n, name in enumerate(recording.channel_names) if fnmatchcase(name, part)]
    else:
        begin, end = (numbers[1], numbers[2]) if ":" in part else (part, str(int(part) + 1))
        first, last = int(begin or 0), int(end or recording.channels)
        if last > recording.channels:
            raise UserError(
                f"channel {last - 1} does not exist; the recording has channels 0 to "
                f"{recording.channels - 1}"
            )
        found = list(range(first, last))
    if not found:
        names = recording.channel_names
        raise UserError(
            f"no channel is '{part}'; they are numbered 0 to {len(names) - 1} and named "
            f"'{names[0]}' to '{names[-1]}'"
        )
    return found
