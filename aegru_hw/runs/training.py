"""The first step of a run: train the float network."""

from collections.abc import Sequence
from dataclasses import asdict

from aegru_hw.decoder import stages
from aegru_hw.decoder.checkpoint import save_tensors
from aegru_hw.decoder.config import Config
from aegru_hw.decoder.data import Dataset
from aegru_hw.decoder.facts import StageFacts
from aegru_hw.decoder.geometry import geometry_of
from aegru_hw.decoder.metrics import test_r2
from aegru_hw.decoder.sessions import Sessions, check_session, train_sessions
from aegru_hw.errors import UserError
from aegru_hw.files import sha256_of_file
from aegru_hw.recordings.plausibility import remarks
from aegru_hw.recordings.recording import Recording, load_recording
from aegru_hw.runs.evidence import sessions_digest, training_digest
from aegru_hw.runs.folder import RunFolder
from aegru_hw.runs.options import RunOptions, read_options
from aegru_hw.runs.results import TRAINING, RecordingFacts, StageSize, Training
from aegru_hw.runs.summarise import write_summary
from aegru_hw.runs.summary import Summary
from aegru_hw.runs.tools import versions_of
from aegru_hw.strict_json import write_json

TOOLS = ("python", "torch", "brevitas", "numpy", "h5py")


def begin(
    run: RunFolder,
    recording: Recording,
    config: Config,
    options: RunOptions | None = None,
    *,
    sessions: Sequence[Recording] = (),
    force: bool = False,
) -> None:
    """Make a run that is to be trained: recordings, configuration and options, nothing else.

    sessions: of the days before, which are trained together with the recording.

    Raises UserError, before anything is written, for settings that no decoder can be made with,
    and for a folder that is not free.
    """
    run.check_free(force=force)
    geometry_of(recording, Dataset.from_recording(recording, config), config)
    for session in sessions:
        check_session(session, recording)
    with run.created(force=force) as change:
        config.save(change.path("config.toml"))
        recording.save(change.path("recording.h5"))
        for number, session in enumerate(sessions):
            session.save(change.path(f"sessions/{number:03}.h5"))
        write_json(options or RunOptions(), change.path("options.json"))


def train(run: RunFolder, *, made_by: str | None = None, progress: bool = True) -> Summary:
    """Train the float network of a run that was begun, from its checkpoint where it has one.

    made_by: the command that made the recording, where it is a generated one.
    Raises UserError where it is trained already.
    """
    with run.held():
        run.require(run.recording, "aegru-hw train RECORDING --out RUN")
        if run.float_weights.exists():
            raise UserError(
                f"{run.path} is trained already; `aegru-hw quantize RUN` is the next step, and "
                "--force trains anew"
            )
        recording, config = load_recording(run.recording), Config.load(run.config)
        dataset = Dataset.from_recording(recording, config)
        geometry_of(recording, dataset, config)
        made_of = {
            "recording": recording.content_hash,
            "training_config": training_digest(config),
        }
        sessions = [load_recording(path) for path in run.session_paths]
        if sessions:
            made_of["sessions"] = sessions_digest(session.content_hash for session in sessions)
            network, facts = train_sessions(
                Sessions.of([*sessions, recording], config),
                config,
                own_encoders=read_options(run.options).encoders == "own",
                checkpoint=run.checkpoint,
                made_of=made_of,
                progress=progress,
            )
        else:
            network, facts = stages.train_float(
                dataset,
                config,
                checkpoint=run.checkpoint,
                resume=True,
                made_of=made_of,
                progress=progress,
            )
        with run.transaction() as change:
            weights = change.path("float.safetensors")
            save_tensors(weights, network.state_dict(), facts)
            result = Training(
                made_of=made_of | {"float_weights": sha256_of_file(weights)},
                tools=versions(),
                recording=facts_of(recording, made_by),
                config=config,
                stage=stage_size(facts),
                r2=test_r2(network, dataset),
                remarks=remarks(recording),
            )
            write_json(result, change.path(f"results/{TRAINING}"))
            change.remove("checkpoint.safetensors")
            return write_summary(run, change)


def check_same(
    run: RunFolder,
    recording: Recording | None,
    config: Config | None,
    options: RunOptions | None = None,
) -> None:
    """Raise UserError where a run is to be gone on with by other things than its own.

    None stands for what the run has. The text says which settings differ.
    """
    run.require(run.recording, "aegru-hw train RECORDING --out RUN")
    differing = []
    if recording is not None:
        own = load_recording(run.recording)
        if own.content_hash != recording.content_hash:
            differing.append(f"the recording (the run's is {own.source})")
    if config is not None:
        differing += _differences("", asdict(Config.load(run.config)), asdict(config))
    if options is not None:
        differing += _differences("", asdict(read_options(run.options)), asdict(options))
    if differing:
        raise UserError(
            f"{run.path} was begun with other settings: {', '.join(differing)}; leave them out to "
            "go on with it, or --force begins anew"
        )


def _differences(prefix: str, own: dict[str, object], given: dict[str, object]) -> list[str]:
    """Return, in words, which nested settings differ; a setting that is None was not given."""
    found = []
    for name, value in given.items():
        mine = own[name]
        if isinstance(value, dict) and isinstance(mine, dict):
            found += _differences(f"{prefix}{name}.", mine, value)
        elif value is not None and value != mine:
            found.append(f"{prefix}{name} is {mine!r}, not {value!r}")
    return found


def facts_of(recording: Recording, made_by: str | None = None) -> RecordingFacts:
    """Return what a run says of its recording."""
    return RecordingFacts(
        source=recording.source,
        sha256=recording.sha256,
        digest=recording.content_hash,
        channels=recording.channels,
        ticks=recording.ticks,
        tick_seconds=recording.tick_seconds,
        made_by=made_by,
    )


def stage_size(facts: StageFacts) -> StageSize:
    """Return how much a stage trained."""
    return StageSize(facts.epochs, facts.batch, facts.windows)


def versions() -> dict[str, str]:
    """Return the versions of what a decoder is trained with."""
    return versions_of(TOOLS)
