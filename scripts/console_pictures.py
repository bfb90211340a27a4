"""Takes the pictures of the console in docs/images: real models of the demo's pool answer, a real browser looks.

Two parts: the walk of a newcomer (docs/how-to/console-walk.md), from one model to a pinned second one by what the
screen says alone; then every page, in light and dark, at desktop and phone width. The pool is priced, so that there is
something to save.

    python scripts/console_pictures.py            # about four minutes; --walk or --pages takes one part

It needs the extra `local`, the group `browser` and Chromium.
"""

from __future__ import annotations

import base64
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.console.browsing import DESKTOP, PHONE, ask, browser, page_at  # noqa: E402
from tests.journeys.house import House, process  # noqa: E402

from unisono.demo.pool import demo_config_text, demo_models  # noqa: E402

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

IMAGES = ROOT / "docs" / "images"
PAGES = ("chat", "traffic", "plane", "decisions", "policies", "bench", "models", "limits", "incidents")
PRICES = {"smollm2-135m": (0.02, 0.04), "gemma3-270m": (0.05, 0.15)}
QUESTIONS = (
    "What is the opposite of hot?",
    "Classify the sentiment: I loved this film.",
    "Translate to Spanish: the house is red",
    "Is 17 a prime number?",
    "Name the capital of France.",
    "Classify the sentiment: the food was cold and the staff was rude.",
    "What is 7 + 5?",
    "Write a Python function that adds two numbers.",
)
LIMIT = '\n[[limits]]\nname = "deep-daily"\namount = 50\nwindow = "day"\nroles = ["deep"]\n'
LIMIT_S = 120.0


def picture(page: Page, name: str, *, quality: int = 55) -> None:
    """Save what is seen as WebP."""
    place = IMAGES / "console" / f"{name}.webp"
    place.parent.mkdir(parents=True, exist_ok=True)
    page.wait_for_timeout(300)  # fonts and layout
    shot = page.context.new_cdp_session(page).send("Page.captureScreenshot", {"format": "webp", "quality": quality})
    place.write_bytes(base64.b64decode(shot["data"]))


def pool_text(*names: str, more: str = "") -> str:
    """Return the demo's configuration with some of its models, priced."""
    head, *tables = demo_config_text(port=0).split("\n# Apache-2.0", 1)[0], *_tables(names)
    first = names[0] if len(names) == 1 else demo_models()[-1].name
    return "\n".join([_with_default(head, first), more, *tables])


def _with_default(head: str, name: str) -> str:
    lines = head.splitlines()
    return "\n".join(f'default = "{name}"' if line.startswith("default = ") else line for line in lines)


def _tables(names: tuple[str, ...]) -> list[str]:
    whole = demo_config_text().split("[[models]]")[1:3]
    found = []
    for part in whole:
        name = part.split('name = "', 1)[1].split('"', 1)[0]
        body = part.split("# ", 1)[0]
        if name in names:
            into, out = PRICES[name]
            found.append(f"[[models]]{body.rstrip()}\nusd_per_mtok_in = {into}\nusd_per_mtok_out = {out}\n")
    return found


def walk(running: Browser) -> None:
    """Go the way of a newcomer: one model is there; add another, ask, find out why, pin."""
    small, other = (model.name for model in demo_models())
    with (
        tempfile.TemporaryDirectory() as here,
        tempfile.TemporaryDirectory() as there,
        process(Path(there), pool_text(other), limit_s=LIMIT_S) as upstream,
        process(Path(here), pool_text(small), limit_s=LIMIT_S) as house,
        page_at(running, house.base_url.removesuffix("/v1"), viewport={"width": 1100, "height": 760}) as page,
    ):
        picture(page, "walk-1-first-page")
        page.click(".pages a[href='#/models']")
        page.click("button:has-text('Add a model')")
        page.fill("dialog input >> nth=0", "gemma")
        page.select_option("dialog select >> nth=1", "deep")
        page.fill("dialog input[type=url]", upstream.base_url)
        page.fill("dialog input >> nth=2", other)
        page.fill("dialog input >> nth=5", "0.05")
        page.fill("dialog input >> nth=6", "0.15")
        picture(page, "walk-2-add-a-model")
        page.click("dialog button[type=submit]")
        page.wait_for_selector("dialog [role=status]")
        picture(page, "walk-3-added")
        page.click("dialog a[href='#/chat']")
        page.fill("textarea", QUESTIONS[0])
        page.wait_for_selector(".would strong")
        picture(page, "walk-4-before-sending")
        ask(page, QUESTIONS[0])
        page.click("text=Why")
        page.wait_for_selector(".decision tbody tr.first")
        page.locator(".answer").evaluate("node => node.scrollIntoView()")
        picture(page, "walk-5-why")
        page.click("button.pick")
        page.wait_for_selector("dialog td strong")
        picture(page, "walk-6-choose")
        page.click("button[aria-label='Use it: gemma']")
        ask(page, QUESTIONS[1])
        page.wait_for_selector(".turn:nth-child(2) .who:has-text('gemma')")
        picture(page, "walk-7-pinned")


def fill(house: House) -> None:
    """Have a morning's worth of questions asked, judged and compared."""
    for n in range(24):
        text = f"{QUESTIONS[n % 8]}" if n < 8 else f"{QUESTIONS[n % 8]} Be brief, try {n}."
        model = ("auto", "auto", "auto", "auto:deep", "auto:fast")[n % 5]
        found = house.chat(text, model=model, max_tokens=40).json.get("unisono")
        if found and n % 2:
            house.call("POST", f"/v1/decisions/{found['decision']}/feedback", {"score": float(n % 3 > 0)})
    house.call("POST", "/admin/policies", {"name": "thrifty", "settings": {"dial": 0.2}})
    made = house.get("/admin/policies")["policies"]
    thrifty = next(one["id"] for one in made if one["name"] == "thrifty")
    body = {"canary": 0.1, "override": "shown in a picture"}
    house.call("POST", f"/admin/policies/{thrifty}/promote", body)


LIGHTS = ("light", "dark")


def chat(page: Page, size: str) -> None:
    """Take the page of the chat with two answers, the decision behind one, and a question that is not sent yet."""
    ask(page, QUESTIONS[1])
    ask(page, QUESTIONS[0])
    page.click(".turn:last-child button:has-text('Why')")
    page.wait_for_selector(".decision tbody tr.first")
    page.locator(".turn:last-child .answer").evaluate("node => node.scrollIntoView()")
    page.fill("textarea", QUESTIONS[2])
    page.wait_for_selector(".would strong")
    for light in LIGHTS:
        page.emulate_media(color_scheme=light)
        picture(page, f"chat-{size}-{light}")
        if (size, light) == ("desktop", "light"):
            page.screenshot(path=str(IMAGES / "console.png"))


def operate(page: Page, size: str) -> None:
    """Take every page for operators."""
    for name in PAGES[1:]:
        page.evaluate(f"location.hash = '#/{name}'")
        page.wait_for_selector("main h1")
        page.wait_for_selector("main .empty[role=status]", state="detached")
        for light in LIGHTS:
            page.emulate_media(color_scheme=light)
            picture(page, f"{name}-{size}-{light}")


def pages(running: Browser) -> None:
    """Take every page, in both lights and at both widths."""
    names = tuple(model.name for model in demo_models())
    text = pool_text(*names, more=LIMIT)
    with tempfile.TemporaryDirectory() as folder, process(Path(folder), text, limit_s=LIMIT_S) as house:
        fill(house)
        base = house.base_url.removesuffix("/v1")
        for size, viewport in (("desktop", DESKTOP), ("phone", PHONE)):
            with page_at(running, base, viewport=viewport) as page:
                chat(page, size)
                operate(page, size)
        with page_at(running, base, locale="zh-CN") as page:
            ask(page, "“热”的反义词是什么？")
            page.click("text=为什么")
            page.wait_for_selector(".decision tbody tr.first")
            picture(page, "chat-chinese")
        with page_at(running, base) as page:
            ask(page, QUESTIONS[0])
            page.click(".answer button:has-text('Compare')")
            page.click("dialog button:has-text('Let both answer')")
            page.wait_for_selector("dialog button:has-text('A is better'):enabled", timeout=60_000)
            picture(page, "compare")


if __name__ == "__main__":
    with browser() as chromium:
        if "--pages" not in sys.argv:
            walk(chromium)
        if "--walk" not in sys.argv:
            pages(chromium)
    print(f"{sum(file.stat().st_size for file in (IMAGES / 'console').iterdir()) / 1e6:.2f} MB")
