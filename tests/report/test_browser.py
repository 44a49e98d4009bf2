"""The page in a real browser: it loads alone, draws, zooms, and fits a phone and paper."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from aegru_hw.recordings.r2 import R2
from aegru_hw.report import write_report
from tests.report.browser import LOCAL, Browser, started_browser
from tests.report.pages import HOSTILE, SECTIONS
from tests.report.test_hostile import hostile_run
from tests.support.recordings import small_recording
from tests.support.runs import TICK_SECONDS, complete_run, measure, verified_run

DESKTOP, PHONE = 1280, 390
CHARTS = "[...document.querySelectorAll('.chart')]"
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def browser(tmp_path_factory) -> Iterator[Browser]:
    with started_browser(tmp_path_factory.mktemp("profile")) as started:
        yield started


@pytest.fixture(scope="module")
def complete(tmp_path_factory) -> Path:
    return write_report(complete_run(tmp_path_factory.mktemp("report") / "complete"))


@pytest.fixture(scope="module")
def verified(tmp_path_factory) -> Path:
    return write_report(verified_run(tmp_path_factory.mktemp("report") / "verified"))


@pytest.fixture(scope="module")
def stale(tmp_path_factory) -> Path:
    """The page of a run with results that do not hold, an undefined R², and another recording."""
    run = complete_run(tmp_path_factory.mktemp("report") / "stale")
    other = small_recording(7, ticks=1400, tick_seconds=TICK_SECONDS)
    measure(run, "fixed", "live", recording=other)
    measure(run, "live", r2=R2(None, None, -0.5))
    (run.hls / "build_lib.sh").write_text("exit 2\n")
    (run.rtl / "parameters.json").write_text("{}")
    (run.synth / "ecp5-25k" / "resources.json").write_text("{}")
    return write_report(run)


@pytest.mark.parametrize("width", [DESKTOP, PHONE])
@pytest.mark.parametrize("which", ["complete", "verified", "stale"])
def test_loads_alone_and_looks_right(browser, width, which, request) -> None:
    browser.open(request.getfixturevalue(which), width)
    shown = browser.run(
        "[...document.querySelectorAll('main > section')]"
        ".map(s => [s.id, s.getBoundingClientRect().height > 60])"
    )
    assert all(high for _, high in shown)
    assert [key for key, _ in shown if key != "other-recordings"] == SECTIONS
    assert browser.run(f"{CHARTS}.every(c => c.querySelector('.main-svg'))")
    # No part of the page is wider than the window, and no chart than its place.
    root = "document.documentElement"
    assert browser.run(f"{root}.scrollWidth <= {root}.clientWidth")
    assert browser.run(
        f"{CHARTS}.every(c => c.querySelector('.main-svg').getBoundingClientRect().width"
        " <= c.getBoundingClientRect().width + 0.5)"
    )
    clips = browser.run(
        f"{CHARTS}.map(c => c.getBoundingClientRect())"
        ".map(r => [r.x, r.y + scrollY, r.width, r.height].map(Math.floor))"
    )
    shot = browser.screenshot()
    requests, complaints = browser.requests(), browser.complaints()
    assert complaints == []
    assert [url for url in requests if not url.startswith(LOCAL)] == []
    assert len([url for url in requests if url.startswith("file:")]) == 1
    for clip, (share, count) in zip(clips, browser.colours(shot, clips), strict=True):
        assert share < 0.99, clip
        assert count > 10, clip


def test_drag_zooms_and_double_click_restores(browser, complete) -> None:
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.by import By

    browser.open(complete, DESKTOP)
    chart = "document.getElementById('decoding-chart')"
    ranges = f"['xaxis', 'xaxis2'].map(a => {chart}.layout[a].range.slice())"
    before = browser.run(ranges)
    plot = browser.driver.find_element(By.CSS_SELECTOR, "#decoding-chart .nsewdrag")
    quarter = plot.size["width"] // 4
    ActionChains(browser.driver).move_to_element_with_offset(plot, -quarter, 0).click_and_hold(
        None
    ).move_by_offset(quarter, 0).move_by_offset(quarter, 0).release().perform()
    zoomed = browser.run(ranges)
    assert zoomed[0] == zoomed[1]  # x and y stay beside each other
    assert zoomed[0][0] > before[0][0]
    assert zoomed[0][1] < before[0][1]
    assert zoomed[0][1] - zoomed[0][0] == pytest.approx((before[0][1] - before[0][0]) / 2, rel=0.05)
    ActionChains(browser.driver).double_click(plot).perform()
    assert browser.run(ranges)[0] == pytest.approx(before[0])


def test_a_finger_scrolls_over_a_chart_and_zooms_the_first(browser, complete) -> None:
    browser.open(complete, PHONE)
    axis = "document.getElementById('decoding-chart').layout.xaxis.range.slice()"
    for chart, scrolls in (("work-chart", True), ("decoding-chart", False)):
        browser.run(f"document.getElementById('{chart}').scrollIntoView({{behavior: 'instant'}})")
        scroll, (first, last) = browser.run("scrollY"), browser.run(axis)
        browser.swipe((150, 150), (250, 10) if scrolls else (250, 150))
        assert (browser.run("scrollY") > scroll) == scrolls
        zoomed = browser.run(axis)
        assert (first < zoomed[0] < zoomed[1] < last) != scrolls


def test_print_fits_the_paper_and_unfolds(browser, complete) -> None:
    browser.open(complete, DESKTOP)
    assert not browser.run("[...document.querySelectorAll('details')].every(d => d.open)")
    browser.run("window.dispatchEvent(new Event('beforeprint'))")
    widths = f"{CHARTS}.map(c => c.querySelector('.main-svg').getBoundingClientRect().width)"
    assert max(browser.run(widths)) <= 660
    assert browser.run("[...document.querySelectorAll('details')].every(d => d.open)")
    browser.run("window.dispatchEvent(new Event('afterprint'))")
    assert max(browser.run(widths)) > 800
    assert browser.complaints() == []


def test_text_from_files_does_not_run(browser, tmp_path) -> None:
    text = f"{HOSTILE}<a href='https://example.org'>here</a>"
    run = hostile_run(tmp_path / "run", text)
    browser.open(write_report(run), DESKTOP)
    assert browser.run("typeof hacked") == "undefined"
    assert browser.run("document.querySelectorAll('img').length") == 0
    assert browser.run("document.querySelectorAll('svg a').length") == 0
    assert text in browser.run("document.querySelector('#resources-chart').textContent")
    assert browser.complaints() == []
    assert all(url.startswith(LOCAL) for url in browser.requests())
