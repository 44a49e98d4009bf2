"""What a recalibrated decoder is compared with: decoders of the same day, trained from nothing."""

from aegru_hw.decoder import stages
from aegru_hw.decoder.config import Config
from aegru_hw.decoder.data import Dataset
from aegru_hw.decoder.metrics import test_r2
from aegru_hw.recordings.r2 import R2


def trained_from_nothing(dataset: Dataset, config: Config) -> R2:
    """Train, prune and quantise a new network on a dataset; return its R² on the test split."""
    network, _ = stages.train_float(dataset, config, progress=False)
    stages.prune(network, dataset, config, progress=False)
    quantized, _ = stages.quantize(network, dataset, config, progress=False)
    return test_r2(quantized, dataset)
