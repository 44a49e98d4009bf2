"""The configuration: one TOML file with every constant of training and quantisation.

Each constant states here, once, its kind and what it accepts: a closed range, or its choices.
"""

import hashlib
import json
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import MISSING, asdict, dataclass, fields, is_dataclass
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import tomli_w
from msgspec import Meta

from aegru_hw.decoder.schedules import Schedule
from aegru_hw.errors import UserError
from aegru_hw.files import atomic_path

PRESETS = ("fast", "lean", "paper")

ADDED = (
    ("window", "least_ticks", 1),
    ("window", "every", 1),
    ("quantisation", "distillation", 0.0),
    ("quantisation", "change", 0.0),
)
"""Constants that files of before do not have, and what they mean by that."""

Norm = Literal["layer", "none"]
Epochs = Annotated[int, Meta(ge=1, le=10_000)]
Updates = Annotated[int, Meta(ge=0, le=10**7)]
LearningRate = Annotated[float, Meta(ge=1e-8, le=1)]
Share = Annotated[float, Meta(ge=0, le=1)]
Dropout = Annotated[float, Meta(ge=0, le=0.95)]
LossWeight = Annotated[float, Meta(ge=0, le=1e6)]
PruningRate = Annotated[float, Meta(ge=0, le=0.99)]
Units = Annotated[int, Meta(ge=1, le=512)]
# Widths keep float32 training exact.
Byte = Annotated[int, Meta(ge=4, le=8)]
Wide = Annotated[int, Meta(ge=8, le=12)]
Fraction = Annotated[int, Meta(ge=-32, le=32)]


@dataclass(frozen=True)
class Window:
    seconds: Annotated[float, Meta(ge=1e-4, le=60)]
    steps: Annotated[int, Meta(ge=1, le=64)]
    least_ticks: Annotated[int, Meta(ge=1, le=1000)] = 1
    every: Annotated[int, Meta(ge=1, le=4096)] = 1


@dataclass(frozen=True)
class Network:
    latent: Units
    hidden: Units
    variance_hidden: Annotated[int, Meta(ge=1, le=4096)]
    norm: Norm
    dropout: Dropout


@dataclass(frozen=True)
class Loss:
    velocity: LossWeight
    reconstruction: LossWeight
    divergence: LossWeight


@dataclass(frozen=True)
class Training:
    epochs: Epochs
    batch: Annotated[int, Meta(ge=2, le=65_536)]
    min_updates: Updates
    learning_rate: LearningRate
    weight_decay: Share
    jitter: Share
    stride: Annotated[int, Meta(ge=1, le=1000)]
    schedule: Schedule = "cosine"
    averaging: Annotated[float, Meta(ge=0, le=0.9999)] = 0.0


@dataclass(frozen=True)
class Pruning:
    rate: PruningRate
    epochs: Annotated[int, Meta(ge=0, le=10_000)]
    learning_rate: LearningRate
    min_updates: Updates
    scope: Literal["global", "layer", "macs"] = "global"
    score: Literal["magnitude", "influence", "saliency"] = "magnitude"
    encoder: PruningRate = 0.0
    input: PruningRate = 0.0
    recurrent: PruningRate = 0.0
    readout: PruningRate = 0.0
    ramp: Share = 0.0

    @property
    def layer_rates(self) -> dict[str, float]:
        """The rate of each matrix, for scope "layer"."""
        names = ("encoder", "input", "recurrent", "readout")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True)
class Quantisation:
    epochs: Epochs
    learning_rate: LearningRate
    min_updates: Updates
    jitter: Share
    dropout: Dropout
    distillation: Share = 0.0
    change: LossWeight = 0.0


@dataclass(frozen=True)
class Widths:
    count: Annotated[int, Meta(ge=3, le=8)]
    weight: Annotated[int, Meta(ge=2, le=8)]
    feature: Byte
    latent: Byte
    table_address: Wide
    gate: Byte
    candidate: Byte
    recurrent_candidate: Annotated[int, Meta(ge=8, le=14)]
    mixed_state: Wide
    normalised: Wide
    norm_scale: Byte
    state: Byte
    velocity: Annotated[int, Meta(ge=8, le=16)]


@dataclass(frozen=True)
class Formats:
    """Fractions of the types that follow from data (`chosen = "data"`), or that are given.

    saturation: the largest share of a tensor's values that a given type may saturate.
    """

    chosen: Literal["data", "given"] = "data"
    saturation: Share = 0.01
    feature: Fraction = 0
    latent: Fraction = 0
    recurrent_candidate: Fraction = 0
    mixed_state: Fraction = 0
    norm_scale: Fraction = 0
    state: Fraction = 0
    encoder_weight: Fraction = 0
    input_weight: Fraction = 0
    recurrent_weight: Fraction = 0
    readout_weight: Fraction = 0


@dataclass(frozen=True)
class Config:
    """Every constant of a run; the presets' comments say what each one means."""

    seed: Annotated[int, Meta(ge=0, le=2**31 - 1)]
    window: Window
    network: Network
    loss: Loss
    training: Training
    pruning: Pruning
    quantisation: Quantisation
    widths: Widths
    formats: Formats = Formats()

    @classmethod
    def load(cls, path: Path | str) -> "Config":
        """Read and check a configuration file; UserError where it cannot be read or is refused."""
        try:
            return config_from(tomllib.loads(Path(path).read_text(encoding="utf-8")))
        except OSError as error:
            raise UserError(f"cannot read configuration {path}: {error.strerror}") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
            raise UserError(f"configuration {path} is not TOML: {error}") from None

    def save(self, path: Path | str) -> None:
        """Write the configuration as TOML, whole or not at all."""
        with atomic_path(Path(path)) as temporary:
            temporary.write_text(tomli_w.dumps(asdict(self)), encoding="utf-8")

    @property
    def constants(self) -> dict[str, Any]:
        """Every constant by section, without those that files of before do not have."""
        constants = asdict(self)
        for section, added, value in ADDED:
            if constants[section][added] == value:
                del constants[section][added]
        if self.formats == Formats():
            del constants["formats"]
        return constants

    @property
    def digest(self) -> str:
        """SHA-256 of every constant in hexadecimal; equal configurations have equal ones."""
        same = config_from(asdict(self))  # 10 and 10.0 are equal, and have to be written so
        constants = same.constants
        canonical = json.dumps(constants, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()


def preset(name: str) -> dict[str, Any]:
    """Return the constants of a preset; the others are `paper` with what their files change."""
    if name not in PRESETS:
        raise UserError(f"preset '{name}' is not known; accepted are {', '.join(PRESETS)}")
    folder = resources.files("aegru_hw.decoder") / "presets"
    constants = tomllib.loads((folder / "paper.toml").read_text(encoding="utf-8"))
    if name != "paper":
        changes = tomllib.loads((folder / f"{name}.toml").read_text(encoding="utf-8"))
        for section, values in changes.items():
            constants[section].update(values)
    return constants


def make_config(
    preset_name: str = "paper", overrides: Iterable[str] = (), seed: int | None = None
) -> Config:
    """Return a preset with overrides `section.key=value` (or `seed=value`) applied and checked."""
    constants = preset(preset_name)
    apply_overrides(constants, overrides)
    if seed is not None:
        constants["seed"] = seed
    return config_from(constants)


def override(config: Config, overrides: Iterable[str]) -> Config:
    """Return a configuration with overrides `section.key=value` applied and checked."""
    constants = asdict(config)
    apply_overrides(constants, overrides)
    return config_from(constants)


def apply_overrides(constants: dict[str, Any], overrides: Iterable[str]) -> None:
    """Set `section.key=value` in nested constants; values are read as TOML.

    Who sets the window's seconds means them, also where they are few ticks.
    """
    overrides = list(overrides)
    if any(text.partition("=")[0].strip() == "window.seconds" for text in overrides):
        constants["window"]["least_ticks"] = 1
    for text in overrides:
        name, separator, value = text.partition("=")
        section, _, key = name.strip().rpartition(".")
        target = constants.get(section) if section else constants
        if not separator or not isinstance(target, dict) or key not in target:
            raise UserError(
                f"--set {text}: accepted is section.key=value, such as {_example(name)}"
            )
        target[key] = _parsed(value.strip())


def config_from(constants: dict[str, Any]) -> Config:
    """Return the checked configuration of nested constants; UserError names what is refused."""
    kinds = _kinds(Config)
    if unknown := set(constants) - set(kinds):
        raise UserError(f"configuration has unknown sections {', '.join(sorted(unknown))}")
    return Config(
        **{
            name: _section(name, constants.get(name, {}), kind)
            if is_dataclass(kind)
            else _checked(name, constants.get(name), kind)
            for name, kind in kinds.items()
        }
    )


def _section(name: str, given: object, kind: Any) -> Any:
    kinds = _kinds(kind)
    later = {field.name for field in fields(kind) if field.default is not MISSING}
    if not isinstance(given, dict) or set(given) | later != set(kinds):
        raise UserError(f"section [{name}] has to hold exactly {', '.join(kinds)}")
    return kind(**{key: _checked(f"{name}.{key}", given[key], kinds[key]) for key in given})


def _checked(name: str, value: Any, accepted: Any) -> Any:
    """Return a constant's value where its annotation accepts it."""
    if get_origin(accepted) is Literal:
        choices = get_args(accepted)
        if value not in choices:
            raise UserError(f"{name} is {value!r}; accepted are {' and '.join(choices)}")
        return value
    kind, limits = get_args(accepted)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    whole = kind is int
    if not number or (whole and isinstance(value, float)) or not limits.ge <= value <= limits.le:
        noun = "a whole number" if whole else "a number"
        raise UserError(
            f"{name} is {value!r}; accepted is {noun} from {limits.ge:g} to {limits.le:g}"
        )
    return kind(value)


def _kinds(kind: type) -> dict[str, Any]:
    """Return the annotated type of each field of a dataclass."""
    return get_type_hints(kind, include_extras=True)


def _example(name: str) -> str:
    section = name.strip().partition(".")[0]
    known = [key for key in _names() if key.startswith(f"{section}.")]
    return ", ".join(f"{key}=..." for key in known) or "widths.weight=4 or pruning.rate=0.7"


def _names() -> Iterator[str]:
    for section, kind in _kinds(Config).items():
        if is_dataclass(kind):
            yield from (f"{section}.{field.name}" for field in fields(kind))


def _parsed(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text  # a bare word, such as network.norm=none
