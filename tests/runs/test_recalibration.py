"""A run of another day, made of a run."""

import shutil
from dataclasses import replace

import pytest

from aegru_hw.errors import UserError
from aegru_hw.fixedpoint import load_decoder
from aegru_hw.rtl import fitting
from aegru_hw.rtl.elaboration import engine_parameters
from aegru_hw.rtl.fitting import misfits
from aegru_hw.rtl.lanes import LANES
from aegru_hw.runs import recalibration
from aegru_hw.runs.folder import RunFolder
from aegru_hw.runs.recalibration import recalibrate_run, sessions_of
from aegru_hw.runs.results import RECALIBRATION, Recalibration
from aegru_hw.runs.status import status
from aegru_hw.runs.summarise import summarise
from aegru_hw.runs.verification import verify
from aegru_hw.strict_json import read_json
from tests.support.recordings import small_recording

TUESDAY, WEDNESDAY = (small_recording(ticks=700, day=day) for day in (1, 2))


@pytest.fixture(scope="session")
def tuesday_run(quantised_run, tmp_path_factory) -> RunFolder:
    run = RunFolder(tmp_path_factory.mktemp("tuesday") / "run")
    recalibrate_run(RunFolder(quantised_run), TUESDAY, run, minutes=0.2, method="all")
    return run


def test_it_is_a_run_that_names_its_parent_and_verifies(
    tuesday_run, quantised_run, tmp_path
) -> None:
    run = RunFolder(shutil.copytree(tuesday_run.path, tmp_path / "run"))
    parent = load_decoder(RunFolder(quantised_run).decoder)
    decoder = load_decoder(run.decoder)
    assert decoder.provenance["parent"] == parent.digest
    found = read_json(run.results / RECALIBRATION, Recalibration)
    assert (found.parent, found.decoder) == (parent.digest, decoder.digest)
    assert (found.method, found.minutes, found.sessions) == ("all", 0.2, 1)
    summary = verify(run, progress=False)
    assert summary.recalibrated_from == parent.digest
    assert summary.mismatches
    assert not any(summary.mismatches.values())
    assert summary.r2["fixed"].mean == pytest.approx(found.r2["quantised"].mean, abs=1e-6)
    assert not summary.stale
    assert [part.state for part in status(run).parts if part.name == "decoder"] == ["there"]


def test_the_decoder_loads_into_the_parent_s_engine(tuesday_run, quantised_run) -> None:
    parent, decoder = (
        load_decoder(RunFolder(path).decoder) for path in (quantised_run, tuesday_run.path)
    )
    for lanes in LANES:
        assert misfits(decoder, engine_parameters(parent, lanes)) == ()
    for name, linear in decoder.matrices.items():
        if name != "encoder":
            assert not linear.weight[parent.matrices[name].weight == 0].any(), name


def test_the_encoder_has_other_weights_where_the_schedule_has_room(
    quantised_run, tmp_path, monkeypatch
) -> None:
    monkeypatch.setattr(fitting, "LANES", (1, 2))
    run = RunFolder(tmp_path / "run")
    recalibrate_run(RunFolder(quantised_run), TUESDAY, run, minutes=0.2, method="encoder")
    parent, decoder = (load_decoder(RunFolder(p).decoder) for p in (quantised_run, run.path))
    for lanes in (1, 2):
        assert misfits(decoder, engine_parameters(parent, lanes)) == ()
    assert decoder.encoder.weight[parent.encoder.weight == 0].any()
    weights = parent.encoder.non_zero
    assert weights < decoder.encoder.non_zero <= weights + weights // 4


def test_where_more_weights_do_not_load_those_of_before_are_kept(
    quantised_run, tmp_path, monkeypatch
) -> None:
    answers = iter([False, True])
    monkeypatch.setattr(recalibration, "loads_in_place_of", lambda *_: next(answers))
    run = RunFolder(tmp_path / "run")
    recalibrate_run(RunFolder(quantised_run), TUESDAY, run, minutes=0.2, method="encoder")
    parent, decoder = (load_decoder(RunFolder(p).decoder) for p in (quantised_run, run.path))
    assert not decoder.encoder.weight[parent.encoder.weight == 0].any()


def test_statistics_use_no_labels(quantised_run, tmp_path) -> None:
    found = []
    turned = replace(TUESDAY, velocity=TUESDAY.velocity[::-1] * 7)
    for index, recording in enumerate((TUESDAY, turned)):
        run = RunFolder(tmp_path / str(index))
        recalibrate_run(RunFolder(quantised_run), recording, run, minutes=0.2, method="statistics")
        found.append(load_decoder(run.decoder))
    first, second = found
    assert (first.encoder.weight == second.encoder.weight).all()
    assert (first.encoder.bias == second.encoder.bias).all()
    assert (first.labels.mean == second.labels.mean).all()
    assert (first.labels.scale == second.labels.scale).all()


def test_all_sessions_together_and_carried_on(quantised_run, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(recalibration, "NIGHT", replace(recalibration.NIGHT, updates=20))
    tuesday, wednesday = RunFolder(tmp_path / "tuesday"), RunFolder(tmp_path / "wednesday")
    recalibrate_run(RunFolder(quantised_run), TUESDAY, tuesday, minutes=None)
    recalibrate_run(tuesday, WEDNESDAY, wednesday, minutes=None)
    assert [one.source for one in sessions_of(wednesday)] == [
        "small",
        "small, day 1",
        "small, day 2",
    ]
    assert summarise(wednesday).stale == ()
    assert read_json(wednesday.results / RECALIBRATION, Recalibration).sessions == 2


def test_refusals_leave_no_run(quantised_run, tmp_path) -> None:
    run = RunFolder(tmp_path / "run")
    with pytest.raises(UserError, match="the recording has 11 channels"):
        recalibrate_run(RunFolder(quantised_run), small_recording(channels=11), run)
    with pytest.raises(UserError, match="minutes hold"):
        recalibrate_run(RunFolder(quantised_run), TUESDAY, run, minutes=0.01)
    assert not run.path.exists()
