"""A provider that changes a model behind its name is noticed on a live server, and told wherever operators look."""

from __future__ import annotations

from pathlib import Path

from tests.journeys.house import config_text, listed, model, process, run
from tests.journeys.upstream import Exchange, completion, says, upstream

CANARIES = "\n[canaries]\nevery_s = 0.5\nquestions = 10\n"


def answers_with(tokens: int) -> object:
    """Return a behaviour whose answers are so many tokens long."""

    def behave(exchange: Exchange) -> None:
        usage = {"prompt_tokens": 10, "completion_tokens": tokens, "total_tokens": tokens + 10}
        exchange.json(completion(exchange, {"content": "Paris"}) | {"usage": usage})

    return behave


def test_answers_that_grow_longer_raise_one_incident_a_metric_and_a_line_for_operators(tmp_path: Path) -> None:
    with (
        upstream(answers_with(40)) as up,  # type: ignore[arg-type]
        process(tmp_path, config_text(model("a", up), model("b", up), default="a")) as house,
    ):
        house.until(lambda: "drift_seen" in _settings(tmp_path), "the first look")
        for n in range(90):
            assert house.chat(f"question {n}", model="a").status == 200
        house.until(lambda: _n_seen(tmp_path) == 90, "the usual answers are known")
        assert not [i for i in house.get("/admin/incidents")["data"] if i["kind"] == "model_changed"]
        up.behave = answers_with(130)  # type: ignore[assignment]
        for n in range(90, 160):
            assert house.chat(f"question {n}", model="a").status == 200
        told = house.until(lambda: (listed(house, "a") or {}).get("changed"), "the change is told")
        incidents = [i for i in house.get("/admin/incidents")["data"] if i["kind"] == "model_changed"]
        metrics = house.call("GET", "/metrics").raw.decode()
        rows = {row["model"]: row["changed"] for row in run(tmp_path, "models", "list")}
        findings = run(tmp_path, "doctor", "unisono.toml", code=None)
    assert "times as long as before" in told["text"]
    assert [(i["subject"], i["n"]) for i in incidents] == [("a", 1)]
    assert 'unisono_incidents_total{kind="model_changed"} 1.0' in metrics
    assert (rows["a"], rows["b"]) == (told, None)
    assert [f["state"] for f in findings if f["text"].endswith(told["text"])] == ["warn"]


def test_canaries_are_asked_again_and_what_ends_otherwise_is_counted_with_its_cost(tmp_path: Path) -> None:
    with upstream(says("yes")) as up, process(tmp_path, config_text(model("a", up), default="a") + CANARIES) as house:
        run(tmp_path, "models", "probe", "a", "--quick")
        house.until(lambda: _canaries(house, "same") >= 20, "canaries are asked")
        assert _canaries(house, "flipped") == 0
        up.behave = says("no")
        house.until(lambda: _canaries(house, "flipped") >= 2, "some end otherwise")
        assert 'unisono_canary_cost_usd_total{model="a"}' in house.call("GET", "/metrics").raw.decode()


def test_own_questions_that_were_probed_are_canaries_too_but_for_those_that_a_judge_scores(tmp_path: Path) -> None:
    lines = ['{"prompt": "Is the door open?", "answer": "yes"}', '{"prompt": "Write a poem.", "rubric": "It rhymes."}']
    (tmp_path / "own.jsonl").write_text("\n".join(lines))
    own = CANARIES + 'own = "own.jsonl"\n'
    asked: list[str] = []

    def yes(exchange: Exchange) -> None:
        asked.append(exchange.body["messages"][-1]["content"])
        exchange.json(completion(exchange, {"content": "yes"}))

    with (
        upstream(yes) as up,
        process(tmp_path, config_text(model("a", up), model("b", up), default="a") + own) as house,
    ):
        run(tmp_path, "models", "probe", "a", "--questions", "own.jsonl", "--judge", "b")
        n_probed = len(asked)
        house.until(lambda: _canaries(house, "same") >= 2, "one is asked again and again")
    assert "Write a poem." in asked[:n_probed]
    assert set(asked[n_probed:]) == {"Is the door open?"}


def _canaries(house, result: str) -> float:  # type: ignore[no-untyped-def]
    text = house.call("GET", "/metrics").raw.decode()
    lines = [line for line in text.splitlines() if f'unisono_canaries_total{{model="a",result="{result}"}}' in line]
    return float(lines[0].split()[-1]) if lines else 0.0


def _rows(folder: Path, sql: str) -> list[tuple[object, ...]]:
    from unisono.record.reader import Reader

    reader = Reader(folder / "record.db")
    try:
        return reader.rows(sql)
    finally:
        reader.close()


def _settings(folder: Path) -> set[object]:
    return {name for (name,) in _rows(folder, "SELECT name FROM settings")}


def _n_seen(folder: Path) -> int:
    found = _rows(folder, "SELECT json_extract(body, '$.n_seen') FROM drift WHERE stream LIKE 'length%'")
    return int(str(found[0][0])) if found else 0
