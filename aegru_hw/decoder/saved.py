"""The quantised network as a file: its weights, and the types that they are of."""

from pathlib import Path

from aegru_hw.decoder.calibration import Types
from aegru_hw.decoder.checkpoint import load_tensors, load_weights, save_tensors
from aegru_hw.decoder.facts import QuantizedFacts, StageFacts
from aegru_hw.decoder.quantized_network import QuantizedAegru
from aegru_hw.errors import UserError
from aegru_hw.fixedpoint import Geometry
from aegru_hw.fixedpoint.types import FixedType


def save_quantized(path: Path, network: QuantizedAegru, facts: StageFacts) -> None:
    """Write a quantised network, its types, and how it was trained."""
    types = {
        name: (kind.width, kind.fraction, int(kind.signed))
        for name, kind in vars(network.types).items()
    }
    save_tensors(path, network.state_dict(), QuantizedFacts(**vars(facts), types=types))


def load_quantized(path: Path, geometry: Geometry, *, norm: bool) -> QuantizedAegru:
    """Return a quantised network in eval mode; UserError where missing, damaged or another's."""
    _, facts = load_tensors(path, QuantizedFacts)
    try:
        types = Types(
            **{name: FixedType(w, f, bool(signed)) for name, (w, f, signed) in facts.types.items()}
        )
    except (TypeError, ValueError) as error:
        raise UserError(f"{path} is damaged: {error}") from None
    network = QuantizedAegru(geometry.channels, geometry.latent, geometry.hidden, norm, types)
    load_weights(path, network, QuantizedFacts)
    return network.eval()
