"""Measures rules by examples (`like`): `PYTHONPATH=src:lab python lab/like.py` (`--ship` writes the ordinary prompts).

An intent is a task or subject of an outcome table, or one of ten kinds of requests that we wrote (`like_lines.py`).
Some of its texts are the examples, the rest must be found, and texts of other intents and real chat prompts must not.
What is shipped was chosen on training parts and `CHOSEN_BY` (`--choose`); the tables are of test parts and `TESTED_BY`.
Intervals are 95 % of a bootstrap over intents. It measures no choice of models.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from random import Random

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression

from freshness_questions import questions
from like_lines import CHOSEN_BY, TESTED_BY
from task_lines import TEST, TRAIN, lines
from train import DATA, ROOT
from unisono.config import EncoderConfig
from unisono.evaluate.everyday import PROMPTS
from unisono.evaluate.perturb import case, layout, politeness, typos
from unisono.evaluate.report import markdown
from unisono.plugins import load
from unisono.types import HouseRule
from unisono.understand import alike
from unisono.understand.features import Understanding
from unisono.understand.language import language

SEEDS = range(4)
KS = (3, 5, 10, 20)
PER_TASK = 150
N_CHAT = 2000
FALSE_ALARMS = 0.01
FROM_FRESHNESS = {"en": 200, "zh": 120, "de": 25, "fr": 25, "es": 25, "ru": 25}
USUAL = 0.05
"""Share of requests of the kind, for a precision that can be compared."""
CHOOSING = ("mmlu_pro.train", "llmrouter_default.train", "routerbench_0shot_part.train")
TESTING = ("mmlu_pro.test", "llmrouter_default.test", "routerbench_0shot_part.test")

Vectors = np.ndarray
Rule = Callable[[Vectors, Vectors, Sequence[str]], Callable[[Vectors, Sequence[str]], np.ndarray]]
"""Vectors and texts of examples to a function that says of vectors and texts which are like them."""


@dataclass(frozen=True)
class Texts:
    """Texts with their kind and vectors."""

    kinds: np.ndarray
    texts: list[str]
    vectors: Vectors

    def of(self, kind: str) -> np.ndarray:
        """Return the places of one kind."""
        return np.flatnonzero(self.kinds == kind)


def ordinary_lines() -> Iterator[str]:
    """Yield the prompts that ship: everyday prompts, lines of every template, a sample of questions; all are ours."""
    yield from PROMPTS
    for templates in (TRAIN, TEST):
        for line, _, _ in lines(templates, per_template=3, seed=1):
            yield " ".join(line.split())
    rng, drawn = Random(0), list(questions(seed=1, per_line=1))
    for name, n in FROM_FRESHNESS.items():
        yield from rng.sample([question.text for question in drawn if question.language == name], n)


class Bench:
    """One encoder with its ordinary prompts."""

    def __init__(self, encoder: str) -> None:
        found = load().encoder(EncoderConfig(name=encoder))
        self.name = encoder
        self.encode = Understanding(found).vectors
        self.ordinary = alike.ordinary_of(found.name, self.encode)
        self.plain = alike.FILE.read_text(encoding="utf-8").splitlines()
        self.plain_vectors = alike.encoded(self.plain, self.encode)

    def texts(self, kinds: Sequence[str], texts: Sequence[str]) -> Texts:
        return Texts(np.array(kinds), list(texts), alike.encoded(texts, self.encode))

    def table(self, name: str) -> Texts:
        prompts = pd.read_parquet(DATA / f"{name}.prompts.parquet").sample(frac=1, random_state=0)
        some = prompts.groupby("category").head(PER_TASK)
        return self.texts(some["category"].tolist(), some["prompt"].astype(str).tolist())

    def lines(self, intents: dict[str, dict[str, tuple[str, ...]]], language: str) -> Texts:
        rows = [(kind, text) for kind, texts in intents.items() for text in texts[language]]
        return self.texts([kind for kind, _ in rows], [text for _, text in rows])

    @cached_property
    def chat(self) -> Texts:
        """Real prompts of many people to chat models; nothing is chosen by them."""
        prompts = pd.read_parquet(DATA / "arena_pref_5k.parquet").sample(N_CHAT, random_state=0)["prompt"].astype(str)
        return self.texts(["chat"] * N_CHAT, prompts.tolist())

    # ------------------------------------------------------------------------------------------ rules

    def rule(self, share: float = FALSE_ALARMS, against: tuple[Vectors, Sequence[str]] | None = None) -> Rule:
        """Return the shipped one."""

        def make(examples: Vectors, texts: Sequence[str]) -> Callable[..., np.ndarray]:
            known = dict(zip(texts, examples, strict=True))
            if against is not None:
                known |= dict(zip(against[1], against[0], strict=True))
            unlike = () if against is None else tuple(dict.fromkeys(against[1]))
            rule = HouseRule(name="r", models=(), like=tuple(texts), unlike=unlike, false_alarms=share)
            like = alike.Alike([rule], encode=lambda asked: np.array([known[t] for t in asked]), ordinary=self.ordinary)

            def is_like(vectors: Vectors, asked: Sequence[str]) -> np.ndarray:
                read = zip(vectors, asked, strict=True)
                return np.array([like.meets("r", like.compare(vector, spoken(text))) for vector, text in read])

            return is_like

        return make

    def nearest(self, least: float) -> Rule:
        return lambda examples, _: lambda vectors, __: (vectors @ examples.T).max(1) > least

    def nearest_calibrated(self) -> Rule:
        def make(examples: Vectors, _: Sequence[str]) -> Callable[..., np.ndarray]:
            least = np.quantile((self.plain_vectors @ examples.T).max(1), 1 - FALSE_ALARMS)
            return lambda vectors, __: (vectors @ examples.T).max(1) > least

        return make

    def centroid(self, least: float | None = None) -> Rule:
        def make(examples: Vectors, _: Sequence[str]) -> Callable[..., np.ndarray]:
            middle = examples.mean(0) / np.linalg.norm(examples.mean(0))
            bound = np.quantile(self.plain_vectors @ middle, 1 - FALSE_ALARMS) if least is None else least
            return lambda vectors, __: vectors @ middle > bound

        return make

    def logistic(self) -> Rule:
        """Examples against ordinary prompts, cut where one in a hundred of those left out in turn passes."""

        def make(examples: Vectors, _: Sequence[str]) -> Callable[..., np.ndarray]:
            plain = self.plain_vectors

            def fitted(others: Vectors) -> LogisticRegression:
                labels = np.r_[np.ones(len(examples)), np.zeros(len(others))]
                return LogisticRegression(C=10.0, class_weight="balanced").fit(np.r_[examples, others], labels)

            parts = np.arange(len(plain)) % 3
            left = np.concatenate([fitted(plain[parts != p]).decision_function(plain[parts == p]) for p in range(3)])
            bound, model = np.quantile(left, 1 - FALSE_ALARMS), fitted(plain)
            return lambda vectors, __: model.decision_function(vectors) > bound

        return make

    def words(self) -> Rule:
        """Whole words of the examples that no more than one in a hundred ordinary prompts holds, as `words` finds."""
        held = [_words(text) for text in self.plain]

        def make(_: Vectors, texts: Sequence[str]) -> Callable[..., np.ndarray]:
            all_words = set().union(*map(_words, texts))
            rare = {word for word in all_words if sum(word in some for some in held) <= FALSE_ALARMS * len(held) / 3}
            return lambda __, asked: np.array([not rare.isdisjoint(_words(text)) for text in asked])

        return make

    def chance(self) -> Rule:
        return lambda _, __: lambda vectors, ___: np.random.default_rng(0).random(len(vectors)) < FALSE_ALARMS


@cache
def spoken(text: str) -> alike.Language:
    """Return the language of a text as the router tells it."""
    return language(text)


@cache
def _words(text: str) -> set[str]:
    """Return words of three letters and more; of Chinese, pairs of characters."""
    found = set(re.findall(r"[^\W\d_\u3400-\u9fff]{3,}", text.casefold()))
    chinese = re.findall(r"[\u3400-\u9fff]+", text)
    return found | {run[i : i + 2] for run in chinese for i in range(len(run) - 1)}


# -------------------------------------------------------------------------------------------- measures


def drawn(texts: Texts, kind: str, k: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return places of k examples of a kind, and of its others."""
    own = np.random.default_rng([seed, k]).permutation(texts.of(kind))
    return own[:k], own[k:]


def rows(rule: Rule, asked: Texts, *, shown: Texts | None, k: int, chat: Texts, only: str | None = None) -> np.ndarray:
    """Return recall, false alarms on other kinds, and on chat; one row for each kind and seed.

    Args:
        rule: what is measured.
        asked: the requests.
        shown: where the examples come from; None takes them from the requests, and out of them.
        k: examples.
        chat: prompts of nobody's intent.
        only: this kind alone.
    """
    found = []
    for kind in sorted(set(asked.kinds)) if only is None else [only]:
        per_seed = []
        for seed in SEEDS:
            place, rest = drawn(shown or asked, kind, k, seed)
            rest = asked.of(kind) if shown is not None else rest
            if len(place) < k or len(rest) < 4:
                continue
            source = shown or asked
            is_like = rule(source.vectors[place], [source.texts[p] for p in place])
            other = np.flatnonzero(asked.kinds != kind)
            some = np.arange(0, len(chat.texts), 2)
            per_seed.append([share(is_like, *what) for what in ((asked, rest), (asked, other), (chat, some))])
        if per_seed:
            found.append(np.mean(per_seed, axis=0))
    return np.array(found)


def share(is_like: Callable[[Vectors, Sequence[str]], np.ndarray], texts: Texts, places: np.ndarray) -> float:
    """Return which part of some texts is like the examples."""
    return float(np.mean(is_like(texts.vectors[places], [texts.texts[p] for p in places])))


def told(found: np.ndarray) -> dict[str, str]:
    """Return means with intervals over kinds."""
    rng = np.random.default_rng(0)
    means = np.array([found[rng.integers(len(found), size=len(found))].mean(0) for _ in range(1000)])
    low, high = np.quantile(means, (0.025, 0.975), axis=0)
    recall, other, chat = found.mean(0)
    hits = USUAL * recall
    names = ("recall", "false alarms, other kinds", "false alarms, chat")
    told = {
        n: f"{m:.3f} [{a:.3f}, {b:.3f}]" for n, m, a, b in zip(names, (recall, other, chat), low, high, strict=True)
    }
    return {**told, "precision at .05": f"{hits / max(hits + (1 - USUAL) * chat, 1e-9):.2f}"}


def compared(bench: Bench) -> list[dict[str, str]]:
    """Return a row for each set, number of examples and rule."""
    chat, found = bench.chat, []
    sets = {"intents, English": bench.lines(TESTED_BY, "en")}
    sets |= {name: bench.table(name) for name in TESTING}
    rules: dict[str, Rule] = {
        "**`like`**": bench.rule(),
        "cosine > .5 (semantic-router)": bench.nearest(0.5),
        "cosine > .3": bench.nearest(0.3),
        "nearest, calibrated": bench.nearest_calibrated(),
        "centroid, calibrated": bench.centroid(),
        "logistic, calibrated": bench.logistic(),
        "words of the examples": bench.words(),
        "one in a hundred at random": bench.chance(),
    }
    for name, texts in sets.items():
        for k in KS:
            if name.startswith("intents") and k > 10:
                continue
            for label, rule in rules.items():
                rows_ = rows(rule, texts, shown=None, k=k, chat=chat)
                if len(rows_):
                    found.append({"set": name, "examples": str(k), "rule": label, **told(rows_)})
    return found


def languages(bench: Bench) -> list[dict[str, str]]:
    """Return what examples of one language find in the other."""
    chat, found = bench.chat, []
    texts = {name: bench.lines({**CHOSEN_BY, **TESTED_BY}, name) for name in ("en", "zh")}
    for shown, asked in (("en", "en"), ("zh", "zh"), ("en", "zh"), ("zh", "en")):
        for label, rule in (("`like`", bench.rule()), ("centroid, calibrated", bench.centroid())):
            source = None if shown == asked else texts[shown]
            found.append(
                {"examples in": shown, "requests in": asked, "rule": label}
                | told(rows(rule, texts[asked], shown=source, k=5, chat=chat))
            )
    return found


def unlike(bench: Bench) -> list[dict[str, str]]:
    """Return what sentences of the nearest other kind under `unlike` change, on that kind."""
    found = []
    for name, texts in (
        ("intents, English", bench.lines(TESTED_BY, "en")),
        ("mmlu_pro.test", bench.table("mmlu_pro.test")),
    ):
        for k in (5, 10):
            rows_ = []
            for kind in sorted(set(texts.kinds)):
                for other in sorted(set(texts.kinds) - {kind}):
                    (place, rest), (against, others) = drawn(texts, kind, k, 0), drawn(texts, other, k, 1)
                    shares = []
                    for unlike in (None, (texts.vectors[against], [texts.texts[p] for p in against])):
                        is_like = bench.rule(against=unlike)(texts.vectors[place], [texts.texts[p] for p in place])
                        shares += [share(is_like, texts, rest), share(is_like, texts, others)]
                    rows_.append(shares)
            recall, alarms, recall_un, alarms_un = np.mean(rows_, axis=0)
            row = {"set": name, "examples of each": str(k), "recall": f"{recall:.3f}"}
            row |= {"recall with `unlike`": f"{recall_un:.3f}", "false alarms on that kind": f"{alarms:.3f}"}
            found.append(row | {"false alarms with `unlike`": f"{alarms_un:.3f}"})
    return found


def strictness(bench: Bench) -> list[dict[str, str]]:
    """Return what is asked of `false_alarms`, and what comes."""
    chat, texts, found = bench.chat, bench.lines(TESTED_BY, "en"), []
    for share in (0.05, 0.02, 0.01, 0.005, 0.002):
        found += [
            {"`false_alarms`": f"{share:g}", "examples": str(k)}
            | told(rows(bench.rule(share), texts, shown=None, k=k, chat=chat))
            for k in (5, 10)
        ]
    return found


def odd(bench: Bench) -> list[dict[str, str]]:
    """Return what becomes of short texts, of a request inside a long prompt, and of small changes."""
    texts, chat = bench.lines(TESTED_BY, "en"), bench.chat
    short = np.array([i for i, text in enumerate(chat.texts) if len(text) <= 25])
    filler = [text for text in chat.texts if len(text) > 300]
    found: dict[str, list[float]] = {}

    def add(name: str, value: float) -> None:
        found.setdefault(name, []).append(float(value))

    for kind in sorted(set(texts.kinds)):
        for seed in range(3):
            place, rest = drawn(texts, kind, 10, seed)
            is_like = bench.rule()(texts.vectors[place], [texts.texts[p] for p in place])
            asked = [texts.texts[p] for p in rest]
            met = is_like(texts.vectors[rest], asked)
            add("requests alone", met.mean())
            add(f"chat of 25 characters at most ({len(short)}), false alarms", share(is_like, chat, short))
            rng = Random(seed)
            for n_chars, name in ((800, "200"), (8000, "2,000")):
                long = []
                for text in asked:
                    document = ""
                    while len(document) < n_chars:
                        document += rng.choice(filler) + "\n"
                    long += [f"{text}\n\n{document[:n_chars]}", f"{document[:n_chars]}\n\n{text}"]
                add(
                    f"at the begin or end of a pasted text of {name} tokens",
                    is_like(alike.encoded(long, bench.encode), long).mean(),
                )
            for change in (typos, case, politeness, layout):
                changed = [change(text, rng) for text in asked]
                again = is_like(alike.encoded(changed, bench.encode), changed)
                add(f"found or not as before, after a change of {change.__name__}", (again == met).mean())
    return [{"what": name, "share": f"{np.mean(values):.3f}"} for name, values in found.items()]


def sharpness(bench: Bench) -> list[dict[str, str]]:
    """Return what `SHARPNESS` was chosen by: one kind in a rule, and two, of training parts and `CHOSEN_BY`."""
    texts = {"intents": bench.lines(CHOSEN_BY, "en"), **{name: bench.table(name) for name in CHOOSING}}
    found, shipped = [], alike.SHARPNESS
    for sharp in (0.5, 5.0, 10.0, 20.0):
        alike.SHARPNESS = sharp
        for name, some in texts.items():
            beside = texts["mmlu_pro.train"] if name == "intents" else texts["intents"]
            found += [
                {"sharpness": f"{sharp:g}", "set": name, "examples": str(k)}
                | told(rows(bench.rule(), some, shown=None, k=k, chat=beside))
                for k in (3, 10)
            ]
        names, some = sorted(CHOSEN_BY), texts["intents"]
        for k in (5, 10):
            both = []
            for pair in zip(names, [*names[1:], names[0]], strict=True):
                joined = Texts(np.where(np.isin(some.kinds, pair), "both", some.kinds), some.texts, some.vectors)
                both.append(rows(bench.rule(), joined, shown=None, k=k, chat=texts["mmlu_pro.train"], only="both")[0])
            found.append(
                {"sharpness": f"{sharp:g}", "set": "two intents a rule", "examples": str(k)} | told(np.array(both))
            )
    alike.SHARPNESS = shipped
    return found


class Counted(alike.Tail):
    """Ordinary prompts counted, and nothing else."""

    def beyond(self, share: float) -> float:
        return float(np.quantile(self.rising, 1 - share))


class Exponential(alike.Tail):
    """The exponential, and nothing else."""

    def beyond(self, share: float) -> float:
        return self.bulk + self.scale * float(np.log((1 - alike.BULK) / share))


def tails(bench: Bench) -> list[dict[str, str]]:
    """Return what the tail was chosen by: with and without ten requests of the kind among ordinary prompts."""
    texts, beside = bench.lines(CHOSEN_BY, "en"), bench.table("mmlu_pro.train")
    clean, shipped, found = bench.ordinary, alike.Tail, []
    for n_own in (0, 10):
        for label, tail in (("counted", Counted), ("exponential", Exponential), ("the smaller share", shipped)):
            for asked in (0.01, 0.002):
                measured = []
                for kind in sorted(CHOSEN_BY):
                    own = texts.of(kind)[:n_own]
                    left = np.setdiff1d(np.arange(len(texts.texts)), own)
                    rest = Texts(texts.kinds[left], [texts.texts[p] for p in left], texts.vectors[left])
                    english = np.concatenate((clean.vectors["en"], texts.vectors[own]))
                    alike.Tail = tail  # type: ignore[misc]
                    bench.ordinary = alike.Ordinary(clean.encoder, {**clean.vectors, "en": english})
                    measured.append(rows(bench.rule(asked), rest, shown=None, k=5, chat=beside, only=kind)[0])
                row = {"own kind among ordinary": str(n_own), "tail": label, "`false_alarms`": f"{asked:g}"}
                found.append(row | told(np.array(measured)))
    alike.Tail, bench.ordinary = shipped, clean  # type: ignore[misc]
    return found


def main() -> None:
    """Measure, print and keep."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("encoders", nargs="*", default=["static"])
    ask.add_argument("--ship", action="store_true", help="write the ordinary prompts into the package")
    ask.add_argument("--choose", action="store_true", help="only what the choice was made by")
    asked = ask.parse_args()
    if asked.ship:
        alike.FILE.write_text("".join(f"{line}\n" for line in dict.fromkeys(ordinary_lines())), encoding="utf-8")
        return
    folder = ROOT / "lab" / "runs" / "like"
    folder.mkdir(parents=True, exist_ok=True)
    for name in asked.encoders:
        bench = Bench(name)
        parts = (sharpness, tails) if asked.choose else (languages, unlike, strictness, odd)
        if name == "static" and not asked.choose:
            parts = (compared, *parts)
        tables = {part.__name__: part(bench) for part in parts}
        for title, table in tables.items():
            print(
                f"\n### {name}: {title}\n\n{markdown(list(table[0]), [list(row.values()) for row in table])}",
                flush=True,
            )
        place = Path(folder / f"{name}{'.chosen' if asked.choose else ''}.json")
        place.write_text(json.dumps(tables, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
