"""The same decoder at another output rate: nothing is trained for it."""

from dataclasses import asdict, replace

from aegru_hw.decoder.config import Config
from aegru_hw.errors import UserError
from aegru_hw.fixedpoint import Geometry, load_decoder, save_decoder
from aegru_hw.runs.folder import MADE_OF_DECODER, RunFolder
from aegru_hw.runs.results import QUANTISATION, TRAINING, Quantisation, Training
from aegru_hw.runs.summarise import summarise, write_summary
from aegru_hw.runs.summary import Summary
from aegru_hw.strict_json import read_json, write_json


def network_for(run: RunFolder, config: Config) -> Quantisation | None:
    """Return what is known of the run's quantised network where it needs but another rate.

    None where there is none that holds, or where `config` asks for more than another window.every.
    """
    if not run.decoder.exists() or any(
        stale.result == QUANTISATION.removesuffix(".json") for stale in summarise(run).stale
    ):
        return None
    try:
        found = read_json(run.results / QUANTISATION, Quantisation)
    except UserError:
        return None
    at_its_rate = replace(config, window=found.config.window)
    same = replace(config.window, every=found.config.window.every) == found.config.window
    return found if same and at_its_rate == found.config and config != found.config else None


def change_rate(
    run: RunFolder, network: Quantisation, config: Config, geometry: Geometry
) -> Summary:
    """Write decoder.h5 with another geometry; return the summary.

    network: of `network_for`. What was made from the decoder of before goes with it.
    """
    before = load_decoder(run.decoder)
    provenance = before.provenance | {"config": asdict(config)}
    decoder = replace(before, geometry=geometry, provenance=provenance)
    with run.transaction() as change:
        change.remove(*MADE_OF_DECODER, "results")
        training = read_json(run.results / TRAINING, Training)
        write_json(training, change.path(f"results/{TRAINING}"))
        config.save(change.path("config.toml"))
        save_decoder(decoder, change.path("decoder.h5"))
        made_of = network.made_of | {"config": config.digest, "decoder": decoder.digest}
        result = replace(network, made_of=made_of, decoder=decoder.digest, config=config)
        write_json(result, change.path(f"results/{QUANTISATION}"))
        return write_summary(run, change)
