"""A conversation in a real browser when something goes wrong: nothing is lost, and what happened is said."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import pytest
from tests.console.browsing import ask, begin, browser, page_at, reload_when_kept
from tests.journeys.house import House, config_text, model, process
from tests.journeys.upstream import LIMIT_S, Behave, Exchange, Upstream, says, upstream

from unisono.record.keys import create_key
from unisono.record.store import Store
from unisono.types import Scope

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

KEPT = """async () => {
    const opening = indexedDB.open("unisono", 1);
    await new Promise((done) => { opening.onsuccess = done; });
    const all = opening.result.transaction("chats").objectStore("chats").getAll();
    await new Promise((done) => { all.onsuccess = done; });
    opening.result.close();
    return all.result[0]?.turns[0]?.answers[0]?.text;
}"""
"""What the browser's own database holds of the first answer."""
BROKE_OFF = "The answer broke off; it is not complete."


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as running:
        yield running


@pytest.fixture
def up() -> Iterator[Upstream]:
    with upstream(says("an answer")) as found:
        yield found


@pytest.fixture
def house(tmp_path: Path, up: Upstream) -> Iterator[House]:
    with process(tmp_path, config_text(model("only", up), default="only")) as found:
        yield found


def base(house: House) -> str:
    return house.base_url.removesuffix("/v1")


class Slow:
    """An answer of which the end waits until it is let go."""

    def __init__(self) -> None:
        self.gate = Event()

    def __call__(self, exchange: Exchange) -> None:
        exchange.open_stream()
        exchange.delta({"role": "assistant", "content": "first words "})
        self.gate.wait(LIMIT_S)
        exchange.delta({"content": "last words"}, finish="stop")
        exchange.end_stream()


def begun(page: Page, text: str) -> None:
    page.fill(".composer textarea", text)
    page.press(".composer textarea", "Enter")
    page.wait_for_selector(".answer.running .answer-text:has-text('first words')")


def test_a_reload_in_the_middle_of_an_answer_leaves_what_had_come_marked_as_not_complete(
    chromium: Browser, house: House, up: Upstream
) -> None:
    up.behave = slow = Slow()
    with page_at(chromium, base(house)) as page:
        begun(page, "a question")
        house.until(lambda: page.evaluate(KEPT), "what has come is kept")
        page.reload()
        page.wait_for_selector(".answer.cut")
        slow.gate.set()
        assert "first words" in page.inner_text(".answer")
        assert BROKE_OFF in page.inner_text(".answer")
        assert page.locator(".answer summary:has-text('Retry')").is_visible()


def test_a_server_that_goes_away_in_the_middle_is_told_in_our_own_words_and_in_the_header_too(
    chromium: Browser, house: House, up: Upstream
) -> None:
    up.behave = slow = Slow()
    with page_at(chromium, base(house), strict=False, locale="zh-CN") as page:
        page.wait_for_selector(".status.ok, .status.ready")
        begun(page, "a question")
        assert house.process is not None
        house.process.send_signal(signal.SIGKILL)
        page.wait_for_selector(".answer.cut .bad:has-text('回答中断，内容不完整。')")
        page.wait_for_selector(".status.gone")
        page.fill(".composer textarea", "are you there?")
        page.press(".composer textarea", "Enter")
        page.wait_for_selector(".turn:nth-child(2) .answer.failed .bad:has-text('服务器没有响应。')")
        slow.gate.set()


def test_two_tabs_of_one_conversation_keep_the_turns_of_both_and_see_each_other(
    chromium: Browser, house: House
) -> None:
    with page_at(chromium, base(house)) as one:
        ask(one, "asked in the first tab")
        two = one.context.new_page()
        two.goto(one.url)
        two.wait_for_selector(".turn")
        ask(two, "asked in the second tab")
        one.wait_for_selector(".turn:nth-child(2) .answer.ok")
        ask(one, "asked in the first tab again")
        two.wait_for_selector(".turn:nth-child(3) .answer.ok")
        begin(two)
        ask(two, "another conversation")
        one.wait_for_selector(".chats li:has-text('another conversation')")
        reload_when_kept(one)
        one.wait_for_selector(".turn:nth-child(3) .answer.ok")
        assert [turn.split("\n")[0] for turn in one.locator(".turn .asked").all_inner_texts()] == [
            "asked in the first tab",
            "asked in the second tab",
            "asked in the first tab again",
        ]


def test_an_answer_that_another_tab_is_getting_is_not_said_to_have_broken_off(
    chromium: Browser, house: House, up: Upstream
) -> None:
    up.behave = slow = Slow()
    with page_at(chromium, base(house)) as one:
        begun(one, "a question")
        house.until(lambda: one.evaluate(KEPT), "what has come is kept")
        two = one.context.new_page()
        two.goto(one.url)
        two.wait_for_selector(".answer.running .hint:has-text('still coming, in another tab')")
        assert BROKE_OFF not in two.inner_text(".answer")
        assert two.locator(".answer .actions").count() == 0
        slow.gate.set()
        two.wait_for_selector(".answer.ok .answer-text:has-text('last words')")
        assert two.locator(".answer .hint").count() == 0


def test_a_conversation_that_is_deleted_in_the_middle_of_an_answer_stays_deleted(
    chromium: Browser, house: House, up: Upstream
) -> None:
    up.behave = slow = Slow()
    with page_at(chromium, base(house)) as page:
        begun(page, "a question")
        house.until(lambda: page.evaluate(KEPT), "what has come is kept")
        page.click(".chat-head button:has-text('Delete')")
        page.click("dialog button.danger")
        page.wait_for_selector(".welcome")
        slow.gate.set()
        up.behave = says("an answer")
        ask(page, "another conversation")
        reload_when_kept(page)
        page.wait_for_selector(".turn .answer.ok")
        assert page.locator(".chats li").all_inner_texts() == ["another conversation"]


def test_a_key_that_is_not_taken_is_said_to_be_wrong(chromium: Browser, tmp_path: Path, up: Upstream) -> None:
    with process(tmp_path, config_text(model("only", up), default="only")) as house:
        _, secret = create_key(tmp_path / "record.db", "guest", scope=Scope(), now=datetime.now(UTC))
        with page_at(chromium, base(house), strict=False) as page:
            page.wait_for_selector(".ask-key input:focus")
            assert page.locator(".ask-key .bad").count() == 0
            page.fill(".ask-key input", "a-wrong-key")
            page.press(".ask-key input", "Enter")
            page.wait_for_selector(".ask-key .bad:has-text('The server did not take this key')")
            page.fill(".ask-key input", secret)
            page.press(".ask-key input", "Enter")
            page.wait_for_selector(".composer textarea")


def test_over_plain_http_from_another_machine_chat_and_copy_work_too(chromium: Browser, house: House) -> None:
    with page_at(chromium, base(house)) as page:
        page.add_init_script(
            "delete Crypto.prototype.randomUUID; Object.defineProperty(navigator, 'clipboard', { value: undefined });"
            "document.addEventListener('copy', () => { window.taken = String(document.activeElement.value); });"
        )
        page.reload()
        page.wait_for_selector(".composer textarea")
        ask(page, "a question")
        page.click(".answer button:has-text('Copy')")
        house.until(lambda: page.evaluate("() => window.taken?.trim() === 'an answer'"), "the answer is copied")


def test_a_browser_that_denies_all_storage_has_a_console_all_the_same(chromium: Browser, house: House) -> None:
    denied = (
        "Object.defineProperty(window, '{}', {{ get() {{ throw new DOMException('denied', 'SecurityError'); }} }});"
    )
    with page_at(chromium, base(house)) as page:
        page.add_init_script("".join(denied.format(name) for name in ("localStorage", "sessionStorage", "indexedDB")))
        page.reload()
        page.wait_for_selector(".composer textarea")
        ask(page, "a question")
        assert "This browser keeps nothing" in page.inner_text(".side-bar")


def test_a_full_storage_is_told_where_one_writes_and_no_longer_once_there_is_room(
    chromium: Browser, house: House
) -> None:
    with page_at(chromium, base(house)) as page:
        page.add_init_script(
            "const put = IDBObjectStore.prototype.put; IDBObjectStore.prototype.put = function (value) {"
            " if (window.full) throw new DOMException('full', 'QuotaExceededError'); return put.call(this, value); };"
        )
        page.reload()
        page.wait_for_selector(".composer textarea")
        page.evaluate("window.full = true")
        ask(page, "a question")
        page.wait_for_selector(".composer [role=alert]:has-text('its storage is full')")
        page.evaluate("window.full = false")
        ask(page, "another question")
        page.wait_for_selector(".composer [role=alert]", state="detached")
        reload_when_kept(page)
        page.wait_for_selector(".turn:nth-child(2) .answer.ok")


def test_a_part_of_a_newer_console_says_that_the_tab_must_be_loaded_anew(chromium: Browser, house: House) -> None:
    newer = "import { unheardOf } from './parts.js'; export const Page = unheardOf;"
    with page_at(chromium, base(house)) as page:
        page.route("**/traffic.js*", lambda route: route.fulfill(content_type="text/javascript", body=newer))
        page.fill(".composer textarea", "half a thought")
        page.click(".pages a[href='#/traffic']")
        page.wait_for_selector("[role=alert]:has-text('has probably been updated')")
        page.unroute("**/traffic.js*")
        page.click("button:has-text('Load the console anew')")
        page.wait_for_selector("main h1:has-text('Traffic')")
        begin(page)
        assert page.input_value(".composer textarea") == "half a thought"


def choose(page: Page, name: str) -> None:
    """Pin a model for the conversation."""
    page.click("button.pick")
    page.click(f"button[aria-label='Use it: {name}']")


def again(page: Page, how: str) -> None:
    """Ask for the last answer again, and wait for its end."""
    page.click(".turn:last-child summary:has-text('Retry')")
    page.click(f".menu-items button:has-text('{how}')")
    page.wait_for_selector(".turn:last-child .answer:not(.running)")


def test_after_a_refusal_without_a_decision_a_retry_asks_the_model_that_is_named_and_no_other(
    chromium: Browser, tmp_path: Path, up: Upstream
) -> None:
    limit = '\n[[limits]]\nname = "few"\namount = 1\nwindow = "day"\nmodels = ["best"]\n'
    text = config_text(
        model("best", up, quality=0.9, role="deep"),
        model("middle", up, quality=0.8),
        model("least", up, quality=0.2),
        default="middle",
        more=limit,
    )
    with process(tmp_path, text) as house, page_at(chromium, base(house), strict=False) as page:
        choose(page, "best")
        ask(page, "one")
        ask(page, "two")
        page.wait_for_selector(".turn:last-child .answer.failed .bad:has-text('used up')")
        again(page, "with least")
        page.wait_for_selector(".turn:last-child .answer.ok .who:has-text('least')")
        page.click("button[aria-label='Answer before']")
        page.click(".turn:last-child button:has-text('Try again')")
        page.wait_for_selector(".turn:last-child .versions:has-text('Answer 3 of 3')")
        page.wait_for_selector(".turn:last-child .answer.failed .who:has-text('best')")  # the pin holds
        again(page, "another model")
        page.wait_for_selector(".turn:last-child .answer.ok .who:has-text('middle')")


def test_an_answer_that_is_not_whole_or_says_nothing_says_so(chromium: Browser, house: House, up: Upstream) -> None:
    def ends(delta: dict[str, object], finish: str) -> Behave:
        def behave(exchange: Exchange) -> None:
            exchange.open_stream()
            exchange.delta({"role": "assistant", **delta})
            exchange.delta({}, finish=finish)
            exchange.end_stream()

        return behave

    call = {"index": 0, "id": "c", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    with page_at(chromium, base(house)) as page:
        for behave, told in (
            (ends({"content": "half of a"}, "length"), "it is as long as it may be"),
            (ends({"content": "half of a"}, "content_filter"), "ended the answer here; it is not complete"),
            (ends({"tool_calls": [call]}, "tool_calls"), "called a tool instead of answering"),
            (ends({"content": ""}, "stop"), "ended without a word"),
        ):
            up.behave = behave
            ask(page, "a question")
            page.wait_for_selector(f".turn:last-child .answer .bad:has-text('{told}')")
        up.behave = ends({"refusal": "I will not say this."}, "stop")
        ask(page, "a question")
        page.wait_for_selector(".turn:last-child .answer.ok .answer-text:has-text('I will not say this.')")
        assert page.locator(".turn:last-child .answer .bad").count() == 0


def test_an_answer_that_was_stopped_goes_on_from_what_had_come(chromium: Browser, house: House, up: Upstream) -> None:
    up.behave = slow = Slow()
    with page_at(chromium, base(house)) as page:
        begun(page, "a question")
        page.click(".answer button:has-text('Stop')")
        page.wait_for_selector(".answer.stopped")
        slow.gate.set()
        page.click(".chat-head summary")
        with page.expect_download() as download:
            page.click(".chat-head button:has-text('Markdown')")
        assert "> You stopped it.\n\nfirst words" in Path(download.value.path()).read_text()
        up.behave = says("the rest")
        page.click(".answer button:has-text('Go on')")
        page.wait_for_selector(".turn:nth-child(2) .answer.ok .answer-text:has-text('the rest')")
        assert page.locator("button:has-text('Go on')").count() == 0
        told = [message["content"].strip() for message in up.seen[-1].body["messages"]]
        assert told == ["a question", "first words", "Go on exactly where your last answer stopped."]


def test_what_the_record_has_forgotten_can_be_asked_again_all_the_same(
    chromium: Browser, house: House, tmp_path: Path
) -> None:
    with page_at(chromium, base(house), strict=False) as page:
        ask(page, "a question")
        house.ended(1)
        with closing(Store(tmp_path / "record.db")) as store:
            assert store.purge(older_than=datetime.now(UTC)) == 1
        again(page, "deeper")
        page.wait_for_selector(".answer.ok .versions:has-text('Answer 2 of 2')")
        page.wait_for_selector(".answer .chip:has-text('Deep')")


def test_what_the_server_keeps_of_the_words_is_seen_and_goes_with_the_conversation(
    chromium: Browser, tmp_path: Path, up: Upstream
) -> None:
    text = config_text(model("only", up), default="only")
    with process(tmp_path, text) as house, page_at(chromium, base(house)) as page:
        page.wait_for_selector(".welcome:has-text('none of their words')")
        ask(page, "a question")
        assert page.locator(".chat-head .chip").count() == 0
    with (
        process(tmp_path, text.replace("[store]", '[store]\ntext = "text"')) as house,
        page_at(chromium, base(house)) as page,
    ):
        page.wait_for_selector(".welcome .warn:has-text('keeps the words that you send')")
        ask(page, "a secret question")
        page.wait_for_selector(".chat-head .chip:has-text('your words are kept')")
        place = f"/v1/decisions/{house.ended(2)[0]['decision']}"
        assert "a secret question" in house.get(place)["request"]["prompt"]
        page.click(".chat-head button:has-text('Delete')")
        page.click("dialog button.danger")
        house.until(lambda: "prompt" not in house.get(place)["request"], "the words are gone")


def test_a_degraded_router_serves_by_the_default_and_no_figure_is_made_up(
    chromium: Browser, tmp_path: Path, up: Upstream
) -> None:
    (tmp_path / "broken").write_text("no artifact")
    pool = (model("only", up), model("other", up))
    text = config_text(*pool, default="only", more='\n[routing]\nartifact = "broken"\n')
    with process(tmp_path, text) as house, page_at(chromium, base(house)) as page:
        page.wait_for_selector(".banner:has-text('artifact')")
        page.fill(".composer textarea", "a question")
        page.wait_for_selector(".would strong:has-text('Auto would use only')")
        assert "Expected" not in page.inner_text(".would")
        ask(page, "a question")
        page.wait_for_selector(".answer .chip.bad:has-text('degraded')")
        page.click(".answer button:has-text('Why')")
        page.wait_for_selector(".decision tr.first td:nth-child(3):text-is('–')")
        assert page.inner_text(".decision tr.first td:nth-child(4)") == "–"
