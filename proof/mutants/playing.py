"""Plays one mutant in a compiled engine, in its own process: streams, stalls, resets, images."""

import ctypes
import os
import signal
from pathlib import Path

import numpy as np

from aegru_hw.rtl.address_map import address, status_bit
from aegru_hw.rtl.image_stream import SELECT
from aegru_hw.rtl.images import WIDTH
from proof.mutants.engines import Plan, Played, opened

CONTROL, STATUS = address("control"), address("status")
LOAD_BEGIN, LOAD_DATA = address("load_begin"), address("load_data")
READ_BACK, READ_BACK_DATA = address("read_back"), address("read_back_data")
VALID, RUNNING = status_bit("image_valid"), status_bit("running")
SATURATED, REFUSED_FLAG = status_bit("saturated"), status_bit("refused")
NO_SPIKE, TLAST = 0xFFFF, 1 << 16
PLENTY = 1 << 40
"""Of cycles: what is wrong ends a simulation by the limit of the whole."""

SECONDS = 120
"""A process that is still there is stuck within one cycle."""

SURVIVED, WRONG, STUCK = 0, 10, 11
ENDINGS = {WRONG: "wrong", 3: "cycle limit or assertion", STUCK: "stuck"}


class WrongError(Exception):
    """The engine did what the original does not."""


class Player:
    """One simulated engine with a mutant active, from random registers on."""

    def __init__(self, library: ctypes.CDLL, mutant: int, limit: int, seed: int) -> None:
        self.library = library
        self.handle = library.engine_new(mutant, limit, seed)
        library.engine_reset(self.handle, 4)

    def read(self, at: int) -> int:
        return int(self.library.engine_read(self.handle, at))

    def write(self, at: int, value: int) -> None:
        self.library.engine_write(self.handle, at, value)

    @property
    def cycles(self) -> int:
        return int(self.library.engine_cycles(self.handle))

    @property
    def stalls(self) -> tuple[int, int]:
        """Return the cycles in which the engine waited for an event, and a velocity to leave."""
        of_source = self.library.engine_source_stalls(self.handle)
        return int(of_source), int(self.library.engine_sink_stalls(self.handle))

    def load(self, played: Played) -> None:
        """Load an image, and start."""
        self.write(LOAD_BEGIN, 0)
        for word in played.words.tolist():
            self.write(LOAD_DATA, word)
        self.expect(self.read(STATUS) == VALID, "status after loading")
        self.write(CONTROL, 1)

    def stream(
        self, events: np.ndarray, ticks: int, *, most: int = PLENTY, idle: int = 0, back: int = 0
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return velocity and costs of at most `ticks` ticks, of those that were done."""
        events = np.ascontiguousarray(events, dtype=np.uint32)
        velocity = np.zeros((ticks, 2), dtype=np.int32)
        costs = np.zeros((ticks, 7), dtype=np.uint32)
        done = self.library.engine_run(
            *(self.handle, events.ctypes.data_as(ctypes.POINTER(ctypes.c_uint32))),
            *(len(events), ticks),
            velocity.ctypes.data_as(ctypes.POINTER(ctypes.c_int32)),
            costs.ctypes.data_as(ctypes.POINTER(ctypes.c_uint32)),
            *(most, idle, back),
        )
        return velocity[:done], costs[:done]

    def check(self, played: Played, *, idle: int = 0, back: int = 0) -> None:
        """Play all ticks from the start-up state; compare velocities, costs and counters."""
        ticks = len(played.velocity)
        velocity, costs = self.stream(played.events, ticks, idle=idle, back=back)
        self.expect(np.array_equal(velocity, played.velocity), "velocity")
        self.expect(np.array_equal(costs, played.costs), "costs")
        self.expect(self.read(address("ticks")) == ticks, "ticks")
        totals = played.costs.sum(axis=0)
        for at, total in zip(
            ("busy", "encoder_macs", "input_macs", "recurrent_macs", "readout_macs"),
            totals[[0, 2, 3, 4, 5]],
            strict=True,
        ):
            self.expect(self.read(address(f"{at}_low")) == total, at)
            self.expect(self.read(address(f"{at}_high")) == 0, at)
        last, most = played.costs[-1], played.costs.max(axis=0)
        for name, value in (
            *(("saturations", totals[6]), ("last_cycles", last[0]), ("last_latency", last[1])),
            *(("max_cycles", most[0]), ("max_latency", most[1])),
        ):
            self.expect(self.read(address(name)) == value, name)

    def read_back(self, played: Played) -> None:
        """Read every word of the image."""
        for name, words in played.memories.items():
            stored = (1 << WIDTH.get(name, 32)) - 1
            for at, word in enumerate(words.tolist()):
                self.write(READ_BACK, SELECT[name] << 24 | at)
                self.expect(not (self.read(READ_BACK_DATA) ^ word) & stored, f"{name} read back")
        self.expect(self.read(CONTROL) == 0, "control after reading back")

    def wait_until_running(self) -> None:
        """Wait for the end of start-up."""
        while not self.read(STATUS) & RUNNING:
            pass

    def drain(self) -> None:
        """Take the words of a packet that is offered in a soft reset."""
        self.stream(np.zeros(0), 4, most=40)
        self.expect(not self.library.engine_torn(self.handle), "packets")

    @staticmethod
    def expect(holds: bool, what: str) -> None:
        if not holds:
            raise WrongError(what)


def play(
    library: ctypes.CDLL, plan: Plan, mutant: int, limit: int, cover: Path | None = None
) -> int:
    """Play a mutant through everything; return the cycles, raise WrongError where it shows.

    cover: where what was covered goes, of a library that counts it.
    """
    player = Player(library, mutant, limit, seed=len(plan.name))
    played = plan.played
    first = played[0]
    if plan.fixed:
        wired = plan.made[0].geometry.channels
        player.expect(player.read(address("channels")) == wired, "channels before an image")
    player.load(first)
    player.check(first)
    player.expect(player.read(STATUS) & (VALID | RUNNING) == VALID | RUNNING, "status")
    player.write(CONTROL, 3)
    player.drain()
    player.check(first, idle=8, back=15)
    for cut in (7, 40, 150, 333):
        player.stream(first.events, len(first.velocity), most=cut, back=cut % 3)
        player.write(CONTROL, 3)
        player.drain()
    # The cycles in which the first velocity comes, and the first tick ends.
    cycles, latency = (int(cost) for cost in first.costs[0, :2])
    begun = 2 * int(np.flatnonzero(first.events >> 16)[0])
    for cut in [*range(latency - 4, latency + 10), *range(cycles - 4, cycles + 10)]:
        player.wait_until_running()
        player.stream(first.events, 1, most=begun + cut)
        player.write(CONTROL, 3)
        player.drain()
        player.expect(player.read(address("ticks")) == 0, "ticks after a reset")
    player.check(first, back=3)
    for other in played[1:]:
        player.stream(other.events, len(other.velocity), most=100)
        player.load(other)
        player.drain()
        player.check(other, idle=2)
    if plan.protected:
        player.read_back(played[-1])
    player.write(CONTROL, 3)
    last = played[-1]
    player.stream(last.events, len(last.velocity), most=500)
    player.library.engine_reset(player.handle, 2)
    player.expect(player.read(STATUS) == 0, "status after reset")
    player.load(last)
    refused = np.array([last.refused_channel, NO_SPIKE - 1, NO_SPIKE | TLAST])
    player.stream(refused, 1)
    player.expect(player.read(address("refused")) == 2, "refused")
    player.expect(bool(player.read(STATUS) & REFUSED_FLAG), "refused flag")
    if cover is not None:
        library.engine_cover(player.handle, str(cover).encode())
    return player.cycles


def outcome(path: Path, plan: Plan, mutant: int, limit: int) -> int:
    """Play a mutant in a process of its own; return how that ended: SURVIVED, or see ENDINGS."""
    child = os.fork()
    if child == 0:
        signal.alarm(SECONDS)
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        try:
            play(opened(path), plan, mutant, limit)
        except WrongError:
            os._exit(WRONG)
        except BaseException:
            os._exit(STUCK)
        os._exit(SURVIVED)
    _, status = os.waitpid(child, 0)
    return os.WEXITSTATUS(status) if os.WIFEXITED(status) else STUCK
