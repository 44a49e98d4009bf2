from dataclasses import asdict, replace
from typing import get_args, get_type_hints

import pytest

from aegru_hw.decoder.config import Config, Training, config_from, make_config, override, preset
from aegru_hw.decoder.schedules import Schedule, rate_share
from aegru_hw.errors import UserError


def test_paper_preset_is_the_papers_setting() -> None:
    config = make_config("paper")
    assert (config.window.seconds, config.window.steps) == (0.08, 5)
    assert (config.network.latent, config.network.hidden, config.network.variance_hidden) == (
        32,
        32,
        128,
    )
    assert (config.training.epochs, config.training.batch) == (50, 256)
    assert (config.training.learning_rate, config.training.weight_decay) == (1e-3, 1e-3)
    assert (config.loss.velocity, config.loss.reconstruction, config.loss.divergence) == (10, 1, 0)
    assert (config.pruning.rate, config.pruning.epochs, config.pruning.learning_rate) == (
        0.5,
        10,
        1e-4,
    )


def test_fast_preset_changes_only_effort() -> None:
    paper, fast = make_config("paper"), make_config("fast")
    assert fast.training.epochs < paper.training.epochs
    assert (fast.network, fast.window, fast.widths) == (paper.network, paper.window, paper.widths)


def test_a_window_of_coarse_bins_is_longer_unless_its_seconds_are_set() -> None:
    assert make_config("paper").window.least_ticks == 3
    assert make_config("paper", ["window.steps=4"]).window.least_ticks == 3
    assert make_config("paper", ["window.seconds=0.08"]).window.least_ticks == 1
    both = ["window.least_ticks=2", "window.seconds=0.08"]
    assert make_config("paper", both).window.least_ticks == 2
    assert override(make_config("paper"), ["window.seconds=0.1"]).window.least_ticks == 1


def test_settings_that_older_files_lack_leave_their_digests() -> None:
    config = make_config("paper", ["window.least_ticks=1"])
    constants = asdict(config)
    del constants["window"]["least_ticks"]
    del constants["window"]["every"]
    del constants["quantisation"]["distillation"]
    del constants["quantisation"]["change"]
    assert config_from(constants).digest == config.digest
    for other in ("window.least_ticks=2", "quantisation.change=0.5"):
        assert override(config, [other]).digest != config.digest


def test_overrides_reach_every_section() -> None:
    config = make_config(
        "paper", ["widths.weight=4", "network.norm=none", "pruning.rate=0.7", "seed=3"]
    )
    assert config.widths.weight == 4
    assert config.network.norm == "none"
    assert config.pruning.rate == 0.7
    assert config.seed == 3
    assert override(config, ["widths.weight=6"]).widths.weight == 6


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("widths.weight=9", "widths.weight is 9; accepted is a whole number from 2 to 8"),
        ("widths.weight=7.5", "whole number"),
        ("widths.weight=true", "whole number"),
        ("widths.wait=8", "widths.weight"),
        ("nonsense", "section.key=value"),
        ("network.norm=batch", "accepted are layer and none"),
        ("pruning.rate=1.0", "0 to 0.99"),
        ("training.learning_rate=nan", "a number"),
        ("seed=-1", "seed is -1"),
    ],
)
def test_refused_override_names_value_and_range(text: str, says: str) -> None:
    with pytest.raises(UserError) as refused:
        make_config("paper", [text])
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


def test_unknown_preset_and_sections_are_refused() -> None:
    with pytest.raises(UserError, match="accepted are fast, lean, paper"):
        make_config("slow")
    constants = preset("paper")
    constants["extra"] = {}
    with pytest.raises(UserError, match="extra"):
        config_from(constants)
    constants = preset("paper")
    del constants["widths"]["state"]
    with pytest.raises(UserError, match="widths"):
        config_from(constants)


def test_config_round_trip(tmp_path) -> None:
    config = make_config("fast", ["network.norm=none"], seed=7)
    config.save(str(tmp_path / "config.toml"))
    assert Config.load(str(tmp_path / "config.toml")) == config
    assert Config.load(tmp_path / "config.toml").digest == config.digest


def test_equal_configurations_have_one_digest_and_others_another() -> None:
    config = make_config("paper")
    assert len(config.digest) == 64
    as_written = replace(config, loss=replace(config.loss, velocity=10))
    assert as_written == config
    assert as_written.digest == config.digest
    assert override(config, ["seed=1"]).digest != config.digest
    assert override(config, ["pruning.ramp=0.5"]).digest != config.digest


def test_every_constant_states_what_it_accepts() -> None:
    for section, constants in asdict(make_config("paper")).items():
        if not isinstance(constants, dict):
            continue
        for name, value in constants.items():
            refused = "nonsense" if isinstance(value, str) else 1e9
            with pytest.raises(UserError, match=rf"^{section}\.{name} is .*; accepted (is|are) "):
                make_config("paper", [f"{section}.{name}={refused}"])


def test_every_accepted_schedule_is_one_of_training() -> None:
    accepted = get_args(get_type_hints(Training)["schedule"])
    assert accepted == get_args(Schedule)
    assert [rate_share(name, 0.0) for name in accepted] == [1.0] * len(accepted)


def test_damaged_config_is_one_line(tmp_path) -> None:
    path = tmp_path / "config.toml"
    with pytest.raises(UserError, match="cannot read"):
        Config.load(path)
    path.write_text("seed = = 1")
    with pytest.raises(UserError, match="not TOML"):
        Config.load(path)


def test_constants_added_later_may_be_missing_from_a_saved_configuration() -> None:
    constants = asdict(make_config())
    del constants["pruning"]["scope"], constants["pruning"]["ramp"]
    config = config_from(constants)
    assert (config.pruning.scope, config.pruning.ramp) == ("global", 0.0)
    del constants["pruning"]["rate"]
    with pytest.raises(UserError, match=r"section \[pruning\] has to hold"):
        config_from(constants)


def test_lean_changes_nothing_that_the_float_network_depends_on() -> None:
    lean, paper = make_config("lean"), make_config("paper")
    for section in ("window", "network", "loss", "training"):
        assert getattr(lean, section) == getattr(paper, section)
