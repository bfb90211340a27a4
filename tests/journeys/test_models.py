"""Models come and go on a server that is being used: nobody fails, and the other models' ranking stays what it was."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from tests.journeys.house import House, config_text, listed, model, process, run
from tests.journeys.upstream import LIMIT_S, Upstream, says, upstream

PROMPTS = ("What is 17 + 25?", "Write a sonnet about rust.", "Is P = NP? Explain.", "Übersetze: Guten Morgen", "hi")
LAST_DAY = "2999-12-31"


@contextmanager
def load(house: House, *models: str) -> Iterator[Counter[str]]:
    """Ask all the time, each model name from a thread of its own; counts how the requests ended."""
    ended: Counter[str] = Counter()
    stop = threading.Event()
    number = count()

    def ask(name: str) -> None:
        while not stop.is_set():
            text = f"Another question, {name} number {next(number)}"  # each is a conversation of its own
            reply = house.chat(text, model=name, stream=bool(ended.total() % 2))
            ended["ok" if reply.status == 200 and b'"error"' not in reply.raw else f"{name}: {reply.raw!r}"] += 1

    threads = [threading.Thread(target=ask, args=(name,), daemon=True) for name in models]
    for thread in threads:
        thread.start()
    try:
        yield ended
    finally:
        stop.set()
        for thread in threads:
            thread.join(LIMIT_S)


def ranking(house: House, of: set[str]) -> list[tuple[list[str], dict[str, float], dict[str, float]]]:
    """Return, for each prompt, the order of some models among themselves, and what is expected of them."""
    found = []
    for prompt in PROMPTS:
        body = {"model": "auto:deep", "messages": [{"role": "user", "content": prompt}], "unisono": {"dial": 1}}
        ranked = [r for r in house.call("POST", "/v1/route", body).json["ranking"] if r["model"] in of]
        quality = {r["model"]: r["quality"]["mean"] for r in ranked}
        found.append(([r["model"] for r in ranked], quality, {r["model"]: r["cost_usd"]["usd"] for r in ranked}))
    return found


def same(before: Any, after: Any) -> None:
    """Orders and expected qualities are the very same; costs but for what the answers meanwhile have taught.

    What a reload forgets would be a factor of four or more.
    """
    for (order, quality, usd), (order_now, quality_now, usd_now) in zip(before, after, strict=True):
        assert order == order_now
        assert quality == quality_now
        for name, cost in usd.items():
            assert 0.5 < usd_now[name] / cost < 2.0


def _pool(up: Upstream) -> str:
    a, b = model("a", up, quality=0.6, role="fast"), model("b", up, quality=0.7, usd_per_mtok_out=9.0)
    return config_text(a, b, model("old", up, quality=0.4), default="a") + "\n# the end, in the owner's words\n"


def test_models_are_added_replaced_and_retired_under_load_and_nobody_notices_but_those_who_asked(
    tmp_path: Path,
) -> None:
    with upstream(says("The answer is 42.")) as up, process(tmp_path, _pool(up)) as house:
        for name in ("a", "b") * 40:  # the cost of answers is known before anything is compared
            assert house.chat(f"A question of {name}", model=name).status == 200
        before = ranking(house, {"a", "b"})
        with load(house, "auto", "a", "old") as ended:
            house.until(lambda: house.get("/v1/decisions?model=old&status=ok")["data"], "the old model has answered")
            where = ("--base-url", up.base_url, "--upstream-model", "real-new")
            prices = ("--set", "usd_per_mtok_in=1.0", "--set", "usd_per_mtok_out=2.0")
            added = run(tmp_path, "models", "add", "new", "--upstream", "openai", *where, *prices, "--n", "30", "--yes")
            assert (added["server"], added["n_probes"]) == ("in force", 30)
            house.until(lambda: house.chat(model="new").status == 200, "the new model serves")
            same(before, ranking(house, {"a", "b"}))

            told = run(tmp_path, "models", "replace", "old", "new", "--on", LAST_DAY, "--n", "30", "--yes")
            assert told["server"] == "in force"
            assert told["probes"]["quality"]["n"] == 30
            assert told["log"]["old"]["n"] > 0
            house.until(lambda: listed(house, "old")["lifecycle"] == "sunset", "the old model has a last day")
            same(before, ranking(house, {"a", "b"}))

            gone = run(tmp_path, "models", "retire", "new", "--on", LAST_DAY, "--successor", "b")
            assert gone["names"] == ["old"]
            house.until(lambda: listed(house, "new")["lifecycle"] == "sunset", "the new model has a last day too")
            same(before, ranking(house, {"a", "b"}))
            house.until(lambda: ended.total() > 50, "there was some load")
        assert set(ended) == {"ok"}, ended
        lineage = [(event["event"], event["model"], event["successor"]) for event in listed(house, "new")["lineage"]]
        assert lineage == [("added", "new", None), ("replaced", "old", "new"), ("retired", "new", "b")]
        notices = house.chat(model="old").headers["x-unisono-notices"]
    assert LAST_DAY in notices
    assert (tmp_path / "unisono.toml").read_text().count("# the end, in the owner's words") == 1


def test_a_model_that_cannot_answer_is_not_added_and_the_file_stays(tmp_path: Path) -> None:
    with upstream(says("ok")) as up:
        text = _pool(up)
        (tmp_path / "unisono.toml").write_text(text)
        words = ("models", "add", "dead", "--upstream", "openai", "--base-url", "http://127.0.0.1:9/v1", "--yes")
        assert "nothing was written" in run(tmp_path, *words, code=1)
    assert (tmp_path / "unisono.toml").read_text() == text
