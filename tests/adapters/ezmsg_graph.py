"""A graph of ezmsg: counts from a file in pieces, the decoder, and what it gives into a file."""

import sys
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import ezmsg.core as ez
import numpy as np
from ezmsg.util.messages.axisarray import AxisArray

from aegru_hw.adapters.ezmsg import DecoderSettings, DecoderUnit

PIECES = (1, 1, 5, 2, 40, 1, 3)


class FolderSettings(ez.Settings):
    folder: Path


class Sender(ez.Unit):
    SETTINGS = FolderSettings
    OUTPUT = ez.OutputStream(AxisArray)

    @ez.publisher(OUTPUT)
    async def send(self) -> AsyncGenerator[Any, None]:
        counts, begin, piece = np.load(self.SETTINGS.folder / "counts.npy"), 0, 0
        while begin < len(counts):
            rows = counts[begin : begin + PIECES[piece % len(PIECES)]]
            time = AxisArray.TimeAxis(fs=250.0, offset=100 + begin * 0.004)
            yield self.OUTPUT, AxisArray(rows, dims=["time", "ch"], axes={"time": time})
            begin, piece = begin + len(rows), piece + 1


class ReceiverState(ez.State):
    velocity: list[Any]
    seconds: list[Any]


class Receiver(ez.Unit):
    SETTINGS = FolderSettings
    STATE = ReceiverState
    INPUT = ez.InputStream(AxisArray)

    async def initialize(self) -> None:
        self.STATE.velocity, self.STATE.seconds = [], []
        self.wanted = len(np.load(self.SETTINGS.folder / "counts.npy"))

    @ez.subscriber(INPUT)
    async def receive(self, message: AxisArray) -> None:
        self.STATE.velocity.append(message.data)
        self.STATE.seconds.append(message.axes["time"].value(np.arange(len(message.data))))
        np.savez(
            self.SETTINGS.folder / "velocity.npz",
            velocity=np.concatenate(self.STATE.velocity),
            seconds=np.concatenate(self.STATE.seconds),
            labels=message.axes["ch"].data,
        )
        every = round(message.axes["time"].gain / 0.004)
        if sum(map(len, self.STATE.velocity)) >= self.wanted // every:
            raise ez.NormalTermination


def main(folder: Path) -> None:
    sender, receiver = Sender(FolderSettings(folder)), Receiver(FolderSettings(folder))
    unit = DecoderUnit(DecoderSettings(folder / "decoder.h5"))
    ez.run(
        SENDER=sender,
        UNIT=unit,
        RECEIVER=receiver,
        connections=((sender.OUTPUT, unit.INPUT), (unit.OUTPUT, receiver.INPUT)),
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
