"""The commands of boards: board, program."""

import argparse
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from aegru_hw.board.programming import BOARDS, programmer
from aegru_hw.cli.options import Commands, add_force, add_run
from aegru_hw.cli.output import note, show, shows_progress
from aegru_hw.errors import UserError

if TYPE_CHECKING:
    from aegru_hw.board.board import Board
    from aegru_hw.board.selftest import SelfTest
    from aegru_hw.fixedpoint import FixedDecoder

ACTIONS = ("info", "load", "decode", "selftest")
MHZ = 12
"""Of the clock of the iCE40 boards, at which a virtual board's cycles are said in µs too."""


def add_commands(commands: Commands) -> None:
    """Add the family's commands."""
    from aegru_hw.board.ports import PORTS

    added = commands.add(
        "board",
        on_board,
        "Use a board over SPI: info says what answers; load loads a run's decoder; decode decodes "
        "a recording; selftest plays the test split, counts the outputs that differ from the "
        "simulator's, and says how long a tick takes.",
        "info virtual",
        "load spidev:/dev/spidev0.0 my_run",
        "decode serial:/dev/ttyACM0 my_run --recording day2.h5 --out velocity.npz",
        "selftest virtual my_run --ticks 1000",
    )
    added.add_argument("action", choices=ACTIONS, metavar="ACTION", help=", ".join(ACTIONS))
    added.add_argument(
        "port",
        metavar="PORT",
        help=f"{PORTS}; @HZ behind it is the rate of SCK (default 1 MHz), or serial's baud",
    )
    added.add_argument("run_path", type=Path, nargs="?", metavar="RUN", help="not needed for info")
    added.add_argument("--ticks", type=int, metavar="N", help="of selftest: only the first N ticks")
    added.add_argument(
        "--recording",
        type=Path,
        metavar="RECORDING",
        help="of decode and selftest: another one than the run's own",
    )
    added.add_argument(
        "--out", type=Path, metavar="OUT.npz", help="of decode: velocity (O, 2) and its ticks (O,)"
    )
    add_force(added)

    added = commands.add(
        "program",
        program_board,
        "Bring a run's bitstream to a board, with openFPGALoader or iceprog; `synth --target T "
        "--board B` makes it.",
        "my_run --board icebreaker",
    )
    add_run(added)
    added.add_argument("--board", required=True, metavar="B", help=f"of {', '.join(BOARDS)}")


def program_board(options: argparse.Namespace) -> int:
    from aegru_hw.board.programming import program
    from aegru_hw.runs.folder import RunFolder
    from aegru_hw.runs.placement import bitstream_of

    run = RunFolder(options.run_path)
    programmer(options.board, Path())  # before anything is looked for
    bitstream = bitstream_of(run, options.board)
    note(options, f"programming {options.board} with {bitstream}")
    command = program(options.board, bitstream)
    keeps = BOARDS[options.board].keeps
    text = f"programmed {options.board}" + ("" if keeps else ", until its power is switched off")
    facts = {"board": options.board, "bitstream": str(bitstream), "command": command}
    return show(options, facts | {"keeps": keeps}, text)


def on_board(options: argparse.Namespace) -> int:
    _check_options(options)
    with ExitStack() as opened:
        decoder, board = _opened(options, opened)
        if options.action == "info":
            return _info(options, board)
        assert decoder is not None
        if options.action == "decode":
            return _decode(options, decoder, board)
        _load(options, decoder, board, shown=options.action == "load")
        return 0 if options.action == "load" else _selftest(options, decoder, board)


def _check_options(options: argparse.Namespace) -> None:
    """Refuse what an action has no use for, and what it lacks."""
    action, belongs = options.action, {"ticks": "selftest", "out": "decode"}
    for name, owner in belongs.items():
        if getattr(options, name) is not None and action != owner:
            raise UserError(f"--{name} is of `board {owner}`")
    if options.recording is not None and action not in ("decode", "selftest"):
        raise UserError("--recording is of `board decode` and `board selftest`")
    if options.run_path is None and action != "info":
        raise UserError(f"`board {action}` needs a RUN behind the port")
    if action == "decode" and options.out is None:
        raise UserError("`board decode` needs --out OUT.npz")
    if options.ticks is not None and options.ticks < 1:
        raise UserError(f"--ticks {options.ticks}: accepted are whole numbers from 1 on")


def _opened(options: argparse.Namespace, opened: ExitStack) -> "tuple[FixedDecoder | None, Board]":
    """Return the run's decoder, if a run is given, and the board."""
    from aegru_hw.board.board import Board
    from aegru_hw.board.ports import open_port
    from aegru_hw.fixedpoint import load_decoder
    from aegru_hw.runs.folder import RunFolder

    if options.run_path is None:
        return None, opened.enter_context(Board(open_port(options.port)))
    run = RunFolder(options.run_path)
    decoder = load_decoder(run.require(run.decoder, "aegru-hw quantize RUN"))
    return decoder, opened.enter_context(Board(open_port(options.port, decoder, run.rtl)))


def _info(options: argparse.Namespace, board: "Board") -> int:
    from aegru_hw.cli.output import with_entry

    found = board.identify()
    sizes = ", ".join(f"{name} {most:,}" for name, most in found.limits.items())
    image = "none that is valid"
    if found.image is not None:
        image = ", ".join(f"{name} {value}" for name, value in found.image.items())
    lines = [
        f"{options.port}: {'virtual board, ' if board.is_simulated else ''}engine of {found.lanes} "
        f"lanes, images of version {found.version}",
        f"  at most  {sizes}",
        f"  decoder  {image}",
        f"  flags    {', '.join(found.flags) or 'none'}",
    ]
    counters: dict[str, int] = {}
    if found.image is not None:
        counters = board.counters()
        lines.append(f"  ticks    {counters['ticks']:,}, {counters['refused']:,} events refused")
    return show(options, with_entry(found, "counters", counters), "\n".join(lines))


def _load(
    options: argparse.Namespace, decoder: "FixedDecoder", board: "Board", *, shown: bool
) -> None:
    from tqdm import tqdm

    from aegru_hw.cli.output import with_entry

    with tqdm(desc="load", unit="word", disable=not shows_progress(options), leave=False) as bar:
        loaded = board.load(decoder, bar.update)
    if shown:
        text = (
            f"loaded {loaded.words:,} words into {options.port}, CRC-32 {loaded.crc:08X}; "
            f"flags {', '.join(loaded.flags)}"
        )
        show(options, with_entry(loaded, "decoder", decoder.digest), text)


def _decode(options: argparse.Namespace, decoder: "FixedDecoder", board: "Board") -> int:
    import numpy as np
    from tqdm import tqdm

    from aegru_hw.board.recording import decode_recording
    from aegru_hw.cli.paths import check_output
    from aegru_hw.files import atomic_path
    from aegru_hw.recordings.fetch import recording_path
    from aegru_hw.recordings.layout import open_recording
    from aegru_hw.runs.folder import FILES
    from aegru_hw.runs.verification import check_recording

    path = options.recording or options.run_path / "recording.h5"
    path = recording_path(path, progress=shows_progress(options))
    read = (path, *(options.run_path / name for name in FILES))
    check_output(options.out, force=options.force, read=read)
    recording = open_recording(path)
    check_recording(decoder, recording)
    _load(options, decoder, board, shown=False)
    bar = tqdm(
        desc="decode",
        total=recording.ticks // decoder.geometry.every,
        unit="output",
        disable=not shows_progress(options),
        leave=False,
    )
    with bar:
        velocity, ticks = decode_recording(board, decoder, recording, bar.update)
    with atomic_path(options.out) as temporary, open(temporary, "wb") as file:
        np.savez_compressed(file, velocity=velocity, ticks=ticks)
    facts = {"path": str(options.out), "outputs": len(ticks), "repeats": board.repeats}
    return show(options, facts, f"wrote {options.out}: {len(ticks):,} outputs of {options.port}")


def _selftest(options: argparse.Namespace, decoder: "FixedDecoder", board: "Board") -> int:
    from tqdm import tqdm

    from aegru_hw.board.selftest import selftest
    from aegru_hw.cli.paths import given_recording
    from aegru_hw.recordings.recording import load_recording
    from aegru_hw.recordings.stream import test_stream
    from aegru_hw.runs.verification import check_recording

    recording = given_recording(options) or load_recording(options.run_path / "recording.h5")
    check_recording(decoder, recording)
    stream, _ = test_stream(recording, decoder.geometry)
    counts = stream.counts[: options.ticks]
    note(options, f"{len(counts):,} ticks of the test split")
    bar = tqdm(
        desc="selftest",
        total=len(counts) // decoder.geometry.every,
        unit="output",
        disable=not shows_progress(options),
        leave=False,
    )
    with bar:
        found = selftest(board, decoder, counts, bar.update)
    show(options, found, "\n".join(_selftest_lines(found)))
    return 1 if found.mismatches else 0


def _selftest_lines(found: "SelfTest") -> list[str]:
    said = "simulated, so of no meaning for hardware" if found.is_simulated else "as the host sees"
    lines = [
        f"{found.port}: {found.mismatches:,} mismatches against the simulator in "
        f"{found.outputs:,} outputs",
        f"  µs from a tick's events to its velocity ({said}): {_listed(found.round_trip_us)}",
    ]
    if found.clock_cycles is not None:
        micro = {name: cycles / MHZ for name, cycles in found.clock_cycles.items()}
        lines += [
            f"  clock cycles of the board, SCK at an eighth: {_listed(found.clock_cycles)}",
            f"  which are µs at {MHZ} MHz: {_listed(micro)}",
        ]
    lines.append(f"  begun anew after damage: {found.repeats:,}")
    if found.marked:
        lines.append(f"  velocities that an upset may have touched: {found.marked:,}")
    return lines


def _listed(values: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:,.0f}" for name, value in values.items())
