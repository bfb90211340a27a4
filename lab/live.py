"""Measures `auto` on a running server against each single model, on live questions that no probe asks.

It trains nothing and starts no server. Run, with a server up:
`PYTHONPATH=src python lab/live.py --url http://127.0.0.1:8080/v1` (add `--fast` to ask only the pins, and `/v1/route`).
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from live_questions import PROBE_KINDS, SEED, live_questions
from unisono.evaluate.probe.questions import Question

Row = dict[str, Any]
_N_RESAMPLES = 10_000
_RUNS = Path(__file__).parent / "runs" / "live"
_RUN = uuid4().hex  # no conversation of this run goes on from another run's


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One answer of the server: its text, the model that gave it, how long it took. `error` says why there is none."""

    text: str
    model: str | None
    seconds: float
    error: str | None = None


class Server:
    """A running Unisono, seen through its public routes."""

    def __init__(self, url: str, *, key: str | None, timeout_s: float) -> None:
        """Speak to the address that ends in `/v1`."""
        self._url = url.rstrip("/")
        self._headers = {"content-type": "application/json", **({"authorization": f"Bearer {key}"} if key else {})}
        self._timeout_s = timeout_s

    def call(self, path: str, body: Row | None = None) -> Row:
        """Return the JSON answer of one route."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self._url}{path}", data, self._headers)  # noqa: S310 - the user's own address
        with urllib.request.urlopen(request, timeout=self._timeout_s) as answer:  # noqa: S310
            told: Row = json.load(answer)
            return told

    def models(self) -> list[str]:
        """Return the names of the single models."""
        names = [row["id"] for row in self.call("/models")["data"]]
        return [name for name in names if name != "auto" and not name.startswith("auto:")]

    def choice(self, question: Question) -> str:
        """Return the model that `auto` would ask, by the dry run."""
        return str(self.call("/route", body_of(question, "auto"))["model"])

    def ask(self, question: Question, model: str) -> Reply:
        """Return the answer of a pinned model, or of `auto`."""
        began_s = time.perf_counter()
        try:
            told = self.call("/chat/completions", body_of(question, model))
        except (urllib.error.URLError, TimeoutError, ConnectionError, json.JSONDecodeError) as exc:
            return Reply(text="", model=None, seconds=time.perf_counter() - began_s, error=_why(exc))
        text = told["choices"][0]["message"].get("content") or ""
        return Reply(text=text, model=told.get("model"), seconds=time.perf_counter() - began_s)


def body_of(question: Question, model: str) -> Row:
    """Return the chat body of a question, deterministic, each in a conversation of its own."""
    return {
        "model": model,
        "messages": [{"role": "user", "content": question.prompt}],
        "temperature": 0,
        "seed": 0,
        "max_tokens": question.max_tokens,
        "unisono": {"session": f"{_RUN}-{question.id}-{model}"},
    }


def _why(exc: Exception) -> str:
    if isinstance(exc, urllib.error.HTTPError):
        return f"HTTP {exc.code}: {exc.read(300).decode(errors='replace')}"
    return f"{type(exc).__name__}: {exc}"


# ------------------------------------------------------------------------------------------ asking


def ask_all(
    server: Server, questions: Sequence[Question], models: Sequence[str], *, fast: bool, n_verified: int
) -> list[Row]:
    """Return one row per question: each model's score, the model that `auto` chose, and `auto`'s score.

    Fast: the choice comes from the dry run, and its score is that model's; `n_verified` are asked through `auto` too.
    """
    verified = set(Random(0).sample(range(len(questions)), min(n_verified, len(questions))))
    rows: list[Row] = []
    for n, question in enumerate(questions):
        pins = {name: server.ask(question, name) for name in models}
        scores = {name: None if reply.error else question.score(reply.text) for name, reply in pins.items()}
        row: Row = {"id": question.id, "kind": question.kind, "scores": scores, "seconds": {}, "errors": {}}
        row["answers"] = {name: reply.text for name, reply in pins.items()}
        row["planned"] = server.choice(question)
        if not fast or n in verified:
            routed = server.ask(question, "auto")
            row["routed"], row["routed_answer"] = routed.model, routed.text
            row["routed_score"] = None if routed.error else question.score(routed.text)
            pins["auto"] = routed
        row["chosen"] = row["planned"] if fast else row["routed"]
        row["auto"] = scores.get(row["planned"]) if fast else row["routed_score"]
        row["seconds"] = {name: round(reply.seconds, 3) for name, reply in pins.items()}
        row["errors"] = {name: reply.error for name, reply in pins.items() if reply.error}
        rows.append(row)
        _progress(n + 1, len(questions))
    return rows


def _progress(n: int, total: int) -> None:
    if sys.stderr.isatty() or n % 50 == 0 or n == total:
        print(f"\r{n} of {total} questions", end="\n" if n == total or not sys.stderr.isatty() else "", file=sys.stderr)


# ------------------------------------------------------------------------------------------ summing


def summarise(rows: Sequence[Row], models: Sequence[str]) -> Row:
    """Return every figure of the run. Questions that a model or `auto` could not answer for an error are left out.

    The better single model is found on these same questions, which favours it, and so does not favour `auto`.
    """
    whole = [r for r in rows if r["auto"] is not None and all(r["scores"][m] is not None for m in models)]
    if not whole:
        return {"n": 0, "n_left_out": len(rows)}
    matrix = np.array([[r["scores"][m] for m in models] for r in whole])
    auto = np.array([r["auto"] for r in whole])
    kinds = [r["kind"] for r in whole]
    best = int(matrix.mean(axis=0).argmax())
    known = np.array([kind in PROBE_KINDS for kind in kinds])
    verified = [r for r in whole if r.get("routed")]
    return {
        "n": len(whole),
        "n_left_out": len(rows) - len(whole),
        "single": {m: float(matrix[:, c].mean()) for c, m in enumerate(models)},
        "better_single": models[best],
        "auto": float(auto.mean()),
        "random": float(matrix.mean()),
        "oracle_per_kind": float(per_kind_oracle(matrix, kinds)),
        "oracle_per_question": float(matrix.max(axis=1).mean()),
        "auto_minus_better_single": gain(auto, matrix[:, best]),
        "auto_minus_random": gain(auto, matrix.mean(axis=1)),
        "auto_minus_better_single_in_probe_kinds": gain(auto[known], matrix[known, best]),
        "auto_minus_better_single_in_new_kinds": gain(auto[~known], matrix[~known, best]),
        "by_kind": by_kind(whole, models),
        "share_chosen": shares(Counter(r["chosen"] for r in whole)),
        "verified": {
            "n": len(verified),
            "same_model_as_dry_run": sum(r["routed"] == r["planned"] for r in verified),
            "same_score_as_pin": sum(r["routed_score"] == r["scores"].get(r["routed"]) for r in verified),
        },
    }


def per_kind_oracle(matrix: NDArray[np.float64], kinds: Sequence[str]) -> float:
    """Return the accuracy of one who knows the best model of each kind, found on these same questions."""
    names = np.array(kinds)
    best = [matrix[names == kind].sum(axis=0).max() for kind in dict.fromkeys(kinds)]
    return float(sum(best) / len(matrix))


def gain(a: NDArray[np.float64], b: NDArray[np.float64]) -> Row:
    """Return the mean of the paired differences with a percentile bootstrap interval of 95 %."""
    if not len(a):
        return {"n": 0, "mean": None, "low": None, "high": None}
    difference = a - b
    rng = np.random.default_rng(0)
    means = np.array([rng.choice(difference, len(difference)).mean() for _ in range(_N_RESAMPLES)])
    low, high = np.quantile(means, (0.025, 0.975))
    return {"n": len(a), "mean": float(difference.mean()), "low": float(low), "high": float(high)}


def by_kind(rows: Sequence[Row], models: Sequence[str]) -> Row:
    """Return per kind: count, each model's accuracy, `auto`'s, and the share of each model chosen."""
    table: Row = {}
    for kind in dict.fromkeys(r["kind"] for r in rows):
        own = [r for r in rows if r["kind"] == kind]
        table[kind] = {
            "n": len(own),
            "in_probe": kind in PROBE_KINDS,
            "single": {m: sum(r["scores"][m] for r in own) / len(own) for m in models},
            "auto": sum(r["auto"] for r in own) / len(own),
            "share_chosen": shares(Counter(r["chosen"] for r in own)),
        }
    return table


def shares(counts: Mapping[str, int]) -> dict[str, float]:
    """Return counts as shares of their sum."""
    total = sum(counts.values())
    return {name: n / total for name, n in counts.items()}


def show(summary: Row, models: Sequence[str]) -> None:
    """Print the figures as tables."""
    if not summary["n"]:
        print("No question was answered by every model: look at the errors in the file.")
        return
    width = max(len(m) for m in (*models, "auto")) + 2
    print(f"{'kind':14}{'n':>4}" + "".join(f"{m:>{width}}" for m in (*models, "auto")) + "  chosen")
    for kind, row in summary["by_kind"].items():
        chosen = ", ".join(f"{m} {s:.0%}" for m, s in sorted(row["share_chosen"].items(), key=lambda x: -x[1]))
        cells = "".join(f"{v:>{width}.2f}" for v in (*(row["single"][m] for m in models), row["auto"]))
        print(f"{kind + ('' if row['in_probe'] else ' *'):14}{row['n']:>4}{cells}  {chosen}")
    print(f"* not a kind of the probe; {summary['n_left_out']} questions left out for errors\n")
    for name in models:
        print(f"{name:24}{summary['single'][name]:.3f}")
    for name in ("random", "auto", "oracle_per_kind", "oracle_per_question"):
        print(f"{name:24}{summary[name]:.3f}")
    for name in ("better_single", "better_single_in_probe_kinds", "better_single_in_new_kinds", "random"):
        d = summary[f"auto_minus_{name}"]
        if d["n"]:
            print(f"auto - {name:30}{d['mean']:+.3f}  95% [{d['low']:+.3f}, {d['high']:+.3f}]  n = {d['n']}")
    v = summary["verified"]
    print(
        f"really routed: {v['n']}, of them {v['same_model_as_dry_run']} to the dry run's model, "
        f"{v['same_score_as_pin']} scored as that model's pin"
    )


def draw(seeds: Sequence[int], *, unlike: Sequence[int]) -> list[Question]:
    """Return the questions of some draws, each once, without those of other draws."""
    known = {question.id for seed in unlike for question in live_questions(seed=seed)}
    drawn = {question.id: question for seed in seeds for question in live_questions(seed=seed)}
    return [question for name, question in drawn.items() if name not in known]


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://127.0.0.1:8080/v1")
    parser.add_argument("--key", help="a key, if the server wants one")
    parser.add_argument("--fast", action="store_true", help="choices from /v1/route; a sample really routed")
    parser.add_argument("--verify", type=int, default=40, help="questions really routed with --fast (default 40)")
    parser.add_argument("--limit", type=int, help="ask only this many questions, drawn over all kinds")
    parser.add_argument("--seed", type=int, nargs="+", default=[SEED], help="which draws of questions to ask")
    parser.add_argument("--unlike", type=int, nargs="+", default=[], help="leave out the questions of these draws")
    parser.add_argument("--timeout", type=float, default=120.0, help="seconds for one answer")
    parser.add_argument("--out", type=Path, help="default: a file of its own in lab/runs/live, named by the time")
    options = parser.parse_args()
    out: Path = options.out or _RUNS / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}.json"
    server = Server(options.url, key=options.key, timeout_s=options.timeout)
    try:
        models = server.models()
    except (urllib.error.URLError, TimeoutError, ConnectionError) as exc:
        print(
            f"No Unisono server answers at {options.url} ({_why(exc)}): start one with `unisono serve`.",
            file=sys.stderr,
        )
        return 1
    questions = draw(options.seed, unlike=options.unlike)
    if options.limit:
        questions = Random(0).sample(questions, min(options.limit, len(questions)))
    began_s = time.perf_counter()
    rows = ask_all(server, questions, models, fast=options.fast, n_verified=options.verify)
    summary = summarise(rows, models)
    summary |= {"models": models, "fast": options.fast, "seconds": round(time.perf_counter() - began_s, 1)}
    show(summary, models)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps({"summary": summary, "rows": rows}, ensure_ascii=False, indent=1) + "\n")
    print(f"written: {out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
