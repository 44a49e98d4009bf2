"""A run in Python: train, quantise, verify, from a program or a notebook."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aegru_hw.fixedpoint import FixedDecoder
from aegru_hw.recordings.recording import Recording
from aegru_hw.runs.folder import RunFolder

if TYPE_CHECKING:
    from aegru_hw.runs.results import EngineProject, FirmwareProject
    from aegru_hw.runs.status import Status
    from aegru_hw.runs.summary import Summary


def train(
    recording: Recording | str | Path,
    *,
    out: str | Path,
    preset: str = "paper",
    settings: Mapping[str, object] | None = None,
    seed: int | None = None,
    force: bool = False,
    progress: bool = False,
) -> "Run":
    """Train the float network of a new run, and return the run.

    recording: or the path of one. out: the run's folder; `force` replaces a run that is there.
    preset: "paper", "fast" or "lean". settings: constants to override, such as
        {"pruning.rate": 0.7}; the presets' comments say what each one means.
    Raises UserError for settings that no decoder can be made with, before training.
    """
    from aegru_hw.decoder.config import make_config
    from aegru_hw.recordings.layout import open_recording
    from aegru_hw.runs import training

    if not isinstance(recording, Recording):
        recording = open_recording(Path(recording))
    folder = RunFolder(out)
    config = make_config(preset, _overrides(settings or {}), seed)
    training.begin(folder, recording, config, force=force)
    training.train(folder, progress=progress)
    return Run(out)


class Run:
    """A run folder, with its steps as methods; the command line does the same.

    path: the folder. Raises UserError where it holds no run.

        run = aegru_hw.train(recording, preset="fast", out="my_run")
        decoder = run.quantize(weight=4)
        run.verify().mismatches
    """

    def __init__(self, path: str | Path) -> None:
        self._folder = RunFolder(path)
        self._folder.check_marker()

    def __repr__(self) -> str:
        return f"Run({str(self.path)!r})"

    @property
    def path(self) -> Path:
        """The run's folder."""
        return self._folder.path

    @property
    def recording(self) -> Recording:
        """The recording that the run was trained on."""
        return Recording.load(self._folder.recording)

    @property
    def decoder(self) -> FixedDecoder:
        """The integer decoder; UserError where `quantize` has not made one."""
        return FixedDecoder.load(self._folder.require(self._folder.decoder, "run.quantize()"))

    @property
    def summary(self) -> "Summary":
        """The results that still hold, together."""
        from aegru_hw.runs.summarise import summarise

        return summarise(self._folder)

    def status(self) -> "Status":
        """Return what is there, what is stale, what is missing, and the next command."""
        from aegru_hw.runs.status import status

        return status(self._folder)

    def quantize(
        self,
        *,
        settings: Mapping[str, object] | None = None,
        force: bool = False,
        progress: bool = False,
        **widths: int,
    ) -> FixedDecoder:
        """Prune, quantise and fine-tune; return the integer decoder.

        widths: bits by name, such as weight=4 or latent=6. settings: other constants of
        [pruning] and [quantisation], and "window.every", the ticks per output. `force` replaces a
        decoder that is there.
        """
        from aegru_hw.runs.quantisation import quantize

        named = {f"widths.{name}": width for name, width in widths.items()}
        overrides = _overrides({**(settings or {}), **named})
        quantize(self._folder, overrides, force=force, progress=progress)
        return self.decoder

    def write_firmware(self, *, force: bool = False, **options: Any) -> "FirmwareProject":
        """Write and compile the hls4ml project; options as `FirmwareOptions` has them."""
        from aegru_hw.runs.hardware import write_firmware
        from aegru_hw.runs.options import FirmwareOptions

        return write_firmware(self._folder, FirmwareOptions(**options), force=force)

    def write_engine(self, lanes: int = 4, *, force: bool = False) -> "EngineProject":
        """Generate the RTL engine of P lanes."""
        from aegru_hw.runs.hardware import write_engine

        return write_engine(self._folder, lanes, force=force)

    def verify(
        self,
        recording: Recording | None = None,
        *,
        without: Iterable[str] = (),
        progress: bool = False,
    ) -> "Summary":
        """Run every execution over the test split and compare all pairs, tick by tick.

        recording: another one than the run's own. without: executions to leave out.
        """
        from aegru_hw.runs.verification import verify

        return verify(self._folder, recording, without=without, progress=progress)

    def report(self) -> Path:
        """Write report.html and return its path."""
        from aegru_hw.report import write_report

        return write_report(self._folder)


def _overrides(settings: Mapping[str, object]) -> list[str]:
    """Return settings as the command line has them: section.key=value."""
    return [f"{name}={value}" for name, value in settings.items()]
