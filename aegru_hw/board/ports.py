"""The ports that a board can be at, by their names on the command line."""

from pathlib import Path

from aegru_hw.board.transport import Transport
from aegru_hw.errors import UserError
from aegru_hw.fixedpoint.decoder import FixedDecoder
from aegru_hw.fixedpoint.rate import per_output
from aegru_hw.rtl.lanes import DEFAULT_LANES

VIRTUAL = "virtual"
PORTS = f"{VIRTUAL}, spidev:/dev/spidevB.C, ftdi:URL or serial:/dev/tty..."
PACKAGES_OF = {"spidev": ("spidev",), "ftdi": ("pyftdi",), "serial": ("pyserial",)}
"""By the kind of a port."""
SCK_HZ = 1_000_000
"""Where none is given: below an eighth of the 12 MHz of the iCE40 boards."""
BAUD = 115_200


def open_port(
    port: str, decoder: FixedDecoder | None = None, engine: Path | None = None
) -> Transport:
    """Return the way to a board: `PORTS`, each but virtual with @HZ of SCK, or @BAUD, behind it.

    decoder, engine: what a virtual board is made for: the engine's project, such as RUN/rtl, where
    it is there; else the engine of four lanes that is made for the decoder; where neither is given,
    one that takes any decoder up to the usual limits.
    Raises UserError for a port that there is not, and where its package or device is missing.
    """
    kind, _, where = port.partition(":")
    if port == VIRTUAL:
        return _virtual(decoder, engine)
    where, at, number = where.rpartition("@") if "@" in where else (where, "", "")
    if where and kind in ("spidev", "ftdi", "serial") and bool(at) == number.isdecimal():
        rate = int(number) if number else BAUD if kind == "serial" else SCK_HZ
        if kind == "spidev":
            from aegru_hw.board.spidev_port import SpidevPort

            return SpidevPort(port, where, rate)
        if kind == "ftdi":
            from aegru_hw.board.ftdi_port import FtdiPort

            return FtdiPort(port, where, rate)
        from aegru_hw.board.serial_port import SerialPort

        return SerialPort(port, where, rate)
    raise UserError(f"there is no port {port}; accepted are {PORTS}, each but the first with @HZ")


def _virtual(decoder: FixedDecoder | None, engine: Path | None) -> Transport:
    from aegru_hw.board.virtual import VirtualBoard
    from aegru_hw.rtl.project import project_parameters

    if engine is not None and engine.is_dir():
        return VirtualBoard(project_parameters(engine), sources_folder=engine / "rtl")
    if decoder is not None:
        return VirtualBoard.of(per_output(decoder), DEFAULT_LANES)
    return VirtualBoard()
