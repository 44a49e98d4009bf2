"""write_project: the types it writes, the options it takes, and what it leaves after a failure."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from aegru_hw.errors import UserError
from aegru_hw.fixedpoint import FixedType
from aegru_hw.hls import project, write_project
from aegru_hw.hls.defines import check_types, parse_type, read_types
from aegru_hw.hls.precision import Precision, precisions
from aegru_hw.sources import source_folder
from tests.hls.conftest import small_decoder


def test_project_is_complete(tmp_path: Path) -> None:
    folder = tmp_path / "hls"
    written = write_project(
        small_decoder(), folder, part="xc7z020clg400-1", clock_period_ns=8.0, reuse_factor=8
    )
    assert written.folder == folder
    assert written.reuse_factors == {"encoder": 6, "input": 8, "recurrent": 8, "readout": 8}
    assert written.types_checked == len(
        [kind for types in precisions(small_decoder()).values() for kind in types.values()]
    )
    for name in ("build_prj.tcl", "build_lib.sh", "project.tcl", "firmware/aegru.cpp"):
        assert (folder / name).is_file()
    for name in ("spike_window.h", "gru_cell.h", "layer_norm.h", "gru_chain.h"):
        copied = folder / "firmware" / "nnet_utils" / name
        assert copied.read_bytes() == (source_folder("hls") / name).read_bytes()
    settings = (folder / "project.tcl").read_text()
    assert 'set part "xc7z020clg400-1"' in settings
    assert "set clock_period 8.0" in settings
    assert f"OutputDir: {folder}\n" in (folder / "hls4ml_config.yml").read_text()
    assert list(tmp_path.iterdir()) == [folder]


def test_types_are_those_of_the_decoder(tmp_path: Path) -> None:
    decoder = small_decoder()
    write_project(decoder, tmp_path / "hls")
    types = {name: parse_type(kind) for name, kind in read_types(tmp_path / "hls").items()}
    assert types["gru_chain_recurrent_candidate_t"].codes == decoder.recurrent_candidate
    assert types["gru_chain_input_accum_t"].codes == decoder.input.accumulator
    assert types["encoder_weight_t"].codes == decoder.encoder.weight_type
    for name, kind in {
        "layer3_t": decoder.latent,
        "gru_chain_gate_address_t": decoder.sigmoid.address,
        "gru_chain_mixed_state_t": decoder.mixed_state,
        "gru_chain_state_t": decoder.state,
        "result_t": decoder.velocity,
    }.items():
        assert types[name].codes == kind
        assert (types[name].rounding, types[name].overflow) == ("RND_CONV", "SAT")


@pytest.mark.parametrize(
    ("written", "altered"),
    [
        ("ap_fixed<16,4,AP_RND_CONV,AP_SAT,0> result_t", "ap_fixed<16,5> result_t"),
        ("ap_fixed<8,3> layer2_t", "ap_fixed<8,2> layer2_t"),
        ("ap_fixed<8,4,AP_RND_CONV,AP_SAT,0> layer3_t", "ap_fixed<8,4,AP_TRN,AP_SAT,0> layer3_t"),
        ("ap_fixed<8,4,AP_RND_CONV,AP_SAT,0> layer3_t", "ap_fixed<8,4,AP_RND_CONV> layer3_t"),
        ("ap_ufixed<8,0> gru_chain_gate_t", "ap_fixed<8,0> gru_chain_gate_t"),
        ("ap_uint<8> input_t", "ap_int<8> input_t"),
        ("ap_uint<8> input_t", "float input_t"),
        ("ap_uint<8> input_t", "ap_uint<8> counts_t"),
    ],
)
def test_altered_type_is_found(tmp_path: Path, written: str, altered: str) -> None:
    decoder = small_decoder()
    write_project(decoder, tmp_path / "hls")
    defines = tmp_path / "hls" / "firmware" / "defines.h"
    text = defines.read_text()
    assert f"typedef {written};" in text
    assert check_types(tmp_path / "hls", precisions(decoder)) > 0
    defines.write_text(text.replace(f"typedef {written};", f"typedef {altered};"))
    with pytest.raises(UserError):
        check_types(tmp_path / "hls", precisions(decoder))


def test_type_that_hls4ml_changed_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def other(decoder: Any) -> Precision:
        asked = precisions(decoder)
        asked["readout"]["accum"] = "ap_fixed<40,20>"
        return asked

    monkeypatch.setattr(project, "precisions", other)
    with pytest.raises(UserError, match=r"readout's accum .* asked was ap_fixed<40,20>"):
        write_project(small_decoder(), tmp_path / "hls")
    assert not list(tmp_path.iterdir())


def test_type_too_coarse_for_its_values(tmp_path: Path) -> None:
    decoder = replace(small_decoder(), mixed_state=FixedType(12, -4))
    with pytest.raises(UserError, match=r"mixed state's type ap_fixed<12,16> is too coarse"):
        write_project(decoder, tmp_path / "hls")


def test_types_are_read_from_arrays_and_modes() -> None:
    assert parse_type("nnet::array<ap_fixed<8,4,AP_RND_CONV,AP_SAT,0>, 32*1>") == parse_type(
        "ap_fixed<8,4,AP_RND_CONV,AP_SAT>"
    )
    assert parse_type("ap_uint<6>").codes == FixedType(6, 0, signed=False)
    assert parse_type("ap_fixed<13,-1>").codes == FixedType(13, 14)
    assert parse_type("ap_fixed<8,1>") == parse_type("ap_fixed<8,1,AP_TRN,AP_WRAP,0>")


@pytest.mark.parametrize("text", ["float", "ap_fixed<8>", "ap_fixed<0,0>", "ap_fixed<a,b>", ""])
def test_other_types_are_refused(text: str) -> None:
    with pytest.raises(UserError, match="is not a type that this firmware uses"):
        parse_type(text)


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"part": 'x"; exec rm'}, "is not a part's name"),
        ({"clock_period_ns": 0.0}, "clock period 0.0 ns"),
        ({"clock_period_ns": float("nan")}, "clock period nan ns"),
        ({"strategy": "distributed_arithmetic"}, "accepted are latency, resource"),
        ({"reuse_factor": 0}, "reuse factor 0"),
        ({"io_type": "io_serial"}, "accepted are io_parallel, io_stream"),
    ],
)
def test_option_out_of_range(tmp_path: Path, option: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        write_project(small_decoder(), tmp_path / "hls", **option)
    assert not list(tmp_path.iterdir())


def test_an_earlier_project_is_replaced(tmp_path: Path) -> None:
    folder = tmp_path / "hls"
    write_project(small_decoder(), folder)
    (folder / "stale").touch()
    write_project(small_decoder(norm=False), folder)
    assert not (folder / "stale").exists()
    assert "rsqrt" not in (folder / "firmware" / "defines.h").read_text()


def test_another_folder_is_not_replaced(tmp_path: Path) -> None:
    folder = tmp_path / "thesis"
    folder.mkdir()
    (folder / "chapter.tex").touch()
    with pytest.raises(UserError, match="is no hls4ml project"):
        write_project(small_decoder(), folder)
    assert (folder / "chapter.tex").exists()


def test_parent_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="give a path in a folder that exists"):
        write_project(small_decoder(), tmp_path / "nowhere" / "hls")


def test_importing_the_package_leaves_hls4ml_out() -> None:
    import subprocess
    import sys

    check = "import sys, aegru_hw.hls; sys.exit('hls4ml' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0
