"""What can be known before the first epoch: tools, options of later steps, sizes, disk space."""

from collections.abc import Callable, Iterator

from aegru_hw.decoder.config import Config
from aegru_hw.decoder.data import Dataset
from aegru_hw.decoder.geometry import geometry_of
from aegru_hw.errors import UserError
from aegru_hw.executions.table import chosen
from aegru_hw.needs.doctor import examine
from aegru_hw.recordings.recording import Recording
from aegru_hw.rtl.limits import check_geometry_fits
from aegru_hw.runs.folder import RunFolder
from aegru_hw.runs.hardware import hls_options
from aegru_hw.runs.options import RunOptions
from aegru_hw.synthesis.targets import target_named, usual_lanes


def preflight(
    run: RunFolder, recording: Recording, config: Config, options: RunOptions, *, force: bool
) -> None:
    """Raise UserError, naming all that is wrong, where the whole way cannot come to its end.

    Nothing is written. What depends on the weights alone (whether the placed engine fits its
    device) cannot be known here.
    """
    run.check_free(force=force)
    problems = [*problems_of_options(options), *problems_of_sizes(recording, config, options)]
    if not problems:
        problems += examine(groups_of(options), run.path).problems
    if problems:
        raise UserError(" | ".join(problems))


def groups_of(options: RunOptions) -> tuple[str, ...]:
    """Return the groups of `aegru_hw.needs` that the whole way with these options needs."""
    groups = ["train", "report"]
    groups += [name for name in ("firmware", "rtl") if name not in options.without]
    if options.target is not None:
        groups.append(target_named(options.target).family)
    return tuple(groups)


def problems_of_options(options: RunOptions) -> Iterator[str]:
    """Yield what is wrong with the options of later steps, in words."""
    yield from _refusals(
        lambda: chosen(options.without),
        lambda: hls_options(options.firmware),
        lambda: None if options.target is None else target_named(options.target),
    )


def problems_of_sizes(recording: Recording, config: Config, options: RunOptions) -> Iterator[str]:
    """Yield which execution cannot hold a decoder of this recording and configuration."""

    def check() -> None:
        geometry = geometry_of(recording, Dataset.from_recording(recording, config), config)
        if "rtl" not in options.without:
            target = None if options.target is None else target_named(options.target)
            lanes = options.lanes or usual_lanes(target)
            bits = config.widths.table_address
            check_geometry_fits(geometry.per_output, lanes, address_bits=bits)

    yield from _refusals(check)


def _refusals(*checks: Callable[[], object]) -> Iterator[str]:
    for check in checks:
        try:
            check()
        except UserError as error:
            yield str(error)
