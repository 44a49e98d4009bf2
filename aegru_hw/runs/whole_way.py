"""All steps of a run, one after the other, from where it is."""

from collections.abc import Callable
from dataclasses import dataclass

from aegru_hw.rtl.project import project_lanes
from aegru_hw.runs.folder import RunFolder
from aegru_hw.runs.hardware import write_engine, write_firmware
from aegru_hw.runs.options import RunOptions, read_options
from aegru_hw.runs.placement import place
from aegru_hw.runs.quantisation import quantize
from aegru_hw.runs.summarise import summarise
from aegru_hw.runs.summary import Summary
from aegru_hw.runs.training import train
from aegru_hw.runs.verification import verify
from aegru_hw.synthesis.flow import DoesNotFitError
from aegru_hw.synthesis.resources import Resources, missed_timing
from aegru_hw.synthesis.targets import Target, target_named, usual_lanes
from aegru_hw.synthesis.tools import ToolFailedError


@dataclass(frozen=True)
class WholeWay:
    """What the whole way came to.

    placed: what the engine takes of the target; None where none was wanted, or it was not placed.
    complaints: what is not as wanted, in words: timing missed, no fit, a tool that failed.
    tools_worked: no tool of the placement failed.
    """

    summary: Summary
    placed: Resources | None = None
    complaints: tuple[str, ...] = ()
    tools_worked: bool = True


def go_all_the_way(
    run: RunFolder,
    *,
    made_by: str | None = None,
    progress: bool = True,
    say: Callable[[str], None] = lambda text: None,
) -> WholeWay:
    """Take a run that was begun through the steps that it lacks, as its options ask for.

    made_by: the command that made the recording, where it is a generated one. say: told of each
    step as it begins.
    """
    with run.held():
        options = read_options(run.options)
        target = None if options.target is None else target_named(options.target)
        if not run.float_weights.exists():
            train(run, made_by=made_by, progress=progress)
        if not run.decoder.exists():
            quantize(run, [], progress=progress)
        _write_hardware(run, options, target, say)
        summary = verify(run, without=options.without, progress=progress, say=say)
        if target is None:
            return WholeWay(summary)
        return _placed(run, target, summary, options.lanes, progress=progress, say=say)


def _write_hardware(
    run: RunFolder, options: RunOptions, target: Target | None, say: Callable[[str], None]
) -> None:
    if "firmware" not in options.without and not run.hls.exists():
        write_firmware(run, options.firmware, say=say)
    if "rtl" not in options.without and not run.rtl.exists():
        write_engine(run, options.lanes or usual_lanes(target))


def _placed(
    run: RunFolder,
    target: Target,
    summary: Summary,
    lanes: int | None,
    *,
    progress: bool,
    say: Callable[[str], None],
) -> WholeWay:
    """Place the engine, where that target's placement is not there or does not hold.

    It is the one that was verified, whatever lanes make sense on the target; with P = `lanes` where
    the engine was left out.
    """
    found = summary.synthesis.get(target.name)
    if found is None:
        say(f"synthesising the engine for {target.name} (minutes)")
        try:
            if run.rtl.exists():
                lanes = project_lanes(run.rtl)
            found = place(run, target, lanes=lanes, progress=progress)
        except (DoesNotFitError, ToolFailedError) as error:
            return WholeWay(summary, None, (str(error),), isinstance(error, DoesNotFitError))
        summary = summarise(run)
    missed = missed_timing(found)
    return WholeWay(summary, found, () if missed is None else (missed,))
