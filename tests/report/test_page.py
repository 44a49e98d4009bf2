"""What the page says, by a parser of HTML."""

import json
import re
from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
import pytest

from aegru_hw.cost.cycles import tick_costs
from aegru_hw.decoder.config import make_config
from aegru_hw.errors import UserError
from aegru_hw.fixedpoint import load_decoder, run_window_form
from aegru_hw.recordings.r2 import r2_score
from aegru_hw.recordings.recording import load_recording
from aegru_hw.recordings.splits import split
from aegru_hw.recordings.stream import TickStream
from aegru_hw.recordings.windows import complete_history
from aegru_hw.report import write_report
from aegru_hw.report.facts import gather
from aegru_hw.report.page import figures_json
from aegru_hw.report.section import Chart, Section
from aegru_hw.report.sections.provenance import training_options
from aegru_hw.rtl.schedule import schedule
from aegru_hw.run_folder import RunFolder
from tests.report.html_page import Page
from tests.support.runs import (
    complete_run,
    resources,
    rtl_summary,
    verified_run,
    verified_summary,
    write_run,
)

SECTIONS = [
    "decoding",
    "accuracy",
    "verification",
    "work",
    "timeline",
    "latency",
    "weights",
    "resources",
    "energy",
    "provenance",
]
HOSTILE = "<script>hacked = 1</script><img src=x onerror='hacked = 1'>\"&"


def page_of(run: RunFolder) -> Page:
    page = Page(write_report(run).read_text(encoding="utf-8"))
    assert page.open_elements == []
    return page


@pytest.fixture(scope="module")
def complete(tmp_path_factory) -> tuple[RunFolder, Page]:
    run = complete_run(tmp_path_factory.mktemp("report") / "complete")
    return run, page_of(run)


@pytest.fixture(scope="module")
def verified(tmp_path_factory) -> tuple[RunFolder, Page]:
    run = verified_run(tmp_path_factory.mktemp("report") / "verified run")
    return run, page_of(run)


def scored(run: RunFolder) -> tuple:
    """Return decoder, stream of the test split, and its mask in the recording."""
    decoder, recording = load_decoder(run.decoder), load_recording(run.recording)
    window, steps = decoder.geometry.window, decoder.geometry.steps
    wanted = split(recording, complete_history(recording, window, steps)).test
    return decoder, TickStream.from_recording(recording, wanted, window, steps), wanted


def test_sections_stand_in_order(complete, verified) -> None:
    for _, page in (complete, verified):
        sections = [attributes["id"] for tag, attributes in page.elements if tag == "section"]
        assert sections == SECTIONS
        links = [attributes["href"] for tag, attributes in page.elements if tag == "a"]
        assert links == [f"#{key}" for key in SECTIONS]


def test_one_file_without_a_link_to_the_outside(complete) -> None:
    run, page = complete
    source = run.report.read_text(encoding="utf-8")
    assert source.count("plotly.js v") == 1
    for tag, attributes in page.elements:
        for name in ("src", "href", "srcset", "action", "data"):
            value = attributes.get(name)
            assert value is None or value.startswith(("#", "data:,")), (tag, name, value)
    policies = [
        attributes["content"]
        for _, attributes in page.elements
        if attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    assert len(policies) == 1
    assert "default-src 'none'" in policies[0]
    assert "http" not in policies[0]


def test_every_chart_has_a_place_and_units(complete) -> None:
    _, page = complete
    places = {
        attributes["id"]: attributes
        for _, attributes in page.elements
        if attributes.get("class") == "chart"
    }
    assert set(places) == set(page.figures)
    assert all(attributes["aria-label"] for attributes in places.values())
    titles = {
        key: [
            axis["title"]["text"]
            for name, axis in figure["layout"].items()
            if re.fullmatch(r"[xy]axis\d*", name) and axis.get("title", {}).get("text")
        ]
        for key, figure in page.figures.items()
    }
    assert all(titles.values())
    units = {
        "decoding-chart": "(s)",
        "work-chart": "MACs",
        "timeline-chart": "cycles",
        "utilisation-chart": "(%)",
        "latency-chart": "(clock cycles)",
        "resources-chart": "(% of the device)",
        "energy-chart": "nJ per tick (estimate)",
    }
    for key, unit in units.items():
        assert any(unit in title for title in titles[key]), key


def test_decoded_stretch_is_the_window_forms(complete) -> None:
    run, page = complete
    decoder, stream, wanted = scored(run)
    recording = load_recording(run.recording)
    decoded = decoder.physical(run_window_form(decoder, stream.counts).velocity[stream.scored])
    facts = gather(run)
    np.testing.assert_array_equal(facts.test.decoded, decoded)
    np.testing.assert_array_equal(facts.test.truth, recording.velocity[wanted])
    r2 = r2_score(recording.velocity[wanted], decoded)["mean"]
    assert f"R² {r2:.3f} there" in page.sections["decoding"]
    names = [trace["name"] for trace in page.figures["decoding-chart"]["data"]]
    assert names == ["true", "decoded"] * 2
    assert page.figures["decoding-chart"]["zooms"] is True


def test_gaps_between_segments_are_not_drawn_over(tmp_path) -> None:
    run = complete_run(tmp_path / "run")
    figure = gather(run)
    ticks = figure.test.ticks.copy()
    ticks[100:] += 50

    from aegru_hw.report.sections.decoding import decoding_section

    broken = replace(figure, test=replace(figure.test, ticks=ticks))
    trace = decoding_section(broken).charts[0].figure.data[0]
    assert np.flatnonzero(np.isnan(trace.y)).tolist() == [100]
    assert len(trace.x) == len(trace.y) == len(ticks) + 1


def test_r2_and_mismatches(complete, verified) -> None:
    _, page = complete
    for text in ("0.8710", "0.8620", "0.8650", "0.8655", "SystemVerilog"):
        assert text in page.sections["accuracy"]
    assert (
        "0 mismatches in 5 pairs of executions, over 371 ticks each"
        in (page.sections["verification"])
    )
    assert "equal to the cost model on every tick" in page.sections["verification"]
    assert "not run" not in page.sections["verification"]
    _, page = verified
    assert "0 mismatches in 4 pairs" in page.sections["verification"]
    assert page.sections["verification"].count("not run") > 5


def test_a_mismatch_is_shown_as_one(tmp_path) -> None:
    summary = rtl_summary()
    summary["mismatches"]["rtl_vs_fixed"] = 17
    summary["cycles"]["predicted_equal"] = False
    run = write_run(tmp_path / "run", summary, lanes=2)
    page = page_of(run)
    assert "17 mismatching ticks over 5 pairs" in page.sections["verification"]
    assert "NOT equal" in page.sections["verification"]
    classes = [(tag, str(attributes.get("class")).split()) for tag, attributes in page.elements]
    bad = [tag for tag, names in classes if "bad" in names]
    assert bad == ["li", "td", "td", "td"]  # the tile, both halves of the matrix, the list
    assert "prediction" in page.sections["timeline"]


def test_waterfall_ends_at_the_streaming_macs(complete) -> None:
    run, page = complete
    (trace,) = page.figures["work-chart"]["data"]
    assert trace["measure"] == ["absolute", "relative", "total", "relative", "relative", "total"]
    values = trace["x"]
    assert values[0] + values[1] == pytest.approx(values[2])
    assert values[2] + values[3] + values[4] == pytest.approx(values[5])
    decoder = load_decoder(run.decoder)
    everything_changed = decoder.macs_without_events + decoder.macs_of_event.sum()
    assert values[2] + values[3] == pytest.approx(everything_changed)
    assert "76.4% fewer MACs" in page.sections["work"]


def test_timeline_is_of_a_tick_that_happened(complete, verified) -> None:
    for (run, page), lanes in ((complete, 2), (verified, 4)):
        decoder, stream, _ = scored(run)
        costs = tick_costs(decoder, schedule(decoder, lanes), stream.counts)
        cycles = np.sort(costs.cycles[stream.scored])
        median = int(cycles[len(cycles) // 2])
        bars = [t for t in page.figures["timeline-chart"]["data"] if t["type"] == "bar"]
        ends = [b + x for t in bars for b, x in zip(t["base"], t["x"], strict=True)]
        assert max(ends) == median
        assert f"of {median:,} cycles" in page.sections["timeline"]
        latency = costs.latency[stream.scored]
        assert f"{latency.mean():,.0f} cycles in the mean" in page.sections["latency"]
        shares = page.figures["latency-chart"]["data"][0]["customdata"]
        assert shares is not None
        assert f"{costs.utilisation:.0%}" in page.sections["timeline"]


def test_latency_histogram_counts_every_tick(complete) -> None:
    from aegru_hw.report.sections.latency import latency_section

    facts = gather(complete[0])
    bars = latency_section(facts).charts[0].figure.data[0]
    assert bars.customdata[:, 2].sum() == len(facts.test.ticks)
    assert float(np.sum(bars.y)) == pytest.approx(100)


def test_latency_in_microseconds_is_of_each_targets_own_lanes(complete) -> None:
    run, page = complete
    decoder, stream, _ = scored(run)
    # timing met: the clock asked for; missed: the clock that was reached.
    for lanes, mhz in ((2, 80.0), (1, 11.5)):
        costs = tick_costs(decoder, schedule(decoder, lanes), stream.counts)
        assert f"{costs.latency[stream.scored].max() / mhz:,.1f} µs" in page.sections["latency"]
    assert "xc7" not in page.sections["latency"]


def test_sparsity_maps_show_every_weight(complete) -> None:
    from aegru_hw.report.sections.weights import weights_section

    facts = gather(complete[0])
    charts = weights_section(facts).charts
    for chart, linear in zip(charts, facts.decoder.matrices.values(), strict=True):
        trace = chart.figure.data[0]
        assert np.count_nonzero(~np.isnan(trace.z)) == linear.non_zero
        codes = np.asarray(trace.customdata)
        assert sorted(codes.ravel()) == sorted(linear.weight.ravel())


def test_resources_and_estimates(complete) -> None:
    _, page = complete
    text = page.sections["resources"]
    for part in ("ecp5-25k", "84.2 MHz", "met", "missed", "i_cell.a", "aegru_engine.bit"):
        assert part in text
    assert "xc7 (estimate)" in text
    bars = page.figures["resources-chart"]["data"]
    assert [bar["name"] for bar in bars] == ["logic cells", "DSPs"]
    assert "Estimate: 10.0 nJ a tick, 12.5 times less" in page.sections["energy"]
    assert "45 nm at 0.9 V" in page.sections["energy"]
    assert "Leakage is left out." in page.sections["energy"]


def test_says_what_was_not_run(verified) -> None:
    _, page = verified
    name = "'verified run'"
    for line in (
        f"RTL: not run; aegru-hw synth {name} --backend rtl and aegru-hw verify {name} add it.",
        f"Synthesis: not run; aegru-hw synth {name} --backend rtl --target ecp5-25k adds it.",
        "Energy estimate: not run;",
        f"Vitis HLS: not run; aegru-hw synth {name} --force --run-vendor adds it.",
    ):
        assert line in page.text
    assert "4 lanes are assumed" in page.sections["timeline"]
    assert "prediction" in page.sections["latency"]


def test_complete_run_misses_only_the_vendor(complete) -> None:
    _, page = complete
    assert set(re.findall(r"(\w[\w ]*): not run;", page.text)) == {"Vitis HLS"}
    assert "prediction" not in page.sections["timeline"]


def test_summary_without_anything(tmp_path) -> None:
    run = write_run(tmp_path / "run", {})
    page = page_of(run)
    assert [key for key in page.sections] == SECTIONS
    for what in ("Verification", "Firmware", "RTL", "Synthesis", "MACs per output"):
        assert f"{what}: not run" in page.text


@pytest.mark.parametrize("junk", [None, 3, "x", [], [1], True, {"a": {"b": []}}, float("nan"), -1])
def test_damaged_values_are_left_out(tmp_path, junk) -> None:
    summary = {name: junk for name in rtl_summary()}
    target = {name: junk for name in resources("x")} | {"target": "x"}
    run = write_run(tmp_path / "run", summary, targets=(target,))
    page_of(run)
    deeper = {
        name: {key: junk for key in value} if isinstance(value, dict) else junk
        for name, value in rtl_summary().items()
    }
    run.summary.write_text(json.dumps(deeper))
    (run.path / "synth" / "x" / "resources.json").write_text(json.dumps(junk))
    page_of(run)


def test_text_from_files_is_only_text(tmp_path) -> None:
    summary = rtl_summary()
    summary["versions"][HOSTILE] = HOSTILE
    summary["r2"][HOSTILE] = summary["r2"]["fixed"]
    summary["mismatches"][HOSTILE] = 0
    summary["recording"]["made_by"] = HOSTILE
    energy = summary["energy"]
    energy["source"] = energy["technology"] = HOSTILE
    energy["assumptions"] = [HOSTILE]
    energy["parts"]["engine"][HOSTILE] = 1.0
    target = resources(
        HOSTILE,
        device=HOSTILE,
        critical_path={"from": HOSTILE, "to": HOSTILE},
        bitstream=HOSTILE,
        tools={HOSTILE: HOSTILE},
        resources={HOSTILE: {"used": 1, "available": 2, "percent": 50}},
    )
    plain = page_of(write_run(tmp_path / "plain", rtl_summary(), targets=(resources("x"),)))
    run = write_run(tmp_path / "run", summary, targets=(target,), source=HOSTILE)
    page = page_of(run)
    assert page.count("script") == plain.count("script")
    assert page.count("img") == 0
    assert page.text.count(HOSTILE) > 10
    figures = json.dumps(page.figures)
    assert "<script>" not in figures
    assert "<img" not in figures


def test_figures_cannot_leave_their_script() -> None:
    figure = go.Figure(layout={"title": {"text": "</script><!-- &"}})
    section = Section("key", "", "", charts=(Chart("chart", figure, ""),))
    text = figures_json([section])
    assert not set("<>&") & set(text)
    assert json.loads(text)["chart"]["layout"]["title"]["text"] == "</script><!-- &"


def test_commands_give_the_same_configuration(complete) -> None:
    run, page = complete
    facts = gather(run)
    options = training_options(facts.config)
    assert options == ["--preset fast", "--seed 0", "--set pruning.rate=0.6"]
    overrides = [option.removeprefix("--set ") for option in options[2:]]
    assert make_config("fast", overrides, 0) == facts.config
    for line in (
        "aegru-hw train RECORDING --out complete --preset fast --seed 0 --set pruning.rate=0.6",
        "aegru-hw synth complete --backend rtl --lanes 2",
        "aegru-hw synth complete --backend rtl --target ice40up5k --lanes 1 --clock 12 "
        "--board upduino3 --place-seed 1",
        "aegru-hw report complete",
    ):
        assert line in page.sections["provenance"]
    assert facts.recording.sha256 in page.sections["provenance"]


def test_demo_names_the_command_that_made_its_recording(tmp_path) -> None:
    summary = verified_summary()
    summary["recording"]["made_by"] = "aegru-hw generate generated.mat --seed 3"
    page = page_of(write_run(tmp_path / "run", summary, source="generated.mat"))
    text = page.sections["provenance"]
    assert "aegru-hw generate generated.mat --seed 3\naegru-hw train generated.mat --out" in text


@pytest.mark.parametrize("geometry", [{"steps": 1}, {"norm": False}, {"sparsity": 1.0}])
def test_other_decoders(tmp_path, geometry) -> None:
    page_of(verified_run(tmp_path / "run", **geometry))


def test_decoder_that_no_engine_holds(tmp_path, monkeypatch) -> None:
    from aegru_hw.report import facts

    def refuse(*_: object) -> None:
        raise UserError("the state needs 12 bits; the engine has 9")

    monkeypatch.setattr(facts, "memory_image", refuse)
    page = page_of(complete_run(tmp_path / "run"))
    assert "the state needs 12 bits" in page.sections["timeline"]
    assert "the state needs 12 bits" in page.sections["latency"]


def test_refuses_a_folder_without_a_decoder(tmp_path) -> None:
    with pytest.raises(UserError, match="holds no run"):
        write_report(RunFolder(tmp_path))
    run = verified_run(tmp_path / "run")
    run.decoder.unlink()
    with pytest.raises(UserError, match="quantize"):
        write_report(run)
    assert not run.report.exists()
