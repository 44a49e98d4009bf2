"""What a stage of training was: written beside its weights."""

from dataclasses import dataclass, field

from aegru_hw.decoder.config import Pruning


@dataclass(frozen=True)
class Epoch:
    """Mean loss of an epoch, and R² over the validation ticks after it; None where undefined."""

    loss: float
    r2: float | None


@dataclass(frozen=True)
class StageFacts:
    """Epochs and batch as adapted to the recording, windows trained on, and each epoch."""

    epochs: int
    batch: int
    windows: int
    history: tuple[Epoch, ...]


@dataclass(frozen=True)
class PrunedFacts(StageFacts):
    """And the settings it was pruned with; made_of: digest of the float weights it came from."""

    settings: Pruning
    made_of: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class QuantizedFacts(StageFacts):
    """And the fixed-point types by name: (width, fraction, 1 where signed)."""

    types: dict[str, tuple[int, int, int]]
