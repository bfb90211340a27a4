"""A real Chromium that a test steers, and what every page must keep to: no error in its log, nothing from outside.

Needs the packages of the group `browser` and Debian's `chromium`; where one is missing, tests that ask are skipped.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page, Route

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-color-profile=srgb",
]
LIMIT_MS = 60_000
DESKTOP = {"width": 1280, "height": 860}
PHONE = {"width": 390, "height": 844}


def chromium_path() -> str | None:
    """Return where a Chromium lies."""
    return next(
        (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
    )


@contextmanager
def browser() -> Iterator[Browser]:
    """Run a headless Chromium, or skip with the reason."""
    api = pytest.importorskip("playwright.sync_api", reason="needs the group `browser`: pip install --group browser")
    path = chromium_path()
    if path is None:
        pytest.skip("needs Chromium: apt install chromium")
    with api.sync_playwright() as play:
        running = play.chromium.launch(executable_path=path, args=FLAGS, timeout=LIMIT_MS)
        try:
            yield running
        finally:
            running.close()


@contextmanager
def page_at(
    running: Browser, base: str, path: str = "#/chat", *, strict: bool = True, **options: Any
) -> Iterator[Page]:
    """Open the console in a profile of its own; at the end there may be no error and no request to anywhere else.

    Args:
        running: the browser.
        base: the server's address.
        path: the page.
        strict: errors that the browser logs are faults; not where a test makes the server refuse.
        options: of the browser's context.
    """
    context: BrowserContext = running.new_context(
        **{"viewport": DESKTOP, "locale": "en-US", "color_scheme": "light", "reduced_motion": "reduce", **options}
    )
    context.set_default_timeout(LIMIT_MS)
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(f"error: {error}"))
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" and strict else None)
    page.on("request", lambda sent: faults.append(f"outside: {sent.url}") if _is_outside(sent.url, base) else None)
    try:
        page.goto(f"{base}/console{path}")
        page.wait_for_selector("#app h1, #app textarea", state="attached")
        yield page
        assert not faults, faults
    finally:
        context.close()


def _is_outside(url: str, base: str) -> bool:
    return url.startswith(("http:", "https:")) and urlsplit(url).netloc != urlsplit(base).netloc


_ALL_KEPT = """async () => {
    const opening = indexedDB.open("unisono", 1);
    await new Promise((done) => { opening.onsuccess = done; });
    const all = opening.result.transaction("chats").objectStore("chats").getAll();
    await new Promise((done) => { all.onsuccess = done; });
    opening.result.close();
    const seen = [...document.querySelectorAll(".chats li")].map((item) => item.innerText.trim()).sort();
    const kept = all.result.map((chat) => chat.title.trim()).sort();
    const answers = all.result.flatMap(({ turns }) => turns.flatMap((turn) => turn.answers));
    return answers.every(({ status }) => status !== "cut") && JSON.stringify(seen) === JSON.stringify(kept);
}"""


def reload_when_kept(page: Page) -> None:
    """Load the page anew once the browser's own database holds what is seen: titles, and answers that have ended."""
    page.wait_for_function(_ALL_KEPT)
    page.reload()


def begin(page: Page) -> None:
    """Go to a conversation that has not begun; the address changes at once, and the page a moment later."""
    page.click(".new")
    page.wait_for_selector(".welcome")


def ask(page: Page, text: str) -> None:
    """Send one message and wait until its answer has ended."""
    n = page.locator(".turn").count()
    page.fill(".composer textarea", text)
    page.press(".composer textarea", "Enter")
    page.wait_for_selector(f".turn:nth-child({n + 1}) .answer:not(.running)")


class Held:
    """Requests that wait until they are let go, in any order."""

    def __init__(
        self, page: Page, pattern: str | re.Pattern[str], *, which: Callable[[Route], bool] = lambda route: True
    ) -> None:
        self.page, self.pattern = page, pattern
        self.routes: list[Route] = []
        page.route(pattern, lambda route: self.routes.append(route) if which(route) else route.continue_())

    def until(self, n: int = 1) -> Held:
        """Wait until so many are held."""
        for _ in range(LIMIT_MS // 50):
            if len(self.routes) >= n:
                return self
            self.page.wait_for_timeout(50)
        raise AssertionError(f"{len(self.routes)} requests to {self.pattern}, not {n}")

    def through(self) -> None:
        """Hold nothing from now on."""
        self.page.unroute(self.pattern)

    def go(self, n: int = 0) -> None:
        """Let one go on, and wait until its answer is here, or the page has given it up."""
        route = self.routes.pop(n)
        route.continue_()
        route.request.response()
