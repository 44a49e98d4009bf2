from types import SimpleNamespace

import pytest
import torch

from aegru_hw.decoder.calibration import calibrate
from aegru_hw.decoder.change_costs import change_penalty, column_costs
from aegru_hw.decoder.config import make_config
from aegru_hw.decoder.data import Dataset
from aegru_hw.decoder.network import Aegru
from aegru_hw.fixedpoint.types import FixedType
from tests.support.recordings import QUICK, small_recording


def test_a_weight_costs_how_often_its_operand_changes() -> None:
    config = make_config(overrides=[*QUICK, "widths.count=3", "widths.latent=5"])
    dataset = Dataset.from_recording(small_recording(ticks=400), config)
    torch.manual_seed(0)
    network = Aegru(dataset.channels, config.network)
    ticks = dataset.train[:9]
    counts, before = dataset.batch(ticks)[0], dataset.batch(dataset.before(ticks, 1))[0]
    types = calibrate(network.eval(), counts, config.widths)
    costs = column_costs(network.train(), counts, before, types)

    channels, latents, states = [0.0] * 12, [0.0] * 8, [0.0] * 8
    with torch.no_grad():
        for now, then in zip(counts, before, strict=True):
            z_now, z_then = network.latents(now[None]), network.latents(then[None])
            g_now, g_then = network.states(z_now)[0], network.states(z_then)[0]
            for step in range(5):
                for i in range(12):
                    channels[i] += min(int(now[step, i]), 7) != min(int(then[step, i]), 7)
                for i in range(8):
                    moved = abs(float(z_now[0, step, i] - z_then[0, step, i]))
                    latents[i] += min(moved / types.latent.resolution, 1)
                    if step < 4:
                        moved = abs(float(g_now[step, i] - g_then[step, i]))
                        states[i] += min(moved / types.state.resolution, 1)
    assert costs["encoder"].tolist() == pytest.approx([sum / 45 for sum in channels])
    assert costs["input"].tolist() == pytest.approx([sum / 45 for sum in latents], rel=1e-4)
    assert costs["recurrent"].tolist() == pytest.approx([sum / 9 for sum in states], rel=1e-4)
    assert costs["readout"].tolist() == [1.0] * 8
    assert 0 < min(channels) < max(channels) < 45


def test_penalty_counts_codes_that_differ_times_their_weights() -> None:
    torch.manual_seed(1)
    latent, state = FixedType(5, 2), FixedType(7, 3)
    weights = {
        "input": torch.randn(6, 4) * (torch.rand(6, 4) < 0.5),
        "recurrent": torch.randn(6, 2) * (torch.rand(6, 2) < 0.5),
    }
    network = SimpleNamespace(weights=weights, types=SimpleNamespace(latent=latent, state=state))
    z, g = torch.randint(-9, 9, (6, 5, 4)), torch.randint(-9, 9, (6, 5, 2))
    macs = 0.0
    for pair in range(3):
        for step in range(5):
            for i in range(4):
                used = sum(weights["input"][row, i] != 0 for row in range(6))
                macs += abs(int(z[pair, step, i] - z[pair + 3, step, i])) * int(used) / 5
            for i in range(2):
                used = sum(weights["recurrent"][row, i] != 0 for row in range(6))
                chains = step < 4  # the state of g_N is not fed on
                macs += abs(int(g[pair, step, i] - g[pair + 3, step, i])) * int(used) * chains
    found = change_penalty(network, z * latent.resolution, g * state.resolution)
    assert float(found) == pytest.approx(macs / 3 / 1000, rel=1e-5)
