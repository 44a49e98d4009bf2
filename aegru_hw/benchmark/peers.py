"""The engine and a rival in hardware: the same recording, seed, device, tools and settings.

OUT/RECORDING/seed_0/peers holds one JSON file a row; an interrupted benchmark goes on there.
"""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from aegru_hw.benchmark.decoders import DECODERS, ENGINE_OF, PEER
from aegru_hw.benchmark.measure import Bench, Case, Measurement
from aegru_hw.executions.compare import differing_ticks
from aegru_hw.fixedpoint import FixedDecoder, at_output_rate, load_decoder
from aegru_hw.peers.logic import FORMS, Form
from aegru_hw.peers.placing import ABLE as ABLE_FORMS
from aegru_hw.peers.placing import place_rival
from aegru_hw.peers.rows import YES, Abilities, PeerRow
from aegru_hw.runs.folder import RunFolder
from aegru_hw.runs.lock import FolderLock
from aegru_hw.strict_json import read_json, write_json
from aegru_hw.synthesis.targets import Target, target_named

SEED = 0
TARGET = "ecp5-85k"
LANES = 4
ENGINE = f"AEGRU engine, {LANES} lanes"
OF_FORM: dict[str, Form] = {f"{PEER}, {form}": form for form in FORMS}
ABLE = {
    ENGINE: Abilities(layer_norm=YES, carried_state=YES, reload=YES),
    **{name: ABLE_FORMS[form] for name, form in OF_FORM.items()},
}


@dataclass(frozen=True)
class Peers:
    """The rows of each recording, by name; able: what each design can do, by the same names."""

    target: str
    seed: int
    able: dict[str, Abilities]
    recordings: dict[str, dict[str, PeerRow]]


def measure_peers(
    cases: Sequence[Case], measurement: Measurement, say: Callable[[str], None]
) -> Peers:
    """Return what is found of engine and rival on every recording, from disk or anew.

    say: hears what begins. Raises UserError as `Measurement.measure` does, and where a tool is
    missing.
    """
    target = target_named(TARGET)
    found = {case.name: _of_case(case, measurement, target, say) for case in cases}
    return Peers(target.name, SEED, ABLE, found)


def _of_case(
    case: Case, measurement: Measurement, target: Target, say: Callable[[str], None]
) -> dict[str, PeerRow]:
    both = replace(measurement, decoders=(ENGINE_OF, PEER))
    rows = dict(both.measure(case, SEED, say=lambda text: say(f"{case.name}: {text}")))
    bench = measurement.bench(case, SEED)
    home = bench.home
    makers = {ENGINE: partial(_engine, bench, target, rows[ENGINE_OF].r2)}
    makers |= {name: partial(_rival, bench, form, target) for name, form in OF_FORM.items()}
    (home / "peers").mkdir(exist_ok=True)
    found = {}
    with FolderLock(home).held():
        for name, make in makers.items():
            path = home / "peers" / f"{name.replace(',', '').replace(' ', '_')}.json"
            if not path.is_file():
                say(f"{case.name}: {name} on {target.name}")
                write_json(make(), path)
            found[name] = read_json(path, PeerRow)
    return found


def _rival(bench: Bench, form: Form, target: Target) -> PeerRow:
    from aegru_hw.peers.saved import load_qgru

    return place_rival(load_qgru(bench.rival_weights), bench.dataset, form, target)


def _engine(bench: Bench, target: Target, r2: float | None) -> PeerRow:
    """Quantise a copy of the float run again; play, and place, the engine of its decoder."""
    from aegru_hw.fixedpoint.streaming_form import run_streaming_form
    from aegru_hw.recordings.stream import test_stream
    from aegru_hw.rtl.verification import run_engine
    from aegru_hw.synthesis.engine import synthesise_engine

    with tempfile.TemporaryDirectory(prefix="aegru_peers_") as scratch:
        run = RunFolder(Path(scratch) / "run")
        bench.quantise(run, bench.settings(*DECODERS[ENGINE_OF]))
        decoder = load_decoder(run.decoder)
        stream, _ = test_stream(bench.case.recording, decoder.geometry)
        at_rate, counts = at_output_rate(decoder, stream.counts)
        streamed = run_streaming_form(at_rate, counts).velocity[stream.scored]
        played = run_engine(at_rate, LANES, counts)
        placed = synthesise_engine(decoder, target, Path(scratch) / "placed", lanes=LANES)
    costs = {name: played.costs[name][stream.scored] for name in ("cycles", "latency")}
    return PeerRow(
        r2=r2,
        weight_bits=_weight_bits(decoder),
        ticks=len(streamed),
        mismatches=differing_ticks(played.velocity[stream.scored], streamed),
        resources=placed.resources,
        fmax_mhz=placed.fmax_mhz,
        says=None,
        latency_cycles=int(costs["latency"].max()),
        interval_cycles=int(costs["cycles"].max()),
    )


def _weight_bits(decoder: FixedDecoder) -> int:
    return sum(
        int(np.count_nonzero(linear.weight)) * linear.weight_type.width
        for linear in decoder.matrices.values()
    )
