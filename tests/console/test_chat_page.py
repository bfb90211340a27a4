"""Journeys in a real browser: who chats sees who answered and why, and steers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import pytest
from tests.console.browsing import DESKTOP, ask, begin, browser, page_at, reload_when_kept
from tests.journeys.house import House, config_text, model, process
from tests.journeys.upstream import LIMIT_S, Behave, Exchange, Upstream, fails, says, upstream

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

HOSTILE = (
    '<img src=x onerror="window.harm=1"><script>window.harm=2</script>'
    " **<b>bold</b>** [click](javascript:window.harm=3)"
)
RICH = """# Title

Some *soft* and **strong** `code`.

- one
- two

```python
print(1)  # note
```

$$\\frac{a}{b}$$

and $x^2$ for $5.

| a | b |
|---|--:|
| 1 | 2 |
"""
ARABIC = "مرحبا بالعالم"
LONG = "A" * 60_000
EMBEDDED = f"![a plot](data:image/png;base64,{LONG})\n\n{ARABIC} and English\n\n- {ARABIC}"
N_PIECES = 3_000
COUNT_DRAWINGS = """() => {
    window.drawn = 0;
    const parts = { subtree: true, childList: true, characterData: true };
    new MutationObserver(() => { window.drawn += 1; }).observe(document.querySelector("main"), parts);
}"""
ENTER_OF_A_COMPOSITION = """(options) => document.querySelector("textarea").dispatchEvent(
    new KeyboardEvent("keydown", { key: "Enter", keyCode: 229, bubbles: true, cancelable: true, ...options }))"""
FOCUSED = "document.activeElement.innerText"
DRAWN = ("h3", "em", "strong", "li", "figure.code .code-note", "math mfrac", "math msup", "td.right")


class Pool:
    """Two upstreams whose answers a test can change, and the server before them."""

    def __init__(self, house: House, small: Upstream, big: Upstream) -> None:
        self.house, self.small, self.big = house, small, big
        self.base = house.base_url.removesuffix("/v1")
        self.calm()

    def calm(self) -> None:
        """Let both answer plainly again."""
        self.small.behave, self.big.behave = says("the small answer"), says("the big answer")

    def decisions(self) -> list[str]:
        """Return the ids of the record's decisions; what becomes of them may still change."""
        return [row["decision"] for row in self.house.get("/v1/decisions")["data"]]

    def feedback(self) -> list[dict[str, object]]:
        """Return every signal in the record."""
        found = []
        for row in self.house.get("/v1/decisions?limit=200")["data"]:
            found += self.house.get(f"/v1/decisions/{row['decision']}")["signals"]
        return found


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as running:
        yield running


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[Pool]:
    with upstream(says("…")) as small, upstream(says("…")) as big:
        text = config_text(
            model("small", small, role="fast", quality=0.5),
            model("big", big, role="deep", quality=0.9, usd_per_mtok_in=10.0, usd_per_mtok_out=20.0),
            default="small",
        )
        with process(tmp_path_factory.mktemp("pool"), text) as house:
            yield Pool(house, small, big)


@pytest.fixture
def pool(shared: Pool) -> Pool:
    shared.calm()
    return shared


def test_an_answer_streams_and_says_who_gave_it_why_and_for_how_much(chromium: Browser, pool: Pool) -> None:
    gate = Event()

    def slowly(exchange: Exchange) -> None:
        exchange.open_stream()
        exchange.delta({"role": "assistant", "content": "first "})
        gate.wait(LIMIT_S)
        exchange.delta({"content": "second"}, finish="stop")
        exchange.end_stream()

    pool.small.behave = pool.big.behave = slowly
    with page_at(chromium, pool.base) as page:
        page.fill("textarea", "a question")
        page.press("textarea", "Enter")
        page.wait_for_selector(".answer.running .answer-text:has-text('first')")
        assert page.locator("button:has-text('Stop')").is_visible()
        gate.set()
        page.wait_for_selector(".answer.ok .answer-text:has-text('first second')")
        who = page.inner_text(".answer .who")
        assert who in ("small", "big")
        assert who in page.inner_text(".answer .because")
        assert "Cost $" in page.inner_text(".answer .facts")
        page.click("text=Why")
        page.wait_for_selector(".decision tbody tr.first")
        assert page.locator(".decision tbody tr").count() == 2
        assert page.locator(".decision .bar").count() == 6
        assert page.inner_text(".decision tbody tr.first strong") == who


def _at_once(text: str) -> Behave:
    """Return a behaviour that streams a text in one piece."""

    def behave(exchange: Exchange) -> None:
        exchange.open_stream()
        exchange.delta({"role": "assistant", "content": text}, finish="stop")
        exchange.end_stream()

    return behave


def test_markdown_code_and_formulas_are_drawn(chromium: Browser, pool: Pool) -> None:
    pool.small.behave = pool.big.behave = _at_once(RICH)
    with page_at(chromium, pool.base) as page:
        ask(page, "show me")
        text = page.locator(".answer-text")
        for part in DRAWN:
            assert text.locator(part).count() >= 1, part
        assert "for $5." in text.inner_text()


def test_a_flood_of_small_pieces_is_drawn_in_a_few_steps_and_is_whole(chromium: Browser, pool: Pool) -> None:
    def floods(exchange: Exchange) -> None:
        exchange.open_stream()
        for n in range(N_PIECES):
            exchange.delta({"content": f"**{n}** "})
        exchange.delta({}, finish="stop")
        exchange.end_stream()

    pool.small.behave = pool.big.behave = floods
    with page_at(chromium, pool.base) as page:
        page.evaluate(COUNT_DRAWINGS)
        ask(page, "go")
        assert page.inner_text(".answer-text").split() == [str(n) for n in range(N_PIECES)]
        assert page.evaluate("window.drawn") < N_PIECES / 4


def test_a_picture_in_the_text_is_named_a_word_without_end_is_broken_and_arabic_runs_from_the_right(
    chromium: Browser, pool: Pool
) -> None:
    pool.small.behave = pool.big.behave = _at_once(EMBEDDED)
    with page_at(chromium, pool.base) as page:
        ask(page, LONG)
        assert page.inner_text(".answer-text p >> nth=0") == "[a plot] (data:image/png, 46 kB)"
        assert page.locator(".asked wbr").count() >= 50
        assert page.inner_text(".asked") == LONG
        assert page.get_attribute(".answer-text", "lang") is None  # Latin letters tell no language
        for part in (".answer-text p >> nth=1", ".answer-text ul"):
            assert page.locator(part).evaluate("node => getComputedStyle(node).direction") == "rtl"


def test_hostile_text_stays_text_everywhere(chromium: Browser, pool: Pool) -> None:
    pool.small.behave = pool.big.behave = _at_once(HOSTILE)
    with page_at(chromium, pool.base) as page:
        ask(page, HOSTILE)
        page.click("text=Why")
        page.wait_for_selector(".decision tbody tr")
        assert page.evaluate("window.harm") is None
        assert page.locator("main img, main script, .answer-text b, .asked b, main a[href^=javascript]").count() == 0
        assert "<script>window.harm=2</script>" in page.inner_text(".answer-text")
        assert "<script>window.harm=2</script>" in page.inner_text(".asked")
        assert page.inner_text(".chats").startswith("<img src=x")


def test_the_policy_of_the_page_lets_no_inline_script_and_no_markup_in(chromium: Browser, pool: Pool) -> None:
    with page_at(chromium, pool.base, strict=False) as page:
        tried = """() => {
            const script = document.createElement("script");
            try { script.append("window.harm = 1"); document.body.append(script); } catch { /* refused */ }
            try { document.body.innerHTML = "<b>no</b>"; return "let in"; } catch { return String(window.harm); }
        }"""
        assert page.evaluate(tried) == "undefined"


def test_auto_says_whom_it_would_use_before_anything_is_sent(chromium: Browser, pool: Pool) -> None:
    with page_at(chromium, pool.base) as page:
        page.fill("textarea", "What is 2 + 2?")
        page.wait_for_selector(".would strong:has-text('Auto would use')")
        asked = pool.decisions()
        page.check("input[value='auto:deep']", force=True)
        page.wait_for_selector(".would strong:has-text('Deep would use')")
        assert pool.decisions() == asked


def test_a_deeper_retry_is_another_version_and_a_notice_says_who_gave_it(chromium: Browser, pool: Pool) -> None:
    with page_at(chromium, pool.base) as page:
        page.click("button.pick")
        page.click("button[aria-label='Use it: small']")
        ask(page, "a question")
        assert page.inner_text(".answer .who") == "small"
        page.click(".answer summary:has-text('Retry')")
        page.click(".menu-items button:has-text('deeper')")
        page.wait_for_selector(".answer.ok .who:has-text('big')")
        assert "You asked for a deeper answer" in page.inner_text(".answer .notices")
        assert "Answer 2 of 2" in page.inner_text(".answer .versions")
        page.click("button[aria-label='Answer before']")
        assert page.inner_text(".answer .who") == "small"


def test_a_pin_holds_and_a_change_of_model_is_marked(chromium: Browser, pool: Pool) -> None:
    with page_at(chromium, pool.base) as page:
        page.click("button.pick")
        page.click("button[aria-label='Use it: small']")
        ask(page, "first")
        page.click("button.pick")
        page.click("button[aria-label='Use it: big']")
        ask(page, "second")
        second = page.locator(".turn:nth-child(2) .answer")
        assert second.locator(".who").inner_text() == "big"
        assert second.locator(".chip.warn:has-text('another model than before')").count() == 1
        page.click("text=Back to Auto")
        page.click(".turn:nth-child(1) button:has-text('Pin small here')")
        assert "small" in page.inner_text("button.pick")
        page.click(".new")  # a pin is for the one conversation
        page.wait_for_selector("button.pick:has-text('Choose a model')")


def test_a_blind_comparison_ends_in_a_preference_on_the_record(chromium: Browser, pool: Pool) -> None:
    with page_at(chromium, pool.base) as page:
        ask(page, "which is better?")
        page.click(".answer button:has-text('Compare')")
        page.click("dialog button:has-text('Let both answer')")
        page.wait_for_selector("dialog .side:nth-child(2) .answer-text:has-text('answer')")
        assert "It was" not in page.inner_text("dialog")
        page.click("dialog button:has-text('A is better'):enabled")
        page.wait_for_selector("dialog [role=status]:has-text('Recorded')")
        assert page.inner_text("dialog .side:nth-child(1)").count("It was") == 1
        page.click("dialog button:has-text('Put the better one')")
        page.wait_for_selector(".answer .versions:has-text('Answer 2 of 2')")
    votes = pool.house.until(lambda: [s for s in pool.feedback() if s["kind"] == "preferred"], "the vote is recorded")
    assert sorted(json.loads(str(votes[0]["value"]))) == ["big", "small"]


def test_thumbs_and_their_reason_reach_the_record(chromium: Browser, pool: Pool) -> None:
    with page_at(chromium, pool.base) as page:
        ask(page, "judge this")
        page.click(".answer button[aria-label='Bad answer']")
        page.click(".reasons button:has-text('out of date')")
        page.wait_for_selector(".reasons:has-text('Thank you')")
    said = pool.house.until(
        lambda: {s["kind"]: s["value"] for s in pool.feedback() if s["value"] == "outdated"}, "it is recorded"
    )
    assert said == {"reason": "outdated"}


def test_answer_now_ends_a_long_one_and_asks_for_a_faster(chromium: Browser, pool: Pool) -> None:
    gate = Event()

    def stuck(exchange: Exchange) -> None:
        exchange.open_stream()
        exchange.delta({"role": "assistant", "content": "thinking about "})
        gate.wait(LIMIT_S)

    with page_at(chromium, pool.base) as page:
        pool.small.behave = pool.big.behave = stuck
        page.fill("textarea", "hurry")
        page.press("textarea", "Enter")
        page.wait_for_selector(".answer.running .answer-text:has-text('thinking')")
        pool.calm()
        page.click("button:has-text('Answer now')")
        page.wait_for_selector(".answer.ok .versions:has-text('Answer 2 of 2')")
        assert page.locator(".answer .chip:has-text('Fast')").count() == 1
    gate.set()


def test_a_failed_answer_says_so_and_what_failed(chromium: Browser, pool: Pool) -> None:
    pool.small.behave = pool.big.behave = fails(400, "no such thing")
    with page_at(chromium, pool.base, strict=False) as page:
        ask(page, "fail")
        assert "no such thing" in page.inner_text(".answer.failed .bad")
        page.click("text=Why")
        page.wait_for_selector(".decision li:has-text('failed')")


def test_conversations_persist_and_are_renamed_searched_exported_and_deleted(chromium: Browser, pool: Pool) -> None:
    with page_at(chromium, pool.base) as page:
        ask(page, "about whales")
        begin(page)
        ask(page, "about trains")
        page.click(".chat-head button:has-text('Rename')")
        page.fill("dialog input", "Railways")
        page.press("dialog input", "Enter")
        page.wait_for_selector(".chats a:has-text('Railways')")
        reload_when_kept(page)
        page.wait_for_selector(".chats a:has-text('Railways')")
        page.wait_for_selector(".answer-text:has-text('answer')")
        page.fill("input[type=search]", "whales")
        assert page.locator(".chats a").count() == 1
        page.click(".chats a")
        page.wait_for_selector(".asked:has-text('about whales')")
        page.click(".chat-head summary:has-text('Export')")
        with page.expect_download() as loading:
            page.click(".chat-head button:has-text('Markdown')")
        assert "about whales" in Path(loading.value.path()).read_text()
        page.click(".chat-head button:has-text('Delete')")
        page.click("dialog button.danger")
        page.wait_for_selector(".chats a:has-text('Railways')")
        assert page.locator(".chats a").count() == 1


def test_text_and_pictures_travel_with_the_question(chromium: Browser, pool: Pool, tmp_path: Path) -> None:
    bodies: list[dict[str, object]] = []

    def keeps(exchange: Exchange) -> None:
        bodies.append(exchange.body)
        says("seen")(exchange)

    pool.small.behave = pool.big.behave = keeps
    note = tmp_path / "note.txt"
    note.write_text("the secret number is 7")
    with page_at(chromium, pool.base) as page:
        page.set_input_files("input[type=file]", str(note))
        page.wait_for_selector(".composer .files:has-text('note.txt')")
        ask(page, "what is it?")
    assert "the secret number is 7" in json.dumps(bodies[0]["messages"])


def test_the_console_speaks_chinese_and_keeps_to_it(chromium: Browser, pool: Pool) -> None:
    with page_at(chromium, pool.base, locale="zh-CN") as page:
        assert page.inner_text(".new").endswith("新对话")
        page.select_option(".settings select >> nth=0", "en")
        page.reload()
        page.wait_for_selector(".new:has-text('New conversation')")


def test_the_chinese_console_says_in_chinese_why_of_an_english_question(chromium: Browser, pool: Pool) -> None:
    with page_at(chromium, pool.base, locale="zh-CN") as page:
        ask(page, "What is the capital of France?")
        page.click(".answer .actions button >> nth=0")
        page.wait_for_selector(".decision tbody tr")
        evidence = page.inner_text(".decision tbody tr >> nth=0")
        assert "根据声明的质量推测" in evidence
        shown = [page.inner_text(".answer .because"), page.inner_text(".decision")]
        for name in ("small", "big", "auto", "balanced", "openai", "tokens", "member"):
            shown = [text.replace(name, "") for text in shown]
        assert not re.search(r"[a-z]{3,} [a-z]{3,}", " ".join(shown)), shown


def test_the_whole_chat_works_by_keyboard(chromium: Browser, pool: Pool) -> None:
    with page_at(chromium, pool.base) as page:
        page.keyboard.type("only keys")
        page.keyboard.press("Enter")
        page.wait_for_selector(".answer.ok")
        page.focus(".answer .actions button >> nth=0")
        page.keyboard.press("Enter")
        page.wait_for_selector(".decision tbody tr")
        page.focus(".pick")
        page.keyboard.press("Enter")
        page.wait_for_selector("dialog[open]")
        page.keyboard.press("Escape")
        page.wait_for_selector("dialog", state="detached")
        assert page.evaluate("document.activeElement.className").startswith("pick")


def test_a_control_that_goes_away_leaves_the_focus_to_one_that_is_there(chromium: Browser, pool: Pool) -> None:
    gate = Event()

    def slowly(exchange: Exchange) -> None:
        exchange.open_stream()
        exchange.delta({"role": "assistant", "content": "first words"})
        gate.wait(LIMIT_S)

    def press(name: str) -> None:
        page.focus(name)
        page.keyboard.press("Enter")

    with page_at(chromium, pool.base) as page:
        press(".pick")
        press("button[aria-label='Use it: small']")
        page.wait_for_function(f"() => {FOCUSED}.trim() === 'small'")
        press("text=Back to Auto")
        page.wait_for_function(f"() => {FOCUSED}.startsWith('Choose a model')")
        ask(page, "a question")
        press(".answer summary")
        press(".menu-items button:has-text('with big')")
        page.wait_for_function(f"() => /^(Stop|Why)$/.test({FOCUSED})")
        page.wait_for_selector(".answer.ok .versions")
        press("button:has-text('Pin big here')")
        page.wait_for_function(f"() => {FOCUSED} === 'Why'")
        press(".chat-head summary")
        with page.expect_download():
            press(".chat-head button:has-text('JSON')")
        page.wait_for_function(f"() => {FOCUSED} === 'Export'")
        press(".chat-head button:has-text('Rename')")
        page.keyboard.press("Enter")
        page.wait_for_function(f"() => {FOCUSED} === 'Rename'")
        pool.small.behave = pool.big.behave = slowly
        page.fill("textarea", "a long one")
        page.keyboard.press("Enter")
        page.wait_for_selector(".answer.running .answer-text:has-text('first words')")
        page.fill("textarea", "and another")
        page.keyboard.press("Enter")
        page.wait_for_selector(".composer [role=alert]:has-text('An answer is still coming')")
        press("button:has-text('Stop')")
        page.wait_for_function(f"() => {FOCUSED} === 'Go on'")
        assert page.locator(".composer [role=alert]").count() == 0
        gate.set()


def test_the_enter_that_ends_a_composition_sends_nothing(chromium: Browser, pool: Pool) -> None:
    with page_at(chromium, pool.base) as page:
        page.fill("textarea", "nihao")
        for options in ({"isComposing": True}, {"isComposing": False}):  # the second is Safari's way
            page.evaluate(ENTER_OF_A_COMPOSITION, options)
        assert page.input_value("textarea") == "nihao"
        assert page.locator(".turn").count() == 0


def test_who_answered_a_change_of_model_and_a_failure_are_heard_once_and_in_words(
    chromium: Browser, pool: Pool
) -> None:
    heard = "#app > [role=status]"
    with page_at(chromium, pool.base, strict=False) as page:
        page.click("button.pick")
        page.click("button[aria-label='Use it: small']")
        pool.small.behave = says("## Title\n**bold** and `code`")
        ask(page, "こんにちは、元気ですか")
        assert page.get_attribute(".asked", "lang") == "ja"
        page.wait_for_selector(f"{heard}:text-is('small: Title bold and code')", state="attached")
        page.click(".answer summary:has-text('Retry')")
        page.click(".menu-items button:has-text('deeper')")
        page.wait_for_selector(f"{heard}:has-text('You asked for a deeper answer: big answers')", state="attached")
        pool.small.behave = fails(400, "no such thing")
        ask(page, "fail")
        page.wait_for_selector("#app > [role=alert]:has-text('no such thing')", state="attached")
        assert page.locator(".thread [role=alert]").count() == 0
        assert page.locator("h2.who").all_inner_texts() == ["big", "small"]


def test_what_is_written_stays_with_its_conversation_through_other_pages_and_a_reload(
    chromium: Browser, pool: Pool
) -> None:
    with page_at(chromium, pool.base) as page:
        ask(page, "first conversation")
        page.fill("textarea", "half a thought")
        begin(page)
        assert page.input_value("textarea") == ""
        page.fill("textarea", "another one")
        page.click(".pages a[href='#/limits']")
        page.wait_for_selector("main h1:has-text('Limits and keys')")
        page.click(".chats a")
        page.wait_for_selector(".turn")
        assert page.input_value("textarea") == "half a thought"
        page.reload()
        page.wait_for_selector(".turn")
        assert page.input_value("textarea") == "half a thought"
        begin(page)
        assert page.input_value("textarea") == "another one"


def test_in_a_window_of_a_few_lines_answers_can_be_read_and_escape_closes_the_menu(
    chromium: Browser, pool: Pool
) -> None:
    with page_at(chromium, pool.base, viewport={"width": 320, "height": 256}) as page:
        ask(page, "a question")
        box = page.locator(".answer-text").bounding_box()
        thread = page.locator(".thread").bounding_box()
        assert box is not None
        assert thread is not None
        assert thread["height"] > box["height"] > 20
        page.click(".menu-button")
        page.keyboard.press("Tab")
        page.focus(".side-bar .new")
        page.keyboard.press("Escape")
        page.wait_for_selector(".side-bar", state="hidden")
        assert "menu-button" in page.evaluate("document.activeElement.className")


def test_the_whole_conversation_is_printed_in_black_on_white_without_what_can_be_pressed(
    chromium: Browser, pool: Pool
) -> None:
    with page_at(chromium, pool.base, color_scheme="dark") as page:
        for n in range(4):
            ask(page, f"question {n} " + "in many words " * 60)
        page.emulate_media(media="print")
        tall = page.locator(".thread").evaluate("node => [node.scrollHeight - node.clientHeight, node.clientHeight]")
        assert tall[0] <= 0
        assert tall[1] > DESKTOP["height"]
        assert page.locator("button:visible, nav:visible, textarea:visible").count() == 0
        ink = page.locator(".answer-text").first.evaluate("node => getComputedStyle(node).color")
        assert sum(map(int, re.findall(r"\d+", ink))) < 200, ink


def test_a_message_is_edited_in_a_conversation_of_its_own_and_the_first_stays(chromium: Browser, pool: Pool) -> None:
    with page_at(chromium, pool.base) as page:
        page.click("button.pick")
        page.click("button[aria-label='Use it: small']")
        ask(page, "about whales")
        ask(page, "how long do they live?")
        page.click(".turn:nth-child(2) .question button:has-text('Edit')")
        page.wait_for_selector(".chat-head a:has-text('Branched from')")
        assert page.input_value(".composer textarea") == "how long do they live?"
        assert page.locator(".turn").count() == 1
        ask(page, "how deep do they dive?")
        told = [message["content"].strip() for message in pool.small.seen[-1].body["messages"]]
        assert told == ["about whales", "the small answer", "how deep do they dive?"]
        assert page.locator(".chats li").count() == 2
        page.click(".chat-head a:has-text('Branched from')")
        page.wait_for_selector(".turn:nth-child(2) .asked:has-text('how long do they live?')")
        assert page.locator(".turn").count() == 2


def test_bounds_hold_for_every_answer_of_the_conversation_and_are_seen(chromium: Browser, pool: Pool) -> None:
    with page_at(chromium, pool.base, strict=False) as page:
        page.fill(".composer textarea", "not to be sent yet")
        page.click("button:has-text('Bounds')")
        page.check("dialog input[name='small']")
        page.fill("dialog input[name='max_cost_usd']", "5")
        page.press("dialog input[name='max_cost_usd']", "Enter")
        page.wait_for_selector("button.pick.on:has-text('≤ $5 · without small')")
        assert page.locator(".turn").count() == 0
        ask(page, "first")
        assert page.inner_text(".answer .who") == "big"
        page.click(".answer summary:has-text('Retry')")
        page.click(".menu-items button:has-text('with small')")  # by name: that one all the same
        page.wait_for_selector(".answer.ok .who:has-text('small')")
        reload_when_kept(page)
        page.click("button.pick.on:has-text('without small')")
        page.check("dialog input[name='big']")
        page.click("dialog button:has-text('Save')")
        page.fill(".composer textarea", "second")
        page.wait_for_selector(".would .bad:has-text('you banned it')")
        page.click(".new")
        page.wait_for_selector("button.pick:has-text('Bounds')")  # they are for the one conversation


def test_a_long_message_is_folded_and_shown_whole_when_asked_for(chromium: Browser, pool: Pool) -> None:
    with page_at(chromium, pool.base) as page:
        ask(page, "The quick brown fox jumps over the lazy dog. " * 1_000)
        asked = page.locator(".asked")
        assert (asked.bounding_box() or {})["height"] < DESKTOP["height"] / 2
        page.click(".question button:has-text('Show all')")
        page.wait_for_selector(".question button:has-text('Show less')")
        assert (asked.bounding_box() or {})["height"] > DESKTOP["height"]
        ask(page, "short")
        assert page.locator(".turn:nth-child(2) .question button:has-text('Show')").count() == 0
