import numpy as np
import pytest

from aegru_hw.decoder.config import make_config
from aegru_hw.decoder.data import Dataset
from aegru_hw.errors import UserError
from aegru_hw.peers.placing import score_rival
from aegru_hw.peers.saved import load_qgru, save_qgru
from aegru_hw.peers.training import Price, train_qgru
from tests.peers.networks import needs_peers, small_qgru
from tests.support.recordings import QUICK, small_recording

pytestmark = [*needs_peers, pytest.mark.slow]

SETTINGS = (*QUICK, "training.epochs=8", "training.learning_rate=1e-2", "network.hidden=4")


@pytest.fixture(scope="module")
def data() -> Dataset:
    config = make_config(overrides=SETTINGS)
    return Dataset.from_recording(small_recording(ticks=600, channels=6), config)


def test_training_is_repeatable_decodes_and_is_kept(data, tmp_path) -> None:
    config = make_config(overrides=SETTINGS)
    networks = [train_qgru(data, config) for _ in range(2)]
    score, mismatches = score_rival(networks[0], data)
    assert (score, mismatches) == score_rival(networks[1], data)
    assert mismatches == 0
    assert score.r2.mean > 0.2
    save_qgru(tmp_path / "qgru.safetensors", networks[0])
    again = load_qgru(tmp_path / "qgru.safetensors")
    assert score_rival(again, data) == (score, 0)
    assert again.weight_bits == networks[0].weight_bits
    assert again.ebops == networks[0].ebops
    dearer = train_qgru(data, config, Price(1e-5, 1e-3))
    assert dearer.ebops < 0.8 * networks[0].ebops
    assert dearer.weight_bits < networks[0].weight_bits


def test_what_is_kept_is_checked(tmp_path) -> None:
    path = tmp_path / "qgru.safetensors"
    with pytest.raises(UserError, match="is missing"):
        load_qgru(path)
    save_qgru(path, small_qgru())
    content = path.read_bytes()
    path.write_bytes(content[:-8] + bytes(8))
    with pytest.raises(UserError, match="is damaged: its checksum differs"):
        load_qgru(path)


def test_a_priced_bit_costs_more_and_more() -> None:
    price = Price(1e-7, 1e-5)
    assert [price.at(part) for part in (0.0, 0.25, 0.5, 1.0)] == pytest.approx(
        [1e-7, 1e-6, 1e-5, 1e-5]
    )
    assert np.diff([price.at(part) for part in np.linspace(0, 0.5, 9)]).min() > 0
