"""Whether a decoder loads into what a run has of hardware: its engine, its bitstreams."""

from dataclasses import dataclass
from pathlib import Path

from aegru_hw.errors import UserError
from aegru_hw.files import sha256_of_file
from aegru_hw.fixedpoint import FixedDecoder, load_decoder, per_output
from aegru_hw.rtl.elaboration import engine_parameters
from aegru_hw.rtl.fitting import misfits
from aegru_hw.runs.folder import RunFolder
from aegru_hw.strict_json import read_json
from aegru_hw.synthesis.made_of import ANY, FORMATS
from aegru_hw.synthesis.resources import read_resources

ENGINE = "rtl"


@dataclass(frozen=True)
class Fit:
    """Of a decoder and an engine: why it does not load, in words; empty where it does.

    engine: "rtl" for RUN/rtl, or the target that it is placed on. lanes: P.
    bitstream_sha256: of the packed bitstream, which stays as it is.
    """

    engine: str
    lanes: int
    because: tuple[str, ...]
    bitstream_sha256: str | None = None

    @property
    def fits(self) -> bool:
        return not self.because


def fits(decoder: FixedDecoder, run: RunFolder, target: str | None = None) -> list[Fit]:
    """Return for each engine of a run whether the decoder loads into it at run time.

    target: only what is placed on this one. Raises UserError where the run has no engine, and
    where a placement is of another decoder than the run has now.
    """
    run.check_marker()
    at_rate = per_output(decoder)
    found = []
    if target is None and run.rtl.is_dir():
        parameters = read_json(run.rtl / "parameters.json", dict[str, int | str])
        found.append(Fit(ENGINE, _lanes(parameters, run.rtl), misfits(at_rate, parameters)))
    placed = sorted(folder.name for folder in run.synth.iterdir()) if run.synth.is_dir() else []
    for name in placed:
        folder = run.synth / name
        if target in (None, name) and folder.is_dir():
            found.append(_placed(at_rate, run, folder))
    if not found:
        where = "no engine" if target is None else f"nothing placed on {target}"
        raise UserError(
            f"{run.path} has {where}; `aegru-hw synth RUN --backend rtl` writes an engine, "
            "`--target T` places it"
        )
    return found


def _placed(decoder: FixedDecoder, run: RunFolder, folder: Path) -> Fit:
    resources = read_resources(folder)
    made_for = load_decoder(run.require(run.decoder, "aegru-hw quantize RUN"))
    if resources.made_of.get("decoder") != made_for.digest:
        raise UserError(
            f"{folder} was placed for another decoder than {run.decoder}; `aegru-hw synth` renews "
            "it"
        )
    parameters = engine_parameters(
        per_output(made_for),
        resources.lanes,
        fixed_formats=resources.made_of.get(FORMATS) != ANY,
    )
    bitstream = None if resources.bitstream is None else folder / resources.bitstream
    digest = sha256_of_file(bitstream) if bitstream is not None and bitstream.is_file() else None
    return Fit(folder.name, resources.lanes, misfits(decoder, parameters), digest)


def _lanes(parameters: dict[str, int | str], folder: Path) -> int:
    try:
        return int(parameters["Lanes"])
    except (KeyError, ValueError):
        raise UserError(f"{folder / 'parameters.json'} is damaged") from None
