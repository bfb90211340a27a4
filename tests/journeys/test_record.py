"""Journeys of who looks on: the dry run, the record, readiness, metrics, and a record or artifact that is broken."""

from __future__ import annotations

import resource
import shutil
import sqlite3
from pathlib import Path

from tests.journeys.house import Reply, config_text, model, process, serving
from tests.journeys.upstream import says, upstream

from unisono.predict import artifact

PROMPTS = (
    "hello",
    "What is the opposite of hot?",
    "Prove that there are infinitely many primes.",
    "Translate 'good morning' into French.",
    "Write a Python function that merges two sorted lists.",
    "yes, do it",
    "Is P = NP?",
    "Summarise the causes of the First World War in five points.",
    "一个农夫有十七只羊，除了九只都死了，还剩几只？",
    "A train leaves at 9:40 and arrives at 13:05. How long did it take?",
    "Which contract clause governs early termination, and what notice is due?",
    "¿Cuál es la capital de Australia?",
    "Differentiate x^x.",
    "List three uses of graphene.",
    "x" * 3000,
    "Explain like I am five: why is the sky blue?",
)


def test_the_dry_run_is_the_choice_of_the_real_request(tmp_path: Path) -> None:
    with upstream(says("ok")) as up:
        models = (
            model("a", up, role="fast", quality=0.45, usd_per_mtok_in=0.1, usd_per_mtok_out=0.2),
            model("b", up, role="deep", quality=0.8, usd_per_mtok_in=3, usd_per_mtok_out=12),
            model("c", up, role="fast-mini", quality=0.35, usd_per_mtok_in=0.02, usd_per_mtok_out=0.05),
        )
        with serving(tmp_path, config_text(*models, default="a")) as house:
            for text in PROMPTS:
                for name, wish in (("auto", {}), ("auto:deep", {"dial": 1.0}), ("auto", {"ban": ["a"]}), ("c", {})):
                    body = {"model": name, "messages": [{"role": "user", "content": text}], "unisono": wish}
                    n_seen = len(up.seen)
                    dry = house.call("POST", "/v1/route", body).json
                    assert len(up.seen) == n_seen, "a dry run calls nobody"
                    real = house.call("POST", "/v1/chat/completions", {**body, "unisono": {**wish, "explain": True}})
                    told = real.json["unisono"]
                    assert dry["model"] == told["model"]
                    assert dry["reason"] == told["reason"]
                    assert dry["ranking"] == told["explain"]["ranking"]
                    assert dry["excluded"] == told["explain"]["excluded"]
                    assert dry["seed"] == told["explain"]["seed"]


def test_a_decision_can_be_read_right_after_its_answer(tmp_path: Path) -> None:
    with (
        upstream(says("ok")) as up,
        serving(tmp_path, config_text(model("a", up), model("b", up), default="a")) as house,
    ):
        told = house.chat("remember the secret word: heliotrope").json["unisono"]
        found = house.get(f"/v1/decisions/{told['decision']}")
        listed = house.get("/v1/decisions")["data"]
        unknown = house.call("GET", "/v1/decisions/01900000-0000-7000-8000-000000000000")
    assert found["status"] == "ok"
    assert found["answered"] == found["model"] == told["model"]
    assert found["reason"] == told["reason"]
    assert found["cost_usd"] == told["cost_usd"] == 0.002
    assert found["usage"]["input_tokens"] == 1000
    assert [a["status"] for a in found["attempts"]] == ["ok"]
    assert {place["model"] for place in found["ranking"]} == {"a", "b"}
    assert abs(sum(place["propensity"] for place in found["ranking"]) - 1) < 1e-9
    assert [row["decision"] for row in listed] == [told["decision"]]
    assert unknown.status == 404
    for file in tmp_path.glob("record.db*"):
        assert b"heliotrope" not in file.read_bytes(), "prompts are not kept by default"


def test_readiness_and_metrics_tell_how_it_stands(tmp_path: Path) -> None:
    with (
        upstream(says("ok")) as up,
        serving(
            tmp_path, config_text(model("small", up), model("gone", "http://127.0.0.1:9/v1"), default="small")
        ) as house,
    ):

        def told() -> bool:
            return "model gone" in house.get("/readyz")["degraded"]

        def down() -> Reply | None:
            page = house.call("GET", "/metrics")
            return page if b'unisono_model_up{model="gone"} 0' in page.raw else None

        ready = house.get("/readyz")
        house.chat(model="small")
        house.chat(model="small", stream=True)
        # It is down for a second at first, and for longer each time.
        metrics = house.until(lambda: house.chat(model="gone") and told() and down(), "the model is told to be down")
    assert ready["status"] == "ready"
    assert ready["degraded"] == {}
    assert metrics.headers["content-type"].startswith("text/plain")
    lines = metrics.raw.decode().splitlines()
    done = [li for li in lines if li.startswith("unisono_requests_total{") and 'model="small"' in li and '"ok"' in li]
    assert [line.rpartition(" ")[2] for line in done] == ["2.0"]


def test_a_locked_record_stops_no_request_and_loses_nothing(tmp_path: Path) -> None:
    with upstream(says("ok")) as up, serving(tmp_path, config_text(model("small", up), default="small")) as house:
        house.get("/v1/decisions")
        other = sqlite3.connect(tmp_path / "record.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        ids = [house.chat(f"number {n}").json["unisono"]["decision"] for n in range(20)]
        locked = house.until(lambda: (r := house.get("/readyz"))["degraded"].get("record") and r, "the lock is told")
        still = house.chat().status
        other.execute("ROLLBACK")
        other.close()
        house.until(lambda: house.get("/readyz")["status"] == "ready", "ready again")
        rows = {row["decision"]: row["status"] for row in house.ended(21)}
        health = house.get("/readyz")["record"]
    assert still == 200
    assert locked["record"]["n_lost"] == health["n_lost"] == 0
    assert {rows[i] for i in ids} == {"ok"}


def test_a_full_disk_stops_no_request_and_is_told(tmp_path: Path) -> None:
    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))

    with (
        upstream(says("ok")) as up,
        process(tmp_path, config_text(model("small", up), default="small"), before=limited) as house,
    ):
        told = None
        for n in range(1500):
            assert house.chat(f"number {n}").status == 200
            if n % 10 == 0 and (told := house.get("/readyz")["degraded"].get("record")):
                break
        still = house.chat().status
    assert told, "the record was never full"
    assert still == 200


def test_a_broken_artifact_is_told_and_the_default_serves(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(artifact.default_artifact_path(), broken)
    arrays = broken / artifact.ARRAYS
    data = bytearray(arrays.read_bytes())
    data[len(data) // 2] ^= 0xFF
    arrays.write_bytes(bytes(data))
    with upstream(says("ok")) as up:
        models = (model("a", up, quality=0.9), model("b", up, quality=0.2))
        text = config_text(*models, default="b", more='\n[routing]\nartifact = "broken"\n')
        with serving(tmp_path, text) as house:
            answer = house.chat()
            streamed = house.chat(stream=True)
            pinned = house.chat(model="a").json
            ready = house.get("/readyz")
            metrics = house.call("GET", "/metrics").raw.decode()
    assert answer.json["model"] == "b"
    assert answer.json["unisono"]["degraded"] is True
    assert [n["code"] for n in answer.json["unisono"]["notices"]] == ["degraded"]
    assert answer.headers["x-unisono-degraded"] == streamed.headers["x-unisono-degraded"] == "true"
    assert pinned["model"] == "a"
    assert ready["status"] == "degraded"
    assert "artifact" in ready["degraded"]
    assert any(line.startswith("unisono_degraded_total{") for line in metrics.splitlines())
