"""What `train`, `run` and `demo` have in common: a run that begins, or that is gone on with."""

import argparse
import shlex
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from aegru_hw.cli.options import DEFAULT_PRESET, firmware_options, left_out
from aegru_hw.cli.paths import given_recording
from aegru_hw.errors import UserError

if TYPE_CHECKING:
    from aegru_hw.decoder.config import Config
    from aegru_hw.recordings.recording import Recording
    from aegru_hw.runs.folder import RunFolder
    from aegru_hw.runs.options import RunOptions

NO_TARGET = "none"


def way_of(options: argparse.Namespace) -> "RunOptions":
    """Return what a new run is asked for beside recording and configuration."""
    asked = _asked(options)
    return replace(asked, target=None) if asked.target == NO_TARGET else asked


def asked_of_own(options: argparse.Namespace) -> "RunOptions":
    """Return what a run is gone on with, to be compared with its own; what is not given is so."""
    from aegru_hw.runs.folder import RunFolder
    from aegru_hw.runs.options import read_options

    asked, own = _asked(options), read_options(RunFolder(options.out).options)
    asked = replace(asked, encoders=own.encoders)
    if options.without is None:
        asked = replace(asked, without=own.without)
    if asked.target == NO_TARGET and own.target is None:
        asked = replace(asked, target=None)
    return asked


def training_alone() -> "RunOptions":
    """Return the options of a way that ends before anything is written for hardware."""
    from aegru_hw.executions.table import EXECUTIONS
    from aegru_hw.runs.options import RunOptions

    later = (execution.name for execution in EXECUTIONS if execution.made_by is not None)
    return RunOptions(without=tuple(sorted(later)))


def config_of(options: argparse.Namespace) -> "Config":
    """Return the configuration of a new run."""
    from aegru_hw.decoder.config import make_config

    return make_config(options.preset or DEFAULT_PRESET, options.set, options.seed)


def checked_folder(options: argparse.Namespace) -> "RunFolder":
    """Return the folder of a run that is to be made; UserError where it is not free."""
    from aegru_hw.runs.folder import RunFolder

    run = RunFolder(options.out)
    if run.is_run and not options.force:
        name = shlex.quote(str(run.path))
        command = "train" if options.command == "train" else "run"
        raise UserError(
            f"{run.path} holds a run already; `aegru-hw {command} --out {name} --resume` goes on "
            "with it, --force replaces it"
        )
    run.check_free(force=options.force)
    return run


def begun(
    options: argparse.Namespace,
    way: "RunOptions",
    kept: "RunOptions",
    sessions: "Sequence[Recording]" = (),
) -> "RunFolder":
    """Make the run that the options describe, and return its folder.

    way: the steps that have to be possible, or nothing is written. kept: what the run remembers.
    sessions: of the days before, to be trained together with the recording.
    """
    run, config = checked_folder(options), config_of(options)
    recording = given_recording(options)
    if recording is None:
        raise UserError("a RECORDING is needed; without one, --resume goes on with a run")

    from aegru_hw.runs import training
    from aegru_hw.runs.preflight import preflight

    preflight(run, recording, config, way, force=options.force)
    training.begin(run, recording, config, kept, sessions=sessions, force=options.force)
    return run


def resumed(options: argparse.Namespace, asked: "RunOptions | None" = None) -> "RunFolder":
    """Return the folder of the run that --resume goes on with.

    asked: options of the whole way, None where one was not given. Raises UserError, naming what
    differs, where anything is given that is not the run's own.
    """
    from aegru_hw.runs.folder import RunFolder
    from aegru_hw.runs.training import check_same

    if options.force:
        raise UserError("--resume goes on with a run, --force begins anew; give one of them")
    run = RunFolder(options.out)
    run.check_marker()
    check_same(run, given_recording(options), _given_config(options, run), asked)
    return run


def _asked(options: argparse.Namespace) -> "RunOptions":
    """Return what is given beside recording and configuration, checked."""
    from aegru_hw.runs.options import RunOptions
    from aegru_hw.synthesis.targets import target_named

    if options.target not in (None, NO_TARGET):
        target_named(options.target)
    return RunOptions(
        lanes=options.lanes,
        target=options.target,
        firmware=firmware_options(options),
        without=left_out(options) or (),
    )


def _given_config(options: argparse.Namespace, run: "RunFolder") -> "Config | None":
    """Return the run's own configuration with what is given; None where nothing is.

    With a preset it is that preset's; the seed is the run's own unless it is given.
    """
    from aegru_hw.decoder.config import Config, make_config, override

    given = list(options.set)
    if options.seed is not None:
        given.append(f"seed={options.seed}")
    if options.preset is None and not given:
        return None
    own = Config.load(run.require(run.config, "aegru-hw train RECORDING --out RUN"))
    if options.preset is None:
        return override(own, given)
    return make_config(options.preset, [f"seed={own.seed}", *given])
