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
LANES = (1, 2, 4, 8, 16)
TARGETS, DEMO_TARGET, NO_TARGET = "ice40up5k, ecp5-25k, ecp5-85k or xc7", "ecp5-25k", "none"
DEMO_RECORDING = f"aegru-hw generate generated.mat --channels 96 --seconds {DEMO_SECONDS:g}"


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return its exit status.

    0: done. 1: refused, failed, mismatched, or timing missed. 130: interrupted.
    """
    options = build_parser().parse_args(arguments)
    try:
        status: int = options.run(options)
        return status
    except UserError as error:
        complain(str(error))
        return 1
    except KeyboardInterrupt:
        complain(f"interrupted{_advice(options)}")
        return 130
    except BrokenPipeError:
        return 1
    except OSError as error:  # a full disk, a folder without permission
        complain(f"{error.strerror or error}: {error.filename or ''}")
        return 1


def _advice(options: argparse.Namespace) -> str:
    if options.command in ("train", "run"):
        return f"; add --resume to go on with {options.out}"
    if options.command == "sweep":
        return "; the same command goes on with the study"
    if options.command == "sweep-lanes":
        return f"; the same command goes on with {options.run_path / 'lanes'}"
    if options.command == "benchmark":
        return f"; the same command goes on with {options.out}"
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
    from aegru_hw.recordings.layout import import_file

    refuse_existing(options.out, options.force)
    recording = import_file(
        options.file,
        counts=options.counts,
        velocity=options.velocity,
        tick_seconds=options.tick,
        position=options.position,
        reaches=options.reaches,
        reach_base=options.reach_base,
        merge=options.merge,
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


def fetch(options: argparse.Namespace) -> int:
    from aegru_hw.recordings.fetch import fetch

    paths = {
        name: str(
            fetch(
                name,
                mirror=options.mirror,
                force=options.force,
                progress=shows_progress(options),
            )
        )
        for name in options.names
    }
    return report(options, {"recordings": paths}, "\n".join(paths.values()))


def inspect(options: argparse.Namespace) -> int:
    from aegru_hw.recordings.layout import describe

    facts = describe(recording_path(options))
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
    recording = open_recording(recording_path(options))
    velocity, facts = pipeline.simulate(run_folder(options.run_path), recording, options.lanes)
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
    if "engine" in facts:
        text += f"\n{engine_text(facts['engine'])}\n{energy_text(facts['energy'])}"
    return report(options, facts, text)


def synth(options: argparse.Namespace) -> int:
    if options.target is None:
        for name in ("clock", "board", "place_seed"):
            if getattr(options, name) is not None:
                raise UserError(f"--{name.replace('_', '-')} is of a placed engine; add --target")
        return synth_engine(options) if options.backend == "rtl" else synth_firmware(options)
    if options.backend == "hls4ml":
        raise UserError("--target places the RTL engine; drop --backend hls4ml")
    return synth_target(options)


def synth_engine(options: argparse.Namespace) -> int:
    from aegru_hw import pipeline
    from aegru_hw.placement import usual_lanes

    if options.run_vendor:
        raise UserError("--run-vendor with --backend rtl is Vivado; add --target xc7")
    run = run_folder(options.run_path)
    lanes = options.lanes or usual_lanes(None)
    facts = pipeline.synthesise_engine(run, lanes, force=options.force)
    text = f"wrote {run.rtl}: {lanes} lanes\ntestbench: python {run.rtl / 'run.py'}"
    return report(options, facts, text)


def synth_target(options: argparse.Namespace) -> int:
    from aegru_hw.placement import place
    from aegru_hw.synthesis import missed_timing, target_named
    from aegru_hw.synthesis.flow import SEED
    from aegru_hw.synthesis.text import resources_text

    run, target = run_folder(options.run_path), target_named(options.target)
    if options.run_vendor and target.family != "xc7":
        raise UserError(f"--run-vendor with --target is Vivado, for xc7; {target.name} needs none")
    facts = place(
        run,
        target,
        lanes=options.lanes,
        clock_mhz=options.clock,
        board=options.board,
        seed=SEED if options.place_seed is None else options.place_seed,
        force=options.force,
        vendor=options.run_vendor,
        progress=shows_progress(options),
    )
    folder = run.synth / target.name
    report(options, facts | {"path": str(folder)}, resources_text(facts, folder))
    missed = missed_timing(facts)
    if missed is None:
        return 0
    complain(missed)
    return 1


def synth_firmware(options: argparse.Namespace) -> int:
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
    facts = {"backend": "hls4ml", **asdict(project.options)}
    return facts | {"reuse_factors": project.reuse_factors}


def sweep_lanes(options: argparse.Namespace) -> int:
    from aegru_hw import placement
    from aegru_hw.synthesis import target_named
    from aegru_hw.synthesis.lanes import FAILED, TABLE
    from aegru_hw.synthesis.text import lanes_text

    run = run_folder(options.run_path)
    table = placement.sweep_lanes(
        run,
        [target_named(name) for name in dict.fromkeys(options.targets)],
        lanes=options.lanes and sorted(set(options.lanes)),
        clock_mhz=options.clock,
        progress=shows_progress(options),
        say=lambda text: note(options, text),
    )
    report(options, table, f"{lanes_text(table)}\n{run.lanes / TABLE}")
    failed = [row for row in table["rows"] if row["status"] == FAILED]
    if failed:
        complain(f"{len(failed)} of {len(table['rows'])} engines failed in a tool; see the table")
    return 1 if failed else 0


def verify(options: argparse.Namespace) -> int:
    from aegru_hw import pipeline
    from aegru_hw.recordings.layout import open_recording

    given = options.recording is not None
    recording = open_recording(recording_path(options)) if given else None
    summary = pipeline.verify(
        run_folder(options.run_path), recording, progress=shows_progress(options)
    )
    report(options, summary, summary_text(summary))
    return exit_status(summary)


def report_page(options: argparse.Namespace) -> int:
    from aegru_hw.report import write_report

    path = write_report(run_folder(options.run_path))
    return report(options, {"path": str(path), "bytes": path.stat().st_size}, f"wrote {path}")


def run_all(options: argparse.Namespace) -> int:
    from aegru_hw import pipeline
    from aegru_hw.fixedpoint import load_decoder
    from aegru_hw.placement import usual_lanes
    from aegru_hw.report import write_report
    from aegru_hw.synthesis.text import resources_text

    target = wanted_target(options)
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
    if not run.rtl.exists():
        pipeline.synthesise_engine(run, options.lanes or usual_lanes(target))
    note(options, "verifying every execution over the test split")
    summary = pipeline.verify(run, progress=progress)
    placed, done = ({}, True) if target is None else place_verified(options, run, target)
    if options.command == "demo":
        made_by = f"{DEMO_RECORDING} --seed {config.seed}"
        run.add_to_summary({"recording": {"made_by": made_by}})
    page = write_report(run)
    texts = [summary_text(summary)]
    if placed:
        summary = summary | {"synthesis": placed}
        texts.append(resources_text(placed, run.synth / target.name))
    texts += [f"summary: {run.summary}", f"report: {page}", f"run: {run.path}"]
    report(options, summary, "\n".join(texts))
    return exit_status(summary) if done else 1


def place_verified(
    options: argparse.Namespace, run: Any, target: Any
) -> tuple[dict[str, Any], bool]:
    """Place the engine that `run` verified, where it is not placed yet.

    Returns what was found, nothing where the engine does not fit, and whether the tools did their
    work. Missed timing, no fit and a failed tool are said on standard error.
    """
    from aegru_hw.placement import place
    from aegru_hw.rtl.project import project_lanes
    from aegru_hw.synthesis import DoesNotFitError, ToolFailedError, missed_timing
    from aegru_hw.synthesis.flow import RESULTS
    from aegru_hw.synthesis.reports import read_json

    results = run.synth / target.name / RESULTS
    if results.exists():
        return read_json(results), True
    note(options, f"synthesising the engine for {target.name} (minutes)")
    try:
        lanes = project_lanes(run.rtl)
        facts = place(run, target, lanes=lanes, progress=shows_progress(options))
    except (DoesNotFitError, ToolFailedError) as error:
        complain(str(error))
        return {}, isinstance(error, DoesNotFitError)
    missed = missed_timing(facts)
    if missed is not None:
        complain(missed)
    return facts, True


def wanted_target(options: argparse.Namespace) -> Any:
    """Return the target of `run` and `demo`, its tools installed; None where none is wanted."""
    from aegru_hw.synthesis import target_named
    from aegru_hw.synthesis.flow import require_tools_of

    if options.target is None or options.target == NO_TARGET:
        return None
    target = target_named(options.target)
    require_tools_of(target)
    return target


def demo(options: argparse.Namespace) -> int:
    from aegru_hw.recordings.generator import generate as write

    wanted_target(options)  # refuse before anything is made
    with tempfile.TemporaryDirectory() as folder:
        options.recording = Path(folder) / "generated.mat"
        note(options, f"generating {DEMO_SECONDS:g} s of 96 channels at 4 ms")
        write(options.recording, channels=96, seconds=DEMO_SECONDS, seed=options.seed or 0)
        return run_all(options)


def sweep(options: argparse.Namespace) -> int:
    from aegru_hw.recordings.layout import open_recording
    from aegru_hw.sweep.space import DEFAULT_SPACE, parse_space
    from aegru_hw.sweep.study import Problem
    from aegru_hw.sweep.study import sweep as work

    for name in ("trials", "seeds", "heartbeat"):
        if getattr(options, name) < 1:
            raise UserError(f"--{name} is {getattr(options, name)}; 1 or more is accepted")
    problem = Problem(
        space=parse_space(options.vary or DEFAULT_SPACE, options.preset, options.set),
        preset=options.preset,
        overrides=tuple(options.set),
        seed=options.seed or 0,
        seeds=options.seeds,
    )
    summary = work(
        open_recording(recording_path(options)),
        problem,
        options.out,
        trials=options.trials,
        storage=options.storage,
        name=options.study,
        heartbeat=options.heartbeat,
        progress=shows_progress(options),
    )
    lines = [f"{summary['trials']} trials; Pareto front of R² (validation split) and MACs per tick"]
    for row in summary["pareto"]:
        varied = [
            f"{key}={value:.4g}" if isinstance(value, float) else f"{key}={value}"
            for key, value in row.items()
            if "." in key
        ]
        lines.append(f"  {row['r2']:.4f} {row['macs']:>10,.0f}  {' '.join(varied)}")
    return report(options, summary, "\n".join([*lines, summary["plots"]]))


def benchmark(options: argparse.Namespace) -> int:
    from tqdm import tqdm

    from aegru_hw.benchmark.measure import ROWS, case_of, measure
    from aegru_hw.benchmark.table import summarise, table_text
    from aegru_hw.recordings.layout import open_recording

    if options.seeds < 1:
        raise UserError(f"--seeds is {options.seeds}; accepted is a whole number from 1")
    cases = [case_of(str(path), open_recording(path)) for path in options.recordings]
    results: dict[str, Any] = {case.name: {} for case in cases}
    total = len(cases) * options.seeds * len(ROWS)
    with tqdm(total=total, unit="row", disable=not shows_progress(options)) as bar:
        for seed in range(options.seeds):
            for case in cases:
                rows = results[case.name].setdefault(seed, {})
                measured = measure(
                    case,
                    seed,
                    options.out,
                    options.preset,
                    options.set,
                    say=lambda text, name=case.name, seed=seed: bar.set_description(  # type: ignore[misc]
                        f"{name}, seed {seed}: {text}"
                    ),
                )
                for name, row in measured:
                    rows[name] = row
                    bar.update()
    table = summarise(results, {case.name: case.facts for case in cases})
    return report(options, table, table_text(table, options.seeds))


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
    return run, open_recording(recording_path(options)), config


def recording_path(options: argparse.Namespace) -> Path:
    """Return where the recording lies that is given by path or by published name."""
    from aegru_hw.recordings.fetch import recording_path

    return recording_path(options.recording, progress=shows_progress(options))


def exit_status(summary: dict[str, Any]) -> int:
    """Return 1 where executions differ or the engine's counters are not as predicted."""
    equal = summary.get("cycles", {}).get("predicted_equal", True)
    return 1 if any(summary["mismatches"].values()) or not equal else 0


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


def complain(text: str) -> None:
    """Say on standard error, in one line, what is not as it should be."""
    print(f"aegru-hw: {text}", file=sys.stderr)


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
    if "cycles" in summary:
        cycles = summary["cycles"]
        lines += [
            f"cycles per tick {cycles['per_tick_mean']:,.0f} mean, {cycles['per_tick_max']:,} max "
            f"on {cycles['lanes']} lanes, latency at most {cycles['latency_max']:,}",
            f"counters equal the cost model on every tick: "
            f"{'yes' if cycles['predicted_equal'] else 'NO'}",
        ]
    if "energy" in summary:
        lines.append(energy_text(summary["energy"]))
    lines += [f"sparsity {summary['sparsity']:.3f}"]
    footprint = summary["footprint_bytes"]
    lines += [f"footprint {footprint['float']:,} bytes float, {footprint['fixed']:,} fixed"]
    return "\n".join(lines)


def engine_text(facts: dict[str, Any]) -> str:
    """Return the cost model's prediction as lines for people."""
    cycles, used = facts["cycles"], facts["utilisation"]
    phases = ", ".join(f"{name} {share:.3f}" for name, share in used.items() if name != "tick")
    return "\n".join(
        [
            f"engine of {facts['lanes']} lanes, by the cost model",
            f"  MACs per tick    {facts['macs_per_tick_mean']:,.0f}",
            f"  cycles per tick  {cycles['per_tick_mean']:,.0f} mean, "
            f"{cycles['per_tick_max']:,} max",
            f"  latency          {cycles['latency_mean']:,.0f} mean, "
            f"{cycles['latency_max']:,} max, in cycles",
            f"  utilisation      {used['tick']:.3f} ({phases})",
            f"  keeps up from    {facts['least_clock_hz'] / 1e6:.3g} MHz",
        ]
    )


def energy_text(facts: dict[str, Any]) -> str:
    """Return the energy estimate as a line for people."""
    engine, reference = (facts["per_tick_nj"][name] for name in ("engine", "reference_dense"))
    return (
        f"energy estimate {engine:,.1f} nJ a tick, {reference / engine:.1f} times less than the "
        "dense reference (45 nm table, not a measurement)"
    )


def outline(facts: dict[str, Any], indent: str = "") -> list[str]:
    """Return nested facts as indented lines."""
    lines = []
    for key, value in facts.items():
        if isinstance(value, dict):
            lines += [f"{indent}{key}", *outline(value, indent + "  ")]
        else:
            lines.append(f"{indent}{key}: {value}")
    return lines


class HelpFormatter(argparse.HelpFormatter):
    """The usual help, but each example on one line of its own, to be copied."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return text if text.startswith("example: ") else super()._fill_text(text, width, indent)


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="aegru-hw",
        description="From a motor-cortex recording to a verified fixed-point decoder in hardware.",
        epilog="example: aegru-hw run recording.h5 --out my_run",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(
        name: str, function: Callable[[argparse.Namespace], int], summary: str, *examples: str
    ) -> argparse.ArgumentParser:
        lines = [f"example: aegru-hw {name} {example}" for example in examples]
        added = commands.add_parser(
            name,
            help=summary,
            description=summary,
            epilog="\n".join(lines),
            formatter_class=HelpFormatter,
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
        "Make a recording of a .mat, .npz or .nwb file whose arrays are named.",
        "stevenson2011.mat out.h5 --counts spikes --velocity handVel:0,1 --tick 0.05",
    )
    added.add_argument("file", type=Path, metavar="FILE")
    added.add_argument("out", type=Path, metavar="OUT.h5")
    selector = "KEY[:rows][@time axis]"
    added.add_argument(
        "--counts",
        metavar=selector,
        help="spikes per bin; in NWB `units` (spike times) or a series",
    )
    added.add_argument(
        "--velocity", metavar=selector, help="two rows: x and y; in NWB two columns or two series"
    )
    added.add_argument(
        "--tick",
        type=float,
        metavar="SECONDS",
        help="bin length (NWB: default the movement's interval, at least 0.004)",
    )
    added.add_argument(
        "--position",
        metavar=selector,
        help="finds breaks, with the velocity; in NWB instead of it: velocity is its difference",
    )
    added.add_argument(
        "--reaches",
        metavar="KEY",
        help="first bin of each reach; in NWB intervals (default trials)",
    )
    added.add_argument("--reach-base", type=int, choices=(0, 1), help="index of the first bin")
    added.add_argument(
        "--merge",
        choices=("or", "count", "none"),
        help="NWB: units of one electrode are OR-ed to 0/1 a tick (default up to 4 ms, as the "
        "published benchmark does), their spikes counted (default beyond), or kept apart",
    )
    add_force(added)

    added = command(
        "fetch",
        fetch,
        "Download published recordings (Zenodo record 583331) by name, where they are on no disk.",
        "indy_20160622_01",
    )
    added.add_argument("names", nargs="+", metavar="NAME", help="such as indy_20160622_01")
    added.add_argument(
        "--mirror", metavar="BASE", help="address that the file names follow (default Zenodo's)"
    )
    add_force(added)

    added = command("inspect", inspect, "Say what a file offers.", "recording.h5")
    add_recording(added)

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
    add_recording(added)
    added.add_argument("--out", type=Path, metavar="OUT.npz", help="decoded velocity (T, 2)")
    add_lanes(added, "predict the cycles and energy of an engine")
    add_force(added)

    added = command(
        "synth",
        synth,
        "Write the hardware: hls4ml firmware, compiled, or the RTL engine; with --target, place "
        "the engine with open tools into RUN/synth/TARGET.",
        "my_run --backend rtl --lanes 4",
        "my_run --target ecp5-25k --lanes 4 --clock 60",
        "my_run --target ice40up5k --board icebreaker",
        "my_run --target xc7 --run-vendor",
    )
    add_run(added)
    added.add_argument(
        "--backend",
        choices=("hls4ml", "rtl"),
        help="default hls4ml, or rtl where --target is given",
    )
    add_firmware(added)
    add_lanes(added, "default 4; with --target as in RUN/rtl, 1 for ice40up5k")
    add_target(
        added,
        "place the engine on this device and pack its bitstream, estimates alone for xc7; the same "
        "target's results of before are replaced; exit status 1 where timing is missed",
    )
    added.add_argument(
        "--clock", type=float, metavar="MHZ", help="clock to place for (default the target's)"
    )
    added.add_argument(
        "--board", metavar="B", help="ice40up5k: upduino3 (default) or icebreaker, for its pins"
    )
    added.add_argument(
        "--place-seed", type=int, metavar="N", help="of the placer (default 1); others vary Fmax"
    )
    added.add_argument(
        "--run-vendor",
        action="store_true",
        help="synthesise with Vitis HLS too; with --target xc7, place with Vivado",
    )
    add_force(added)

    added = command(
        "sweep-lanes",
        sweep_lanes,
        "Place the engine for targets and numbers of lanes P; print what each takes and gives: "
        "resources, Fmax, cycles, latency, energy. RUN/lanes keeps every result.",
        "my_run --targets ice40up5k ecp5-25k",
        "my_run --targets ecp5-25k ecp5-85k xc7 --lanes 1 4 16 --clock 60",
    )
    add_run(added)
    added.add_argument(
        "--targets", nargs="+", required=True, metavar="T", help=f"of {TARGETS} (estimates)"
    )
    added.add_argument(
        "--lanes",
        type=int,
        nargs="+",
        choices=LANES,
        metavar="P",
        help="1, 2, 4, 8 or 16 (default all of them, 1 for ice40up5k)",
    )
    added.add_argument(
        "--clock", type=float, metavar="MHZ", help="clock to place for (default each target's)"
    )

    added = command(
        "verify", verify, "Compare every execution over the test split.", "my_run --json"
    )
    add_run(added)
    add_recording(added, nargs="?")

    added = command(
        "report", report_page, "Write RUN/report.html, one page of everything.", "my_run"
    )
    add_run(added)

    added = command(
        "run",
        run_all,
        "All of it: train, quantise, firmware, engine, verify, place where a target is given, "
        "report.",
        "recording.h5 --out my_run --preset fast",
        "recording.h5 --out my_run --target ecp5-25k",
    )
    add_training(added)
    add_firmware(added)
    add_lanes(added, "default 4, 1 with --target ice40up5k")
    add_target(added, "place the verified engine on this device too (default none)")

    added = command(
        "sweep",
        sweep,
        "Train many times over; plot validation R² against MACs, pruning rate, window and steps.",
        "recording.h5 --out my_sweep --preset fast --trials 40 --vary pruning.rate=0.3..0.9",
    )
    add_recording(added)
    added.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="SWEEP",
        help="folder of the study and its plots; the same one for all workers of a machine",
    )
    added.add_argument("--trials", type=int, default=40, help="of all workers (default 40)")
    added.add_argument(
        "--vary",
        action="append",
        metavar="section.key=a,b,c|low..high",
        help="a constant to vary; may be given again (default pruning rate, window, steps and "
        "weight bits)",
    )
    added.add_argument(
        "--storage",
        metavar="URL",
        help="database that workers on many machines share (default SQLite in SWEEP)",
    )
    added.add_argument("--study", default="sweep", metavar="NAME", help="name in the storage")
    added.add_argument(
        "--heartbeat",
        type=int,
        default=30,
        metavar="SECONDS",
        help="sign of life of a worker; after three missing ones others take its trial over",
    )
    added.add_argument("--seeds", type=int, default=1, help="trainings a trial (default 1)")
    added.add_argument("--preset", choices=("fast", "paper"), default="paper")
    add_set(added)
    add_seed(added)

    added = command(
        "benchmark",
        benchmark,
        "Measure decoders and baselines over seeds, beside published results.",
        "recording.h5 --seeds 5 --preset paper --out benchmark",
    )
    added.add_argument("recordings", type=Path, nargs="+", metavar="RECORDING")
    added.add_argument("--seeds", type=int, default=5, help="seeds 0, 1, ... (default 5)")
    added.add_argument("--preset", choices=("fast", "paper"), default="paper")
    added.add_argument(
        "--out",
        type=Path,
        default=Path("benchmark"),
        metavar="FOLDER",
        help="keeps every result, so that an interrupted benchmark goes on (default benchmark)",
    )
    add_set(added)

    added = command("demo", demo, "The whole way on a generated recording.", "--out demo_run")
    added.add_argument("--out", type=Path, default=Path("demo_run"), metavar="RUN")
    added.set_defaults(preset="fast", resume=False)
    add_set(added)
    add_seed(added)
    add_firmware(added)
    add_lanes(added, "default 4, 1 with --target ice40up5k")
    add_target(
        added,
        f"place the verified engine on this device too (default {DEMO_TARGET}; {NO_TARGET} leaves "
        "it out)",
        DEMO_TARGET,
    )
    add_force(added)
    return parser


def add_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run_path", type=Path, metavar="RUN")


def add_recording(parser: argparse.ArgumentParser, nargs: str | None = None) -> None:
    parser.add_argument(
        "recording",
        type=Path,
        nargs=nargs,
        metavar="RECORDING",
        help="a file, or the name of a published recording, such as indy_20160622_01",
    )


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
    add_recording(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="RUN")
    parser.add_argument("--preset", choices=("fast", "lean", "paper"), default="paper")
    add_set(parser)
    add_seed(parser)
    parser.add_argument("--resume", action="store_true", help="go on with an interrupted run")
    add_force(parser)


def add_lanes(parser: argparse.ArgumentParser, said: str) -> None:
    parser.add_argument("--lanes", type=int, choices=LANES, help=f"multiply lanes P ({said})")


def add_target(parser: argparse.ArgumentParser, said: str, default: str | None = None) -> None:
    parser.add_argument("--target", default=default, metavar="T", help=f"{TARGETS}: {said}")


def add_firmware(parser: argparse.ArgumentParser) -> None:
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
