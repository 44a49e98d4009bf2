"""What the page says, by a parser of HTML."""

import json
import re
from dataclasses import replace
from itertools import pairwise

import numpy as np
import plotly.graph_objects as go
import pytest

from aegru_hw.errors import UserError
from aegru_hw.fixedpoint import load_decoder, run_window_form
from aegru_hw.fixedpoint.traces import streaming_traces
from aegru_hw.recordings.r2 import r2_score
from aegru_hw.recordings.recording import load_recording
from aegru_hw.recordings.stream import test_stream as stream_of
from aegru_hw.report import write_report
from aegru_hw.report.page import figures_json
from aegru_hw.report.section import Chart, Section
from aegru_hw.rtl.cycles import tick_costs
from aegru_hw.rtl.schedule import schedule
from aegru_hw.runs.folder import RunFolder
from tests.report.html_page import Page
from tests.report.pages import SECTIONS, facts_of, page_of
from tests.support.runs import (
    CYCLES,
    complete_run,
    measure,
    verified_run,
    write_run,
)


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
    return decoder, *stream_of(recording, decoder.geometry)


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
        "energy-chart": "nJ per output (estimate)",
    }
    for key, unit in units.items():
        assert any(unit in title for title in titles[key]), key


def test_decoded_stretch_is_the_window_forms(complete) -> None:
    run, page = complete
    decoder, stream, wanted = scored(run)
    recording = load_recording(run.recording)
    decoded = decoder.physical(run_window_form(decoder, stream.counts).velocity[stream.scored])
    facts = facts_of(run)
    np.testing.assert_array_equal(facts.test.decoded, decoded)
    np.testing.assert_array_equal(facts.test.truth, recording.velocity[wanted])
    r2 = r2_score(recording.velocity[wanted], decoded).mean
    assert f"R² {r2:.3f} there" in page.sections["decoding"]
    names = [trace["name"] for trace in page.figures["decoding-chart"]["data"]]
    assert names == ["true", "decoded"] * 2
    assert page.figures["decoding-chart"]["zooms"] is True


def test_gaps_between_segments_are_not_drawn_over(tmp_path) -> None:
    run = complete_run(tmp_path / "run")
    figure = facts_of(run)
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
    text = page.sections["verification"]
    assert "0 mismatches in 28 pairs of executions, over 409 ticks each" in text
    assert "equal to the cost model on every tick" in text
    assert "not run" not in text
    assert page.kinds("verification", "td").count("good centre centre") == 56 + 7
    _, page = verified
    text = page.sections["verification"]
    assert "0 mismatches in 21 pairs" in text
    assert text.count("not run") == 2 * 7 + 1 + 1  # row and column, the list, the sentence


def test_a_mismatch_is_shown_as_one(tmp_path) -> None:
    run = complete_run(tmp_path / "run")
    measure(run, "rtl", differing=17)
    page = page_of(run)
    assert "119 mismatching ticks over 28 pairs" in page.sections["verification"]
    # Both halves of the matrix, and the list; nothing else is bad but the tile and timing.
    assert page.kinds("verification", "td").count("bad centre centre") == 2 * 7 + 1
    assert page.kinds("", "li").count("tile bad") == 1


def test_counters_unlike_the_model_are_no_proof(tmp_path) -> None:
    run = complete_run(tmp_path / "run")
    measure(run, "rtl", cycles=replace(CYCLES, predicted_equal=False))
    page = page_of(run)
    assert "NOT equal" in page.sections["verification"]
    assert "0 mismatches in" not in page.sections["verification"]
    assert page.kinds("", "li").count("tile bad") == 1
    assert "prediction" in page.sections["timeline"]


def test_waterfall_ends_at_the_streaming_macs(complete) -> None:
    run, page = complete
    (trace,) = page.figures["work-chart"]["data"]
    savings = ["relative"] * 4
    assert trace["measure"] == ["absolute", "relative", "total", *savings, "total"]
    values = trace["x"]
    assert values[0] + values[1] == pytest.approx(values[2])
    assert sum(values[2:7]) == pytest.approx(values[7])
    assert all(value < 0 for value in values[3:7])
    decoder, stream, _ = scored(run)
    non_zero = [np.count_nonzero(linear.weight) for linear in decoder.matrices.values()]
    everything_changed = np.dot(non_zero, [1, 1, decoder.geometry.steps - 1, 1])
    assert values[2] + values[3] == pytest.approx(everything_changed)
    latents = streaming_traces(decoder, stream.counts)["latent"]
    unchanged = (np.diff(latents, axis=0) == 0)[stream.scored[1:]]
    weights_of = np.count_nonzero(decoder.input.weight, axis=0)
    assert values[5] == pytest.approx(-(unchanged @ weights_of).mean())
    assert f"{1 - values[7] / values[0]:.1%} fewer MACs" in page.sections["work"]
    assert f"{100 * (1 - unchanged.mean()):.1f} %" in page.sections["work"]
    assert "RTL counters" in page.sections["work"]


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
        cells = next(t for t in bars if t["name"] == "cells")
        steps = decoder.geometry.steps
        order = [steps, *range(2, steps), 1]
        assert cells["text"] == [f"g<sub>{chain}</sub>" for chain in order]
        assert cells["base"] == sorted(cells["base"])
        velocity = cells["base"][0] + cells["x"][0]
        assert f"out after {velocity:,} of" in page.sections["timeline"]
        drawn = sorted(zip(cells["y"], cells["base"], cells["x"], strict=True))
        for (row, base, length), after in pairwise(drawn):
            assert row > 0
            assert after[0] > row or after[1] >= base + length  # none over another
        latency = costs.latency[stream.scored]
        assert f"{latency.mean():,.0f} cycles in the mean" in page.sections["latency"]
        shares = page.figures["latency-chart"]["data"][0]["customdata"]
        assert shares is not None
        assert f"{costs.over(stream.scored).utilisation:.0%}" in page.sections["timeline"]


def test_latency_histogram_counts_every_tick(complete) -> None:
    from aegru_hw.report.sections.latency import latency_section

    facts = facts_of(complete[0])
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

    facts = facts_of(complete[0])
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
    assert "Estimate: 10.0 nJ an output, 12.5 times less" in page.sections["energy"]
    assert "45 nm at 0.9 V" in page.sections["energy"]
    assert "Leakage is left out." in page.sections["energy"]


def test_says_what_was_not_run(verified) -> None:
    run, page = verified
    name = f"'{run.path}'"
    for line in (
        f"RTL: not run. Commands: aegru-hw synth {name} --backend rtl, then aegru-hw verify {name}",
        f"Synthesis: not run. Command: aegru-hw synth {name} --backend rtl --target ecp5-25k",
        "Energy estimate: not run.",
        f"Vitis HLS: not run. Command: aegru-hw synth {name} --force --run-vendor",
    ):
        assert line in page.text
    assert "4 lanes are assumed" in page.sections["timeline"]
    assert "prediction" in page.sections["latency"]


def test_complete_run_misses_only_the_vendor(complete) -> None:
    _, page = complete
    assert set(re.findall(r"(\w[\w ]*): not run\.", page.text)) == {"Vitis HLS"}
    assert "Stale results" not in page.text
    assert "prediction" not in page.sections["timeline"]


def test_run_that_was_not_verified(tmp_path) -> None:
    page = page_of(write_run(tmp_path / "run", executions=()))
    assert list(page.sections) == SECTIONS
    for what in (
        "Simulator, Brevitas, Streaming, Live, C, ONNX",
        "Firmware",
        "RTL",
        "MACs per output",
    ):
        assert f"{what}: not run." in page.text
    assert "Nothing that holds was compared yet." in page.sections["verification"]


def test_figures_cannot_leave_their_script() -> None:
    figure = go.Figure(layout={"title": {"text": "</script><!-- &"}})
    section = Section("key", "", "", charts=(Chart("chart", figure, ""),))
    text = figures_json([section])
    assert not set("<>&") & set(text)
    assert json.loads(text)["chart"]["layout"]["title"]["text"] == "</script><!-- &"


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
