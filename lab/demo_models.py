"""Measures the demo pool: start-up, memory, speed, and about ten kinds of short tasks on each model.

It does not judge long answers, and its hundred items are too few to rank models in general: they show on which
kinds of task the two models of the demo pool complement each other.

Run: `PYTHONPATH=src python lab/demo_models.py --out table.md` (about two minutes on one core).
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import re
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

from unisono.demo.pool import demo_models
from unisono.types import Call, Model, Timeouts
from unisono.upstream.local import LocalProvider

_MAX_TOKENS = 80

Check = Callable[[str], bool]


def says(*words: str) -> Check:
    """True when one of the words stands in the answer's first 25 words."""
    wanted = re.compile(r"(?<!\w)(" + "|".join(re.escape(w) for w in words) + r")(?!\w)", re.IGNORECASE)
    return lambda answer: bool(wanted.search(" ".join(answer.split()[:25])))


def first_of(right: str, *others: str) -> Check:
    """True when `right` is the first of the possible replies that the answer names."""
    options = re.compile(r"(?<!\w)(" + "|".join(re.escape(w) for w in (right, *others)) + r")(?!\w)", re.IGNORECASE)

    def check(answer: str) -> bool:
        hit = options.search(answer)
        return hit is not None and hit.group(1).lower() == right.lower()

    return check


def number(right: str) -> Check:
    """True when the last number of the answer's first paragraph is the right one."""

    def check(answer: str) -> bool:
        first = answer.strip().split("\n\n")[0].replace(",", "")
        found = re.findall(r"-?\d+(?:\.\d+)?", first)
        return bool(found) and float(found[-1]) == float(right)

    return check


def exactly(right: str) -> Check:
    """True when the answer is this text, but for white space, quotes, a final stop and case."""
    return lambda answer: answer.strip().strip("\"'`.").lower() == right.lower()


@dataclass(frozen=True, slots=True)
class Item:
    """One question and how its answer is checked."""

    kind: str
    prompt: str
    check: Check


def _pairs(kind: str, template: str, pairs: Sequence[tuple[str, Check]]) -> list[Item]:
    return [Item(kind, template.format(text), check) for text, check in pairs]


def items() -> list[Item]:
    """Return all hand-made items."""
    pos, neg = first_of("positive", "negative"), first_of("negative", "positive")
    yes, no = first_of("yes", "no"), first_of("no", "yes")
    return [
        *_pairs(
            "antonym",
            "What is the opposite of '{}'?",
            [
                ("hot", says("cold")),
                ("big", says("small", "little", "tiny")),
                ("early", says("late")),
                ("strong", says("weak")),
                ("rich", says("poor")),
                ("empty", says("full")),
                ("difficult", says("easy", "simple")),
                ("noisy", says("quiet", "silent")),
                ("ancient", says("modern", "new")),
                ("brave", says("cowardly", "coward", "timid", "fearful", "afraid")),
            ],
        ),
        *_pairs(
            "sentiment",
            "Is this review positive or negative? Answer with one word.\nReview: {}",
            [
                ("The soup was cold and the waiter was rude.", neg),
                ("I loved every minute of this film.", pos),
                ("Broke after two days, a waste of money.", neg),
                ("Great battery life and a beautiful screen.", pos),
                ("The plot was dull and I fell asleep.", neg),
                ("Friendly staff, clean rooms, we will come back!", pos),
                ("It arrived late and the box was damaged.", neg),
                ("The best coffee in town.", pos),
                ("I regret buying this book.", neg),
                ("Works perfectly, highly recommended.", pos),
            ],
        ),
        *_pairs(
            "spanish",
            "Translate into Spanish: {}",
            [
                ("Good morning", says("buenos días", "buenos dias")),
                ("The house is white.", says("la casa es blanca")),
                ("I have a dog.", says("tengo un perro")),
                ("Thank you very much", says("muchas gracias")),
                ("Where is the library?", says("dónde está la biblioteca", "donde esta la biblioteca")),
                ("My brother is tall.", says("mi hermano es alto")),
                ("We drink water.", says("bebemos agua", "tomamos agua")),
                ("red apple", says("manzana roja")),
                ("See you tomorrow", says("hasta mañana", "nos vemos mañana", "te veo mañana")),
                ("The cat eats fish.", says("el gato come pescado", "el gato come peces", "el gato come pez")),
            ],
        ),
        *_pairs(
            "python",
            "What does this Python code print?\n{}",
            [
                ("print(2 + 3)", says("5")),
                ("print(len('hello'))", says("5")),
                ("print('ab' * 2)", says("abab")),
                ("print(10 // 3)", says("3")),
                ("print('cat'.upper())", lambda a: "CAT" in a),
                ("print([1, 2, 3][0])", says("1")),
                ("print(max(4, 9, 2))", says("9")),
                ("print(7 % 4)", says("3")),
                ("print('hello'[1])", says("e")),
                ("print(sum([1, 2, 3]))", says("6")),
            ],
        ),
        *_pairs(
            "python_write",
            "Write a Python function {}. Answer with code only.",
            [
                (
                    "add(a, b) that returns the sum",
                    lambda a: "def add" in a and re.search(r"return\s+a\s*\+\s*b", a) is not None,
                ),
                (
                    "square(x) that returns x squared",
                    lambda a: "def square" in a and re.search(r"return\s+x\s*(\*\*\s*2|\*\s*x)", a) is not None,
                ),
                ("is_even(n)", lambda a: "def is_even" in a and "% 2" in a),
                ("first(items) that returns the first element", lambda a: "def first" in a and "[0]" in a),
                ("last(items) that returns the last element", lambda a: "def last" in a and "[-1]" in a),
                ("shout(text) that returns the text in upper case", lambda a: "def shout" in a and ".upper()" in a),
                (
                    "reverse(text) that returns the reversed text",
                    lambda a: "def reverse" in a and ("[::-1]" in a or "reversed(" in a),
                ),
                ("biggest(numbers) that returns the largest number", lambda a: "def biggest" in a and "max(" in a),
                (
                    "total(numbers) that returns the sum of a list",
                    lambda a: "def total" in a and ("sum(" in a or "+=" in a),
                ),
                (
                    "greet(name) that returns 'Hello, ' plus the name",
                    lambda a: "def greet" in a and "Hello" in a and "return" in a,
                ),
            ],
        ),
        *_pairs(
            "capital",
            "What is the capital of {}?",
            [
                ("France", says("Paris")),
                ("Italy", says("Rome")),
                ("Japan", says("Tokyo")),
                ("Spain", says("Madrid")),
                ("Egypt", says("Cairo")),
                ("Canada", says("Ottawa")),
                ("Peru", says("Lima")),
                ("Norway", says("Oslo")),
                ("Kenya", says("Nairobi")),
                ("Turkey", says("Ankara")),
            ],
        ),
        *_pairs(
            "arithmetic",
            "What is {}?",
            [
                ("2 + 2", number("4")),
                ("7 + 5", number("12")),
                ("9 - 4", number("5")),
                ("6 * 3", number("18")),
                ("15 + 20", number("35")),
                ("8 * 7", number("56")),
                ("100 - 30", number("70")),
                ("12 / 4", number("3")),
                ("23 + 19", number("42")),
                ("50 + 25", number("75")),
            ],
        ),
        *_pairs(
            "yes_no",
            "{} Answer yes or no.",
            [
                ("Is the sun a star?", yes),
                ("Can fish fly to the moon?", no),
                ("Is ice cold?", yes),
                ("Is Paris in Germany?", no),
                ("Do cats have four legs?", yes),
                ("Is a mouse bigger than an elephant?", no),
                ("Is water wet?", yes),
                ("Is 10 smaller than 5?", no),
                ("Are bananas a fruit?", yes),
                ("Do humans have three arms?", no),
            ],
        ),
        *_pairs(
            "extract_number",
            "{} Answer with the number only.",
            [
                ("Tom bought 12 eggs and a loaf of bread. How many eggs did Tom buy?", number("12")),
                ("The train leaves from platform 9. Which platform?", number("9")),
                ("Anna is 34 years old and lives in Oslo. How old is Anna?", number("34")),
                ("The ticket costs 25 dollars. How much is the ticket?", number("25")),
                ("Room 407 is on the left. What is the room number?", number("407")),
                ("The bus number 18 stops here. What is the bus number?", number("18")),
                ("There are 52 cards in the box. How many cards?", number("52")),
                ("The temperature today is 21 degrees. What is the temperature?", number("21")),
                ("The shop has 6 red bikes. How many bikes?", number("6")),
                ("The order number is 7781. What is the order number?", number("7781")),
            ],
        ),
        *_pairs(
            "extract_name",
            "{}",
            [
                ("Maria sent the letter to Peter. Who sent the letter?", first_of("Maria", "Peter")),
                ("The book was written by Jane Miller. Who wrote the book?", says("Jane Miller", "Miller")),
                ("Sam is the doctor and Lee is the teacher. Who is the teacher?", first_of("Lee", "Sam")),
                ("The meeting is in Berlin. In which city is the meeting?", says("Berlin")),
                ("Call Omar if you are late. Whom should you call?", says("Omar")),
                ("Our dog Rex likes bones. What is the dog's name?", says("Rex")),
                ("Nina won the race, and Paul came second. Who won?", first_of("Nina", "Paul")),
                ("The parcel is for Mr. Brown. Who gets the parcel?", says("Brown")),
                ("Lucy lives in Madrid with her aunt. Where does Lucy live?", says("Madrid")),
                ("The red car belongs to Ivan. Who owns the red car?", says("Ivan")),
            ],
        ),
        *_pairs(
            "format",
            "{}",
            [
                (
                    "Write the word 'apple' in capital letters. Answer with the word only.",
                    lambda a: a.strip(" .\"'\n") == "APPLE",
                ),
                ("What is the first letter of the word 'table'? Answer with one letter.", exactly("t")),
                ("What is the last letter of the word 'green'? Answer with one letter.", exactly("n")),
                ("Repeat exactly: blue sky", exactly("blue sky")),
                ("Answer with the single word OK.", exactly("ok")),
                ("Spell the word 'cat' with hyphens between the letters.", says("c-a-t")),
                ("Write the number seven as a digit.", number("7")),
                (
                    "Write the word 'HELLO' in lower case. Answer with the word only.",
                    lambda a: a.strip(" .\"'\n") == "hello",
                ),
                (
                    "List three colors, separated by commas, nothing else.",
                    lambda a: re.fullmatch(r"\w+, ?\w+,? (and )?\w+\.?", a.strip()) is not None,
                ),
                (
                    'Write a JSON object with the key "a" and the value 1.',
                    lambda a: re.search(r'\{\s*"a"\s*:\s*1\s*\}', a) is not None,
                ),
            ],
        ),
        *_pairs(
            "compare",
            "{}",
            [
                ("Which is larger, 9 or 4?", first_of("9", "4")),
                ("Which is smaller, 15 or 8?", first_of("8", "15")),
                ("Which is heavier, a feather or a car?", first_of("car", "feather")),
                ("Which is faster, a plane or a bicycle?", first_of("plane", "bicycle")),
                ("Which is larger, 120 or 99?", first_of("120", "99")),
                ("Which is bigger, a whale or an ant?", first_of("whale", "ant")),
                ("Which comes first in the alphabet, C or A?", first_of("A", "C")),
                ("Sort these numbers from smallest to largest: 3, 1, 2", says("1, 2, 3")),
                ("Sort these numbers from smallest to largest: 9, 5, 7", says("5, 7, 9")),
                ("Which is colder, ice or fire?", first_of("ice", "fire")),
            ],
        ),
        *_pairs(
            "category",
            "{}",
            [
                ("Is a carrot an animal or a vegetable? Answer with one word.", first_of("vegetable", "animal")),
                ("Is a horse an animal or a plant? Answer with one word.", first_of("animal", "plant")),
                ("Is 'run' a verb or a noun? Answer with one word.", first_of("verb", "noun")),
                ("Is 'table' a verb or a noun? Answer with one word.", first_of("noun", "verb")),
                (
                    "Is this text about sports or cooking? Text: The team scored twice. Answer with one word.",
                    first_of("sports", "cooking"),
                ),
                (
                    "Is this text about sports or cooking? Text: Boil the pasta for ten minutes. Answer with one word.",
                    first_of("cooking", "sports"),
                ),
                (
                    "Is this message spam or not spam? Message: You won $1000000, click! Answer 'spam' or 'not spam'.",
                    lambda a: re.search(r"spam", a, re.I) is not None and "not spam" not in a.lower(),
                ),
                (
                    "Is this message spam or not spam? Message: Lunch at noon? Answer 'spam' or 'not spam'.",
                    lambda a: "not spam" in a.lower(),
                ),
                (
                    "Is this sentence a question or a statement? Sentence: Where are you? Answer with one word.",
                    first_of("question", "statement"),
                ),
                (
                    "Is this sentence a question or a statement? Sentence: I like tea. Answer with one word.",
                    first_of("statement", "question"),
                ),
            ],
        ),
    ]


@dataclass(frozen=True, slots=True)
class Answer:
    """One streamed answer with its timing in seconds."""

    text: str
    first_s: float
    total_s: float
    n_tokens: int


@dataclass(frozen=True, slots=True)
class Measured:
    """What was found out about one model."""

    model: str
    ready_s: float
    rss_idle_mib: float
    rss_after_mib: float
    answers: tuple[Answer, ...]
    passed: tuple[bool, ...]


async def ask(provider: LocalProvider, model: Model, prompt: str) -> Answer:
    """Ask greedily and take the times."""
    body = {"messages": [{"role": "user", "content": prompt}], "temperature": 0, "max_tokens": _MAX_TOKENS}
    began_s, first_s, text, n_tokens = time.perf_counter(), None, "", 0
    async for chunk in provider.send(Call(model=model, body=body, stream=True, decision="lab")):
        if chunk.has_content and first_s is None:
            first_s = time.perf_counter() - began_s
        choices = orjson.loads(chunk.data)["choices"]
        text += (choices[0]["delta"].get("content") or "") if choices else ""
        n_tokens = chunk.usage.output_tokens if chunk.usage else n_tokens
    total_s = time.perf_counter() - began_s
    return Answer(text, total_s if first_s is None else first_s, total_s, n_tokens)


def rss_mib(pid: int) -> float:
    """Return the resident memory of a process."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024


async def measure(model: Model, questions: Sequence[Item]) -> Measured:
    """Start one model, ask everything, stop it."""
    provider = LocalProvider(model, Timeouts())
    began_s = time.perf_counter()
    try:
        await provider.start()
        await provider.server.ready(60)
        ready_s = time.perf_counter() - began_s
        idle = rss_mib(provider.server.pid)
        answers = [await ask(provider, model, item.prompt) for item in questions]
        passed = tuple(item.score(answer.text) for item, answer in zip(questions, answers, strict=True))
        return Measured(model.name, ready_s, idle, rss_mib(provider.server.pid), tuple(answers), passed)
    finally:
        await provider.close()


def report(found: Sequence[Measured], questions: Sequence[Item]) -> str:
    """Return the tables as Markdown."""
    names = [m.model for m in found]
    lines = [
        f"Machine: {platform.machine()}, {os.cpu_count()} cores, one thread a model, load {os.getloadavg()[0]:.1f}.",
        "Greedy, at most 80 tokens. The few-shot template of gemma3-270m was chosen on these very items: its column is",
        "optimistic. 10 items a kind: one item is .10, and a difference below .30 says little.",
        "",
        f"| | {' | '.join(names)} |",
        f"|---|{'---:|' * len(names)}",
    ]

    def row(name: str, values: Sequence[str]) -> None:
        lines.append(f"| {name} | {' | '.join(values)} |")

    row("start until ready, s", [f"{m.ready_s:.2f}" for m in found])
    row("memory when ready, MiB", [f"{m.rss_idle_mib:.0f}" for m in found])
    row(f"memory after {len(questions)} requests, MiB", [f"{m.rss_after_mib:.0f}" for m in found])
    row("first token, first request, ms", [f"{m.answers[0].first_s * 1000:.0f}" for m in found])
    row(
        "first token, later, median ms",
        [f"{statistics.median(a.first_s for a in m.answers[1:]) * 1000:.0f}" for m in found],
    )
    row("tokens per second after the first, median", [f"{statistics.median(rates(m)):.0f}" for m in found])
    row("answer tokens, mean", [f"{statistics.mean(a.n_tokens for a in m.answers):.0f}" for m in found])
    row("whole answer, median ms", [f"{statistics.median(a.total_s for a in m.answers) * 1000:.0f}" for m in found])
    lines += ["", f"| kind | {' | '.join(names)} | either |", f"|---|{'---:|' * (len(names) + 1)}"]
    kinds = list(dict.fromkeys(item.kind for item in questions))
    best = []
    for kind in kinds:
        at = [i for i, item in enumerate(questions) if item.kind == kind]
        shares = [sum(m.passed[i] for i in at) / len(at) for m in found]
        best.append(max(shares))
        either = sum(any(m.passed[i] for m in found) for i in at) / len(at)
        row(kind, [*(f"{share:.2f}" for share in shares), f"{either:.2f}"])
    n = len(questions)
    either = sum(any(m.passed[i] for m in found) for i in range(n)) / n
    row("**all**", [*(f"**{sum(m.passed) / n:.3f}**" for m in found), f"**{either:.3f}**"])
    lines += ["", f"Best model per kind (picked on the same items, so a ceiling): {statistics.mean(best):.3f}."]
    return "\n".join(lines) + "\n"


def rates(measured: Measured) -> list[float]:
    """Return tokens per second of the answers that are long enough to tell."""
    long = [a for a in measured.answers if a.n_tokens > 5 and a.total_s > a.first_s]
    return [(a.n_tokens - 1) / (a.total_s - a.first_s) for a in long] or [0.0]


def answers_text(found: Sequence[Measured], questions: Sequence[Item]) -> str:
    """Return every answer, one a line."""
    lines = [
        f"{'+' if ok else '-'} {m.model} | {item.kind} | {item.prompt!r} | {answer.text!r}"
        for m in found
        for item, answer, ok in zip(questions, m.answers, m.passed, strict=True)
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure and print; `--out` and `--answers` also write files."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, help="write the tables here")
    parser.add_argument("--answers", type=Path, help="write every answer here")
    parser.add_argument("--kinds", nargs="*", help="only these kinds of task")
    options = parser.parse_args()
    questions = [item for item in items() if not options.kinds or item.kind in options.kinds]

    async def all_models() -> list[Measured]:
        return [await measure(model, questions) for model in demo_models()]

    found = asyncio.run(all_models())
    text = report(found, questions)
    print(text)
    if options.out:
        options.out.write_text(text, encoding="utf-8")
    if options.answers:
        options.answers.write_text(answers_text(found, questions), encoding="utf-8")


if __name__ == "__main__":
    main()
