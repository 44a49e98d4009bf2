"""Faults on the way to a virtual board, by the thousand: what the driver does of each.

    python -m benchmarks.board_faults --trials 500

Each trial decodes a few ticks on a made-up decoder, with one kind of fault at seeded places. Right:
every velocity was the decoder's. Refused: a line said that it does not work, and every velocity
before was the decoder's. Wrong: a velocity was accepted that is not the tick's. Exit status 1 where
any was, or where a trial took longer than any may.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from tqdm import tqdm

from aegru_hw.board.board import Board
from aegru_hw.board.virtual import VirtualBoard
from aegru_hw.errors import UserError
from aegru_hw.fixedpoint import FixedDecoder, run_streaming_form
from aegru_hw.fixedpoint.made_up import random_counts, random_decoder
from aegru_hw.rtl.image_stream import image_stream
from aegru_hw.rtl.images import memory_image

LANES, TICKS = 2, 24
SIZE = {"channels": 12, "latent": 4, "hidden": 4, "window": 3, "steps": 3, "table_bits": 6}
TRANSFERS, LOADS = 5, 24
"""Transfers that a tick and a loading have at least; the first that a fault strikes is of them."""
LONGEST_S = 120.0
"""No trial may take longer, whatever else the machine does."""

Change = Callable[["Disturbed", bytes], bytes]


@dataclass
class Disturbed:
    """A transport to a virtual board, on which a fault lies.

    change: makes a transfer of what is sent, with the fault. transfers: until now.
    """

    board: VirtualBoard
    random: np.random.Generator
    change: Change | None = None
    transfers: int = 0
    at: set[int] = field(default_factory=set)
    name: str = "virtual"
    most: int = 1 << 20
    is_simulated: bool = True

    def transfer(self, data: bytes) -> bytes:
        self.transfers += 1
        return self.board.transfer(data) if self.change is None else self.change(self, data)

    def close(self) -> None:
        return

    @property
    def is_struck(self) -> bool:
        """Whether this transfer is one of those that were chosen."""
        return self.transfers in self.at


def flipped(random: np.random.Generator, data: bytes, share: float) -> bytes:
    """Return bytes each bit of which is flipped with a probability."""
    bits = random.random((len(data), 8)) < share
    return bytes(np.frombuffer(data, dtype=np.uint8) ^ np.packbits(bits, axis=1)[:, 0])


def some_flipped(random: np.random.Generator, data: bytes, count: int) -> bytes:
    """Return bytes with so many bits flipped."""
    value = int.from_bytes(data, "big")
    for bit in random.choice(8 * len(data), min(count, 8 * len(data)), replace=False).tolist():
        value ^= 1 << bit
    return value.to_bytes(len(data), "big")


def noise(share: float, *, out: bool = True, back: bool = True) -> Change:
    """Bits flipped on the wires, all the time."""

    def change(port: Disturbed, data: bytes) -> bytes:
        received = port.board.transfer(flipped(port.random, data, share) if out else data)
        return flipped(port.random, received, share) if back else received

    return change


def flips(count: int, *, out: bool) -> Change:
    """Bits flipped in the transfers that are struck."""

    def change(port: Disturbed, data: bytes) -> bytes:
        if not port.is_struck:
            return port.board.transfer(data)
        if out:
            return port.board.transfer(some_flipped(port.random, data, count))
        return some_flipped(port.random, port.board.transfer(data), count)

    return change


def nothing(port: Disturbed, data: bytes) -> bytes:
    """No fault."""
    return port.board.transfer(data)


def lost_byte(port: Disturbed, data: bytes) -> bytes:
    """A byte never goes out; those behind it come a byte early."""
    if not port.is_struck:
        return port.board.transfer(data)
    at = int(port.random.integers(len(data)))
    return port.board.transfer(data[:at] + data[at + 1 :] + b"\0")


def short_answer(port: Disturbed, data: bytes) -> bytes:
    """A byte of what came back is missing."""
    received = port.board.transfer(data)
    return received[:-1] if port.is_struck else received


def lost_pulse(port: Disturbed, data: bytes) -> bytes:
    """The board does not get a pulse of SCK."""
    lost = int(port.random.integers(8 * len(data))) if port.is_struck else -1
    return port.board.transfer(data, lost)


def broken_off(port: Disturbed, data: bytes) -> bytes:
    """Chip select rises in the middle; the rest is a transfer of its own."""
    if not port.is_struck or len(data) < 2:
        return port.board.transfer(data)
    at = int(port.random.integers(1, len(data)))
    return port.board.transfer(data[:at]) + port.board.transfer(data[at:])


def stopped(level: int, transfers: int | None) -> Change:
    """SCK stops, for some transfers or for good; what comes back is a level."""

    def change(port: Disturbed, data: bytes) -> bytes:
        first = min(port.at)
        last = first + (transfers if transfers is not None else sys.maxsize)
        if first <= port.transfers < last:
            return bytes([level]) * len(data)
        return port.board.transfer(data)

    return change


def power_cycled(port: Disturbed, data: bytes) -> bytes:
    """The board loses its power for a moment: image and state are gone, garbage is in memories."""
    if port.is_struck:
        port.board.power_cycle(int(port.random.integers(1, 2**31)))
    return port.board.transfer(data)


def unplugged(port: Disturbed, data: bytes) -> bytes:
    """The transport raises, as spidev, pyftdi and pyserial do."""
    if port.transfers >= min(port.at):
        raise OSError(19, "No such device")
    return port.board.transfer(data)


KINDS: dict[str, tuple[Change, int]] = {
    **{
        f"{count} bit{'s' if count > 1 else ''} flipped to the board": (flips(count, out=True), 1)
        for count in (1, 2, 3)
    },
    **{
        f"{count} bit{'s' if count > 1 else ''} flipped from the board": (
            flips(count, out=False),
            1,
        )
        for count in (1, 2, 3)
    },
    "3 bits flipped to the board, three times": (flips(3, out=True), 3),
    "8 bits flipped to the board": (flips(8, out=True), 1),
    "8 bits flipped from the board": (flips(8, out=False), 1),
    **{
        f"noise, {share:g} of all bits, both ways": (noise(share), 1)
        for share in (1e-5, 1e-4, 1e-3, 1e-2)
    },
    "noise, 0.001 of all bits, to the board": (noise(1e-3, back=False), 1),
    "noise, 0.001 of all bits, from the board": (noise(1e-3, out=False), 1),
    "a byte lost on its way to the board": (lost_byte, 1),
    "a byte lost on its way back": (short_answer, 1),
    "a pulse of SCK lost": (lost_pulse, 1),
    "chip select breaks off": (broken_off, 1),
    "SCK stops for 5 transfers, MISO low": (stopped(0x00, 5), 1),
    "SCK stops for 5 transfers, MISO high": (stopped(0xFF, 5), 1),
    "SCK stops for good, MISO low": (stopped(0x00, None), 1),
    "SCK stops for good, MISO high": (stopped(0xFF, None), 1),
    "power lost for a moment": (power_cycled, 1),
    "board unplugged": (unplugged, 1),
}
"""The change of each kind of fault, and how many transfers are struck."""

LOADING = (
    "3 bits flipped to the board, three times",
    "a byte lost on its way to the board",
    "noise, 0.0001 of all bits, both ways",
    "power lost for a moment",
)
"""Kinds that lie on the loading too."""


@dataclass
class Bench:
    """One virtual board, its decoder, and what it should say; used again by every trial."""

    def __post_init__(self) -> None:
        self.decoder = random_decoder(1, **SIZE)
        self.virtual = VirtualBoard.of(self.decoder, LANES, seed=1)
        self.port = Disturbed(self.virtual, np.random.default_rng(0))
        self.board = Board(self.port)
        self.board.load(self.decoder)

    def trial(self, change: Change, struck: int, seed: int, *, loading: bool = False) -> str:
        """Return what becomes of a fault: right, refused or wrong.

        loading: the fault lies on the loading too.
        """
        random = np.random.default_rng(seed)
        counts = random_counts(seed, TICKS, SIZE["channels"], rate=0.25, maximum=3)
        wanted = run_streaming_form(self.decoder, counts).velocity
        if not loading:
            self.board.reset()
        self.port.random, self.port.transfers, self.port.change = random, 0, change
        last = LOADS if loading else TRANSFERS * TICKS
        self.port.at = set(random.integers(1, last, struck).tolist())
        became = "refused"
        try:
            if loading:
                self.board.load(self.decoder)
            for spikes, velocity in zip(counts, wanted, strict=True):
                if (self.board.step_counts(spikes) != velocity).any():
                    became = "wrong"
                    break
            else:
                became = "right"
        except UserError as error:
            if "\n" in str(error):
                raise
        self.port.change = None
        if became == "refused":
            self.board.load(self.decoder)
        return became


def wrong_bitstreams() -> Counter[str]:
    """Return what becomes of decoders on boards whose engine is not for them."""
    found: Counter[str] = Counter()
    decoder = random_decoder(1, **SIZE)
    for other in (
        random_decoder(1, **SIZE | {"hidden": 8}),
        random_decoder(1, **SIZE | {"channels": 8}),
        random_decoder(1, **SIZE, norm=False),
    ):
        found[_refusal(VirtualBoard.of(other, LANES), decoder)] += 1
    return found


def wrong_images(bench: Bench) -> Counter[str]:
    """Return what becomes of images that are not the board's: the driver is told that they are."""
    found: Counter[str] = Counter()
    board = Board(Disturbed(bench.virtual, np.random.default_rng(0)))
    lanes = image_stream(memory_image(bench.decoder, 4))
    damaged = image_stream(memory_image(bench.decoder, LANES))
    damaged[100] ^= 4
    short = image_stream(memory_image(bench.decoder, LANES))[:-3]
    for words in (lanes, damaged, short):
        board.wire.write("load_begin", 0)
        for word in words.tolist():
            board.wire.write("load_data", word)
        board.wire.write("control", 1)
        found["refused" if board.identify().image is None else "wrong"] += 1
    bench.board.load(bench.decoder)
    return found


def _refusal(virtual: VirtualBoard, decoder: FixedDecoder) -> str:
    with Board(virtual) as board:
        try:
            board.load(decoder)
        except UserError:
            return "refused"
    return "wrong"


def power_up(bench: Bench, trials: int) -> Counter[str]:
    """Return what becomes of boards that hold garbage when they are switched on."""
    found: Counter[str] = Counter()
    for seed in range(1, trials + 1):
        bench.virtual.power_cycle(seed)
        found[bench.trial(nothing, 1, seed, loading=True)] += 1
    return found


def line(name: str, found: Counter[str]) -> str:
    """Return a row of the table."""
    cells = (f"{found[kind]:,}" if found[kind] else "-" for kind in ("right", "refused", "wrong"))
    return f"| {name} | {found.total():,} | {' | '.join(cells)} |"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=200, help="of each kind (default 200)")
    options = parser.parse_args(arguments)
    bench, all_found, longest = Bench(), Counter[str](), 0.0
    print("| fault | trials | right | refused | wrong |\n|---|---|---|---|---|")

    def told(name: str, found: Counter[str]) -> None:
        print(line(name, found), flush=True)
        all_found.update(found)

    told("bitstream of another geometry, other formats", wrong_bitstreams())
    told("image of other lanes, damaged, cut off", wrong_images(bench))
    loads = max(options.trials // 10, 1)
    told("garbage on power-up", power_up(bench, loads))
    for name, (change, struck) in KINDS.items():
        found: Counter[str] = Counter()
        for seed in tqdm(range(options.trials), desc=name, leave=False, file=sys.stderr):
            begun = time.monotonic()
            found[bench.trial(change, struck, seed)] += 1
            longest = max(longest, time.monotonic() - begun)
        told(name, found)
    for name in LOADING:
        change, struck = KINDS[name]
        found = Counter(bench.trial(change, struck, seed, loading=True) for seed in range(loads))
        told(f"{name}, while loading", found)
    print(f"\n{all_found['wrong']} wrong velocities accepted in {all_found.total():,} trials")
    return 1 if all_found["wrong"] or longest > LONGEST_S else 0


if __name__ == "__main__":
    sys.exit(main())
