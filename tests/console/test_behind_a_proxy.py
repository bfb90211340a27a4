"""The console works below a path of a reverse proxy that names the server by its inner address, as nginx does."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from tests.console.browsing import ask, browser, page_at
from tests.journeys.house import config_text, model, process
from tests.journeys.upstream import LIMIT_S, says, upstream

BELOW = "/team/ai"


@contextmanager
def proxy(port: int) -> Iterator[str]:
    """Pass on what is asked for below a path, without the path and with the server's own name; yield the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if not self.path.startswith(f"{BELOW}/"):
                self.send_error(404)
                return
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            head = {**{name.lower(): value for name, value in self.headers.items()}, "host": f"127.0.0.1:{port}"}
            inner = http.client.HTTPConnection("127.0.0.1", port, timeout=LIMIT_S)
            try:
                inner.request(self.command, self.path.removeprefix(BELOW), body, head)
                answer = inner.getresponse()
                self.send_response_only(answer.status)
                for name, value in answer.getheaders():
                    if name != "transfer-encoding":
                        self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer.read())
            finally:
                inner.close()

        do_POST = do_DELETE = do_GET  # noqa: N815  as http.server names them

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}{BELOW}"
    finally:
        server.shutdown()
        thread.join(LIMIT_S)
        server.server_close()


@pytest.mark.browser
def test_the_console_chats_and_shows_its_pages_below_a_path_of_a_proxy(tmp_path: Path) -> None:
    with (
        browser() as running,
        upstream(says("the answer")) as up,
        process(tmp_path, config_text(model("small", up), default="small")) as house,
        proxy(house.port) as base,
    ):
        with page_at(running, base) as page:
            ask(page, "a question")
            page.wait_for_selector(".answer.ok .answer-text:has-text('the answer')")
        with page_at(running, base, "#/limits") as page:
            twin = page.locator("header .twin a")
            assert twin.get_attribute("href") == f"{BELOW}/v1/limits"
        with page_at(running, base, "/#/chat") as page:
            assert page.url.startswith(f"{base}/console#")
