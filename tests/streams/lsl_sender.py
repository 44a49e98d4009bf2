"""A sender as a laboratory has one: plays counts (T, C) of a .npy file into an LSL stream.

python -m tests.streams.lsl_sender NAME FILE counts|events TICK_SECONDS SPEED

It waits until somebody reads, sends at so many times the pace, and ends when its input does.
"""

import sys
import time

import numpy as np
import pylsl

EVENT, COUNTS = "events", "counts"


def main(name: str, file: str, form: str, tick_seconds: float, speed: float) -> None:
    counts = np.load(file)
    channels, rate = (1, 0.0) if form == EVENT else (counts.shape[1], 1 / tick_seconds)
    info = pylsl.StreamInfo(name, "Spikes", channels, rate, "int32", f"sender {name}")
    outlet = pylsl.StreamOutlet(info, chunk_size=1)
    while not outlet.have_consumers():
        time.sleep(0.01)
    begun = pylsl.local_clock()
    for tick, row in enumerate(counts.tolist()):
        stamp = begun + tick * tick_seconds
        time.sleep(max(0.0, begun + tick * tick_seconds / speed - pylsl.local_clock()))
        if form == COUNTS:
            outlet.push_sample(row, stamp)
            continue
        for channel, spikes in enumerate(row):
            for _ in range(spikes):
                outlet.push_sample([channel], stamp)
    print("sent", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main(*sys.argv[1:4], *map(float, sys.argv[4:]))
