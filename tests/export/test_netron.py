"""The ONNX model in Netron, in a real browser."""

import time
from collections.abc import Iterator

import pytest

from tests.export.decoders import small
from tests.report.browser import Browser, started_browser

onnx = pytest.importorskip("onnx")
netron = pytest.importorskip("netron", reason="netron is not installed")

from aegru_hw.export.onnx_model import onnx_model  # noqa: E402

pytestmark = pytest.mark.cross

NODES = "[...document.querySelectorAll('.graph-node .node-item-type text')].map(t => t.textContent)"
CONSENT = "[...document.querySelectorAll('#message-button')].forEach(b => b.click())"


@pytest.fixture
def browser(tmp_path) -> Iterator[Browser]:
    with started_browser(tmp_path / "profile") as started:
        yield started


def test_every_node_is_drawn(browser, tmp_path) -> None:
    model, path = onnx_model(small()), tmp_path / "aegru.onnx"
    onnx.save(model, path)
    address = netron.serve(str(path), None, address=("127.0.0.1", 0))
    try:
        # It asks whether it may report; it asks nobody else here.
        browser.driver.execute_cdp_cmd("Network.enable", {})
        browser.driver.execute_cdp_cmd("Network.setBlockedURLs", {"urls": ["https://*"]})
        browser.open(f"http://{address[0]}:{address[1]}/", 1280)
        deadline, drawn = time.monotonic() + 60, []
        while len(drawn) < len(model.graph.node):
            assert time.monotonic() < deadline, browser.complaints()
            time.sleep(0.5)
            browser.run(CONSENT)
            drawn = browser.run(NODES)
    finally:
        netron.stop(address)
    wanted = sorted(node.op_type for node in model.graph.node)
    assert sorted(name for name in drawn if name in wanted) == wanted
