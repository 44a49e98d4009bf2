"""The command line: one thin function per command, heavy imports inside them."""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from aegru_hw.errors import UserError

DEMO_SECONDS = 240.0


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return its exit status: 0 done, 1 refused or mismatched, 130 interrupted."""
    options = build_parser().parse_args(arguments)
    try:
        status: int = options.run(options)
        return status
    except UserError as error:
        print(f"aegru-hw: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"aegru-hw: interrupted{_advice(options)}", file=sys.stderr)
        return 130
    except BrokenPipeError:
        return 1
    except OSError as error:  # a full disk, a folder without permission
        print(f"aegru-hw: {error.strerror or error}: {error.filename or ''}", file=sys.stderr)
        return 1


def _advice(options: argparse.Namespace) -> str:
    if options.command in ("train", "run"):
        return f"; add --resume to go on with {options.out}"
    return ""


def generate(options: argparse.Namespace) -> int:
    from aegru_hw.recordings.generator import generate as write

    refuse_existing(options.out, options.force)
    write(
        options.out,
        channels=options.channels,
        seconds=options.seconds,
        seed=options.seed,
        progress=shows_progress(options),
    )
    facts = {
        "path": str(options.out),
        "channels": options.channels,
        "seconds": options.seconds,
        "seed": options.seed,
    }
    return report(options, facts, f"wrote {options.out}")


def import_recording(options: argparse.Namespace) -> int:
    from aegru_hw.recordings.binned import read_binned

    refuse_existing(options.out, options.force)
    recording = read_binned(
        options.file,
        counts=options.counts,
        velocity=options.velocity,
        tick_seconds=options.tick,
        position=options.position,
        reaches=options.reaches,
        reach_base=options.reach_base,
    )
    recording.save(options.out)
    facts = {
        "path": str(options.out),
        "ticks": recording.ticks,
        "channels": recording.channels,
        "tick_seconds": recording.tick_seconds,
        "segments": len(recording.segment_starts),
        "reaches": len(recording.reach_starts),
    }
    text = (
        f"wrote {options.out}: {recording.ticks} ticks of {recording.tick_seconds:g} s, "
        f"{recording.channels} channels, {facts['segments']} segments, {facts['reaches']} reaches"
    )
    return report(options, facts, text)


def inspect(options: argparse.Namespace) -> int:
    from aegru_hw.recordings.layout import describe

    facts = describe(options.recording)
    return report(options, facts, "\n".join(outline(facts)))


def train(options: argparse.Namespace) -> int:
    from aegru_hw import pipeline

    run, recording, config = prepared_training(options)
    summary = pipeline.train(
        run,
        recording,
        config,
        resume=options.resume,
        force=options.force,
        progress=shows_progress(options),
    )
    return report(options, summary, f"float {r2_text(summary['r2']['float'])}\n{run.path}")


def quantize(options: argparse.Namespace) -> int:
    from aegru_hw import pipeline

    run = run_folder(options.run_path)
    summary = pipeline.quantize(
        run, options.set, force=options.force, progress=shows_progress(options)
    )
    lines = [f"{name:9} {r2_text(r2)}" for name, r2 in summary["r2"].items()]
    return report(options, summary, "\n".join([*lines, str(run.decoder)]))


def simulate(options: argparse.Namespace) -> int:
    import numpy as np

    from aegru_hw import pipeline
    from aegru_hw.files import atomic_path
    from aegru_hw.recordings.layout import open_recording

    if options.out is not None:
        refuse_existing(options.out, options.force)
    recording = open_recording(options.recording)
    velocity, facts = pipeline.simulate(run_folder(options.run_path), recording)
    if options.out is not None:
        with atomic_path(options.out) as temporary, open(temporary, "wb") as file:
            np.savez_compressed(file, velocity=velocity)
        facts["velocity"] = str(options.out)
    macs = facts["macs"]
    text = (
        f"{facts['ticks']} ticks, {r2_text(facts['r2'])}\n"
        f"MACs per tick: {macs['streaming_effective']:.0f} of {macs['streaming_dense']} dense "
        f"streaming, {macs['reference_dense']} dense reference"
    )
    return report(options, facts, text)


def synth(options: argparse.Namespace) -> int:
    from aegru_hw.fixedpoint import load_decoder

    run = run_folder(options.run_path)
    if options.run_vendor:
        from aegru_hw.hls import require_vendor

        require_vendor()
    decoder = load_decoder(run.require(run.decoder, "aegru-hw quantize RUN"))
    if run.hls.exists() and not options.force:
        raise UserError(f"{run.hls} exists; --force replaces it")
    facts = write_firmware(options, decoder, run.hls)
    if options.run_vendor:
        from aegru_hw.hls import run_vendor

        facts["vendor"] = run_vendor(run.hls)
    run.add_to_summary({"firmware": facts})
    return report(options, facts, f"wrote and compiled {run.hls}")


def write_firmware(options: argparse.Namespace, decoder: Any, folder: Path) -> dict[str, Any]:
    """Write and compile the hls4ml project of a decoder; return its settings."""
    from aegru_hw.hls import Firmware, write_project

    given = {
        "part": options.part,
        "clock_period_ns": options.clock_period,
        "strategy": options.strategy,
        "reuse_factor": options.reuse_factor,
        "io_type": options.io_type,
    }
    note(options, "writing and compiling the hls4ml project (g++, some ten seconds)")
    chosen = {name: value for name, value in given.items() if value is not None}
    project = write_project(decoder, folder, **chosen)
    Firmware(folder).compile()
    facts = {"backend": options.backend, **asdict(project.options)}
    return facts | {"reuse_factors": project.reuse_factors}


def verify(options: argparse.Namespace) -> int:
    from aegru_hw import pipeline
    from aegru_hw.recordings.layout import open_recording

    recording = None if options.recording is None else open_recording(options.recording)
    summary = pipeline.verify(
        run_folder(options.run_path), recording, progress=shows_progress(options)
    )
    report(options, summary, summary_text(summary))
    return 1 if any(summary["mismatches"].values()) else 0


def run_all(options: argparse.Namespace) -> int:
    from aegru_hw import pipeline
    from aegru_hw.fixedpoint import load_decoder

    run, recording, config = prepared_training(options)
    progress = shows_progress(options)
    if not (options.resume and run.float_weights.exists()):
        pipeline.train(
            run, recording, config, resume=options.resume, force=options.force, progress=progress
        )
    if not run.decoder.exists():
        pipeline.quantize(run, [], progress=progress)
    if not run.hls.exists():
        decoder = load_decoder(run.decoder)
        run.add_to_summary({"firmware": write_firmware(options, decoder, run.hls)})
    note(options, "verifying every execution over the test split")
    summary = pipeline.verify(run, progress=progress)
    report(options, summary, f"{summary_text(summary)}\nsummary: {run.summary}\nrun: {run.path}")
    return 1 if any(summary["mismatches"].values()) else 0


def demo(options: argparse.Namespace) -> int:
    from aegru_hw.recordings.generator import generate as write

    with tempfile.TemporaryDirectory() as folder:
        options.recording = Path(folder) / "generated.mat"
        note(options, f"generating {DEMO_SECONDS:g} s of 96 channels at 4 ms")
        write(options.recording, channels=96, seconds=DEMO_SECONDS, seed=options.seed or 0)
        return run_all(options)


def prepared_training(options: argparse.Namespace) -> tuple[Any, Any, Any]:
    """Return run folder, recording and configuration of `train` and `run`, checked."""
    from aegru_hw import pipeline
    from aegru_hw.decoder.config import make_config
    from aegru_hw.recordings.layout import open_recording

    run = run_folder(options.out)
    if options.resume:
        if options.set or options.seed is not None or options.force:
            raise UserError("--resume goes on as the run began; drop --set, --seed and --force")
        return run, *pipeline.resumed(run)
    config = make_config(options.preset, options.set, options.seed)
    return run, open_recording(options.recording), config


def run_folder(path: Path) -> Any:
    """Return the RUN folder at a path."""
    from aegru_hw.run_folder import RunFolder

    return RunFolder(path)


def refuse_existing(path: Path, force: bool) -> None:
    """Refuse to overwrite a file unless told to."""
    if path.exists() and not force:
        raise UserError(f"{path} exists; --force replaces it")


def shows_progress(options: argparse.Namespace) -> bool:
    """Tell whether progress bars are wanted: not beside --json or --quiet."""
    return not (options.json or options.quiet)


def note(options: argparse.Namespace, text: str) -> None:
    """Say on standard error what long work begins."""
    if shows_progress(options):
        print(text, file=sys.stderr)


def report(options: argparse.Namespace, facts: dict[str, Any], text: str) -> int:
    """Print facts as JSON or text; return the exit status of success."""
    print(json.dumps(facts, indent=2) if options.json else text)
    return 0


def r2_text(r2: dict[str, float]) -> str:
    return f"R² {r2['mean']:.4f} (x {r2['x']:.4f}, y {r2['y']:.4f})"


def summary_text(summary: dict[str, Any]) -> str:
    """Return a run's results as lines for people."""
    lines = ["test split"]
    lines += [f"  {name:10} {r2_text(r2)}" for name, r2 in summary["r2"].items()]
    lines += [f"mismatching ticks of {summary['ticks_compared']} scored"]
    lines += [f"  {name:20} {count}" for name, count in summary["mismatches"].items()]
    lines += ["MACs per output"]
    lines += [f"  {name:20} {count:,.0f}" for name, count in summary["macs"].items()]
    lines += [f"sparsity {summary['sparsity']:.3f}"]
    footprint = summary["footprint_bytes"]
    lines += [f"footprint {footprint['float']:,} bytes float, {footprint['fixed']:,} fixed"]
    return "\n".join(lines)


def outline(facts: dict[str, Any], indent: str = "") -> list[str]:
    """Return nested facts as indented lines."""
    lines = []
    for key, value in facts.items():
        if isinstance(value, dict):
            lines += [f"{indent}{key}", *outline(value, indent + "  ")]
        else:
            lines.append(f"{indent}{key}: {value}")
    return lines


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="aegru-hw",
        description="From a motor-cortex recording to a verified fixed-point decoder in hardware.",
        epilog="example: aegru-hw run recording.h5 --out my_run",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(
        name: str, function: Callable[[argparse.Namespace], int], summary: str, example: str
    ) -> argparse.ArgumentParser:
        added = commands.add_parser(
            name, help=summary, description=summary, epilog=f"example: aegru-hw {name} {example}"
        )
        added.set_defaults(run=function)
        added.add_argument("--json", action="store_true", help="print JSON for machines")
        added.add_argument("--quiet", action="store_true", help="show no progress")
        return added

    added = command(
        "generate",
        generate,
        "Write a made-up recording in O'Doherty's layout.",
        "made.mat --channels 96 --seconds 300",
    )
    added.add_argument("out", type=Path, metavar="OUT.mat")
    added.add_argument("--channels", type=int, default=96, help="electrodes (default 96)")
    added.add_argument("--seconds", type=float, default=300.0, help="length (default 300)")
    added.add_argument("--seed", type=int, default=0)
    add_force(added)

    added = command(
        "import",
        import_recording,
        "Read binned counts and velocity from .mat or .npz into a recording.",
        "stevenson2011.mat out.h5 --counts spikes --velocity handVel:0,1 --tick 0.05",
    )
    added.add_argument("file", type=Path, metavar="FILE")
    added.add_argument("out", type=Path, metavar="OUT.h5")
    selector = "KEY[:rows][@time axis]"
    added.add_argument("--counts", required=True, metavar=selector, help="spikes per bin")
    added.add_argument("--velocity", required=True, metavar=selector, help="two rows: x and y")
    added.add_argument("--tick", required=True, type=float, metavar="SECONDS", help="bin length")
    added.add_argument("--position", metavar=selector, help="finds breaks, with the velocity")
    added.add_argument("--reaches", metavar="KEY", help="first bin of each reach, for the split")
    added.add_argument("--reach-base", type=int, choices=(0, 1), help="index of the first bin")
    add_force(added)

    added = command("inspect", inspect, "Say what a file offers.", "recording.h5")
    added.add_argument("recording", type=Path, metavar="RECORDING")

    added = command(
        "train", train, "Train the float network.", "recording.h5 --out my_run --seed 1"
    )
    add_training(added)

    added = command(
        "quantize",
        quantize,
        "Prune, quantise and fine-tune; write decoder.h5.",
        "my_run --set widths.weight=4 --force",
    )
    add_run(added)
    add_set(added)
    add_force(added)

    added = command(
        "simulate",
        simulate,
        "Decode a recording with the integer simulator.",
        "my_run recording.h5 --out velocity.npz",
    )
    add_run(added)
    added.add_argument("recording", type=Path, metavar="RECORDING")
    added.add_argument("--out", type=Path, metavar="OUT.npz", help="decoded velocity (T, 2)")
    add_force(added)

    added = command(
        "synth", synth, "Write and compile the hls4ml firmware.", "my_run --strategy resource"
    )
    add_run(added)
    add_firmware(added)
    added.add_argument("--run-vendor", action="store_true", help="synthesise with Vitis HLS too")
    add_force(added)

    added = command(
        "verify", verify, "Compare every execution over the test split.", "my_run --json"
    )
    add_run(added)
    added.add_argument("recording", type=Path, nargs="?", metavar="RECORDING")

    added = command(
        "run",
        run_all,
        "All of it: train, quantise, firmware, verify.",
        "recording.h5 --out my_run --preset fast",
    )
    add_training(added)
    add_firmware(added)

    added = command("demo", demo, "The whole way on a generated recording.", "--out demo_run")
    added.add_argument("--out", type=Path, default=Path("demo_run"), metavar="RUN")
    added.set_defaults(preset="fast", resume=False)
    add_set(added)
    add_seed(added)
    add_firmware(added)
    add_force(added)
    return parser


def add_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run_path", type=Path, metavar="RUN")


def add_force(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--force", action="store_true", help="replace what is there")


def add_set(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="section.key=value",
        help="override a constant of the configuration; may be given again",
    )


def add_seed(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seed", type=int, help="default 0")


def add_training(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("recording", type=Path, metavar="RECORDING")
    parser.add_argument("--out", type=Path, required=True, metavar="RUN")
    parser.add_argument("--preset", choices=("fast", "paper"), default="paper")
    add_set(parser)
    add_seed(parser)
    parser.add_argument("--resume", action="store_true", help="go on with an interrupted run")
    add_force(parser)


def add_firmware(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--backend", choices=("hls4ml",), default="hls4ml")
    parser.add_argument("--part", help="FPGA for the vendor tool (default xczu7ev-ffvc1156-2-e)")
    parser.add_argument("--clock-period", type=float, metavar="NS", help="default 5")
    parser.add_argument(
        "--strategy",
        choices=("latency", "resource", "resource_unrolled"),
        help="hls4ml's, for all matrix products (default resource)",
    )
    parser.add_argument("--reuse-factor", type=int, help="uses of each multiplier (default 32)")
    parser.add_argument("--io-type", choices=("io_parallel", "io_stream"), help="of the ports")


if __name__ == "__main__":
    sys.exit(main())
