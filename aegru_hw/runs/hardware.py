"""The third step of a run: write its hls4ml project, and its engine."""

from collections.abc import Callable
from dataclasses import asdict, replace

from aegru_hw.errors import UserError
from aegru_hw.fixedpoint import at_output_rate, load_decoder, per_output
from aegru_hw.hls.options import Options, check_options
from aegru_hw.recordings.recording import load_recording
from aegru_hw.recordings.stream import first_test_ticks
from aegru_hw.runs.folder import RunFolder
from aegru_hw.runs.options import FirmwareOptions
from aegru_hw.runs.results import ENGINE, FIRMWARE, EngineProject, FirmwareProject
from aegru_hw.runs.summarise import write_summary
from aegru_hw.runs.tools import versions_of
from aegru_hw.strict_json import read_json, write_json


def hls_options(given: FirmwareOptions) -> Options:
    """Return checked settings of the hls4ml project, its defaults for what is not given.

    Raises UserError for one out of range.
    """
    options = Options(**{name: value for name, value in asdict(given).items() if value is not None})
    check_options(options)
    return options


def write_firmware(
    run: RunFolder,
    options: FirmwareOptions | None = None,
    *,
    force: bool = False,
    vendor: bool = False,
    say: Callable[[str], None] = lambda text: None,
) -> FirmwareProject:
    """Write and compile RUN/hls; return its settings.

    options: hls4ml's; its defaults where None. vendor: run the vendor's synthesis too. say: told
    when the work begins.
    `force` replaces a project that is there; what was found of it does not hold any more then.
    Raises UserError for an option out of range, and where a tool is missing or fails.
    """
    from aegru_hw.hls.estimate import estimate
    from aegru_hw.hls.firmware import Firmware
    from aegru_hw.hls.project import write_project
    from aegru_hw.hls.vendor import require_vendor, run_vendor

    if vendor:
        require_vendor()
    with run.held():
        decoder = load_decoder(run.require(run.decoder, "aegru-hw quantize RUN"))
        if run.hls.exists() and not force:
            raise UserError(f"{run.hls} exists; --force replaces it")
        chosen = hls_options(options or FirmwareOptions())
        say("writing and compiling the hls4ml project (g++, some ten seconds)")
        with run.transaction() as change:
            folder = change.path("hls")
            at_rate = per_output(decoder)
            project = write_project(at_rate, folder, **vars(chosen), final=run.hls)
            result = FirmwareProject(
                made_of={"decoder": decoder.digest, "firmware": Firmware(folder).sources_digest},
                tools=versions_of(("hls4ml",)),
                **asdict(project.options),
                reuse_factors=project.reuse_factors,
                layers=estimate(at_rate, chosen.strategy, project.reuse_factors),
            )
            write_json(result, change.path(f"results/{FIRMWARE}"))
            write_summary(run, change)
        Firmware(run.hls).compile()
        if vendor:
            report = run_vendor(run.hls)
            with run.transaction() as change:
                result = replace(
                    read_json(run.results / FIRMWARE, FirmwareProject),
                    made_of={
                        "decoder": decoder.digest,
                        "firmware": Firmware(run.hls).sources_digest,
                    },
                    vendor=report,
                )
                write_json(result, change.path(f"results/{FIRMWARE}"))
                write_summary(run, change)
    return result


def write_engine(run: RunFolder, lanes: int, *, force: bool = False) -> EngineProject:
    """Write RUN/rtl: the engine's sources, the decoder's images, and testbenches that play the
    first outputs of the test split; return its settings.

    `force` replaces an engine that is there, with what was placed of it.
    """
    from aegru_hw.rtl.project import write_project
    from aegru_hw.rtl.sources import project_digest
    from aegru_hw.rtl.vectors import RECORDING_TICKS

    with run.held():
        decoder = load_decoder(run.require(run.decoder, "aegru-hw quantize RUN"))
        replaces = run.rtl.exists()
        if replaces and not force:
            raise UserError(f"{run.rtl} exists; --force replaces it and what was found of it")
        recording, ticks = load_recording(run.recording), RECORDING_TICKS * decoder.geometry.every
        counts = first_test_ticks(recording, decoder.geometry, ticks)
        at_rate, sums = at_output_rate(decoder, counts)
        with run.transaction() as change:
            folder = change.path("rtl")
            parameters = write_project(at_rate, folder, lanes, sums)
            result = EngineProject(
                made_of={"decoder": decoder.digest, "engine": project_digest(folder)},
                tools=versions_of(()),
                lanes=lanes,
                parameters=parameters,
            )
            write_json(result, change.path(f"results/{ENGINE}"))
            if replaces:
                change.remove("synth", "lanes")
            write_summary(run, change)
    return result
