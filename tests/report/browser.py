"""Headless Chromium, driven for the tests of the page."""

import base64
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
LOCAL = ("file:", "data:", "blob:", "about:")

# Share of the commonest colour, and how many colours, in each clip (x, y, width, height).
COLOURS = """
const [source, clips, done] = arguments, image = new Image();
image.onload = () => {
  const canvas = document.createElement("canvas");
  canvas.width = image.width; canvas.height = image.height;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(image, 0, 0);
  done(clips.map(([x, y, width, height]) => {
    const data = new Uint32Array(context.getImageData(x, y, width, height).data.buffer);
    const counts = new Map();
    for (const pixel of data) counts.set(pixel, (counts.get(pixel) || 0) + 1);
    return [Math.max(...counts.values()) / data.length, counts.size];
  }));
};
image.src = source;
"""

NEXT_FRAME = "requestAnimationFrame(() => requestAnimationFrame(arguments[0]))"


class Browser:
    """One browser; `open` gives a page a fresh start at a width of so many CSS pixels."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver

    def open(self, page: Path | str, width: int) -> None:
        phone = width < 640
        metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": phone}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        touch = {"enabled": phone, "maxTouchPoints": 1}
        self.driver.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", touch)
        self.driver.get("about:blank")
        self.driver.get_log("browser")
        self.driver.get_log("performance")
        self.driver.get(page if isinstance(page, str) else page.as_uri())

    def run(self, script: str, *arguments: Any) -> Any:
        return self.driver.execute_script(f"return {script}", *arguments)

    def swipe(self, start: tuple[int, int], end: tuple[int, int], steps: int = 10) -> None:
        """Draw one finger over the page, in CSS pixels of the window."""
        self._touch("touchStart", start)
        for step in range(1, steps + 1):
            x, y = (a + (b - a) * step // steps for a, b in zip(start, end, strict=True))
            self._touch("touchMove", (x, y))
            self.driver.execute_async_script(NEXT_FRAME)
        self._touch("touchEnd")
        self.driver.execute_async_script(NEXT_FRAME)

    def _touch(self, kind: str, *points: tuple[int, int]) -> None:
        touches = [{"x": x, "y": y} for x, y in points]
        event = {"type": kind, "touchPoints": touches}
        self.driver.execute_cdp_cmd("Input.dispatchTouchEvent", event)

    def complaints(self) -> list[str]:
        """Return what the console got since `open`."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def requests(self) -> list[str]:
        """Return every address asked for since `open`."""
        entries = [
            json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")
        ]
        return [
            entry["params"]["request"]["url"]
            for entry in entries
            if entry["method"] == "Network.requestWillBeSent"
        ]

    def screenshot(self) -> str:
        """Return the whole page as a PNG in a data address."""
        size = self.run("[document.documentElement.scrollWidth, document.body.scrollHeight]")
        clip = {"x": 0, "y": 0, "width": size[0], "height": size[1], "scale": 1}
        shot = self.driver.execute_cdp_cmd(
            "Page.captureScreenshot", {"captureBeyondViewport": True, "clip": clip}
        )
        assert base64.b64decode(shot["data"]).startswith(b"\x89PNG")
        return f"data:image/png;base64,{shot['data']}"

    def colours(self, screenshot: str, clips: list[list[int]]) -> list[tuple[float, int]]:
        """Return for each clip the share of its commonest colour and the number of colours."""
        self.driver.get("about:blank")  # the report itself lets no image in from a script
        found = self.driver.execute_async_script(COLOURS, screenshot, clips)
        return [(share, count) for share, count in found]


@contextmanager
def started_browser(profile: Path) -> Iterator[Browser]:
    """Start Chromium with a new profile; skip the test where it or its driver is not installed."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    program = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    driver_program = shutil.which("chromedriver")
    if program is None or driver_program is None:
        pytest.skip("chromium and chromedriver are not installed (Debian: chromium-driver)")
    options = webdriver.ChromeOptions()
    options.binary_location = program
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    service = webdriver.ChromeService(executable_path=driver_program)
    driver = webdriver.Chrome(options=options, service=service)
    try:
        yield Browser(driver)
    finally:
        driver.quit()
