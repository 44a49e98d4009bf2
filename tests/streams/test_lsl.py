"""Lab Streaming Layer, with real streams on loopback: every velocity is the one of `verify`."""

import signal
import subprocess
import sys
import threading
import time
from typing import Any

import numpy as np
import pytest

from aegru_hw.errors import UserError
from aegru_hw.fixedpoint import LiveDecoder, load_decoder, run_window_form
from aegru_hw.recordings.recording import load_recording
from aegru_hw.recordings.stream import test_stream as stream_of
from aegru_hw.streams.decoding import decode_stream
from aegru_hw.streams.lsl_sink import LslSink
from aegru_hw.streams.lsl_source import LslSource
from aegru_hw.streams.tick import Losses, Tick
from tests.export.decoders import small
from tests.streams.loopback import Outlet, loopback, received, running
from tests.support.runs import TICK_SECONDS, write_run

HISTORY = small().geometry.history


@pytest.fixture(scope="module")
def pylsl(tmp_path_factory) -> Any:
    return loopback(tmp_path_factory.mktemp("lsl"))


@pytest.mark.slow
@pytest.mark.parametrize("form", ["counts", "events"])
def test_a_sender_in_another_process_and_every_velocity(pylsl, form, tmp_path) -> None:
    """Sender, `live` and reader are three processes; codes and stamps are compared bit for bit."""
    run = write_run(tmp_path / "run", executions=())
    decoder = load_decoder(run.decoder)
    stream, _ = stream_of(load_recording(run.recording), decoder.geometry)
    counts = stream.counts.astype(np.int64)
    if form == "events":  # the first event begins tick 0, and a last one ends the one before
        counts = np.concatenate([counts, np.eye(1, counts.shape[1], dtype=np.int64)])
        counts[0, 0] = max(counts[0, 0], 1)
    np.save(tmp_path / "counts.npy", counts)
    names = f"spikes {form}", f"velocity {form}"
    ends = ["--input", f"lsl:{names[0]}", "--output", f"lsl:{names[1]}"]
    command = ["aegru_hw", "live", run.path, *ends, "--unit", "mm/s"]
    sending = ["tests.streams.lsl_sender", names[0], tmp_path / "counts.npy", form]
    with running(*command, "--lag", "1000", "--wait", "60") as live:
        found = pylsl.resolve_byprop("name", names[1], timeout=60)
        inlet = pylsl.StreamInlet(found[0], max_chunklen=1)
        inlet.open_stream(timeout=30)
        with running(*sending, TICK_SECONDS, 4):
            velocity, stamps = received(pylsl, inlet, len(counts))
            info = inlet.info(timeout=5)
            time.sleep(0.2)  # the last tick is counted after its velocity is sent
            live.send_signal(signal.SIGINT)
            out, _ = live.communicate(timeout=60)
    expected = decoder.physical(run_window_form(decoder, counts).velocity)
    assert velocity.tobytes() == expected.tobytes()
    steps = np.diff(stamps) - TICK_SECONDS
    assert np.abs(steps).max() < 1e-9
    assert (info.get_channel_labels(), info.get_channel_units()) == (
        ["velocity_x", "velocity_y"],
        ["mm/s", "mm/s"],
    )
    assert info.nominal_srate() == 1 / TICK_SECONDS
    ticks, losses = out.splitlines()[0].split("; ")
    assert losses.endswith("0 late or doubled, 0 refused")
    if form == "counts":  # of events, silence that a busy machine slept through is passed over
        assert losses.startswith("0 missing")
    assert int(ticks.split()[0].replace(",", "")) >= len(counts)


@pytest.fixture
def quick(monkeypatch) -> None:
    """Do not look for a second stream of a name."""
    monkeypatch.setattr("aegru_hw.streams.lsl.FIRST_LOOKED", 0.05)


class Listener:
    """An LslSource that is read in a thread, which begins when the stream is there."""

    def __init__(self, name: str, wait: float = 0.5, **options: Any) -> None:
        self.decoder = small()
        self.source = LslSource(name, self.decoder, wait=wait, **options)
        self.ticks: list[Tick] = []
        self.error: UserError | None = None
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        try:
            self.ticks.extend(self.source)
        except UserError as error:
            self.error = error

    def until(self, number: int) -> None:
        """Return when a tick has come."""
        deadline = time.monotonic() + 30
        while not self.ticks or self.ticks[-1].number < number:
            assert time.monotonic() < deadline
            assert self.error is None
            time.sleep(0.01)

    def ended(self) -> tuple[list[Tick], Losses]:
        self._thread.join(timeout=60)
        assert not self._thread.is_alive()
        self.source.close()
        return self.ticks, self.source.losses


def counts_of(tick: Tick) -> list[int]:
    return np.bincount(np.array(tick.channels, dtype=int), minlength=7).tolist()


def sent(pylsl: Any, name: str, samples: list[tuple[list[float], float]], kind: str) -> Listener:
    """Send samples of counts with stamps in ticks, at once; return who listened."""
    outlet = Outlet(pylsl, name, 7, 250, kind)
    listener = Listener(name)
    outlet.wait()
    for row, stamp in samples:
        outlet.push(row, 1000 + stamp * 0.004)
    listener.ended()
    outlet.close()
    return listener


def row(channel: int, spikes: float = 1) -> list[float]:
    return [spikes if one == channel else 0 for one in range(7)]


def test_counts_that_are_late_doubled_or_missing(pylsl, quick) -> None:
    stamps = [0, 1.3, 2.2, 2.2, 5, 3, 6.1, 7]
    listener = sent(pylsl, "order", [(row(n % 7), at) for n, at in enumerate(stamps)], "int16")
    ticks, losses = listener.ended()
    assert [(tick.number, counts_of(tick)) for tick in ticks] == [
        *((0, row(0)), (1, row(1)), (2, row(2)), (3, [0] * 7), (4, [0] * 7)),
        *((5, row(4)), (6, row(6)), (7, row(0))),
    ]
    assert losses == Losses(missing=2, late=2)
    assert [tick.is_first for tick in ticks] == [True] + [False] * 7
    # A tick has its sample's stamp, bit for bit; a missing one that which it would have had.
    assert ticks[1].seconds == 1000 + 1.3 * 0.004
    assert ticks[4].seconds == pytest.approx(1000 + 4 * 0.004, abs=1e-9)


@pytest.mark.parametrize(
    ("kind", "odd"),
    [
        ("double64", [float("nan"), float("inf"), 0.5, -1.0, 65536.0, 1e300]),
        ("float32", [float("nan"), -0.25]),
        ("int64", [-1, 65536, 2**62, -(2**63)]),
        ("int8", [-128]),
    ],
)
def test_counts_that_are_none_are_refused(pylsl, quick, kind, odd) -> None:
    bad = [(row(3, one), 1 + n) for n, one in enumerate(odd)]
    samples = [(row(1), 0), *bad, (row(2, 2), 1 + len(odd))]
    ticks, losses = sent(pylsl, f"odd {kind}", samples, kind).ended()
    assert [counts_of(tick) for tick in ticks] == [row(1), *([[0] * 7] * len(odd)), row(2, 2)]
    assert losses == Losses(missing=len(odd), refused=len(odd))


def test_huge_counts_are_what_they_are_to_the_decoder(pylsl, quick) -> None:
    rows = [row(1, 65535), row(2, 300), row(0), *([row(4, 3)] * HISTORY)]
    listener = sent(pylsl, "huge", [(one, n) for n, one in enumerate(rows)], "int32")
    ticks, losses = listener.ended()
    assert losses == Losses()
    assert max(len(tick.channels) for tick in ticks) < 2000
    live = LiveDecoder(listener.decoder)
    found = [live.step(tick.channels).tolist() for tick in ticks]
    assert found == listener.decoder.decode(np.array(rows)).tolist()


def test_a_stamp_that_is_none_is_refused(pylsl, quick) -> None:
    far = [(row(2), stamp) for stamp in (1e15, -1e300, float("nan"), float("inf"))]
    ticks, losses = sent(pylsl, "far", [(row(1), 0), *far, (row(3), 1)], "int16").ended()
    assert [counts_of(tick) for tick in ticks] == [row(1), row(3)]
    assert losses == Losses(refused=4)


def test_a_sender_that_goes_and_comes_back(pylsl, quick) -> None:
    """Its gap is one of missing ticks; a longer one than the history begins anew."""
    listener = Listener("again", wait=4)
    for at in (0, 5, 10 + HISTORY):
        outlet = Outlet(pylsl, "again", 7, 250)
        outlet.wait()
        for n in range(3):
            outlet.push(row(n), 1000 + (at + n) * 0.004)
        listener.until(at + 2)
        outlet.close()
    ticks, losses = listener.ended()
    assert [tick.number for tick in ticks] == [*range(8), *range(10 + HISTORY, 13 + HISTORY)]
    assert [tick.number for tick in ticks if tick.is_first] == [0, 10 + HISTORY]
    assert losses == Losses(missing=2 + HISTORY + 2)


def test_a_sender_that_comes_back_as_another_is_one_line(pylsl, quick) -> None:
    listener = Listener("changed", wait=10)
    first = Outlet(pylsl, "changed", 7, 250)
    first.wait()
    first.push(row(1), 1000.0)
    listener.until(0)
    first.close()
    second = Outlet(pylsl, "changed", 8, 250)
    listener.ended()
    second.close()
    assert "the LSL stream changed has 8 channels at 250 Hz; this decoder takes" in str(
        listener.error
    )


@pytest.mark.parametrize(
    ("channels", "rate", "kind", "says"),
    [
        (8, 250, "int16", "has 8 channels at 250 Hz; this decoder takes the counts of 7 channels"),
        (7, 100, "int16", "has 7 channels at 100 Hz; this decoder takes"),
        (7, 0, "int16", "has 7 channels at an irregular rate; this decoder takes"),
        (7, 250, "string", "has 7 channels of text at 250 Hz; this decoder takes"),
    ],
)
def test_a_stream_of_another_form_is_one_line(pylsl, quick, channels, rate, kind, says) -> None:
    outlet = Outlet(pylsl, f"form {channels} {rate} {kind}", channels, rate, kind)
    with pytest.raises(UserError, match=says):
        list(LslSource(f"form {channels} {rate} {kind}", small(), wait=10))
    outlet.close()


def test_two_streams_of_a_name_are_one_line(pylsl) -> None:
    outlets = [Outlet(pylsl, "twice", 7, 250, source=source) for source in ("one", "other")]
    with pytest.raises(UserError, match=r"^2 LSL streams are called twice, on "):
        list(LslSource("twice", small(), wait=10))
    for outlet in outlets:
        outlet.close()


def test_no_stream_ends_after_the_wait(pylsl) -> None:
    said: list[str] = []
    assert list(LslSource("nowhere", small(), wait=0.1, say=said.append)) == []
    assert said == ["waiting for the LSL stream nowhere"]


@pytest.mark.parametrize("name", ["", "a'b", 'a"b', "a\nb", "a" * 101])
def test_a_name_that_no_query_can_hold_is_one_line(pylsl, name) -> None:
    with pytest.raises(UserError, match=r"^LSL name "):
        LslSource(name, small())


def test_events_of_another_channel_are_refused(pylsl, quick) -> None:
    outlet = Outlet(pylsl, "events", 1, 0, "double64")
    listener = Listener("events", allowance=1.0)
    outlet.wait()
    begun = pylsl.local_clock()
    for channel, at in ((3, 0), (7, 0.1), (-1, 0.1), (2.5, 0.2), (float("nan"), 0.2), (6, 2.5)):
        outlet.push([channel], begun + at * 0.004)
    ticks, losses = listener.ended()
    outlet.close()
    assert [tick.channels for tick in ticks[:3]] == [[3], [], [6]]
    assert losses == Losses(refused=4)


def test_a_sender_of_events_that_comes_back_begins_anew(pylsl, quick) -> None:
    listener = Listener("events again", wait=4, allowance=0.05)
    for channels in ([1, 2], [3, 4]):
        outlet = Outlet(pylsl, "events again", 1, 0)
        outlet.wait()
        begun = pylsl.local_clock()
        for n, channel in enumerate(channels):
            outlet.push([channel], begun + n * 0.004)
        while channels[1:] not in [tick.channels for tick in listener.ticks]:
            time.sleep(0.01)
        outlet.close()
    ticks, losses = listener.ended()
    assert (losses.late, losses.refused) == (0, 0)
    assert [tick.channels for tick in ticks if tick.channels] == [[1], [2], [3], [4]]
    assert [tick.channels for tick in ticks if tick.is_first and tick.channels] == [[1], [3]]
    numbers = [tick.number for tick in ticks]
    assert numbers == sorted(set(numbers))


def test_velocities_of_a_source_without_stamps_have_lsls_clock(pylsl) -> None:
    sink = LslSink("plain", small())
    found = pylsl.resolve_byprop("name", "plain", timeout=10)
    inlet = pylsl.StreamInlet(found[0], max_chunklen=1)
    inlet.open_stream(timeout=10)
    while not sink.has_readers:
        time.sleep(0.01)
    before = pylsl.local_clock()
    decode_stream(LiveDecoder(small()), [Tick(n, [n]) for n in range(5)], sink)
    velocity, stamps = received(pylsl, inlet, 5)
    live = LiveDecoder(small())
    assert velocity.tolist() == [live.step([n]).tolist() for n in range(5)]
    assert all(before <= stamp <= pylsl.local_clock() for stamp in stamps)
    sink.close()


def test_without_pylsl_it_is_one_line(tmp_path) -> None:
    code = (
        "import sys; sys.modules['pylsl'] = None\n"
        "import importlib.util as util; find = util.find_spec\n"
        "from aegru_hw.needs import packages\n"
        "packages.find_spec = lambda name: None if name == 'pylsl' else find(name)\n"
        "from aegru_hw.streams.lsl import lsl; lsl()"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert found.stderr.splitlines()[-1].startswith(
        "aegru_hw.errors.UserError: a part is missing or unfit: pylsl: it is not installed; it "
        'reads and writes Lab Streaming Layer; `pip install "aegru-hw[live]"`'
    )
