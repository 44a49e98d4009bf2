"""Number formats that stay: taken from a decoder, kept by another, refused where they saturate."""

from dataclasses import replace

import pytest
import torch

from aegru_hw.decoder import stages
from aegru_hw.decoder.calibration import calibrate
from aegru_hw.decoder.config import make_config, override
from aegru_hw.decoder.data import Dataset
from aegru_hw.decoder.export import export
from aegru_hw.decoder.formats import check_same_geometry, settings_of, types_of
from aegru_hw.decoder.geometry import geometry_of
from aegru_hw.decoder.network import Aegru
from aegru_hw.errors import UserError
from aegru_hw.fixedpoint.made_up import random_decoder
from aegru_hw.rtl.elaboration import engine_parameters
from aegru_hw.rtl.fitting import misfits
from tests.support.recordings import QUICK, small_recording


@pytest.mark.parametrize("norm", ["layer", "none"])
def test_a_network_takes_the_formats_of_a_decoder_and_loads_into_its_engine(norm) -> None:
    config = make_config(overrides=(*QUICK, f"network.norm={norm}"))
    recording = small_recording(ticks=500)
    dataset = Dataset.from_recording(recording, config)
    geometry = geometry_of(recording, dataset, config)
    decoders = []
    for seed in range(2):
        torch.manual_seed(seed)
        network = Aegru(dataset.channels, config.network)
        # Weights eight times as small would have formats of their own.
        with torch.no_grad():
            network.readout.weight.mul_(1 - 0.875 * seed)
        given = [*settings_of(decoders[0]), "formats.saturation=0.2"] if decoders else []
        stages.prune(network, dataset, config, progress=False)
        quantized, _ = stages.quantize(network, dataset, override(config, given), progress=False)
        decoders.append(export(quantized, geometry, dataset.scaling, {}))
    first, second = decoders
    assert types_of(first) == types_of(second)
    assert first.digest != second.digest
    assert misfits(second, engine_parameters(first, 1)) == ()


def test_formats_that_saturate_are_refused_with_the_name_of_the_tensor() -> None:
    config = make_config(overrides=QUICK)
    dataset = Dataset.from_recording(small_recording(ticks=500), config)
    torch.manual_seed(0)
    network = Aegru(dataset.channels, config.network).eval()
    counts = dataset.batch(dataset.train)[0]
    own = calibrate(network, counts, config.widths)
    fractions = {
        name: getattr(own, name).fraction
        for name in vars(config.formats)
        if name not in ("chosen", "saturation")
    }
    same = replace(config.formats, chosen="given", saturation=0.05, **fractions)
    assert calibrate(network, counts, config.widths, same) == own
    finer = replace(same, recurrent_weight=own.recurrent_weight.fraction + 3)
    with pytest.raises(UserError, match=r"recurrent_weight, ap_fixed.*saturate .*formats\.satura"):
        calibrate(network, counts, config.widths, finer)


def test_a_decoder_of_another_geometry_is_refused_by_what_differs() -> None:
    decoder = random_decoder(1, channels=12)
    check_same_geometry(decoder.geometry, decoder, norm=True)
    other = replace(decoder.geometry, channels=13, window=4)
    with pytest.raises(UserError, match="channels 13 and not 12, window 4 and not 20, no LayerN"):
        check_same_geometry(other, decoder, norm=False)


def test_weights_of_several_widths_are_refused() -> None:
    decoder = random_decoder(1, channels=12)
    narrow = replace(decoder, readout=random_decoder(1, channels=12, weight_bits=6).readout)
    with pytest.raises(UserError, match=r"readout_weight of 6 bits and others of 8; widths.weight"):
        settings_of(narrow)


def test_settings_without_given_formats_have_the_digest_of_before() -> None:
    config = make_config()
    assert config.digest == "84fef68aad67f0030d0ac4fc23ce171aa69305b8ddd59cea8418bd2beab18eb4"
