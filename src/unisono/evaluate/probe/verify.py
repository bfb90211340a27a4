"""Says whether a text answers a question with a known answer: pure checks, from a text to a score in [0, 1].

It does not ask models, runs nothing that a model wrote, and never raises, whatever the text.
"""

from __future__ import annotations

import ast
import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from unisono.types import JsonValue

Check: TypeAlias = Callable[[str], float]
"""An answer's text to its score in [0, 1]."""

_MAX_CHARS = 4000
_FENCE = re.compile(r"```[\w+-]*[ \t]*\n?(.*?)(?:```|\Z)", re.DOTALL)
_NUMBER = re.compile(r"(?<![\w.])[-−]?\$?\d+(?:,\d{3})*(?:\.\d+)?")
_STATED = re.compile(
    r"\b(?:answer|result|total|sum|output|solution)\b(?:\s+\w+){0,4}?\s*(?:is|are|equals|:|=)\s*", re.IGNORECASE
)
_DENIED = re.compile(
    r"(?:\bnot|n t|\bnever|\brather than|\binstead of|\bisnt|\barent)(?: (?:a|an|the|very|really|at all))?$"
)
_WORDS = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen
nineteen twenty
"""
_SMALL = tuple(_WORDS.split())


# ---------------------------------------------------------------------------------- reading a text


def bare(text: str) -> str:
    """Return the text without markdown: fences opened, emphasis and quotes dropped, at most 4,000 characters."""
    opened = _FENCE.sub(lambda found: found.group(1), text[:_MAX_CHARS])
    return re.sub(r"[*`#“”\"]|(?<!\w)_|_(?!\w)", "", opened).strip()


def normal(text: str) -> str:
    """Return lower-case words, one blank between them: no accents, no markdown, no punctuation."""
    decomposed = unicodedata.normalize("NFKD", bare(text).casefold())
    plain = "".join(c for c in decomposed if not unicodedata.combining(c))
    words = re.sub(r"[^\w]+|_", " ", plain.replace("'s", "").replace("’s", ""))
    return " ".join(words.split())


def places(text: str, phrase: str) -> tuple[int, ...]:
    """Return where a normal phrase stands in a normal text as whole words (anywhere, if it is not Latin script)."""
    if not phrase:
        return ()
    pattern = re.escape(phrase)
    if phrase.isascii():
        pattern = rf"(?<!\w){pattern}(?!\w)"
    return tuple(found.start() for found in re.finditer(pattern, text))


def named(text: str, phrases: Iterable[str]) -> frozenset[str]:
    """Return which phrases a text names without denying them ("not cold" does not name "cold")."""
    words = normal(text)
    return frozenset(
        p for p in phrases if any(not _DENIED.search(words[:at].rstrip()) for at in places(words, normal(p)))
    )


def stated(text: str) -> str | None:
    """Return what follows the last "the answer is" on its line, if the text says so."""
    last = None
    for last in _STATED.finditer(text):  # noqa: B007
        pass
    if last is None:
        return None
    rest = text[last.end() :].strip().splitlines()
    return rest[0] if rest else None


def numbers(text: str) -> tuple[float, ...]:
    """Return the numbers of a text in order; words up to twenty count when there are no digits."""
    found = tuple(float(re.sub(r"[$,]", "", n).replace("−", "-")) for n in _NUMBER.findall(text))
    if found:
        return found
    return tuple(float(_SMALL.index(word)) for word in normal(text).split() if word in _SMALL)


def final_number(text: str, *, given: Sequence[float] = ()) -> float | None:
    """Return the number that an answer settles on, or None.

    In this order: what "the answer is" or the last "=" says, a number that opens the answer, the only number that
    the question did not give, the last number.
    """
    text = bare(text)
    said = stated(text)
    if said is not None and numbers(said):
        return numbers(said.rpartition("=")[2])[0] if numbers(said.rpartition("=")[2]) else numbers(said)[0]
    sides = text.splitlines()
    equal = [numbers(line.rpartition("=")[2]) for line in sides if "=" in line]
    if equal and equal[-1]:
        return equal[-1][0]
    lead = re.match(r"\s*([-−]?\$?\d[\d,]*(?:\.\d+)?)\s*(?:$|[,;!]|\.(?!\d)|\n)", text)
    if lead and "\n2." not in text and "\n2)" not in text:
        return numbers(lead.group(1))[0] if numbers(lead.group(1)) else None
    found = numbers(text)
    fresh = sorted(set(found) - set(given))
    if len(fresh) == 1:
        return fresh[0]
    return found[-1] if found else None


# ------------------------------------------------------------------------------------------ checks


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberIs:
    """The answer settles on this number. `given` are the question's own numbers, which an answer may repeat."""

    value: float
    given: tuple[float, ...] = ()

    def __call__(self, text: str) -> float:
        got = final_number(text, given=self.given)
        return float(got is not None and abs(got - self.value) < 1e-6)


@dataclass(frozen=True, slots=True, kw_only=True)
class TextIs:
    """The answer names one of the accepted wordings and none of the rivals."""

    accepted: tuple[str, ...]
    rivals: tuple[str, ...] = ()
    max_words: int = 60

    def __call__(self, text: str) -> float:
        said = stated(bare(text))
        for part in (said, text):
            if part is None or len(normal(part).split()) > self.max_words:
                continue
            right = named(part, self.accepted)
            own = " ".join(normal(a) for a in self.accepted)
            wrong = [r for r in named(part, self.rivals) if not places(own, normal(r))]
            if right and not wrong:
                return 1.0
        return 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionIs:
    """The answer names the right one of several options (each with its synonyms) and no other.

    `lead`: an answer that opens with an option has settled on it, as in "Yes, there is no doubt".
    """

    right: str
    options: tuple[tuple[str, ...], ...]
    lead: bool = False

    def __call__(self, text: str) -> float:
        if self.lead:
            opened = self._opening(normal(text))
            if opened is not None:
                return float(opened)
        said = stated(bare(text))
        if said is not None and len(self._chosen(said)) == 1:
            return float(self._chosen(said)[0])
        chosen = self._chosen(text)
        return float(len(chosen) == 1 and chosen[0])

    def _chosen(self, text: str) -> list[bool]:
        return [self.right in words for words in self.options if named(text, words)]

    def _opening(self, words: str) -> bool | None:
        for option in self.options:
            for word in option:
                if words == word or words.startswith(word + " "):
                    both = re.match(rf"{re.escape(word)} (?:and|or|no|yes|true|false)\b", words)
                    return None if both else self.right in option
        return None


def yes_no(right: str) -> OptionIs:
    """Return the check of a yes/no question; `right` is "yes" or "no"."""
    return OptionIs(right=right, options=(("yes", "true", "correct"), ("no", "false", "incorrect")), lead=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class OneWord:
    """The answer is exactly one word, and an accepted one."""

    accepted: tuple[str, ...]

    def __call__(self, text: str) -> float:
        words = normal(text)
        return float(" " not in words and words in {normal(a) for a in self.accepted})


@dataclass(frozen=True, slots=True, kw_only=True)
class ExactText:
    """The answer holds this text, letter case and spelling included, and besides it at most a short lead-in."""

    wanted: str
    n_extra_words: int = 12

    def __call__(self, text: str) -> float:
        plain = " ".join(bare(text).split())
        pattern = rf"(?<!\w){re.escape(self.wanted)}(?!\w)"
        if not re.search(pattern, plain):
            return 0.0
        return float(len(re.sub(pattern, " ", plain).split()) <= self.n_extra_words)


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemsFrom:
    """The answer lists exactly `n` different items, each of a known set."""

    n: int
    known: tuple[str, ...]

    def __call__(self, text: str) -> float:
        items = [normal(item) for item in _split_items(bare(text))]
        items = [re.sub(r"^(?:and|an|a|the) ", "", item) for item in items if item]
        forms = {form for word in self.known for form in _plurals(normal(word))}
        singular = {item.rstrip("s") for item in items}
        return float(len(items) == self.n == len(singular) and all(item in forms for item in items))


@dataclass(frozen=True, slots=True, kw_only=True)
class InOrder:
    """The answer gives these items in this order; it may repeat the question's list before."""

    items: tuple[str, ...]

    def __call__(self, text: str) -> float:
        words = normal(text)
        wanted = [normal(item) for item in self.items]
        seen = [item for _, item in sorted((at, item) for item in set(wanted) for at in places(words, item))]
        if len(seen) not in (len(wanted), 2 * len(wanted)):
            return 0.0
        repeated = sorted(seen[: -len(wanted)]) in ([], sorted(wanted))
        return float(repeated and seen[-len(wanted) :] == wanted)


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonHas:
    """The answer holds one JSON object with these keys and values; numbers may be quoted, letter case is free."""

    values: Mapping[str, str | int]

    def __call__(self, text: str) -> float:
        found = json_object(text)
        if found is None or set(found) != set(self.values):
            return 0.0
        return float(all(_same(found[key], value) for key, value in self.values.items()))


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionIs:
    """The answer defines a Python function whose result is one of the accepted expressions. Nothing is executed."""

    name: str
    parameters: tuple[str, ...]
    accepted: tuple[str, ...]

    def __call__(self, text: str) -> float:
        found = _returned(text, name=self.name)
        if found is None or len(found[0]) != len(self.parameters):
            return 0.0
        names = dict(zip(found[0], self.parameters, strict=True))
        got = _shape(found[1], names=names)
        wanted = (_parsed(source) for source in self.accepted)
        return float(
            any(isinstance(w, ast.Expr) and got == _shape(w.value, names={}) for m in wanted if m for w in m.body)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class GapIs:
    """The answer is the right word for a gap `___`: alone, first, quoted, or in the whole sentence."""

    right: str
    wrong: str
    sentence: str

    def __call__(self, text: str) -> float:
        words = normal(text)
        whole, spoilt = (normal(self.sentence.replace("___", word)) for word in (self.right, self.wrong))
        if places(words, spoilt):
            return 0.0
        quoted = {normal(q) for q in re.findall(r"[\"“*'‘`]+([^\"“”*'’`]+)[\"”*'’`]+", text[:_MAX_CHARS])}
        named_in_quotes = quoted & {normal(self.right), normal(self.wrong)}
        first = words == normal(self.right) or words.startswith(normal(self.right) + " ")
        return float(bool(places(words, whole)) or first or named_in_quotes == {normal(self.right)})


# ------------------------------------------------------------------------------------------ pieces


def json_object(text: str) -> dict[str, JsonValue] | None:
    """Return the first JSON object in a text, or None."""
    text = text[:_MAX_CHARS]
    decoder = json.JSONDecoder()
    for at in [found.start() for found in re.finditer(r"\{", text)][:20]:
        try:
            value, _ = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            continue
        return value if isinstance(value, dict) else None
    return None


def _same(got: JsonValue, wanted: str | int) -> bool:
    return isinstance(got, (str, int, float)) and not isinstance(got, bool) and normal(str(got)) == normal(str(wanted))


def _split_items(text: str) -> list[str]:
    lines = [re.sub(r"^\s*(?:[-•*+]|\d+[.)])\s*", "", line).strip() for line in text.splitlines()]
    lines = [line for line in lines if line]
    if lines and lines[0].endswith(":"):
        lines = lines[1:]
    if len(lines) == 1:
        line = re.sub(r"^[^:]{0,60}:\s*", "", lines[0])
        return [item for item in re.split(r",|;|\band\b|\d+[.)]", line) if item.strip(" .")]
    return lines


def _plurals(word: str) -> tuple[str, ...]:
    return (word, f"{word}s", f"{word}es", f"{word[:-1]}ies") if word else ()


def _parsed(source: str) -> ast.Module | None:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _returned(text: str, *, name: str) -> tuple[list[str], ast.expr] | None:
    """Return the parameters and the result of the function of this name, if it is one return."""
    for source in _sources(text[:_MAX_CHARS], name=name):
        module = _parsed(source)
        for node in module.body if module else ():
            found = _definition(node, name=name)
            if found is not None:
                return found
    return None


def _definition(node: ast.stmt, *, name: str) -> tuple[list[str], ast.expr] | None:
    if isinstance(node, ast.FunctionDef) and node.name == name:
        body = [s for s in node.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
        if len(body) == 1 and isinstance(body[0], ast.Return) and body[0].value is not None:
            return [a.arg for a in node.args.args], body[0].value
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda):
        target = node.targets[0]
        if isinstance(target, ast.Name) and target.id == name:
            return [a.arg for a in node.value.args.args], node.value.body
    return None


def _sources(text: str, *, name: str) -> list[str]:
    """Return pieces of a text that may be the program: fenced blocks first, then the lines of the definition itself."""
    pieces = [found.group(1) for found in _FENCE.finditer(text)]
    lines = [line.strip("`") for line in text.splitlines()]
    for at, line in enumerate(lines):
        starts = re.search(rf"(?:def\s+{re.escape(name)}\b|{re.escape(name)}\s*=\s*lambda)", line)
        if starts is None:
            continue
        body = []
        for later in lines[at + 1 :]:
            if later.strip() and not later.startswith((" ", "\t")):
                break
            body.append(later)
        pieces.append("\n".join([line[starts.start() :], *body]))
        pieces.append(line[starts.start() :])
    return pieces


def _shape(node: ast.expr, *, names: Mapping[str, str]) -> str:
    """Return an expression as a text that is the same for the same expression with other parameter names."""
    shape = ast.dump(node)
    for n, (old, new) in enumerate(names.items()):
        shape = shape.replace(f"Name(id='{old}'", f"Name(id='{n}?{new}'")
    return re.sub(r"id='\d+\?", "id='", shape)
