"""Texts made to be slow: `python -m bench.hostile`. How much longer each takes than plain prose of the same length.

One short piece repeated, and random marks, are decided about (`auto:pro` and `auto`) and compared as answers. A ratio
far above the others is a search that goes back over the whole text for each of its pieces: whoever sends such a text
would hold up all other callers. It asks no model.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from time import process_time

import orjson

from unisono.compose import build
from unisono.config import load_config
from unisono.consistency.compare import contradictions
from unisono.edge.parse import parse

PIECES = (
    *("a:", "translate:", "From: a\n", "--- a", "---\n", "===", "> ", "| a |\n", "```", "~~~", "`a", "<a>", "<a ", "<"),
    *(
        '"',
        "“",
        "「a",
        "《",
        "'a",
        "a'",
        " 'a b' ",
        "don't ",
        "think hard ",
        "please ",
        "quick",
        "step ",
        "prüfung zwölfmal ",
        "solve it carefully and ",
        "再",
        "a-",
        "..",
        "…",
    ),
    *(
        "1",
        "1,",
        "0x",
        "2024-",
        "Jan ",
        "3/4 ",
        "5 % ",
        "12 km ",
        "2 + 2 = ",
        "= 4 ",
        "$",
        "\\",
        "\\boxed{",
        "(1",
        "[",
        ")",
    ),
    *(
        "https://",
        "a@b.",
        '{"a":',
        "你",
        "。",
        "第",
        "三十",
        "百分之五",
        "\u200b",
        "😀",
        "é",
        "\t",
        "answer: ",
        "1. ",
        "- x\n",
    ),
    *("The answer is 4. ", "Bob went to Paris. ", "January 5, 2020 ", "not ", "no "),
)
MARKS = "\"“”'`>*-#:;,.!?()[]{}|\n\t  <>=/a1é你_$\\%"
PROSE = "The river rose in spring, and the two families who lived by it moved their cattle to the hills until May. "
POOL = """
default = "a"
[[models]]
name = "a"
upstream = "scripted"
reply = "x"
context_tokens = 9000000
[[models]]
name = "b"
upstream = "scripted"
reply = "y"
context_tokens = 9000000
"""
N_SHOWN = 5


def main() -> None:
    """Measure, print the slowest."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chars", type=int, nargs="*", default=[2_000, 20_000])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "unisono.toml"
        file.write_text(POOL, encoding="utf-8")
        live = build(load_config(file))

        def decide(text: str, model: str) -> None:
            messages = [("user", "hi"), ("assistant", "a"), ("user", text)]
            body = {"model": model, "messages": [{"role": role, "content": words} for role, words in messages]}
            catalog, now = live.router.catalog, datetime.now(UTC)
            live.router.decide(parse(orjson.dumps(body), {}, catalog=catalog, request_id="r", now=now))

        ways: dict[str, Callable[[str], object]] = {
            "decide, auto": lambda text: decide(text, "auto"),
            "decide, auto:pro": lambda text: decide(text, "auto:pro"),
            "compare with itself and a word": lambda text: contradictions(text, f"{text} 7"),
            "compare with plain prose": lambda text: contradictions(PROSE, text),
        }
        print("| what | characters | plain prose, ms | slowest: times that |\n|---|---:|---:|---|")
        for way, do in ways.items():
            for n in options.chars:
                print(f"| {way} | {n:,} | {_row(do, n)} |")
        live.store.close()


def _row(do: Callable[[str], object], n: int) -> str:
    rng = Random(1)
    texts = {repr(piece): piece * n for piece in PIECES}
    texts["random marks"] = "".join(rng.choice(MARKS) for _ in range(n))
    do(PROSE)
    plain_s = min(_seconds(do, (PROSE * n)[:n]) for _ in range(3))
    slow = sorted(((_seconds(do, text[:n]) / plain_s, name) for name, text in texts.items()), reverse=True)
    return f"{1000 * plain_s:.1f} | " + ", ".join(f"{name} {ratio:.1f}" for ratio, name in slow[:N_SHOWN])


def _seconds(do: Callable[[str], object], text: str) -> float:
    began_s = process_time()
    do(text)
    return process_time() - began_s


if __name__ == "__main__":
    main()
