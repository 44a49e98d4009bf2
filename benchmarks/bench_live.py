"""Delay of `live` through Lab Streaming Layer, from counts sent to velocity received.

Sender, `aegru-hw live` and receiver are three processes on this machine, and streams stay on it.
The sender plays a recording over and over at its pace, and notes when it sends each tick; the
receiver notes when its velocity is there. Every velocity is compared with the decoder's, bit for
bit. What the machine has to do besides is in the delays.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aegru_hw.fixedpoint import FixedDecoder, load_decoder
from aegru_hw.recordings.layout import open_recording
from aegru_hw.runs.folder import RunFolder
from aegru_hw.streams.realtime import take_realtime_priority

LOOPBACK = """\
[ports]
IPv6 = disable
[multicast]
ResolveScope = machine
MachineAddresses = {{127.0.0.1}}
[lab]
KnownPeers = {{127.0.0.1}}
SessionID = {session}
[log]
level = -3
"""
"""Settings of LSL that keep it on this machine, apart from the other sessions on it."""
LATE = 5.0
"""Seconds that the receiver waits for a velocity."""

SETTLING = 250
"""Ticks at the start whose delay is not counted: connections are made, memory is touched."""


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path, metavar="RUN")
    parser.add_argument("recording", type=Path, metavar="RECORDING")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--on", default="software", help="as of `live` (default software)")
    parser.add_argument(
        "--realtime", action="store_true", help="all three processes, with real-time priority"
    )
    parser.add_argument("--send", nargs=2, metavar=("NAME", "FILE"), help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    decoder = load_decoder(RunFolder(options.run).decoder)
    counts = open_recording(options.recording).counts
    ticks = int(options.minutes * 60 / decoder.geometry.tick_seconds)
    if options.realtime:
        take_realtime_priority()
    if options.send is not None:
        send(options.send[0], np.memmap(options.send[1], np.float64, "r+"), counts, decoder)
        return
    priority = "real-time" if options.realtime else "usual"
    length = decoder.geometry.tick_seconds * 1e3
    print(f"{ticks:,} ticks of {length:g} ms on {options.on}, {priority} priority")
    print(f"load average before: {_load()}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "lsl_api.cfg"
        config.write_text(LOOPBACK.format(session=f"bench-live-{os.getpid()}"))
        os.environ["LSLAPICFG"] = str(config)
        sent, velocity, delays = measure(options, decoder, ticks, Path(folder))
    print(f"load average after: {_load()}")
    repeated = np.resize(counts, (ticks, counts.shape[1]))
    expected = decoder.decode(repeated)
    mismatches = int((velocity != expected).any(axis=1).sum())
    print(f"{len(velocity):,} velocities received, {mismatches} unlike the decoder's")
    late = np.diff(sent) - decoder.geometry.tick_seconds
    print(f"sender: at most {late.max() * 1e3:.1f} ms late from one tick to the next")
    print("ms from counts sent to velocity received:")
    for name, value in percentiles(delays[SETTLING // decoder.geometry.every :]).items():
        print(f"  {name:<8}{value * 1e3:8.3f}")


def percentiles(delays: NDArray[np.float64]) -> dict[str, float]:
    """Return what is printed of delays in s; one that never came is infinite."""
    named = {
        f"p{percent:g}": float(np.percentile(delays, percent, method="higher"))
        for percent in (50, 99, 99.9)
    }
    return {**named, "longest": float(delays.max())}


def measure(
    options: argparse.Namespace, decoder: FixedDecoder, ticks: int, folder: Path
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return when ticks were sent (T,), velocities (O, 2), and their delays in s (O,)."""
    import pylsl

    sent = np.memmap(folder / "sent", np.float64, "w+", shape=ticks + 1)
    every = decoder.geometry.every
    names = f"bench-{os.getpid()}-counts", f"bench-{os.getpid()}-velocity"
    python = [sys.executable, "-m"]
    realtime = ["--realtime"] if options.realtime else []
    ends = ["--input", f"lsl:{names[0]}", "--output", f"lsl:{names[1]}"]
    settings = ["--on", options.on, "--wait", "120", *realtime]
    live = subprocess.Popen([*python, "aegru_hw", "live", str(options.run), *ends, *settings])
    sending = None
    try:
        found: list[Any] = []
        while not found and live.poll() is None:
            found = pylsl.resolve_byprop("name", names[1], timeout=1)
        if not found:
            raise SystemExit("live ended before it had a stream")
        inlet = pylsl.StreamInlet(found[0], max_chunklen=1)
        inlet.open_stream(timeout=30)
        given = [str(options.run), str(options.recording), "--send", names[0], f"{folder}/sent"]
        sending = subprocess.Popen([*python, "benchmarks.bench_live", *given, *realtime])
        velocity = np.full((ticks // every, 2), np.nan)
        came = np.full(ticks // every, np.inf)
        received, quiet = 0, 0.0
        while received < len(came) and (received == 0 or quiet < LATE):
            begun = time.monotonic()
            got, stamps = inlet.pull_chunk(timeout=0.5, max_samples=64, min_samples=1)
            now = pylsl.local_clock()
            quiet = 0.0 if stamps else quiet + time.monotonic() - begun
            for value, stamp in zip(got, stamps, strict=True):
                place = round((stamp - sent[0]) / decoder.geometry.tick_seconds) // every
                velocity[place], came[place] = value, now
                received += 1
            if live.poll() is not None or sending.poll() not in (None, 0):
                break
        return np.array(sent[1:]), velocity, came - np.array(sent[every::every])[: len(came)]
    finally:
        for process in (sending, live):
            if process is not None:
                process.terminate()
                process.wait()


def send(name: str, sent: NDArray[np.float64], counts: NDArray[Any], decoder: FixedDecoder) -> None:
    """Send counts; note when it began, and then when each tick was sent."""
    import pylsl

    tick_seconds = decoder.geometry.tick_seconds
    info = pylsl.StreamInfo(name, "Spikes", counts.shape[1], 1 / tick_seconds, "int16", name)
    outlet = pylsl.StreamOutlet(info, chunk_size=1)
    rows = counts.astype(int).tolist()
    while not outlet.have_consumers():
        time.sleep(0.01)
    time.sleep(0.5)
    begun = sent[0] = pylsl.local_clock() + 0.1
    for tick in range(len(sent) - 1):
        stamp = begun + tick * tick_seconds
        time.sleep(max(0.0, stamp - pylsl.local_clock()))
        sent[tick + 1] = pylsl.local_clock()
        outlet.push_sample(rows[tick % len(rows)], stamp)
    time.sleep(LATE)


def _load() -> str:
    return ", ".join(f"{load:.2f}" for load in os.getloadavg())


if __name__ == "__main__":
    main()
