"""The command that decodes a live stream: live."""

import argparse
import sys
import warnings
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from aegru_hw.cli.options import Commands, add_force, add_run
from aegru_hw.cli.output import complain, note, show
from aegru_hw.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aegru_hw.fixedpoint import FixedDecoder
    from aegru_hw.streams.tick import Losses, Tick

INPUTS, OUTPUTS = "replay:RECORDING or udp:PORT", "csv:FILE or -"


def add_commands(commands: Commands) -> None:
    """Add the family's commands."""
    added = commands.add(
        "live",
        decode_live,
        "Decode a live stream of spikes, one tick at a time, until it ends or Ctrl-C; say at the "
        "end what was missing and how long ticks took.",
        "my_run --input udp:5005 --output -",
        "my_run --input replay:rec.h5 --output csv:velocity.csv --fast",
    )
    add_run(added)
    added.add_argument("--input", required=True, metavar="FROM", help=INPUTS)
    added.add_argument("--output", default="-", metavar="TO", help=f"{OUTPUTS} (default -)")
    added.add_argument(
        "--fast", action="store_true", help="replay as fast as it goes, not at the recording's pace"
    )
    added.add_argument(
        "--wait",
        type=float,
        metavar="S",
        help="end a stream of UDP after so many seconds without a datagram (default never)",
    )
    add_force(added)


def decode_live(options: argparse.Namespace) -> int:
    from aegru_hw.export.compiled import load_live
    from aegru_hw.runs.folder import RunFolder
    from aegru_hw.streams.decoding import decode_stream

    run = RunFolder(options.run_path)
    path = run.require(run.decoder, "aegru-hw quantize RUN")
    if options.json and options.output == "-":
        raise UserError("--json and --output - both write to standard output; give csv:FILE")
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        decoder = load_live(path)
    for warning in warned:
        complain(str(warning.message))
    with ExitStack() as opened:
        ticks, losses = _input(options, decoder.decoder, opened)
        output = sys.stdout
        if options.output != "-":
            output = opened.enter_context(open(_csv_path(options), "w", encoding="utf-8"))
        note(options, f"decoding {options.input} with {type(decoder).__name__}")
        outputs, delays = decode_stream(decoder, ticks, output)
    facts = {
        "ticks": delays.ticks,
        "outputs": outputs,
        **vars(losses),
        "delay_us": {
            "p50": delays.percentile_us(50),
            "p99": delays.percentile_us(99),
            "p99.9": delays.percentile_us(99.9),
            "longest": delays.longest_us,
        },
    }
    lines = [
        f"{delays.ticks:,} ticks, {outputs:,} outputs; {losses.missing:,} missing, "
        f"{losses.late:,} late or doubled, {losses.refused:,} refused",
        "µs from a tick to its line: "
        + ", ".join(f"{name} {value:,.0f}" for name, value in facts["delay_us"].items()),
    ]
    if options.output == "-":
        note(options, "\n".join(lines))
        return 0
    return show(options, facts, "\n".join(lines))


def _input(
    options: argparse.Namespace, decoder: "FixedDecoder", opened: ExitStack
) -> "tuple[Iterable[Tick], Losses]":
    """Return the ticks of --input, and what is counted of them."""
    from aegru_hw.recordings.fetch import recording_path
    from aegru_hw.recordings.layout import open_recording
    from aegru_hw.runs.verification import check_recording
    from aegru_hw.streams.replay import replay
    from aegru_hw.streams.tick import Losses
    from aegru_hw.streams.udp import UdpSource

    kind, _, where = options.input.partition(":")
    if kind == "replay" and where:
        if options.wait is not None:
            raise UserError("--wait is of udp:PORT")
        recording = open_recording(recording_path(Path(where), progress=False))
        check_recording(decoder, recording)
        return replay(recording, is_paced=not options.fast), Losses()
    if kind == "udp" and where.isdecimal() and int(where) <= 65535:
        if options.fast:
            raise UserError("--fast is of replay:RECORDING")
        if options.wait is not None and not options.wait > 0:
            raise UserError(f"--wait {options.wait:g}: accepted are seconds above 0")
        source = UdpSource(int(where), decoder.geometry, options.wait)
        opened.callback(source.close)
        return source, source.losses
    raise UserError(f"--input {options.input}: accepted is {INPUTS}")


def _csv_path(options: argparse.Namespace) -> Path:
    """Return the file of --output, which may be written."""
    from aegru_hw.cli.paths import check_output
    from aegru_hw.runs.folder import FILES

    kind, _, where = options.output.partition(":")
    if kind != "csv" or not where:
        raise UserError(f"--output {options.output}: accepted is {OUTPUTS}")
    path, source = Path(where), options.input.partition(":")[2]
    read = [options.run_path / name for name in FILES]
    if options.input.startswith("replay:"):
        read.append(Path(source))
    check_output(path, force=options.force, read=tuple(read))
    return path
