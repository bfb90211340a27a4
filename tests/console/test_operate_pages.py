"""Journeys in a real browser: who runs it understands, and changes it without a file at hand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.console.browsing import DESKTOP, PHONE, Held, ask, browser, page_at
from tests.journeys.house import House, config_text, model, process
from tests.journeys.upstream import Upstream, says, upstream

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

pytestmark = pytest.mark.browser

PAGES = ["chat", "traffic", "plane", "decisions", "policies", "bench", "models", "limits", "incidents"]
LIMIT = """
[[limits]]
name = "deep"
amount = 2
window = "day"
models = ["big"]
"""
HOSTILE = "<img src=x onerror=window.harm=1>"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as running:
        yield running


def _pool(up: Upstream, *, more: str = "") -> str:
    return config_text(
        model("small", up, role="fast", quality=0.5, upstream_model=f"small {HOSTILE}"),
        model("big", up, role="deep", quality=0.9, usd_per_mtok_in=10.0, usd_per_mtok_out=20.0),
        default="small",
        more=more,
    )


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[House]:
    with upstream(says("an answer")) as up, process(tmp_path_factory.mktemp("pool"), _pool(up)) as running:
        for n in range(12):
            decision = running.chat(f"{HOSTILE} question {n}", model="auto").json["unisono"]["decision"]
            running.call("POST", f"/v1/decisions/{decision}/feedback", {"score": n % 2})
        yield running


def _base(house: House) -> str:
    return house.base_url.removesuffix("/v1")


def _settled(page: Page, name: str) -> None:
    if name != "chat":
        page.wait_for_selector(f".pages a[aria-current=page][href='#/{name}']", state="attached")
    page.wait_for_selector("main h1")
    page.wait_for_selector("main .empty[role=status]", state="detached")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_no_page_has_a_serious_fault_of_accessibility_or_shows_markup(
    chromium: Browser, house: House, scheme: str, size: dict[str, int]
) -> None:
    with page_at(chromium, _base(house), viewport=size, color_scheme=scheme, bypass_csp=True) as page:
        for name in PAGES:
            page.evaluate(f"location.hash = '#/{name}'")
            _settled(page, name)
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide <= 0, f"{name} is wider than the screen"
            assert not _serious(page), name
            assert page.locator("main img[src=x], main b:not(.bar b)").count() == 0
        assert page.evaluate("window.harm") is None


def test_the_numbers_of_the_traffic_are_those_of_the_record(chromium: Browser, house: House) -> None:
    n = len(house.get("/v1/decisions?limit=1000")["data"])  # nothing was asked since a page showed them: it may be kept
    with page_at(chromium, _base(house), "#/traffic") as page:
        page.wait_for_selector(".cards .figure")
        assert page.locator(".cards .figure").first.inner_text() == str(n)
        assert page.locator("svg.chart[role=img]").count() >= 3
        page.check("input[name=by] >> nth=1", force=True)
        page.check("input[name=what] >> nth=2", force=True)
        # The quality that was said of a role, over time.
        page.wait_for_selector(".legend li:text-is('fast'), .legend li:text-is('deep')")


def test_traffic_whose_times_are_of_the_latest_requests_only_says_so(chromium: Browser, house: House) -> None:
    with page_at(chromium, _base(house)) as page:

        def of_many(route: Route) -> None:
            told = route.fetch()
            route.fulfill(response=told, json={**told.json(), "n": 336_000, "n_timed": 200_000, "whole": False})

        page.route("**/admin/traffic?*", of_many)
        page.evaluate("location.hash = '#/traffic'")
        page.wait_for_selector("text=Times are of the latest 200,000 requests; everything else is of all 336,000.")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_answer_with_its_decision_open_and_a_comparison_have_no_serious_fault(
    chromium: Browser, house: House, scheme: str
) -> None:
    with page_at(chromium, _base(house), color_scheme=scheme, bypass_csp=True) as page:
        ask(page, "What is the opposite of hot?")
        page.click(".answer button:has-text('Why')")
        page.wait_for_selector(".answer table")
        assert not _serious(page)
        page.click(".answer button:has-text('Compare')")
        page.wait_for_selector("dialog[open] button:has-text('Let both answer')")
        assert not _serious(page)
        page.keyboard.press("Escape")
        page.click("button:has-text('Bounds')")
        page.wait_for_selector("dialog[open] .choices")
        assert not _serious(page)


def _serious(page: Page) -> list[tuple[str, str]]:
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [(fault["id"], fault["nodes"][0]["html"]) for fault in found if fault["impact"] in ("serious", "critical")]


def test_every_page_is_reached_by_keyboard_and_its_head_gets_the_focus(chromium: Browser, house: House) -> None:
    with page_at(chromium, _base(house)) as page:
        for name in PAGES[1:]:
            page.focus(f".pages a[href='#/{name}']")
            page.keyboard.press("Enter")
            _settled(page, name)
            page.wait_for_selector("main h1:focus", state="attached")
            assert page.locator(".pages a[aria-current=page]").get_attribute("href") == f"#/{name}"
            assert page.locator(".twin a").first.get_attribute("href")
        page.keyboard.press("Shift+Tab")
        assert page.evaluate("document.activeElement !== document.body")


def test_a_row_of_the_decisions_leads_to_its_record(chromium: Browser, house: House) -> None:
    with page_at(chromium, _base(house), "#/decisions") as page:
        page.select_option("form select >> nth=1", "failed")
        page.wait_for_selector(".empty:has-text('No decision fits')")
        page.select_option("form select >> nth=1", "ok")
        page.click("tbody tr:first-child a")
        page.wait_for_selector(".decision tbody tr.first")
        assert "score" in page.inner_text(".decision")
        page.go_back()  # to the same rows: the filter stands in the address
        page.wait_for_selector("thead")
        assert page.input_value("form select >> nth=1") == "ok"
        page.goto(f"{_base(house)}/console#/decisions?status=failed&model=big")
        page.wait_for_selector(".empty:has-text('No decision fits')")
        assert page.input_value("form select >> nth=0") == "big"


def test_the_bench_shows_a_change_before_it_is_saved_and_the_policy_is_promoted_and_rolled_back(
    chromium: Browser, house: House
) -> None:
    n = len(house.get("/v1/decisions?limit=1000")["data"])
    with page_at(chromium, _base(house), "#/bench", strict=False) as page:
        page.wait_for_selector(".cards .figure")
        assert page.inner_text(".cards section:nth-child(3) .figure").startswith("0 /")
        page.locator("input[type=range]").evaluate(
            "node => { node.value = 0; node.dispatchEvent(new Event('input', { bubbles: true })); }"
        )
        page.wait_for_selector(".cards section:nth-child(5):has-text('small: 100 %')")
        page.check("input[name=source] >> nth=1", force=True)
        page.fill("textarea", "What is 2 + 2?\n\nProve that there are infinitely many primes.")
        page.wait_for_selector(".cards section:nth-child(3) .figure:has-text('/ 2')")
        page.fill("form input[maxlength='60']", "cheap <b>one</b>")
        page.click("button:has-text('Save as a candidate policy')")
        page.click("[role=status] a[href='#/policies']")
        page.click("button[aria-label^='Compare with the live one: cheap']")
        page.wait_for_selector("dialog td:has-text('dial')")
        page.keyboard.press("Escape")
        page.click("button[aria-label^='Promote: cheap']")
        page.fill("dialog input[maxlength='500']", "tried by hand")
        page.click("dialog button:has-text('Promote')")
        page.wait_for_selector("[role=status]:has-text('Promoted.')")
        page.wait_for_selector("tr.first:has-text('cheap <b>one</b>')")
        page.click("button.danger:has-text('Roll back')")
        page.click("dialog button:has-text('Roll back')")
        page.wait_for_selector("[role=status]:has-text('Rolled back.')")
        page.wait_for_selector("tr.first:not(:has-text('cheap'))")
    assert len(house.get("/v1/decisions?limit=1000")["data"]) == n


def test_a_model_is_added_on_the_screen_and_answers_in_the_chat(
    chromium: Browser, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with (
        upstream(says("the newcomer speaks")) as up,
        process(tmp_path_factory.mktemp("add"), _pool(up)) as house,
        page_at(chromium, _base(house), "#/models", strict=False) as page,
    ):
        page.click("button:has-text('Add a model')")
        page.fill("dialog input >> nth=0", "small")
        page.fill("dialog input[type=url]", up.base_url)
        page.click("dialog button[type=submit]")
        page.wait_for_selector("dialog [role=alert]:has-text('small')")  # the name is taken: it says so
        page.fill("dialog input >> nth=0", "newcomer")
        page.click("dialog button[type=submit]")
        page.wait_for_selector("dialog [role=status]:has-text('newcomer')")
        page.click("dialog a[href='#/chat']")
        page.click("button.pick")
        page.click("button[aria-label='Use it: newcomer']")
        ask(page, "hello")
        assert page.inner_text(".answer .who") == "newcomer"


def test_the_end_of_a_limit_and_what_is_degraded_are_told(
    chromium: Browser, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("limit")
    with upstream(says("here")) as up, process(folder, _pool(up, more=LIMIT)) as house:
        with page_at(chromium, _base(house), strict=False) as page:
            page.wait_for_selector(".limits:has-text('2 of 2 messages left')")
            page.check("input[value='auto:deep']", force=True)
            for n in range(3):
                ask(page, f"Prove that there are infinitely many primes, {n}")
            assert page.inner_text(".turn:nth-child(1) .who") == "big"
            assert page.inner_text(".turn:nth-child(3) .who") == "small"
            assert "limit used up" in page.inner_text(".turn:nth-child(3) .notices")
            page.wait_for_selector(".limits:has-text('0 of 2 messages left')")
            page.evaluate("location.hash = '#/limits'")
            page.wait_for_selector("td:has-text('deep')")
        (folder / "unisono.toml").write_text(
            (folder / "unisono.toml").read_text().replace('"small"\n', '"nobody"\n', 1)
        )
        house.until(lambda: house.get("/readyz")["degraded"], "the broken file is noticed")
        with page_at(chromium, _base(house), "#/incidents", strict=False) as page:
            page.wait_for_selector(".banner[role=alert]:has-text('config')")
            page.wait_for_selector(".card li:has-text('refused')")


def test_a_server_with_keys_asks_for_one_and_keeps_it_in_the_tab(
    chromium: Browser, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with _locked(chromium, tmp_path_factory.mktemp("keys")) as (page, secret):
        _unlock(page, secret)
        ask(page, "hello")
        page.click(".pages a[href='#/traffic']")
        page.wait_for_selector("[role=alert]:has-text('scope admin')")
        assert secret not in page.evaluate("JSON.stringify(localStorage) + document.cookie + location.href")


def test_a_late_refusal_of_a_request_without_a_key_does_not_lock_out_who_has_given_one(
    chromium: Browser, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with _locked(chromium, tmp_path_factory.mktemp("late")) as (page, secret):
        held = Held(page, re.compile("/v1/|/readyz"), which=_keyless)
        page.reload()
        held.until(3).go()
        _unlock(page, secret)
        while held.routes:
            held.go()
        ask(page, "hello")


@contextmanager
def _locked(chromium: Browser, folder: Path) -> Iterator[tuple[Page, str]]:
    """Open the console of a server that wants a key, and give one."""
    from datetime import UTC, datetime

    from unisono.record.keys import create_key
    from unisono.types import Scope

    with upstream(says("here")) as up, process(folder, _pool(up)) as house:
        _, secret = create_key(folder / "record.db", "guest", scope=Scope(), now=datetime.now(UTC))
        with page_at(chromium, _base(house), strict=False) as page:
            yield page, secret


def _unlock(page: Page, secret: str) -> None:
    page.wait_for_selector("h1:has-text('API key')")
    page.fill("input[type=password]", secret)
    page.keyboard.press("Enter")
    page.wait_for_selector(".composer textarea")


def _keyless(route: Route) -> bool:
    return "authorization" not in route.request.headers


def test_a_pool_of_many_models_can_be_searched_and_every_answer_is_in_the_picture(
    chromium: Browser, tmp_path_factory: pytest.TempPathFactory
) -> None:
    names = [f"vendor/model-{n:02d}" for n in range(13)] + ["x" * 100]
    with upstream(says("here")) as up:
        text = config_text(*(model(name, up) for name in names), default=names[0])
        with process(tmp_path_factory.mktemp("many"), text) as house:
            for name in names:
                house.chat("a question", model=name)
            with page_at(chromium, _base(house), "#/models") as page:
                page.wait_for_selector("tbody tr >> nth=13")
                head = page.locator("thead th >> nth=-1").bounding_box()
                assert head is not None
                assert head["x"] < DESKTOP["width"]  # a name of a hundred letters leaves room for the other columns
                page.fill(".sieve input", "MODEL-07")
                assert page.locator("tbody tr").count() == 1
                page.evaluate("location.hash = '#/traffic'")
                page.wait_for_selector(".legend li:text-is('7 others')")
                page.evaluate("location.hash = '#/chat'")
                ask(page, "a question")
                page.click(".answer summary:has-text('Retry')")
                page.click(".menu-items button:has-text('Choose a model')")
                page.fill("dialog .sieve input", "model-07")
                page.press("dialog tbody button", "Enter")
                page.wait_for_selector(".answer.ok .who:text-is('vendor/model-07')")
                page.fill(".composer textarea", "not to be sent yet")
                page.click(".ladder .pick >> nth=0")
                page.click("dialog .sieve input")  # it is seen, and the pointer reaches it
                page.press("dialog .sieve input", "Enter")  # and sends nothing
                page.wait_for_selector("dialog .sieve")
                assert page.locator(".turn").count() == 1


RULE = """
[[rules]]
name = "refunds"
like = ["I want my money back <b>now</b>", "How do I get a refund?"]
models = ["big"]
"""


def test_a_decision_under_a_rule_says_which_example_it_was_like_and_says_nothing_twice(
    chromium: Browser, tmp_path: Path
) -> None:
    with upstream(says("an answer")) as up, process(tmp_path, _pool(up, more=RULE)) as house:
        house.chat("Please refund my money", model="auto")
        house.ended(1)
        with page_at(chromium, _base(house), "#/decisions") as page:
            page.click("tbody tr:first-child a")
            page.wait_for_selector(".decision tbody tr.first")
            shown = page.inner_text(".decision")
    assert "Rule refunds: like “How do I get a refund?”: < 0.1 % of ordinary prompts come as near" in shown
    assert shown.count("has big answer requests like this one") == 1
