"""The console on a bad network: what arrives late or in another order than it was asked for does no harm."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from tests.console.browsing import Held, ask, begin, browser, page_at
from tests.journeys.house import House, config_text, model, process
from tests.journeys.upstream import Upstream, says, upstream

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Route

pytestmark = pytest.mark.browser

LIMIT = '\n[[limits]]\nname = "deep"\namount = 1000\nwindow = "day"\nmodels = ["big"]\n'


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as running:
        yield running


@pytest.fixture(scope="module")
def up() -> Iterator[Upstream]:
    with upstream(says("an answer")) as found:
        yield found


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, chromium: Browser, up: Upstream) -> Iterator[House]:
    text = config_text(
        model("small", up, role="fast", quality=0.5),
        model("big", up, role="deep", quality=0.9, usd_per_mtok_in=10.0, usd_per_mtok_out=20.0),
        default="small",
        more=LIMIT,
    )
    with process(tmp_path_factory.mktemp("slow"), text) as running:
        running.chat("a question")
        yield running


def _base(house: House) -> str:
    return house.base_url.removesuffix("/v1")


def _posted(route: Route) -> bool:
    return route.request.method == "POST"


def test_a_judgement_that_is_recorded_late_stands_at_the_answer_that_it_is_about(
    chromium: Browser, house: House
) -> None:
    with page_at(chromium, _base(house)) as page:
        ask(page, "the first conversation")
        begin(page)
        ask(page, "the second conversation")
        held = Held(page, "**/feedback", which=_posted)
        page.click("button[aria-label='Good answer']")
        page.click(".chats a:has-text('first')")
        page.wait_for_selector(".asked:has-text('first')")
        held.until().go()
        page.wait_for_selector("#app > [role=status]:has-text('Thank you')", state="attached")
        assert page.locator("button[aria-label='Good answer'][aria-pressed=true]").count() == 0
        page.click(".chats a:has-text('second')")
        page.wait_for_selector("button[aria-label='Good answer'][aria-pressed=true]")


def test_two_quick_judgements_are_recorded_in_the_order_in_which_they_were_given(
    chromium: Browser, house: House
) -> None:
    with page_at(chromium, _base(house)) as page:
        ask(page, "judge this twice")
        held = Held(page, "**/feedback", which=_posted)
        page.click("button[aria-label='Good answer']")
        page.click("button[aria-label='Bad answer']")
        held.until()
        assert [route.request.post_data_json for route in held.routes] == [{"score": 1}]
        page.click("button[aria-label='Bad answer']")  # twice, as people click who see nothing happen
        held.go()
        held.until().go()
        page.wait_for_selector("button[aria-label='Bad answer'][aria-pressed=true]")
        page.click(".reasons button:has-text('out of date')")
        held.until()
        assert [route.request.post_data_json for route in held.routes] == [{"reason": "outdated"}]


def test_what_is_open_in_one_conversation_is_not_open_in_the_next(chromium: Browser, house: House) -> None:
    with page_at(chromium, _base(house)) as page:
        ask(page, "the first conversation")
        begin(page)
        ask(page, "the second conversation")
        page.click("text=Why")
        page.wait_for_selector(".decision tbody tr")
        page.click(".chats a:has-text('first')")
        page.wait_for_selector(".asked:has-text('first')")
        assert page.locator(".decision").count() == 0


def test_what_auto_would_do_is_not_told_of_another_mode_or_conversation(chromium: Browser, house: House) -> None:
    with page_at(chromium, _base(house)) as page:
        page.fill("textarea", "What is 2 + 2?")
        page.wait_for_selector(".would strong:has-text('Auto would use')")
        held = Held(page, "**/v1/route")
        page.check("input[value='auto:deep']", force=True)
        held.until()
        assert page.locator(".would strong").count() == 0
        held.go()
        page.wait_for_selector(".would strong:has-text('Deep would use')")
        held.through()
        ask(page, "first")
        page.fill("textarea", "and what is 3 + 3?")
        page.wait_for_selector(".would strong")
        begin(page)
        assert page.locator(".would strong").count() == 0


def test_who_goes_on_while_a_conversation_is_being_deleted_is_not_called_back(chromium: Browser, house: House) -> None:
    with page_at(chromium, _base(house)) as page:
        ask(page, "to be deleted")
        held = Held(page, "**/v1/sessions/*")
        page.click(".chat-head button:has-text('Delete')")
        page.click("dialog button.danger")
        page.wait_for_selector(".welcome")
        held.until()
        ask(page, "a new one")
        address = page.url
        held.go()
        ask(page, "and on")
        assert page.url == address
        assert page.locator(".turn").count() == 2


def test_a_server_that_is_away_while_a_conversation_is_deleted_hears_of_it_later(
    chromium: Browser, house: House
) -> None:
    with page_at(chromium, _base(house), strict=False) as page:
        ask(page, "to be deleted")
        session = page.url.rpartition("/")[2]
        house.until(lambda: house.get(f"/v1/sessions/{session}")["n_turns"], "it is known")
        page.route("**/v1/sessions/*", lambda route: route.abort())
        page.click(".chat-head button:has-text('Delete')")
        with page.expect_event("requestfailed"):
            page.click("dialog button.danger")
        page.wait_for_selector(".welcome")
        with page.expect_response(f"**/v1/sessions/{session}"):
            page.unroute("**/v1/sessions/*")
            page.reload()
        assert not house.get(f"/v1/sessions/{session}")["n_turns"]
        page.wait_for_function("() => localStorage.getItem('unisono.forget') === '[]'")


def test_stop_works_from_the_first_moment_on(chromium: Browser, house: House) -> None:
    slow_storage = """() => {
        const { get } = IDBObjectStore.prototype;
        const waiting = [];
        IDBObjectStore.prototype.get = () => { const request = {}; waiting.push(request); return request; };
        window.arrive = () => {
            IDBObjectStore.prototype.get = get;
            waiting.forEach((request) => request.onsuccess());
        };
    }"""
    with page_at(chromium, _base(house)) as page:
        page.fill("textarea", "a question")
        page.evaluate(slow_storage)
        page.press("textarea", "Enter")
        page.click(".answer button:has-text('Stop')")
        page.evaluate("window.arrive()")
        page.wait_for_selector(".answer.stopped")


def test_a_page_that_has_been_left_shows_its_trouble_on_no_other(chromium: Browser, house: House) -> None:
    with page_at(chromium, _base(house), strict=False) as page:
        held = Held(page, "**/traffic.js")
        ready = Held(page, "**/readyz")
        page.click(".pages a[href='#/traffic']")
        held.until()
        page.click(".new")
        page.wait_for_selector(".composer textarea")
        with page.expect_event("requestfailed"):
            held.routes.pop().abort()
        ready.until()
        ready.through()
        for route in ready.routes:
            route.continue_()
        ask(page, "a question")
        assert page.locator(".trouble").count() == 0


def test_a_second_click_does_not_roll_back_further_or_save_and_vote_twice(chromium: Browser, house: House) -> None:
    with page_at(chromium, _base(house), "#/bench", strict=False) as page:
        page.wait_for_selector(".cards .figure")
        sent: list[str] = []
        page.on("request", lambda one: sent.append(one.url.rpartition("/")[2]) if one.method == "POST" else None)
        page.fill("form input[maxlength='60']", "twice")
        held = Held(page, "**/admin/policies", which=_posted)
        page.press("form input[maxlength='60']", "Enter")
        page.press("form input[maxlength='60']", "Enter")
        held.until().go()
        page.wait_for_selector("[role=status] a[href='#/policies']")
        assert sent.count("policies") == 1
        page.click("[role=status] a[href='#/policies']")
        page.click("button[aria-label^='Promote: twice']")
        page.fill("dialog input[maxlength='500']", "tried by hand")
        page.click("dialog button:has-text('Promote')")
        page.wait_for_selector("[role=status]:has-text('Promoted.')")
        held = Held(page, "**/admin/rollback")
        page.click("button.danger:has-text('Roll back')")
        page.click("dialog button.danger")
        page.click("dialog button.danger", force=True)
        held.until().go()
        page.wait_for_selector("[role=status]:has-text('Rolled back.')")
        begin(page)
        ask(page, "which is better?")
        page.click(".answer button:has-text('Compare')")
        page.click("dialog button:has-text('Let both answer')")
        held = Held(page, "**/feedback")
        page.click("dialog button:has-text('A is better'):enabled")
        page.click("dialog button:has-text('B is better')", force=True)
        held.until().go()
        page.wait_for_selector("dialog [role=status]:has-text('Recorded')")
        assert (sent.count("rollback"), sent.count("feedback")) == (1, 1)


def test_of_two_answers_that_cross_on_the_way_the_later_question_s_counts(chromium: Browser, house: House) -> None:
    with page_at(chromium, _base(house)) as page:
        page.wait_for_selector(".limits")
        held = Held(page, "**/v1/limits")
        page.click("button.pick")
        page.click("button[aria-label='Use it: big']")
        ask(page, "first")
        ask(page, "second")
        old, new = held.until(2).routes
        answers = [old.fetch(), new.fetch()]
        for route, answer, left in ((new, answers[1], 7), (old, answers[0], 9)):
            rows = answer.json()
            rows["data"][0]["left"] = left
            with page.expect_response(lambda got, route=route: got.request == route.request):
                route.fulfill(response=answer, json=rows)
        held.through()
        page.wait_for_selector(".limits:has-text('deep: 7 of')")


def test_numbers_of_another_period_than_the_chosen_one_are_pale(chromium: Browser, house: House) -> None:
    with page_at(chromium, _base(house), "#/traffic", strict=False) as page:
        page.wait_for_selector(".cards .figure")
        held = Held(page, "**/admin/traffic?hours=168")
        page.check("input[name=period] >> nth=2", force=True)
        page.wait_for_selector("[aria-busy=true] .cards .figure")
        held.until().go()
        page.wait_for_selector(".cards .figure")
        page.wait_for_selector("[aria-busy=true]", state="detached")
        held.through()
        page.route("**/admin/traffic?hours=24", lambda route: route.abort())
        page.check("input[name=period] >> nth=1", force=True)
        page.wait_for_selector(".trouble:has-text('No answer from the server.')")


def test_numbers_that_could_not_be_asked_for_anew_stay_pale_with_what_went_wrong(
    chromium: Browser, house: House
) -> None:
    with page_at(chromium, _base(house), "#/traffic", strict=False) as page:
        page.clock.install()
        page.reload()
        page.wait_for_selector(".cards .figure")
        page.route("**/admin/traffic?*", lambda route: route.abort())
        page.clock.fast_forward(30_000)
        page.wait_for_selector(".trouble:has-text('No answer from the server.')")
        page.wait_for_selector(".old .cards .figure")
        page.unroute("**/admin/traffic?*")
        page.click(".trouble button")
        page.wait_for_selector(".trouble", state="detached")
        page.wait_for_selector("main :not(.old) > .cards .figure")


def test_what_the_bench_found_for_other_settings_is_pale_and_opening_it_asks_once(
    chromium: Browser, house: House
) -> None:
    with page_at(chromium, _base(house), "#/chat") as page:
        sent: list[str] = []
        page.on("request", lambda one: sent.append(one.url) if "/admin/bench" in one.url else None)
        page.click(".pages a[href='#/bench']")
        page.wait_for_selector(".cards .figure")
        held = Held(page, "**/admin/bench?*")
        page.locator("input[type=range]").evaluate(
            "node => { node.value = 0; node.dispatchEvent(new Event('input', { bubbles: true })); }"
        )
        page.wait_for_selector("[aria-busy=true] .cards .figure")
        held.until()
        assert len(sent) == 2
        held.go()
        page.wait_for_selector("[aria-busy=true]", state="detached")


def test_what_a_proxy_says_in_place_of_the_server_is_not_taken_for_its_word(chromium: Browser, house: House) -> None:
    page_of_a_proxy = {"status": 200, "content_type": "text/html", "body": "<html>Sign in to the network</html>"}
    with page_at(chromium, _base(house), strict=False) as page:
        page.wait_for_selector(".status.ok, .status.ready")
        page.route("**/v1/**", lambda route: route.fulfill(status=502, content_type="text/html", body="<html>"))
        page.route("**/readyz", lambda route: route.fulfill(**page_of_a_proxy))
        page.fill("textarea", "a question")
        page.press("textarea", "Enter")
        page.wait_for_selector(".answer.failed .bad:has-text('No answer from the server. (502)')")
        page.wait_for_selector(".status.gone")


def test_a_console_that_opened_while_the_server_was_away_goes_on_by_itself(chromium: Browser, house: House) -> None:
    with page_at(chromium, _base(house), strict=False) as page:
        page.route("**/v1/*", lambda route: route.abort())
        page.route("**/readyz", lambda route: route.abort())
        page.reload()
        page.wait_for_selector(".trouble")
        page.wait_for_selector(".banner")
        page.unroute("**/v1/*")
        page.unroute("**/readyz")
        page.wait_for_selector(".composer textarea")
        page.wait_for_selector(".banner", state="detached")
        ask(page, "a question")


def test_a_file_that_is_still_being_read_is_not_left_behind(chromium: Browser, house: House, up: Upstream) -> None:
    hold = (
        "const read = FileReader.prototype.readAsText; FileReader.prototype.readAsText = function (file) {"
        " window.arrive = () => read.call(this, file); };"
    )
    with page_at(chromium, _base(house)) as page:
        page.evaluate(hold)
        page.set_input_files("input[type=file]", {"name": "a.txt", "mimeType": "text/plain", "buffer": b"the file"})
        page.fill("textarea", "what is in it?")
        page.press("textarea", "Enter")
        page.wait_for_selector(".composer [role=alert]:has-text('still being read')")
        assert page.locator(".turn").count() == 0
        page.evaluate("window.arrive()")
        page.wait_for_selector(".composer .files")
        page.press("textarea", "Enter")
        page.wait_for_selector(".question .files:has-text('a.txt')")


def test_a_console_of_which_a_part_does_not_come_says_so_and_can_be_loaded_again(
    chromium: Browser, house: House
) -> None:
    with page_at(chromium, _base(house), strict=False) as page:
        page.route("**/words.js", lambda route: route.abort())
        page.reload()
        page.wait_for_selector(".late", state="attached")
        page.evaluate("document.getAnimations().forEach((one) => one.finish())")
        page.wait_for_selector(".late:has-text('The console does not come')")
        page.unroute("**/words.js")
        page.click(".late a")
        page.wait_for_selector(".composer textarea")


def test_a_page_that_did_not_come_once_comes_in_a_browser_that_never_asks_for_the_same_address_again(
    chromium: Browser, house: House
) -> None:
    with page_at(chromium, _base(house), strict=False) as page:
        page.route("**/traffic.js", lambda route: route.abort())  # as Firefox does after one failure
        page.click(".pages a[href='#/traffic']")
        page.wait_for_selector("main h1:has-text('Traffic')")
