"""Patterns of several models, live, on the demo's two real models: accuracy, tokens, seconds.

    PYTHONPATH=lab python lab/fusion.py [--n 200] [--limit-s 540] [--out lab/runs/fusion/live.json]

It writes a configuration of the demo's pool with prices (so that a cascade has something to save), serves it, and asks
live questions that no probe asks, of draws that nothing was chosen on: each model alone, `auto:deep` (one model),
`auto` with a cascade allowed, a vote over three samples of one model, and `auto:pro` (members, judge, author). From the
same answers it works out a cascade that is taken whether it pays or not, and one whose check knows the truth. Tokens
are those of all calls together. A run goes on where the file's rows end, so it can be done in pieces.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from live import draw
from live_questions import SEED as FIRST_SEED
from unisono.demo.pool import demo_config_text
from unisono.evaluate.probe.questions import Question
from unisono.execute.evidence.agreement import ending
from unisono.types import Said

Row = dict[str, Any]
PORT = 18987
PRICES = {"smollm2-135m": (0.2, 0.2), "gemma3-270m": (20.0, 20.0)}
"""USD per million tokens, made up: the dearer is a hundred times as dear, as a hosted pair may be."""
SAMPLED = "smollm2-135m"
"""The better single model of a first look; three samples of the other cost nine times the tokens and won nothing."""
N_SAMPLES = 3
SEEDS = (53, 54, 55)
SEEN = (FIRST_SEED, 31)
"""Draws of questions that were looked at before: theirs are left out."""
FORCED, ORACLE = "cascade whether it pays or not", "cascade with oracle check"


def config_text() -> str:
    """Return the demo's configuration with prices and a cascade."""
    text = demo_config_text()
    for name, (price_in, price_out) in PRICES.items():
        mark = f'name = "{name}"'
        assert mark in text, f"the demo has no {name}"
        text = text.replace(mark, f"{mark}\nusd_per_mtok_in = {price_in}\nusd_per_mtok_out = {price_out}")
    routing = '[routing]\ncascade = ["balanced"]'
    return (
        text.replace("[routing]", routing)
        if "[routing]" in text
        else text.replace("[[models]]", f"{routing}\n\n[[models]]", 1)
    )


def call(path: str, body: Row | None = None) -> Row:
    """Return the JSON answer of one route."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{PORT}{path}", data, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=120) as answer:  # noqa: S310
        told: Row = json.load(answer)
        return told


def ask(question: Question, model: str, **more: Any) -> Row:
    """Return text, tokens, seconds and what the answer tells of its pattern."""
    body = {
        "model": model, "messages": [{"role": "user", "content": question.prompt}], "temperature": 0, "seed": 0,
        "max_tokens": question.max_tokens, **more,
        "unisono": {"session": f"{time.time()}-{question.id}", **more.get("unisono", {})},
    }  # fmt: skip
    began_s = time.perf_counter()
    try:
        told = call("/v1/chat/completions", body)
    except (urllib.error.URLError, TimeoutError) as exc:
        return {
            "text": "",
            "error": str(exc),
            "tokens": 0,
            "seconds": time.perf_counter() - began_s,
            "pattern": "error",
        }
    seconds = time.perf_counter() - began_s
    said = told["unisono"]
    text = told["choices"][0]["message"].get("content") or ""
    tokens = told["usage"]["total_tokens"]
    if said["pattern"] != "single":
        used = call(f"/v1/decisions/{said['decision']}")["usage"]
        tokens = used["input_tokens"] + used["output_tokens"]
    return {
        "text": text, "tokens": tokens, "seconds": seconds, "pattern": said["pattern"], "model": told["model"],
        "reason": said["reason"], "notices": [n["code"] for n in said["notices"]], "usd": said["cost_usd"],
    }  # fmt: skip


def voted(question: Question, model: str) -> Row:
    """Return the most common ending of three samples of one model."""
    samples = [ask(question, model, temperature=0.8, seed=n + 1) for n in range(N_SAMPLES)]
    endings = Counter(ending(Said(text=s["text"])) for s in samples)
    best = endings.most_common(1)[0][0]
    text = next(s["text"] for s in samples if ending(Said(text=s["text"])) == best)
    return {
        "text": text, "tokens": sum(s["tokens"] for s in samples), "seconds": sum(s["seconds"] for s in samples),
        "pattern": "vote of samples", "n_alike": endings[best], "model": model,
    }  # fmt: skip


def measure(n: int, until_s: float, rows: list[Row]) -> None:
    """Ask every arm each question that has no row yet, until the time is up."""
    questions = Random(3).sample(draw(SEEDS, unlike=SEEN), n)
    known = {row["id"] for row in rows}
    for question in questions:
        if question.id in known:
            continue
        if time.monotonic() > until_s:
            break
        arms = {name: ask(question, name) for name in PRICES}
        arms["auto:deep (one model)"] = ask(question, "auto:deep")
        arms["auto with cascade"] = ask(question, "auto")
        arms["auto:pro"] = ask(question, "auto:pro")
        arms[f"vote of {N_SAMPLES} x {SAMPLED}"] = voted(question, SAMPLED)
        for arm in arms.values():
            arm["score"] = float(question.score(arm["text"]))
        rows.append({"id": question.id, "kind": question.kind, "arms": arms})
        if len(rows) % 10 == 0:
            print(f"{len(rows)} of {n}", file=sys.stderr, flush=True)


def worked_out(arms: Row) -> Row:
    """Return the arms with two cascades made of them, the cheaper model leading, the dearer one behind it.

    The forced one takes the lead's vote when two of its samples end alike; the oracle's takes the lead's answer when
    it is right.
    """
    lead, closer = sorted(PRICES, key=lambda m: PRICES[m])
    vote = arms[f"vote of {N_SAMPLES} x {SAMPLED}"]
    forced = [vote] if vote["n_alike"] > 1 else [vote, arms[closer]]
    checked = [arms[lead]] if arms[lead]["score"] else [arms[lead], arms[closer]]
    return {**arms, FORCED: _together(forced), ORACLE: _together(checked)}


def _together(asked: list[Row]) -> Row:
    return {
        "score": asked[-1]["score"], "tokens": sum(a["tokens"] for a in asked),
        "seconds": sum(a["seconds"] for a in asked), "pattern": "accepted" if len(asked) == 1 else "went on",
    }  # fmt: skip


def summary(rows: list[Row]) -> Row:
    """Return each arm's figures, with the paired difference to the better single model."""
    rows = [{**row, "arms": worked_out(row["arms"])} for row in rows]
    arms = list(rows[0]["arms"])
    score = {a: np.array([r["arms"][a]["score"] for r in rows]) for a in arms}
    best = max(PRICES, key=lambda m: score[m].mean())
    rng = np.random.default_rng(0)
    draws = rng.integers(0, len(rows), (5000, len(rows)))
    table = {}
    for arm in arms:
        gain = (score[arm] - score[best])[draws].mean(1)
        found = [r["arms"][arm] for r in rows]
        table[arm] = {
            "accuracy": round(float(score[arm].mean()), 4),
            "against_better_single": [round(float(v), 4) for v in (gain.mean(), *np.quantile(gain, [0.025, 0.975]))],
            "tokens_per_question": round(float(np.mean([f["tokens"] for f in found])), 1),
            "seconds_median": round(float(np.median([f["seconds"] for f in found])), 2),
            "patterns": dict(Counter(f["pattern"] for f in found)),
        }
    either = np.maximum(*(score[m] for m in PRICES))
    return {"n": len(rows), "better_single": best, "oracle_per_question": float(either.mean()), "arms": table}


def main() -> None:
    """Serve, ask, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=200)
    parser.add_argument("--limit-s", type=float, default=540.0)
    parser.add_argument("--out", type=Path, default=Path("lab/runs/fusion/live.json"))
    wanted = parser.parse_args()
    rows: list[Row] = json.loads(wanted.out.read_text("utf-8"))["rows"] if wanted.out.exists() else []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "unisono.toml"
        path.write_text(config_text(), encoding="utf-8")
        command = [sys.executable, "-m", "unisono.cli", "demo", "--folder", folder, "--port", str(PORT)]
        server = subprocess.Popen(command, env={**os.environ}, stdout=subprocess.DEVNULL)  # noqa: S603
        try:
            for _ in range(240):
                try:
                    call("/readyz")
                    break
                except (urllib.error.URLError, ConnectionError):
                    time.sleep(0.5)
            measure(wanted.n, time.monotonic() + wanted.limit_s, rows)
        finally:
            server.terminate()
            server.wait(30)
    told = summary(rows)
    print(json.dumps(told, indent=1))
    wanted.out.parent.mkdir(parents=True, exist_ok=True)
    wanted.out.write_text(json.dumps({"summary": told, "rows": rows}, indent=1, ensure_ascii=False), encoding="utf-8")


if __name__ == "__main__":
    main()
