"""What the comparison of inputs does by itself."""

import torch

from aegru_hw.decoder import stages
from aegru_hw.decoder.config import make_config
from aegru_hw.decoder.network import features
from aegru_hw.sweep.objective import TrainingOnly
from benchmarks.measure_inputs import OPTIONS, Informed, Option, given_to, main, validation_r2
from tests.support.recordings import QUICK, small_recording

CONFIG = make_config("paper", QUICK)


def test_the_first_option_trains_the_network_that_is_trained() -> None:
    recording = small_recording()
    dataset = TrainingOnly.from_recording(recording, CONFIG)
    network, _ = stages.train_float(dataset, CONFIG, progress=False)
    expected = stages.validation_r2(network, dataset)()
    found = [validation_r2(recording, option, CONFIG) for option in OPTIONS.values()]
    assert found[0] == expected
    assert len(set(found)) == len(OPTIONS)


def test_normalised_features_fold_into_the_encoder() -> None:
    dataset = TrainingOnly.from_recording(small_recording(), CONFIG)
    counts = dataset.counts[dataset.train]
    given = given_to(Option(normalised=True), counts)
    torch.testing.assert_close(
        given(counts).mean(dim=0), torch.zeros(dataset.channels), atol=1e-4, rtol=0
    )
    torch.manual_seed(1)
    network = Informed(dataset.channels, CONFIG.network, given).eval()
    expected = network.latents(counts)
    spread = features(counts).std(dim=0)
    with torch.no_grad():
        network.encoder.bias -= network.encoder.weight @ (features(counts).mean(dim=0) / spread)
        network.encoder.weight /= spread
    network.given = features
    torch.testing.assert_close(network.latents(counts), expected, atol=1e-4, rtol=1e-4)


def test_a_refusal_is_one_line(tmp_path, capsys, monkeypatch) -> None:
    monkeypatch.setattr("sys.argv", ["measure_inputs", "none.h5", "--out", str(tmp_path / "out")])
    assert main() == 1
    assert capsys.readouterr().err.splitlines()[-1].startswith("measure_inputs: none.h5 does not")
