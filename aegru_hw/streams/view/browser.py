"""A page in the browser, from this machine to this machine: velocity, spikes, delays.

The page holds nothing from elsewhere. What it shows comes as server-sent events, each an object
with the ticks since the last one. Ticks wait for the page in a queue of a fixed length: who looks
on too slowly, or not at all, loses some of them, and decoding never waits.
"""

import json
import queue
import sys
import threading
import time
from collections import deque
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from typing import Any

from aegru_hw.errors import UserError
from aegru_hw.streams.tick import Delays, Losses, Tick

HOST = "127.0.0.1"
EVERY = 0.05
"""Seconds from one event to the next."""

MOST_TICKS, MOST_SPIKES = 512, 256
"""Ticks that wait for the page, and spikes of a tick that it is shown."""

MOST_PAGES, MOST_EVENTS = 8, 64
"""Pages that look on at once, and events that wait for one of them."""

SWITCH = 2e-4
"""Seconds after which the page's threads give way to decoding; Python's own is 5 ms."""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
SERVED = {
    "/": ("page.html", "text/html; charset=utf-8"),
    "/view.css": ("view.css", "text/css; charset=utf-8"),
    "/view.js": ("view.js", "text/javascript; charset=utf-8"),
}
EVENTS = "/events"

Shown = tuple[int, tuple[float, float] | None, list[int]]


class BrowserView:
    """Serves the page at `address` until it is closed.

    facts: what stands at the head of the page, JSON. port: 0 for one that is free.
    Raises UserError where the port cannot be had.
    """

    def __init__(
        self, delays: Delays, losses: Losses, facts: Mapping[str, object], port: int = 0
    ) -> None:
        self._delays, self._losses, self._facts = delays, losses, dict(facts)
        self._ticks: deque[Shown] = deque(maxlen=MOST_TICKS)
        self._pages: list[queue.Queue[bytes | None]] = []
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._rate, self._counted, self._time = 0.0, 0, time.monotonic()
        handler = type("Handler", (_Handler,), {"view": self})
        try:
            self._server = _Server((HOST, port), handler)
        except (OSError, OverflowError) as error:
            raise UserError(f"cannot serve a page at port {port}: {error}") from None
        self._threads = [
            threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True),
            threading.Thread(target=self._send, daemon=True),
        ]
        self._switch = sys.getswitchinterval()
        sys.setswitchinterval(SWITCH)
        for thread in self._threads:
            thread.start()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self.port}/"

    def put(self, tick: Tick, velocity: tuple[float, float] | None) -> None:
        """Show a tick; where the queue is full, the oldest is not shown."""
        self._ticks.append((tick.number, velocity, tick.channels))

    def close(self) -> None:
        """Tell the pages that the stream ended, and serve no more."""
        self._ended.set()
        self._threads[1].join()
        with self._lock:
            for page in self._pages:
                _offer(page, None)
        self._server.shutdown()
        self._server.server_close()
        sys.setswitchinterval(self._switch)

    def joined(self) -> "queue.Queue[bytes | None] | None":
        """Return the queue of events of a page that comes; None where there are too many."""
        with self._lock:
            if self._ended.is_set() or len(self._pages) >= MOST_PAGES:
                return None
            page: queue.Queue[bytes | None] = queue.Queue(MOST_EVENTS)
            page.put_nowait(event({"facts": self._facts}))
            self._pages.append(page)
            return page

    def left(self, page: "queue.Queue[bytes | None]") -> None:
        with self._lock:
            self._pages.remove(page)

    def _send(self) -> None:
        while not self._ended.wait(EVERY):
            ticks = [self._ticks.popleft() for _ in range(len(self._ticks))]
            with self._lock:
                pages = list(self._pages)
            if pages:
                said = event(self._seen(ticks))
                for page in pages:
                    _offer(page, said)

    def _seen(self, ticks: list[Shown]) -> dict[str, Any]:
        now, counted = time.monotonic(), self._delays.ticks
        if now - self._time >= 0.5:
            self._rate = (counted - self._counted) / (now - self._time)
            self._counted, self._time = counted, now
        return {
            "ticks": [
                [number, velocity, sorted(set(channels[:MOST_SPIKES]))]
                for number, velocity, channels in ticks
            ],
            "rate": self._rate,
            "delay": self._delays.summary(),
            "losses": vars(self._losses),
        }


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A page that went is no error."""


class _Handler(BaseHTTPRequestHandler):
    view: BrowserView
    timeout = 10

    def do_GET(self) -> None:
        # A name that leads here from elsewhere must not show the page to who owns the name.
        hosts = [f"{name}:{self.view.port}" for name in (HOST, "localhost")]
        if str(self.headers.get("Host")) not in hosts:
            self.send_error(HTTPStatus.MISDIRECTED_REQUEST)
        elif self.path in SERVED:
            name, kind = SERVED[self.path]
            content = files("aegru_hw.streams.view").joinpath(name).read_bytes()
            self._begin(kind, len(content))
            self.wfile.write(content)
        elif self.path == EVENTS:
            self._events()
        else:
            self.send_error(HTTPStatus.NOT_FOUND)

    def _events(self) -> None:
        page = self.view.joined()
        if page is None:
            self.send_error(HTTPStatus.SERVICE_UNAVAILABLE)
            return
        try:
            self._begin("text/event-stream", None)
            while (said := page.get()) is not None:
                self.wfile.write(said)
            self.wfile.write(event({"ended": True}))
        except OSError:
            pass  # the page went
        finally:
            self.view.left(page)

    def _begin(self, kind: str, length: int | None) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", kind)
        if length is not None:
            self.send_header("Content-Length", str(length))
        for name, value in (
            ("Content-Security-Policy", POLICY),
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "no-referrer"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
            ("Cache-Control", "no-store"),
        ):
            self.send_header(name, value)
        self.end_headers()

    def version_string(self) -> str:
        return "aegru-hw"

    def log_message(self, format: str, *arguments: Any) -> None:
        """Say nothing: standard error is the command's."""


def event(facts: Mapping[str, object]) -> bytes:
    """Return a server-sent event of facts."""
    return f"data: {json.dumps(facts, separators=(',', ':'), allow_nan=False)}\n\n".encode()


def _offer(page: "queue.Queue[bytes | None]", said: bytes | None) -> None:
    """Put an event into a page's queue; where that is full, the oldest goes."""
    while True:
        try:
            page.put_nowait(said)
            return
        except queue.Full:
            try:
                page.get_nowait()
            except queue.Empty:
                continue
