"""What a server says in English sentences the Chinese console says in Chinese: in the server's own words where it has
them, with every name and figure as it was, and as it came where it is unknown.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.console.browsing import browser, page_at
from tests.journeys.house import config_text, model, process

from unisono import notices
from unisono.choose import plans, words
from unisono.choose.guard import Stay
from unisono.eligible.limits import within_limits
from unisono.execute import sentences
from unisono.notices import Language
from unisono.types import (
    ASSUMED_PRICE,
    Choice,
    Cost,
    Counted,
    Estimate,
    Features,
    Goal,
    Latency,
    Mode,
    Model,
    Plan,
    Planned,
    Quality,
    Ranked,
    Request,
    Spent,
    Verdict,
)

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

PROSE = re.compile(r"[a-z]{3,} [a-z]{3,}")
Say = Callable[[Language], str]


def estimate(name: str, mean: float, usd: float, *, guessed: bool = False) -> Estimate:
    return Estimate(
        model=name,
        quality=Quality(mean=mean, spread=0.1, evidence="", guessed=guessed),
        cost=Cost(usd=usd, low_usd=usd, high_usd=usd, output_tokens=10.0),
        latency=Latency(first_token_s=0.1, total_s=1.0),
    )


def goal(language: Language) -> Goal:
    return Goal(language=language)


def plan(*members: str, closer: str | None) -> Plan:
    calls = tuple(Planned(model=m, part="member", usd=0.01, high_usd=0.02, tokens=10.0) for m in members)
    return Plan(members=members, closer=closer, calls=calls)


BEST, CHEAP, FREE = estimate("gpt-4.1", 0.9, 0.0123), estimate("a.b", 0.7, 0.00002), estimate("own-8b", 0.9, 0.0)
FIRST = Ranked(model=BEST.model, estimate=BEST, utility=0.5, propensity=1.0, reason="")
STAY = Stay(default=CHEAP, other=BEST, gain=0.12, doubt=0.3, unusual=None)
SLOW = replace(BEST, model="slow", latency=Latency(first_token_s=0.1, total_s=95.0))
ASSUMED = replace(CHEAP, cost=replace(CHEAP.cost, evidence=ASSUMED_PRICE))
LEVEL, SOONER = words.Lead(money=0.0, time=0.0), words.Lead(money=0.0, time=0.5)
SPENDS, SAVES = words.Lead(money=-0.1, time=0.0), words.Lead(money=0.5, time=0.0)
GUESSED = replace(
    STAY, other=estimate("new", 0.9, 0.1, guessed=True), default=estimate("newer", 0.5, 0.1, guessed=True)
)
FAILED = (("a", "HTTP 500"), ("b.c", "no answer within 3 s"))
DAY = date(2026, 12, 1)
NOTED = Verdict(evidence="own", odds=2.0, text="ok")
NOON = datetime(2099, 12, 1, 12, tzinfo=UTC)

PAIRED: dict[str, list[Say]] = {
    "why_first": [
        lambda zh: words.why_first(BEST, None, goal(zh), lead=LEVEL),
        lambda zh: words.why_first(FREE, BEST, goal(zh), lead=SAVES),
        lambda zh: words.why_first(BEST, CHEAP, goal(zh), lead=SPENDS),
        lambda zh: words.why_first(CHEAP, BEST, goal(zh), lead=SAVES),
        lambda zh: words.why_first(CHEAP, SLOW, goal(zh), lead=SOONER),
        lambda zh: words.why_first(CHEAP, BEST, goal(zh), lead=LEVEL),
        lambda zh: words.why_first(replace(BEST, model="s"), BEST, goal(zh), lead=LEVEL),
        lambda zh: words.why_first(estimate("new", 0.95, 0.1, guessed=True), BEST, goal(zh), lead=LEVEL),
        lambda zh: words.why_first(ASSUMED, BEST, goal(zh), lead=SAVES),
    ],
    "why_stays": [
        lambda zh: words.why_stays(STAY, goal(zh)),
        lambda zh: words.why_stays(replace(STAY, unusual=0.014), goal(zh)),
        lambda zh: words.why_stays(GUESSED, goal(zh)),
        *(
            lambda zh, mode=mode, stay=stay: words.why_stays(stay, replace(goal(zh), mode=mode))
            for mode in (Mode.FAST, Mode.DEEP)
            for stay in (STAY, replace(STAY, unusual=0.014), GUESSED)
        ),
    ],
    "why_not": [
        *(
            lambda zh, mode=mode: words.why_not(
                BEST, CHEAP, replace(goal(zh), mode=mode), lead=SPENDS, kept_default=True
            )
            for mode in (Mode.FAST, Mode.DEEP)
        ),
        lambda zh: words.why_not(CHEAP, BEST, goal(zh), lead=SPENDS, kept_default=False),
        lambda zh: words.why_not(CHEAP, BEST, goal(zh), lead=words.Lead(money=-0.5, time=0.0), kept_default=False),
        lambda zh: words.why_not(
            replace(SLOW, model="a", quality=CHEAP.quality, cost=CHEAP.cost),
            BEST,
            goal(zh),
            lead=words.Lead(money=-0.5, time=0.5),
            kept_default=False,
        ),
        lambda zh: words.why_not(BEST, CHEAP, goal(zh), lead=SAVES, kept_default=False),
        lambda zh: words.why_not(SLOW, CHEAP, goal(zh), lead=SOONER, kept_default=False),
        lambda zh: words.why_not(BEST, CHEAP, goal(zh), lead=LEVEL, kept_default=True),
        lambda zh: words.why_not(estimate("s", 0.5, 0.1), BEST, goal(zh), lead=SAVES, kept_default=False),
        lambda zh: words.why_not(BEST, BEST, goal(zh), lead=LEVEL, kept_default=False),
        lambda zh: words.why_not(SLOW, BEST, goal(zh), lead=SOONER, kept_default=False),
    ],
    "over_cost": [lambda zh: words.over_cost(0.5, bound_usd=0.01, language=zh)],
    "late": [lambda zh: words.late(2.5, bound_s=1.5, language=zh)],
    "below_quality": [lambda zh: words.below_quality(0.5, bound=0.75, language=zh)],
    "nobody_meets": [lambda zh: words.nobody_meets(goal(zh))],
    "pinned": [lambda zh: words.pinned("gpt-4.1", goal(zh))],
    "behind_pin": [lambda zh: words.behind_pin("gpt-4.1", goal(zh))],
    "behind_rule": [lambda zh: words.behind_rule("code", goal(zh))],
    "only_by_rule": [lambda zh: words.only_by_rule("a", "code", goal(zh))],
    "ruled": [lambda zh: notices.ruled("code", ("a", "b.c"), language=zh).text],
    "yielded": [lambda zh: notices.yielded("code", ("a",), language=zh).text],
    "serves_degraded": [lambda zh: words.serves_degraded("a", "x", goal(zh))],
    "behind_degraded": [lambda zh: words.behind_degraded(goal(zh))],
    "not_several": [lambda zh, why=why: plans.not_several(why, goal(zh)) for why in ("off", "form", "pool", "bounds")],
    "cascade_reason": [
        lambda zh: plans.cascade_reason(
            plan("a", "b", "c", closer="d"), quality=0.8, escalates=0.3, first=FIRST, goal=goal(zh)
        ),
        lambda zh: plans.cascade_reason(plan("a", closer="d"), quality=0.8, escalates=0.3, first=FIRST, goal=goal(zh)),
    ],
    "fusion_reason": [
        lambda zh: plans.fusion_reason(plan("a", "b", "c", closer="d"), goal(zh)),
        lambda zh: plans.fusion_reason(plan("a", "b", closer=None), goal(zh)),
    ],
    "only_one": [lambda zh: sentences.only_one("a", zh)],
    "out_of_time": [lambda zh: sentences.out_of_time("a", zh)],
    "voted": [lambda zh: sentences.voted("a", 2, 3, language=zh)],
    "best_of": [lambda zh: sentences.best_of("a", 3, language=zh)],
    "judged": [lambda zh: sentences.judged("a", "b", 3, language=zh)],
    "written": [lambda zh: sentences.written("a", 3, language=zh)],
    "joined": [lambda zh: sentences.joined("a", 3, language=zh)],
    "taken": [lambda zh, v=v: sentences.taken("a", 0.93, 0.8, verdicts=v, language=zh) for v in ((), (NOTED,))],
    "doubted": [lambda zh, v=v: sentences.doubted("b", "a", 0.5, 0.8, verdicts=v, language=zh) for v in ((), (NOTED,))],
    "took_over": [lambda zh: sentences.took_over("b", "a", language=zh)],
    "instead": [lambda zh: sentences.instead("a", "b", language=zh)],
    "why_missing": [lambda zh: sentences.why_missing(None, zh)],
    "degraded": [lambda zh: notices.degraded("x", first="a", language=zh).text],
    "unread": [lambda zh: notices.unread(zh).text],
    "effort": [
        lambda zh: notices.effort(Mode.DEEP, language=zh).text,
        lambda zh: notices.effort(Mode.FAST, language=zh).text,
    ],
    "unrecorded": [lambda zh: notices.unrecorded(language=zh).text],
    "left_out": [
        lambda zh: notices.left_out(["web_search"], language=zh).text,
        lambda zh: notices.left_out(["web_search", "mcp"], language=zh).text,
    ],
    "unheeded": [
        lambda zh: notices.unheeded(["temperature"], model="gpt-5", language=zh).text,
        lambda zh: notices.unheeded(["temperature", "top_p"], model="gpt-5", language=zh).text,
    ],
    "successor": [lambda zh: notices.successor("a-1", answers="b", language=zh).text],
    "sunset": [
        lambda zh: notices.sunset("a", until=DAY, follows="b", language=zh).text,
        lambda zh: notices.sunset("a", until=DAY, follows=None, language=zh).text,
    ],
    "fallback": [lambda zh: notices.fallback(FAILED, answers="c", language=zh).text],
    "contradiction": [
        lambda zh, n=n, follows=follows, of=of: of(
            notices.contradiction(("a", "b"), ("it is retired", "too slow"), n_more=n, follows=follows, language=zh)
        )
        for n in (0, 2)
        for follows in (None, "a")
        for of in (attrgetter("text"), attrgetter("recorded"))
    ],
    "parts_missing": [lambda zh: notices.parts_missing(FAILED, language=zh).text],
    "switched": [
        lambda zh: notices.switched("a", "b", why=words.why_first(BEST, CHEAP, goal(zh), lead=SPENDS), language=zh).text
    ],
    "hedge": [lambda zh: notices.hedge("a", answers="b", language=zh).text],
    "queued": [lambda zh: notices.queued("a", waited_s=1.25, language=zh).text],
    "over_cost notice": [lambda zh: notices.over_cost(0.7, bound_usd=0.5, language=zh).text],
    "late notice": [lambda zh: notices.late(1.5, bound_s=1.0, language=zh).text],
    "step down": [
        *(lambda zh, used=used: _step_down(used, zh) for used in (300.0, 200.0, 0.0)),
        lambda zh: _step_down(300.0, zh, counts="concurrent_requests", returns=None),
    ],
    "mismatch": [lambda zh: notices.mismatch("a", asked="b", reported="c", language=zh).text],
    "two sentences": [lambda zh: _two(zh)],
}
"""What says each sentence in both languages."""
ELSEWHERE = {"usd", "fault_in"}
"""Functions of the same files that say no sentence."""

ENGLISH_ONLY = (
    "trained on 12,032 outcomes",
    "never measured; guessed from its price and its role",
    "guessed from its declared quality; 1 score measured here, about 0 of them near by",
    "trained on 9 outcomes; 40 scores measured here, about 3 of them near by; 12 votes",
    "trained on 9 outcomes; knowledge ends 2024-12, out of date here with probability 0.31",
    "cannot call tools or see pictures (capabilities lack tools, vision)",
    "window of 8192 tokens is shorter than the prompt of about 9000",
    "the request has tools or blocks that only Anthropic's API knows, and this model is reached by another "
    "(upstream = 'openai')",
    "its upstream is failing or at its rate limit; it will be asked again soon",
    "retired since 2026-01-01",
    "its limit deep (3,000 messages) is used up until 2099-12-01 10:00 UTC",
    "its limit deep (300 tokens) has 40 tokens left until 2099-12-01 10:00 UTC, and this request is expected to take "
    "150 tokens",
    "its limit deep (6 at once) is taken by requests in flight",
    "this request is expected to take 3,150 tokens, more than its whole limit deep (300 tokens)",
    "b's answer is taken: right with probability 0.93, 0.80 needed (it has the ordered form; c.1: another model ends "
    "in 42 too; its code passes 3 examples of the prompt; mean probability of its tokens 0.91; the scorer gives odds "
    "of 2.50; 4 sums come out).",
    "c takes over: b's answer is right with probability 0.21, 0.80 needed (its code does not parse (line 3); c.1: it "
    "ends in 42, others in 43; the judge finds it wrong; it was cut at its length).",
    "better here by 0.05 (cost and time counted), which does not pay for a switch",
    "The share of deep fell from 30% to 2% under the policy config/1/2/3.",
    "a stage failed with RuntimeError; see the log",
    "gpt-5: the upstream answered 429 insufficient_quota; its account there has no money or quota left.",
    "gpt-5: the upstream answered 401 invalid_api_key; check `api_key`.",
    "gpt-5: the upstream answered 400 invalid_model; check `base_url` and `upstream_model`.",
    "gpt-5: the upstream answered 403; check what `api_key` may use.",
    "c takes over: b's answer is right with probability 0.21, 0.80 needed (2 + 2 = 5 is wrong; it is no JSON object).",
    "c takes over: b gave no answer.",
    *(
        f"c takes over: b's answer is right with probability 0.21, 0.80 needed ({fault})."
        for fault in (
            "it is no JSON",
            "it calls 'f1', which is no tool here",
            "the arguments of 'f1' are no JSON",
            "the arguments of 'f1': 'x2' is missing",
            "the arguments of 'f1': x3: a value is none of the allowed ones",
            "x4: a value is not of type 3",
            "x5: 'x6' is not foreseen",
            "a value is not the only one allowed",
        )
    ),
    "a1 broke off in mid-answer (cut); what came before is not the whole answer.",
    "No model answered. a1: the upstream answered 500. b2: no answer within 12 s (`gap_s`). c3: the upstream answered "
    "401 invalid_api_key; check `api_key`. d4: no connection to 127.0.0.1:9 (refused); is it running?",
    "The server ends, and this request with it. Send it again.",
    "The limit deep (6 messages) is used up; it returns at 2099-12-01 10:00 UTC. Wait, or ask another model.",
    "The limit deep (6 at once) is taken by requests in flight. Wait for one to end, or ask another model.",
    "The limit deep (300 tokens) has 40 tokens left, and this request is expected to take 150 tokens; it returns at "
    "2099-12-01 10:00 UTC. Wait, ask for less (a shorter prompt, a lower `max_tokens`), or ask another model.",
    "This request is expected to take 3,150 tokens, more than the whole limit deep (300 tokens): ask for less (a "
    "shorter prompt, a lower `max_tokens`), or ask another model.",
)
FIGURE = re.compile(r"\d[\d,.:-]*\d|\d")
SHANGHAI = {"2099-12-01 10:00 UTC": "12月1日 18:00", "2099-12-01 12:00 UTC": "12月1日 20:00"}
"""Moments, and how a browser there tells them on any other day."""


def _step_down(used: float, language: Language, *, counts: Counted = "tokens", returns: datetime | None = NOON) -> str:
    """Say why another model answers: a limit that is used up or taken, one with too little room, one too small."""
    amount = 300.0 if used else 10.0
    spent = Spent(limit="l", counts=counts, model="a", used=used, amount=amount, near=False, returns=returns)
    ranking = tuple(replace(FIRST, model=name, estimate=replace(BEST, model=name)) for name in ("a", "b"))
    request = Request(id="r", received=NOON, body={}, model="auto", mode=Mode.BALANCED, pin=None, messages=(), key="k")
    features = Features(
        task="", n_input_tokens=150, n_turns=1, needs=frozenset(), surface=np.zeros(0, dtype=np.float32)
    )
    models = {name: Model(name=name, upstream="scripted", upstream_model=name) for name in ("a", "b")}
    _, told = within_limits(
        Choice(ranking=ranking, excluded=(), reason=""),
        request=request, features=features, spent=(spent,), models=models, language=language,
    )  # fmt: skip
    return told[0].text


def _there(text: str) -> str:
    for moment, told in SHANGHAI.items():
        text = text.replace(moment, told)
    return text


def _two(language: Language) -> str:
    first, then = words.why_first(BEST, CHEAP, goal(language), lead=SPENDS), plans.not_several("pool", goal(language))
    return f"{first} {then}"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    config = config_text(model("small", "http://127.0.0.1:9/v1", quality=0.5), default="small")
    with (
        process(tmp_path_factory.mktemp("house"), config) as house,
        browser() as running,
        page_at(running, house.base_url.removesuffix("/v1"), locale="zh-CN", timezone_id="Asia/Shanghai") as found,
    ):
        yield found


def said(page: Page, texts: list[str]) -> list[str]:
    script = """async (texts) => {
        const app = document.querySelector("script[type=module]").src;
        const { said } = await import(app.replace("app.js", "sentences.js"));
        return texts.map(said);
    }"""
    answer: Any = page.evaluate(script, texts)
    return list(answer)


def test_every_sentence_of_a_choice_and_every_notice_is_said_as_the_server_says_it_in_chinese(page: Page) -> None:
    pairs = [(say("en"), say("zh")) for says in PAIRED.values() for say in says]
    for (english, chinese), shown in zip(pairs, said(page, [english for english, _ in pairs]), strict=True):
        assert shown.replace(" ", "") == _there(chinese).replace(" ", ""), english


def test_a_new_sentence_needs_its_chinese_here() -> None:
    for module in (notices, words, plans, sentences):
        own = {name for name, f in inspect.getmembers(module, inspect.isfunction) if f.__module__ == module.__name__}
        assert {name for name in own if not name.startswith("_")} <= {*PAIRED, *ELSEWHERE}, module.__name__


def test_what_the_server_has_in_english_only_is_chinese_with_its_figures(page: Page) -> None:
    for english, shown in zip(ENGLISH_ONLY, said(page, list(ENGLISH_ONLY)), strict=True):
        assert not PROSE.search(shown), shown
        assert sorted(FIGURE.findall(_there(english))) == sorted(FIGURE.findall(shown))


def test_what_is_not_known_is_shown_as_it_came(page: Page) -> None:
    unknown = ["Something that a plug-in says.", "", "您指定了 a。", "a.b; c. d"]
    assert said(page, unknown) == unknown
    half = "never measured; by a rule of ours"
    assert said(page, [half]) == ["从未测量；by a rule of ours"]


def test_a_name_cannot_turn_the_sentence_around_it(page: Page) -> None:
    assert said(page, ["small: asked for small, the upstream reports \u202elive."])[0].endswith("⟨U+202E⟩live。")
