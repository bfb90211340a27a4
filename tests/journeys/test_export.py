"""The round: answers of agreed traffic are exported, a stand-in that learned them comes back into the pool as a model.

The stand-in is no trained network: it repeats the exported answer to the nearest exported question. What is shown is
that the lines hold what a training needs, that consent is kept to, and that a model made of them comes back like any
other. Whether a distilled model is any good is not shown; its probes and `models replace --report` say that.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from tests.journeys.house import House, config_text, model, process, run
from tests.journeys.upstream import Behave, Exchange, says, upstream

from unisono.record.keys import create_key, revoke_key
from unisono.types import Scope

FACTS = {"What is the capital of France?": "Paris", "Who wrote Faust?": "Goethe", "How many legs has a spider?": "8"}


def teaches(exchange: Exchange) -> None:
    """Answer what is known."""
    says(FACTS.get(str(exchange.body["messages"][-1]["content"]), "I do not know."))(exchange)


def stand_in(lines: list[Any]) -> Behave:
    """Return a model that has learned the exported lines by heart."""
    known = {line["messages"][-2]["content"]: line["messages"][-1]["content"] for line in lines}

    def behave(exchange: Exchange) -> None:
        asked = str(exchange.body["messages"][-1]["content"])
        nearest = max(known, key=lambda question: SequenceMatcher(None, question, asked).ratio())
        says(known[nearest])(exchange)

    return behave


def exported(folder: Path, *words: str) -> tuple[Any, list[Any]]:
    """Return what the command says, and the lines that it wrote."""
    told = run(folder, "export", "--out", "lines.jsonl", *words)
    return told, [json.loads(line) for line in (folder / "lines.jsonl").read_text().splitlines()]


def ask(house: House, head: dict[str, str], text: str, *, by: str, right: bool, **more: Any) -> str:
    """Ask a model, say whether it was right, and return the decision."""
    reply = house.chat(text, model=by, headers=head, **more)
    assert reply.status == 200, reply.raw
    decision = reply.headers["x-unisono-decision"]
    said = {"correct": right, "source": "exact_match"}
    assert house.call("POST", f"/v1/decisions/{decision}/feedback", said, headers=head).status == 200
    return decision


def test_agreed_traffic_goes_out_and_comes_back_as_a_model(tmp_path: Path) -> None:
    with upstream(teaches) as big, upstream(says("Berlin")) as small:
        text = config_text(model("big", big), model("small", small), default="big").replace(
            'path = "record.db"', 'path = "record.db"\ntext = "text"'
        )
        with process(tmp_path, text) as house:
            path, now = tmp_path / "record.db", datetime.now(UTC)
            heads = {}
            for name, scope in {"team": Scope(export=True), "shy": Scope(), "left": Scope(export=True)}.items():
                heads[name] = {"authorization": f"Bearer {create_key(path, name, scope=scope, now=now)[1]}"}
            ops = {"authorization": f"Bearer {create_key(path, 'ops', scope=Scope(admin=True), now=now)[1]}"}
            for place, question in enumerate(FACTS):
                ask(house, heads["team"], question, by="big", right=True, stream=bool(place % 2))
            ask(house, heads["team"], "What is the capital of France?", by="small", right=False)
            ask(house, heads["shy"], "My own secret question?", by="big", right=True)
            ask(house, heads["left"], "Asked and regretted?", by="big", right=True)
            revoke_key(path, "left", now=now)
            house.ended(6, headers=ops)

            told, lines = exported(tmp_path, "--kind", "sft", "--model", "big")
            assert (told["written"], told["kept"]) == (3, 5)
            assert (tmp_path / "lines.jsonl").stat().st_mode & 0o077 == 0  # what people said is for its owner alone
            assert told["left_out"] == {"another model": 1, "the key does not agree (any more)": 1}
            assert {line["messages"][0]["content"]: line["messages"][1]["content"].strip() for line in lines} == FACTS
            source = lines[0]["provenance"]
            assert (source["model"], source["upstream_model"], source["key"]) == ("big", "real-big", "team")
            assert (source["judged_by"], source["reward"]) == ("measured", 1.0)
            assert source["signals"] == ["correct:exact_match", "switched"]  # asked again of another model below
            decision = house.call("GET", f"/v1/decisions/{source['decision']}", headers=ops).json
            assert source["policy"] == f"{decision['config_hash']}/{decision['artifact']}"

            _, pairs = exported(tmp_path, "--kind", "preference")
            (pair,) = pairs
            assert (pair["chosen"][0]["content"], pair["rejected"][0]["content"]) == ("Paris", "Berlin")
            assert (pair["provenance"]["why"], pair["provenance"]["rejected"]["model"]) == ("measured", "small")

            with upstream(stand_in(lines)) as student:
                where = ("--upstream", "openai", "--base-url", student.base_url)
                added = run(tmp_path, "models", "add", "student", *where, "--n", "13", "--yes")
                assert (added["server"], added["n_probes"]) == ("in force", 13)
                again = house.chat("What is the capital of France?", model="student", headers=heads["team"])
                assert again.json["choices"][0]["message"]["content"] == "Paris"
                report = run(tmp_path, "models", "replace", "small", "student", "--n", "13", "--report", "--yes")
                assert report["probes"]["quality"]["n"] == 13
                row = house.call("GET", "/admin/models", headers=ops).json["data"][-1]
                assert (row["model"], row["lineage"][0]["event"]) == ("student", "added")
