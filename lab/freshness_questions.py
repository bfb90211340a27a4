"""Questions with and without an answer that changes: our own lines in `lab/freshness_lines`, written out.

Written for the reader of freshness that ships, whose training may use nothing else. A line stands for several
questions: `{a|b}` is a choice and `{name}` a word list (`@name: a|b`) of its language. It copies nobody's questions.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).resolve().parent / "freshness_lines"
LANGUAGES = ("en", "zh", "de", "fr", "es", "ru")
PER_LINE = 8
"""Questions drawn from a line; one with fewer choices gives fewer, since a question is drawn once."""

_INNERMOST = re.compile(r"\{([^{}]*)\}")
_POLITE: Mapping[str, tuple[str, ...]] = {
    "en": ("Can you tell me: ", "please tell me ", "Hi! ", "I'd like to know: ", "quick question: ", "Do you know "),
    "zh": ("请问", "你好，", "我想知道", "请告诉我，", "麻烦问一下，", "你知道吗，"),
    "de": ("Bitte sag mir: ", "Hallo, ", "Weißt du, "),
    "fr": ("Bonjour, ", "Dis-moi : ", "S'il te plaît, "),
    "es": ("Hola, ", "Dime: ", "Por favor, "),
    "ru": ("Скажи, ", "Привет! ", "Подскажите, "),
}


class Line(NamedTuple):
    """A written line: language, label `e` (evergreen), `s` (slow), `f` (fast) or `t` (asks nothing of the world), the
    text with its choices, and what the file says of its kind."""

    language: str
    label: str
    text: str
    kind: str = ""


class Question(NamedTuple):
    """A question drawn from line number `line` of all lines."""

    text: str
    label: str
    language: str
    line: int
    kind: str = ""


def lines(
    folder: Path = FOLDER, *, languages: Sequence[str] = LANGUAGES
) -> tuple[list[Line], dict[str, dict[str, list[str]]]]:
    """Return every line, and the word lists of each language."""
    found: list[Line] = []
    words: dict[str, dict[str, list[str]]] = {language: {} for language in languages}
    for language in languages:
        label = kind = ""
        for file in sorted(folder.glob(f"{language}*.txt")):
            for row in filter(None, map(str.strip, file.read_text(encoding="utf-8").splitlines())):
                if row.startswith("@"):
                    name, _, listed = row[1:].partition(": ")
                    words[language].setdefault(name, []).extend(listed.split("|"))
                elif row.startswith("[") and row.endswith("]"):
                    label, _, kind = row[1:-1].partition(" ")
                elif not row.startswith("#"):
                    found.append(Line(language, label, row, kind))
    return found, words


def questions(
    *,
    seed: int,
    per_line: int = PER_LINE,
    folder: Path = FOLDER,
    languages: Sequence[str] = LANGUAGES,
    more: Mapping[str, Mapping[str, list[str]]] | None = None,
) -> Iterator[Question]:
    """Yield questions, each once; the same seed gives the same questions.

    Args:
        seed: of the draw.
        per_line: how many are drawn from a line.
        folder: of the lines.
        languages: which of them.
        more: word lists by language, for names that the folder has no list of.
    """
    rng = random.Random(seed)
    written, own = lines(folder, languages=languages)
    words = {language: {**(more or {}).get(language, {}), **own[language]} for language in languages}
    seen: set[str] = set()
    for number, line in enumerate(written):
        for _ in range(per_line if "{" in line.text else 1):
            text = _filled(line.text, words[line.language], rng)
            if text not in seen:
                seen.add(text)
                yield Question(_as_typed(text, line.language, rng), line.label, line.language, number, line.kind)


def _filled(text: str, words: Mapping[str, list[str]], rng: random.Random) -> str:
    def chosen(found: re.Match[str]) -> str:
        inner = found.group(1)
        return rng.choice(inner.split("|") if "|" in inner else words.get(inner, [inner]))

    while "{" in text:
        text = _INNERMOST.sub(chosen, text)
    return re.sub(r" +(?=[?.!,])|(?<= ) +", "", text).strip().replace("\\n", "\n")


def _as_typed(text: str, language: str, rng: random.Random) -> str:
    """Now and then write as hurried or as polite people do, whatever the label."""
    if rng.random() < 0.06:
        text = rng.choice(_POLITE.get(language, ("",))) + (text if language == "zh" else text[0].lower() + text[1:])
    if rng.random() < 0.25:
        text = text.rstrip("?？.。").lstrip("¿")
    return text.lower() if rng.random() < 0.2 else text


if __name__ == "__main__":
    drawn = list(questions(seed=1))
    for (language, label), n in sorted(Counter((q.language, q.label) for q in drawn).items()):
        print(language, label, n, next(q.text for q in drawn if (q.language, q.label) == (language, label)))
