"""One small file of each kind that a laboratory might have, and how it is imported."""

from benchmarks.made.array_kinds import ARRAY_KINDS
from benchmarks.made.kind import Kind
from benchmarks.made.nwb_kinds import NWB_KINDS
from benchmarks.made.odoherty import write_odoherty

ODOHERTY_KINDS = (
    Kind("O'Doherty, as published", "odoherty", "indy.mat", "", write_odoherty),
    Kind(
        "O'Doherty, 20 ms, M1", "odoherty", "m1.mat", "--tick 0.02 --channels M1*", write_odoherty
    ),
    Kind(
        "O'Doherty, 64 ms, finger, sorted",
        "odoherty",
        "finger.mat",
        "--tick 0.064 --position finger_pos --units sorted",
        write_odoherty,
    ),
    Kind(
        "O'Doherty, a unit a channel",
        "odoherty",
        "apart.mat",
        "--tick 0.02 --merge none --drop-silent",
        write_odoherty,
    ),
)
KINDS: tuple[Kind, ...] = (*ARRAY_KINDS, *ODOHERTY_KINDS, *NWB_KINDS)
