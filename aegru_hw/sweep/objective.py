"""One trial of a sweep: train, prune, quantise, and score on the validation split."""

import copy
import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from torch import Tensor

from aegru_hw.decoder import stages
from aegru_hw.decoder.checkpoint import load_weights, save_tensors
from aegru_hw.decoder.config import Config
from aegru_hw.decoder.data import Dataset
from aegru_hw.decoder.export import export
from aegru_hw.decoder.geometry import geometry_of
from aegru_hw.decoder.network import Aegru
from aegru_hw.errors import UserError
from aegru_hw.fixedpoint import at_output_rate, run_streaming_form
from aegru_hw.recordings.r2 import r2_score
from aegru_hw.recordings.recording import Recording
from aegru_hw.recordings.stream import TickStream

FLOAT_SECTIONS = ("seed", "window", "network", "loss", "training")
"""What the float network follows from; trials that share it share the network."""


@dataclass(frozen=True)
class Score:
    """What a trial came to, on the validation split.

    r2: of the integer decoder, the mean of both axes.
    macs: effective MACs per output of the streaming form: non-zero weights and measured events.
    float_r2: of the float network before pruning.
    sparsity: share of the weights that are zero.
    """

    r2: float
    macs: float
    float_r2: float
    sparsity: float


class TrainingOnly(Dataset):
    """A dataset whose fine-tuning leaves the validation ticks alone, so that they can judge it."""

    def train_and_validation(self, stride: int) -> Tensor:
        """Return the training ticks only."""
        return self.train


def score(recording: Recording, config: Config, float_networks: Path) -> Score:
    """Train a decoder with a configuration and score it on the validation split.

    No stage sees the test split, and the fine-tuning stages do not see the validation split
    either. `float_networks` is a folder in which float networks are kept and looked for.
    Raises UserError for a configuration that no decoder can be made with, and where nothing moves.
    """
    dataset = TrainingOnly.from_recording(recording, config)
    geometry = geometry_of(recording, dataset, config)
    network = float_network(recording, dataset, config, float_networks)
    float_r2 = stages.validation_r2(network, dataset)()
    if float_r2 is None:
        raise UserError("R² is undefined: an axis never moves in the validation split")
    teacher = copy.deepcopy(network)
    stages.prune(network, dataset, config, progress=False)
    quantized, _ = stages.quantize(network, dataset, config, teacher=teacher, progress=False)
    decoder = export(quantized, geometry, dataset.scaling, {})
    wanted = np.zeros(recording.ticks, dtype=np.bool_)
    wanted[dataset.validation.numpy()] = True
    stream = TickStream.from_recording(
        recording, wanted, dataset.window, dataset.steps, geometry.every
    )
    result = run_streaming_form(*at_output_rate(decoder, stream.counts))
    truth = recording.velocity[stream.scored_ticks]
    r2 = r2_score(truth, decoder.physical(result.velocity[stream.scored])).mean
    assert r2 is not None  # the same movement as the float network's
    return Score(
        r2=r2,
        macs=float(result.macs_effective[stream.scored].mean()),
        float_r2=float_r2,
        sparsity=decoder.sparsity,
    )


def float_network(recording: Recording, dataset: Dataset, config: Config, folder: Path) -> Aegru:
    """Return the float network of a configuration, trained now or by an earlier trial."""
    constants = asdict(config)
    facts: dict[str, object] = {name: constants[name] for name in FLOAT_SECTIONS}
    facts["recording"] = recording.content_hash
    key = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:20]
    path = folder / f"{key}.safetensors"
    if path.is_file():
        network = Aegru(dataset.channels, config.network)
        load_weights(path, network, dict)
        return network.eval()
    network, _ = stages.train_float(dataset, config, progress=False)
    save_tensors(path, network.state_dict(), facts)
    return network
