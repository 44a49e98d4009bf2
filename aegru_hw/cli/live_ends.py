"""What `live` is put together of: where ticks come from, what decodes, where velocities go."""

import argparse
import sys
import warnings
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from aegru_hw.cli.output import complain, note
from aegru_hw.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aegru_hw.fixedpoint import FixedDecoder
    from aegru_hw.runs.folder import RunFolder
    from aegru_hw.streams.decoding import Sink, Watch
    from aegru_hw.streams.tick import Delays, Losses, Stepping, Tick

INPUTS = "lsl:NAME, replay:RECORDING or udp:PORT"
OUTPUTS = "lsl:NAME, csv:FILE or -"
ON = "software, rtl or board:PORT"
VIEWS = "terminal, browser or browser:PORT"


def opened_decoder(options: argparse.Namespace, run: "RunFolder", opened: ExitStack) -> "Stepping":
    """Return what --on names, with the run's decoder in it."""
    from aegru_hw.export.compiled import load_live
    from aegru_hw.fixedpoint import load_decoder

    if options.on == "software":
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            decoder = load_live(run.decoder)
        for warning in warned:
            complain(str(warning.message))
        return decoder
    if options.on == "rtl":
        from aegru_hw.rtl.live import RtlDecoder
        from aegru_hw.rtl.project import project_lanes

        run.require(run.rtl, "aegru-hw synth RUN --backend rtl")
        engine = RtlDecoder(
            load_decoder(run.decoder), project_lanes(run.rtl), sources_folder=run.rtl / "rtl"
        )
        opened.callback(engine.close)
        return engine
    kind, _, port = options.on.partition(":")
    if kind == "board" and port:
        from aegru_hw.board.live import BoardDecoder

        board = BoardDecoder.open(port, load_decoder(run.decoder), run.rtl)
        opened.callback(board.close)
        return board
    raise UserError(f"--on {options.on}: accepted is {ON}")


def opened_input(
    options: argparse.Namespace, decoder: "FixedDecoder", opened: ExitStack
) -> "tuple[Iterable[Tick], Losses]":
    """Return the ticks of --input, and what is counted of them."""
    from aegru_hw.streams.tick import Losses

    kind, _, where = options.input.partition(":")
    for name, value in (("--wait", options.wait), ("--lag", options.lag)):
        if value is not None and not 0 < value < 1e6:
            what = "seconds" if name == "--wait" else "milliseconds"
            raise UserError(f"{name} {value:g}: accepted are {what} above 0")
    if kind == "replay" and where:
        from aegru_hw.recordings.fetch import recording_path
        from aegru_hw.recordings.layout import open_recording
        from aegru_hw.runs.verification import check_recording
        from aegru_hw.streams.replay import replay

        if options.wait is not None:
            raise UserError("--wait is of lsl:NAME and udp:PORT")
        _check_lag(options)
        recording = open_recording(recording_path(Path(where), progress=False))
        check_recording(decoder, recording)
        return replay(recording, is_paced=not options.fast), Losses()
    if options.fast and kind in ("lsl", "udp"):
        raise UserError("--fast is of replay:RECORDING")
    if kind == "udp" and where.isdecimal() and int(where) <= 65535:
        from aegru_hw.streams.udp import UdpSource

        _check_lag(options)
        udp = UdpSource(int(where), decoder.geometry, options.wait)
        opened.callback(udp.close)
        return udp, udp.losses
    if kind == "lsl" and where:
        from aegru_hw.streams.lsl_source import ALLOWANCE, LslSource

        lag = ALLOWANCE if options.lag is None else options.lag / 1e3
        say = partial(note, options)
        lsl = LslSource(where, decoder, wait=options.wait, allowance=lag, say=say)
        opened.callback(lsl.close)
        return lsl, lsl.losses
    raise UserError(f"--input {options.input}: accepted is {INPUTS}")


def _check_lag(options: argparse.Namespace) -> None:
    if options.lag is not None:
        raise UserError("--lag is of lsl:NAME")


def check_output_of(options: argparse.Namespace) -> None:
    """Refuse an --output that there is not, or that may not be written, before the work begins."""
    kind, _, where = options.output.partition(":")
    if options.output == "-":
        pass
    elif kind == "csv" and where:
        _check_csv(options, Path(where))
    elif kind == "lsl" and where:
        if options.output == options.input:
            raise UserError(f"--output {options.output} is the --input; give another name")
    else:
        raise UserError(f"--output {options.output}: accepted is {OUTPUTS}")
    if options.unit is not None and kind != "lsl":
        raise UserError("--unit is of an --output lsl:NAME")
    if options.unit is not None and not (options.unit.isprintable() and len(options.unit) <= 100):
        raise UserError("--unit: accepted are at most 100 printable characters")


def opened_sink(options: argparse.Namespace, decoder: "FixedDecoder", opened: ExitStack) -> "Sink":
    """Return --output, opened."""
    from aegru_hw.streams.decoding import CsvSink

    kind, _, where = options.output.partition(":")
    if kind == "lsl":
        from aegru_hw.streams.lsl_sink import UNIT, LslSink

        sink = LslSink(where, decoder, UNIT if options.unit is None else options.unit)
        opened.callback(sink.close)
        return sink
    file = sys.stdout
    if kind != "-":
        file = opened.enter_context(open(where, "w", encoding="utf-8"))  # noqa: SIM115
    return CsvSink(file, decoder.geometry.tick_seconds)


def opened_view(
    options: argparse.Namespace,
    decoder: "FixedDecoder",
    delays: "Delays",
    losses: "Losses",
    opened: ExitStack,
) -> "Watch | None":
    """Return who looks on, as --view says."""
    kind, _, where = (options.view or "").partition(":")
    if options.view is None:
        return None
    if options.view == "terminal":
        from aegru_hw.streams.view.terminal import TerminalView

        if options.output == "-" and sys.stdout.isatty():
            raise UserError("--view terminal would stand among the lines of --output -")
        if not sys.stderr.isatty():
            complain("standard error is no terminal, and --view terminal shows nothing")
        terminal = TerminalView(delays, losses, sys.stderr)
        opened.callback(terminal.close)
        return terminal
    if options.view == "browser" or (kind == "browser" and where.isdecimal()):
        from aegru_hw.streams.view.browser import BrowserView

        geometry = decoder.geometry
        facts = {
            "title": options.run_path.resolve().name,
            "said": [
                f"{options.input} to {options.output}",
                f"{geometry.channels} channels",
                f"{geometry.tick_seconds * 1e3:g} ms ticks",
                f"on {options.on}",
                f"decoder {decoder.digest[:12]}",
            ],
            "channels": geometry.channels,
            "tick_seconds": geometry.tick_seconds,
            "every": geometry.every,
        }
        browser = BrowserView(delays, losses, facts, int(where or "0"))
        opened.callback(browser.close)
        complain(f"the view is at {browser.address}")
        return browser
    raise UserError(f"--view {options.view}: accepted is {VIEWS}")


def _check_csv(options: argparse.Namespace, path: Path) -> None:
    from aegru_hw.cli.paths import check_output
    from aegru_hw.runs.folder import FILES

    read = [options.run_path / name for name in FILES]
    if options.input.startswith("replay:"):
        read.append(Path(options.input.partition(":")[2]))
    check_output(path, force=options.force, read=tuple(read))
