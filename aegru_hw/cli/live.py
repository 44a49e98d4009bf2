"""The command that decodes a live stream: live."""

import argparse
import gc
from contextlib import ExitStack

from aegru_hw.cli.live_ends import (
    INPUTS,
    ON,
    OUTPUTS,
    VIEWS,
    check_output_of,
    opened_decoder,
    opened_input,
    opened_sink,
    opened_view,
)
from aegru_hw.cli.options import Commands, add_force, add_run
from aegru_hw.cli.output import note, show
from aegru_hw.errors import UserError


def add_commands(commands: Commands) -> None:
    """Add the family's commands."""
    added = commands.add(
        "live",
        decode_live,
        "Decode a live stream of spikes, one tick at a time, until it ends or Ctrl-C; say at the "
        "end what was missing and how long ticks took.",
        "my_run --input lsl:spikes --output lsl:velocity --view browser",
        "my_run --input udp:5005 --output -",
        "my_run --input replay:rec.h5 --output csv:velocity.csv --fast",
    )
    add_run(added)
    added.add_argument("--input", required=True, metavar="FROM", help=INPUTS)
    added.add_argument("--output", default="-", metavar="TO", help=f"{OUTPUTS} (default -)")
    added.add_argument("--on", default="software", metavar="WHAT", help=f"{ON} (default software)")
    added.add_argument("--view", metavar="HOW", help=f"look on meanwhile: {VIEWS}")
    added.add_argument(
        "--fast", action="store_true", help="replay as fast as it goes, not at the recording's pace"
    )
    added.add_argument(
        "--wait",
        type=float,
        metavar="S",
        help="end a stream of LSL or UDP after so many seconds without a sample (default never)",
    )
    added.add_argument(
        "--lag",
        type=float,
        metavar="MS",
        help="how long after a tick's end spike events of lsl: may still come (default 2)",
    )
    added.add_argument(
        "--unit", metavar="TEXT", help="the velocity's unit in the description of an lsl: output"
    )
    added.add_argument(
        "--realtime",
        action="store_true",
        help="with real-time priority (SCHED_FIFO), where the system allows it",
    )
    add_force(added)


def decode_live(options: argparse.Namespace) -> int:
    from aegru_hw.runs.folder import RunFolder
    from aegru_hw.streams.decoding import decode_stream
    from aegru_hw.streams.realtime import take_realtime_priority
    from aegru_hw.streams.tick import Delays

    run = RunFolder(options.run_path)
    run.require(run.decoder, "aegru-hw quantize RUN")
    if options.json and options.output == "-":
        raise UserError("--json and --output - both write to standard output; give csv:FILE")
    check_output_of(options)
    with ExitStack() as opened:
        decoder = opened_decoder(options, run, opened)
        if options.realtime:  # from here on: not for compilers, but for the threads of liblsl
            take_realtime_priority()
        ticks, losses = opened_input(options, decoder.decoder, opened)
        delays = Delays()
        watch = opened_view(options, decoder.decoder, delays, losses, opened)
        sink = opened_sink(options, decoder.decoder, opened)
        note(options, f"decoding {options.input} with {type(decoder).__name__}")
        gc.collect()
        gc.freeze()  # collections in mid-stream pass over what was there before it
        try:
            outputs, _ = decode_stream(decoder, ticks, sink, delays=delays, watch=watch)
        finally:
            gc.unfreeze()
    delay = delays.summary()
    facts = {"ticks": delays.ticks, "outputs": outputs, **vars(losses), "delay_us": delay}
    lines = [
        f"{delays.ticks:,} ticks, {outputs:,} outputs; {losses.missing:,} missing, "
        f"{losses.late:,} late or doubled, {losses.refused:,} refused",
        "µs from a tick to its output: "
        + ", ".join(f"{name} {value:,.0f}" for name, value in delay.items()),
    ]
    if options.output == "-":
        note(options, "\n".join(lines))
        return 0
    return show(options, facts, "\n".join(lines))
