"""The page in a real browser, and what its server gives to whom."""

import http.client
import io
import json
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aegru_hw.errors import UserError
from aegru_hw.fixedpoint import LiveDecoder
from aegru_hw.streams.decoding import CsvSink, decode_stream
from aegru_hw.streams.tick import Delays, Losses, Tick
from aegru_hw.streams.view import browser as served
from aegru_hw.streams.view.browser import BrowserView
from tests.export.decoders import small
from tests.report.browser import LOCAL, Browser, started_browser

FACTS = {
    "title": "<b>run</b>",
    "said": ["lsl:spikes to lsl:velocity", "96 channels", "<img src=x onerror=alert(1)>"],
    "channels": 96,
    "tick_seconds": 0.004,
    "every": 1,
}
STYLE = Path(served.__file__).parent / "view.css"
REPORT_STYLE = Path(served.__file__).parents[2] / "report" / "templates" / "style.css"


@pytest.fixture
def view() -> Iterator[BrowserView]:
    made = BrowserView(Delays(), Losses(), FACTS)
    yield made
    made.close()


@pytest.fixture(scope="module")
def browser(tmp_path_factory) -> Iterator[Browser]:
    with started_browser(tmp_path_factory.mktemp("profile")) as started:
        yield started


def asked(view: BrowserView, path: str, host: str | None = None) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", view.port, timeout=20)
    connection.request("GET", path, headers={"Host": host or f"127.0.0.1:{view.port}"})
    return connection.getresponse()


def events(response: http.client.HTTPResponse) -> Iterator[dict[str, Any]]:
    for line in response:
        if line.startswith(b"data: "):
            yield json.loads(line.removeprefix(b"data: "))


def move(view: BrowserView, seconds: float, *, paced: bool) -> None:
    """Show made-up ticks of 250 Hz."""
    random, begun = np.random.default_rng(3), time.monotonic()
    rates = random.gamma(2, 4, 96) * 0.004
    for n in range(int(seconds * 250)):
        view._delays.add(int(random.gamma(20, 1500)))
        channels = np.repeat(np.arange(96), random.poisson(rates)).tolist()
        place = 90 * np.sin(n / 190), 60 * np.cos(n / 130)
        view.put(Tick(n, channels), place)
        if paced and n % 5 == 0:
            time.sleep(max(0, begun + n * 0.004 - time.monotonic()))


def test_it_listens_on_this_machine_alone(view) -> None:
    assert view.address == f"http://127.0.0.1:{view.port}/"
    assert view._server.server_address[0] == "127.0.0.1"


@pytest.mark.parametrize("path", ["/../view.py", "/%2e%2e/browser.py", "/page.html", "/view.css?x"])
def test_nothing_else_is_served(view, path) -> None:
    assert asked(view, path).status == 404


@pytest.mark.parametrize("host", ["example.org", "127.0.0.1", "example.org:{port}", "[::1]:{port}"])
def test_a_name_that_leads_here_from_elsewhere_is_refused(view, host) -> None:
    for path in ("/", "/events"):
        assert asked(view, path, host.format(port=view.port)).status == 421


def test_the_policy_lets_nothing_in(view) -> None:
    response = asked(view, "/")
    policy = response.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "unsafe" not in policy
    text = response.read().decode()
    assert not re.search(r"https?:|style=|onload|<script>", text)


def test_every_tick_is_in_the_events(view) -> None:
    stream = events(asked(view, "/events"))
    assert next(stream) == {"facts": FACTS}
    for n in range(200):
        view.put(Tick(n, [n % 96, n % 96]), (n / 2, -n) if n % 2 else None)
    seen: list[Any] = []
    while len(seen) < 200:
        seen += next(stream)["ticks"]
    assert seen == [[n, [n / 2, -n] if n % 2 else None, [n % 96]] for n in range(200)]


def test_who_looks_on_slowly_loses_ticks_and_decoding_does_not_wait(view) -> None:
    """A page that never reads, and more ticks at once than wait: the newest are kept."""
    lazy = asked(view, "/events")
    stream = events(asked(view, "/events"))
    next(stream)
    huge = list(range(96)) * 700
    decode_stream(
        LiveDecoder(small(channels=96)),
        (Tick(n, huge if n % 500 == 0 else [n % 96]) for n in range(5000)),
        CsvSink(io.StringIO(), 0.004),
        watch=view,
    )
    last: list[Any] = []
    while not last or last[-1][0] < 4999:
        last = next(stream)["ticks"] or last
    assert len(last) <= served.MOST_TICKS
    assert all(len(channels) <= served.MOST_SPIKES for _, _, channels in last)
    lazy.close()


def test_pages_are_bounded_and_hear_the_end() -> None:
    view = BrowserView(Delays(), Losses(), FACTS)
    pages = [asked(view, "/events") for _ in range(served.MOST_PAGES)]
    assert {page.status for page in pages} == {200}
    assert asked(view, "/events").status == 503
    view.close()
    for page in pages:
        assert list(events(page))[-1] == {"ended": True}


def test_a_port_that_is_taken_is_one_line(view) -> None:
    with pytest.raises(UserError, match=f"^cannot serve a page at port {view.port}: "):
        BrowserView(Delays(), Losses(), FACTS, view.port)
    with pytest.raises(UserError, match=r"^cannot serve a page at port 70000: "):
        BrowserView(Delays(), Losses(), FACTS, 70000)


def test_it_has_the_colours_of_the_report() -> None:
    def colours(path: Path) -> dict[str, str]:
        root = path.read_text(encoding="utf-8").partition(":root {")[2].partition("}")[0]
        return dict(re.findall(r"--([\w-]+): (#\w+)", root))

    ours, reports = colours(STYLE), colours(REPORT_STYLE)
    shared = ours.keys() & reports.keys()
    assert shared >= {"ink", "muted", "rule", "page", "card", "accent", "good", "bad"}
    assert {name: ours[name] for name in shared} == {name: reports[name] for name in shared}


@pytest.mark.slow
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_the_page_draws_and_loads_alone(browser, width, scheme) -> None:
    view = BrowserView(Delays(), Losses(missing=2), FACTS)
    moving = threading.Thread(target=move, args=(view, 3), kwargs={"paced": True})
    driver = browser.driver
    driver.execute_cdp_cmd(
        "Emulation.setEmulatedMedia",
        {"features": [{"name": "prefers-color-scheme", "value": scheme}]},
    )
    browser.open(view.address, width)
    moving.start()
    deadline = time.monotonic() + 20
    while browser.run("ticks.length") < 400:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert browser.run("document.getElementById('state').textContent") == "live"
    # Text from outside is text.
    assert browser.run("document.getElementById('title').textContent") == "<b>run</b>"
    assert browser.run("document.querySelectorAll('img, b').length") == 0
    assert browser.run("document.getElementById('missing').textContent") == "2"
    root = "document.documentElement"
    assert browser.run(f"{root}.scrollWidth <= {root}.clientWidth")
    page = browser.run("getComputedStyle(document.body).backgroundColor")
    assert page == {"light": "rgb(244, 246, 249)", "dark": "rgb(16, 22, 28)"}[scheme]
    clips = browser.run(
        "['velocity', 'raster'].map(id => document.getElementById(id).getBoundingClientRect())"
        ".map(r => [r.x, r.y + scrollY, r.width, r.height].map(Math.floor))"
    )
    shot = browser.screenshot()
    moving.join()
    view.close()
    browser.driver.execute_async_script("setTimeout(arguments[0], 300)")
    assert browser.run("document.getElementById('state').textContent") == "ended"
    requests, complaints = browser.requests(), browser.complaints()
    assert complaints == []
    outside = [url for url in requests if not url.startswith((*LOCAL, view.address))]
    assert outside == []
    for share, count in browser.colours(shot, clips):
        assert share < 0.99
        assert count > 10
