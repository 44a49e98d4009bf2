"""The configuration: one TOML file with every constant of training and quantisation."""

import tomllib
from collections.abc import Iterable
from dataclasses import MISSING, asdict, dataclass, fields
from importlib import resources
from pathlib import Path
from typing import Any

import tomli_w

from aegru_hw.errors import UserError
from aegru_hw.files import atomic_path

PRESETS = ("fast", "lean", "paper")


@dataclass(frozen=True)
class Window:
    seconds: float
    steps: int


@dataclass(frozen=True)
class Network:
    latent: int
    hidden: int
    variance_hidden: int
    norm: str
    dropout: float


@dataclass(frozen=True)
class Loss:
    velocity: float
    reconstruction: float
    divergence: float


@dataclass(frozen=True)
class Training:
    epochs: int
    batch: int
    min_updates: int
    learning_rate: float
    weight_decay: float
    jitter: float
    stride: int
    schedule: str = "cosine"
    averaging: float = 0.0


@dataclass(frozen=True)
class Pruning:
    rate: float
    epochs: int
    learning_rate: float
    min_updates: int
    scope: str = "global"
    score: str = "magnitude"
    encoder: float = 0.0
    input: float = 0.0
    recurrent: float = 0.0
    readout: float = 0.0
    ramp: float = 0.0

    @property
    def layer_rates(self) -> dict[str, float]:
        """The rate of each matrix, for scope "layer"."""
        names = ("encoder", "input", "recurrent", "readout")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True)
class Quantisation:
    epochs: int
    learning_rate: float
    min_updates: int
    jitter: float
    dropout: float


@dataclass(frozen=True)
class Widths:
    count: int
    weight: int
    feature: int
    latent: int
    table_address: int
    gate: int
    candidate: int
    recurrent_candidate: int
    mixed_state: int
    normalised: int
    norm_scale: int
    state: int
    velocity: int


@dataclass(frozen=True)
class Config:
    """Every constant of a run; the presets' comments say what each one means."""

    seed: int
    window: Window
    network: Network
    loss: Loss
    training: Training
    pruning: Pruning
    quantisation: Quantisation
    widths: Widths

    def save(self, path: Path) -> None:
        """Write the configuration as TOML."""
        with atomic_path(path) as temporary:
            temporary.write_text(tomli_w.dumps(asdict(self)), encoding="utf-8")


SECTIONS = {
    "window": Window,
    "network": Network,
    "loss": Loss,
    "training": Training,
    "pruning": Pruning,
    "quantisation": Quantisation,
    "widths": Widths,
}

# Closed ranges; a value outside is refused with this text. Widths keep float32 training exact.
RANGES: dict[str, tuple[float, float]] = {
    "seed": (0, 2**31 - 1),
    "window.seconds": (1e-4, 60),
    "window.steps": (1, 64),
    "network.latent": (1, 512),
    "network.hidden": (1, 512),
    "network.variance_hidden": (1, 4096),
    "network.dropout": (0, 0.95),
    "loss.velocity": (0, 1e6),
    "loss.reconstruction": (0, 1e6),
    "loss.divergence": (0, 1e6),
    "training.epochs": (1, 10_000),
    "training.batch": (2, 65_536),
    "training.min_updates": (0, 10**7),
    "training.learning_rate": (1e-8, 1),
    "training.weight_decay": (0, 1),
    "training.jitter": (0, 1),
    "training.stride": (1, 1000),
    "training.averaging": (0, 0.9999),
    "pruning.rate": (0, 0.99),
    "pruning.encoder": (0, 0.99),
    "pruning.input": (0, 0.99),
    "pruning.recurrent": (0, 0.99),
    "pruning.readout": (0, 0.99),
    "pruning.ramp": (0, 1),
    "pruning.epochs": (0, 10_000),
    "pruning.learning_rate": (1e-8, 1),
    "pruning.min_updates": (0, 10**7),
    "quantisation.epochs": (1, 10_000),
    "quantisation.learning_rate": (1e-8, 1),
    "quantisation.min_updates": (0, 10**7),
    "quantisation.jitter": (0, 1),
    "quantisation.dropout": (0, 0.95),
    "widths.count": (3, 8),
    "widths.weight": (2, 8),
    "widths.feature": (4, 8),
    "widths.latent": (4, 8),
    "widths.table_address": (8, 12),
    "widths.gate": (4, 8),
    "widths.candidate": (4, 8),
    "widths.recurrent_candidate": (8, 14),
    "widths.mixed_state": (8, 12),
    "widths.normalised": (8, 12),
    "widths.norm_scale": (4, 8),
    "widths.state": (4, 8),
    "widths.velocity": (8, 16),
}
NORMS = ("layer", "none")
CHOICES = {
    "network.norm": NORMS,
    "training.schedule": ("cosine", "constant"),
    "pruning.scope": ("global", "layer"),
    "pruning.score": ("magnitude", "influence"),
}


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
    """Set `section.key=value` in nested constants; values are read as TOML."""
    for text in overrides:
        name, separator, value = text.partition("=")
        section, _, key = name.strip().rpartition(".")
        target = constants.get(section) if section else constants
        if not separator or not isinstance(target, dict) or key not in target:
            raise UserError(
                f"--set {text}: accepted is section.key=value, such as {_example(name)}"
            )
        target[key] = _parsed(value.strip())


def _example(name: str) -> str:
    section = name.strip().partition(".")[0]
    known = [key for key in (*RANGES, *CHOICES) if key.startswith(f"{section}.")]
    return ", ".join(f"{key}=..." for key in known) or "widths.weight=4 or pruning.rate=0.7"


def _parsed(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text  # a bare word, such as network.norm=none


def load_config(path: Path) -> Config:
    """Read and check a configuration file."""
    try:
        return config_from(tomllib.loads(Path(path).read_text(encoding="utf-8")))
    except OSError as error:
        raise UserError(f"cannot read configuration {path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"configuration {path} is not TOML: {error}") from None


def config_from(constants: dict[str, Any]) -> Config:
    """Return the checked configuration of nested constants; UserError names what is refused."""
    unknown = set(constants) - set(SECTIONS) - {"seed"}
    if unknown:
        raise UserError(f"configuration has unknown sections {', '.join(sorted(unknown))}")
    sections: dict[str, Any] = {}
    for name, kind in SECTIONS.items():
        given = constants.get(name)
        expected = {field.name: field.type for field in fields(kind)}
        later = {field.name for field in fields(kind) if field.default is not MISSING}
        if not isinstance(given, dict) or set(given) | later != set(expected):
            raise UserError(f"section [{name}] has to hold exactly {', '.join(expected)}")
        sections[name] = kind(
            **{key: _checked(f"{name}.{key}", given[key], expected[key]) for key in given}
        )
    return Config(seed=_checked("seed", constants.get("seed"), int), **sections)


def _checked(name: str, value: Any, kind: Any) -> Any:
    if kind is str:
        if value not in CHOICES[name]:
            raise UserError(f"{name} is {value!r}; accepted are {' and '.join(CHOICES[name])}")
        return value
    low, high = RANGES[name]
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or (kind is int and not isinstance(value, int)) or not low <= value <= high:
        noun = "a whole number" if kind is int else "a number"
        raise UserError(f"{name} is {value!r}; accepted is {noun} from {low:g} to {high:g}")
    return kind(value)
