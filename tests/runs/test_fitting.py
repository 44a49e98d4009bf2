"""Whether a decoder loads into what a run has of hardware."""

import pytest

from aegru_hw.errors import UserError
from aegru_hw.files import sha256_of_file
from aegru_hw.fixedpoint import load_decoder
from aegru_hw.fixedpoint.made_up import random_decoder
from aegru_hw.rtl.elaboration import engine_parameters
from aegru_hw.runs.fitting import fits
from aegru_hw.strict_json import write_json
from aegru_hw.synthesis.made_of import ANY, FORMATS
from tests.support.runs import complete_run, resources, write_run


def test_each_engine_of_a_run_answers(tmp_path) -> None:
    run = complete_run(tmp_path / "run", targets=(resources("ecp5-25k"),))
    write_json(engine_parameters(load_decoder(run.decoder), 2), run.rtl / "parameters.json")
    bitstream = run.synth / "ecp5-25k" / "aegru_engine.bit"
    bitstream.write_bytes(b"bits")
    engine, placed = fits(random_decoder(2, channels=12, window=4), run)
    assert (engine.engine, engine.lanes, engine.fits) == ("rtl", 2, True)
    assert (placed.engine, placed.lanes, placed.fits) == ("ecp5-25k", 2, True)
    assert placed.bitstream_sha256 == sha256_of_file(bitstream)
    other = random_decoder(2, channels=12, window=5)
    assert [fit.fits for fit in fits(other, run)] == [False, False]
    assert [fit.engine for fit in fits(other, run, "ecp5-25k")] == ["ecp5-25k"]


def test_other_formats_load_where_none_are_wired_in(tmp_path) -> None:
    other = random_decoder(2, channels=10, window=3, table_bits=9)
    found = {}
    for formats in ({}, {FORMATS: ANY}):
        placed = resources("ecp5-25k", made_of=formats)
        run = complete_run(tmp_path / f"run{len(formats)}", targets=(placed,))
        found[bool(formats)] = fits(other, run, "ecp5-25k")[0].because
    assert any("is wired to" in reason for reason in found[False])
    assert found[True] == ()


def test_a_run_without_an_engine(tmp_path) -> None:
    run = write_run(tmp_path / "run", executions=())
    with pytest.raises(UserError, match="has no engine"):
        fits(load_decoder(run.decoder), run)


def test_a_placement_of_another_decoder(tmp_path) -> None:
    run = complete_run(tmp_path / "run", targets=(resources("ecp5-25k"),))
    random_decoder(3, channels=12, window=4).save(run.decoder)
    with pytest.raises(UserError, match="was placed for another decoder"):
        fits(load_decoder(run.decoder), run, "ecp5-25k")
