"""The probe's questions: about sixty short ones with known answers, written by code from templates and word lists.

It asks no model. The live test set of the lab has other templates and other words, on purpose.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from random import Random
from typing import TypeAlias

from unisono.evaluate.probe.judged import Judged
from unisono.evaluate.probe.verify import (
    Check,
    ExactText,
    FunctionIs,
    GapIs,
    InOrder,
    ItemsFrom,
    JsonHas,
    NumberIs,
    OneWord,
    OptionIs,
    TextIs,
    yes_no,
)
from unisono.evaluate.probe.words import (
    ALIKE,
    ANIMALS,
    CAPITALS,
    COLOURS,
    DETAILS,
    DISLIKED,
    FACTS,
    FIRST,
    FRUIT,
    FUNCTIONS,
    GAPS,
    LAST,
    LIKED,
    MEANINGS,
    MISSPELT,
    MONTHS,
    OPPOSITES,
    PEOPLE,
    PLURALS,
    PRINTS,
    STORIES,
    SYMBOLS,
    TOPICS,
    TRANSLATED,
    TRUE_OR_NOT,
    WISHES,
)
from unisono.types import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One prompt with the check of its answer, or with how a judge scores it.

    Attributes:
        id: of the probe's own ones it depends on kind and prompt alone.
        before: the turns before the prompt.
    """

    id: str
    kind: str
    prompt: str
    check: Check | Judged
    max_tokens: int = 32
    before: tuple[Json, ...] = ()

    def score(self, text: str) -> float:
        """Return what the check says of an answer, in [0, 1].

        Raises:
            TypeError: only a judge can score it.
        """
        if isinstance(self.check, Judged):
            raise TypeError(f"{self.id} needs a judge")
        return self.check(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a template yields: a question that has no id yet."""

    prompt: str
    check: Check
    max_tokens: int = 32


Template: TypeAlias = Callable[[Random], Draft]

_MAX_DRAWS_PER_QUESTION = 20


def probe_questions(*, seed: int = 0, n_per_kind: int = 5) -> tuple[Question, ...]:
    """Return the probe's questions, the same ones for the same arguments.

    Args:
        seed: draws the words, numbers and phrasings.
        n_per_kind: questions of each of the thirteen kinds; fewer where the word lists end before.
    """
    return tuple(q for kind, templates in KINDS.items() for q in _of_kind(kind, templates, seed=seed, n=n_per_kind))


def _of_kind(kind: str, templates: Sequence[Template], *, seed: int, n: int) -> Iterator[Question]:
    """Yield up to `n` different questions; the templates take turns."""
    rng = Random(f"{seed}/{kind}")
    seen: set[str] = set()
    for turn in range(_MAX_DRAWS_PER_QUESTION * n):
        if len(seen) == n:
            return
        draft = templates[turn % len(templates)](rng)
        if draft.prompt in seen:
            continue
        seen.add(draft.prompt)
        yield Question(
            id=f"{kind}-{sha256(draft.prompt.encode()).hexdigest()[:8]}",
            kind=kind,
            prompt=draft.prompt,
            check=draft.check,
            max_tokens=draft.max_tokens,
        )


# -------------------------------------------------------------------------------------- arithmetic


def _sum(rng: Random) -> Draft:
    a, b = rng.randint(2, 60), rng.randint(2, 39)
    phrase = rng.choice(("What is {a} + {b}?", "How much is {a} plus {b}?", "Add {a} and {b}.", "Calculate {a} + {b}."))
    return Draft(prompt=phrase.format(a=a, b=b), check=NumberIs(value=a + b, given=(a, b)), max_tokens=24)


def _product(rng: Random) -> Draft:
    a, b = rng.randint(3, 12), rng.randint(3, 12)
    phrase = rng.choice(("What is {a} times {b}?", "{a} x {b} = ?", "Multiply {a} by {b}."))
    return Draft(prompt=phrase.format(a=a, b=b), check=NumberIs(value=a * b, given=(a, b)), max_tokens=24)


def _difference(rng: Random) -> Draft:
    a, b = rng.randint(40, 99), rng.randint(3, 35)
    phrase = rng.choice(("What is {a} - {b}?", "Subtract {b} from {a}.", "What is {a} minus {b}?"))
    return Draft(prompt=phrase.format(a=a, b=b), check=NumberIs(value=a - b, given=(a, b)), max_tokens=24)


def _purchase(rng: Random) -> Draft:
    thing = rng.choice(("notebooks", "sandwiches", "candles", "plants"))
    n, each, paid = rng.randint(3, 8), rng.randint(2, 9), 100
    prompt = (
        f"I buy {n} {thing} for ${each} each and pay with a ${paid} bill. How many dollars do I get back? "
        "Give only the number."
    )
    return Draft(prompt=prompt, check=NumberIs(value=paid - n * each, given=(n, each, paid)), max_tokens=64)


def _nested(rng: Random) -> Draft:
    a, b, c = rng.randint(12, 29), rng.randint(11, 19), rng.randint(3, 9)
    prompt = f"Work out ({a} + {b}) * {c} - {a}. Reply with the number only."
    return Draft(prompt=prompt, check=NumberIs(value=(a + b) * c - a, given=(a, b, c)), max_tokens=64)


# ------------------------------------------------------------------------------------------- logic


def _larger(rng: Random) -> Draft:
    a, b = rng.sample(range(101, 999), 2)
    right, phrase = rng.choice(
        (
            (max(a, b), "Which number is larger: {a} or {b}?"),
            (min(a, b), "Which is smaller, {a} or {b}?"),
        )
    )
    return Draft(
        prompt=phrase.format(a=a, b=b), check=OptionIs(right=str(right), options=((str(a),), (str(b),))), max_tokens=48
    )


def _three_people(rng: Random) -> Draft:
    top, middle, low = rng.sample(PEOPLE, 3)
    word, most, least = rng.choice(
        (("taller", "tallest", "shortest"), ("older", "oldest", "youngest"), ("faster", "fastest", "slowest"))
    )
    facts = [f"{top} is {word} than {middle}.", f"{middle} is {word} than {low}."]
    rng.shuffle(facts)
    right, asked = rng.choice(((top, most), (low, least)))
    prompt = f"{' '.join(facts)} Who is the {asked}? Answer with one name."
    return Draft(prompt=prompt, check=OptionIs(right=right, options=((top,), (middle,), (low,))), max_tokens=24)


def _syllogism(rng: Random) -> Draft:
    group, trait, other = rng.choice(
        (
            ("blims", "green", "dorps"),
            ("tavers", "round", "wicks"),
            ("morls", "heavy", "pells"),
            ("zents", "quiet", "lorms"),
        )
    )
    right, text = rng.choice(
        (
            ("yes", f"All {group} are {other}. All {other} are {trait}. Are all {group} {trait}?"),
            ("no", f"All {group} are {trait}. No {other} are {trait}. Can a {other[:-1]} be one of the {group}?"),
        )
    )
    return Draft(prompt=f"{text} Answer yes or no.", check=yes_no(right), max_tokens=24)


# -------------------------------------------------------------------------------------- extraction


def _order_number(rng: Random) -> Draft:
    first, number, phone = rng.choice(FIRST), rng.randint(10_000, 99_999), rng.randint(200_000, 999_999)
    phrase = rng.choice(
        (
            'Text: "Hello, this is {f}. My order {n} has not arrived yet, call me at {p}." What is the order number?',
            "Find the order number in this message: Hi, {f} here (phone {p}), I want to return order {n}, please.",
        )
    )
    check = OptionIs(right=str(number), options=((str(number),), (str(phone),)))
    return Draft(prompt=phrase.format(f=first, n=number, p=phone), check=check)


def _person(rng: Random) -> Draft:
    (first, other), (last, left) = rng.sample(FIRST, 2), rng.sample(LAST, 2)
    city = rng.choice(("Berlin", "Lyon", "Leeds", "Porto"))
    phrase = rng.choice(
        (
            'Who wrote this message? "Dear {o}, I will be in {c} next week. Best regards, {f} {l}"',
            "{o} {x} is leaving, so the office in {c} will be led by {f} {l}. Who is the new head of the office?",
        )
    )
    rivals = tuple(name for name in (*FIRST, *LAST) if name not in (first, last))
    prompt = phrase.format(f=first, l=last, o=other, x=left, c=city)
    return Draft(prompt=prompt, check=TextIs(accepted=(first, last), rivals=rivals))


def _when(rng: Random) -> Draft:
    day, month, moved = rng.randint(1, 28), rng.choice(MONTHS), rng.choice(("meeting", "concert", "exam", "delivery"))
    phrase = rng.choice(
        (
            "The {e} takes place on {m} {d} in the main hall. On which date is the {e}?",
            'Read: "Please note that the {e} is on {m} {d}." When is the {e}?',
        )
    )
    accepted = tuple(
        f.format(m=month, d=day)
        for f in ("{m} {d}", "{d} {m}", "{m} {d}th", "{d}th of {m}", "{m} {d}st", "{m} {d}nd", "{m} {d}rd")
    )
    return Draft(prompt=phrase.format(e=moved, m=month, d=day), check=TextIs(accepted=accepted, max_words=12))


def _mail(rng: Random) -> Draft:
    address = f"{rng.choice(FIRST).lower()}.{rng.choice(LAST).lower()}@{rng.choice(('mail', 'post', 'corp'))}.example"
    phrase = rng.choice(
        (
            "Extract the e-mail address: You can reach our sales desk at {a} from nine to five.",
            "What is the e-mail address in this text? Send the signed form to {a} before Friday.",
        )
    )
    return Draft(prompt=phrase.format(a=address), check=ExactText(wanted=address, n_extra_words=9), max_tokens=40)


# ------------------------------------------------------------------------------------------ format


def _json(rng: Random) -> Draft:
    name, age = rng.choice(FIRST), rng.randint(19, 79)
    phrase = rng.choice(
        (
            'Return a JSON object with the keys "name" and "age" for this person: {n} is {a} years old. Only JSON.',
            'Turn this into JSON with the keys "name" and "age": {n}, aged {a}.',
        )
    )
    return Draft(prompt=phrase.format(n=name, a=age), check=JsonHas(values={"name": name, "age": age}), max_tokens=48)


def _list_of(rng: Random) -> Draft:
    n = rng.randint(2, 4)
    plural, known = rng.choice((("fruits", FRUIT), ("colors", COLOURS), ("animals", ANIMALS)))
    phrase = rng.choice(
        ("List {n} {p}, separated by commas, and nothing else.", "Name exactly {n} {p}. Write one per line.")
    )
    return Draft(prompt=phrase.format(n=n, p=plural), check=ItemsFrom(n=n, known=known), max_tokens=40)


def _capitals(rng: Random) -> Draft:
    noun = rng.choice(("door", "river", "garden", "train"))
    words = f"{rng.choice(('the', 'my', 'our'))} {rng.choice(('blue', 'old', 'small', 'quiet'))} {noun}"
    phrase = rng.choice(("Write this in capital letters: {w}", "Convert to upper case: {w}"))
    return Draft(prompt=phrase.format(w=words), check=ExactText(wanted=words.upper()), max_tokens=24)


def _one_word(rng: Random) -> Draft:
    question, accepted = rng.choice(
        (
            ("what color is a ripe banana", ("yellow",)),
            ("which animal barks", ("dog", "dogs")),
            ("what do bees make", ("honey",)),
            ("what is frozen water called", ("ice",)),
            ("which planet do we live on", ("earth",)),
            ("what color is grass", ("green",)),
        )
    )
    phrase = rng.choice(("Answer with exactly one word: {q}?", "In one single word, {q}?"))
    return Draft(prompt=phrase.format(q=question), check=OneWord(accepted=accepted), max_tokens=16)


# ------------------------------------------------------------------------------------- translation


def _into(language: str) -> Template:
    words = TRANSLATED[language]

    def template(rng: Random) -> Draft:
        word = rng.choice(sorted(words))
        phrase = rng.choice(
            ("Translate to {l}: {w}", 'What is "{w}" in {l}?', 'Translate the English word "{w}" into {l}.')
        )
        rivals = tuple(t for other, accepted in words.items() if other != word for t in accepted)
        return Draft(
            prompt=phrase.format(l=language, w=word), check=TextIs(accepted=words[word], rivals=rivals), max_tokens=24
        )

    return template


def _back(rng: Random) -> Draft:
    language = rng.choice(("Spanish", "French", "German"))
    word = rng.choice(sorted(TRANSLATED[language]))
    foreign = TRANSLATED[language][word][0]
    phrase = rng.choice(('What does the {l} word "{f}" mean in English?', "Translate from {l} to English: {f}"))
    rivals = tuple(w for w in TRANSLATED[language] if w != word)
    return Draft(
        prompt=phrase.format(l=language, f=foreign), check=TextIs(accepted=(word,), rivals=rivals), max_tokens=24
    )


# ------------------------------------------------------------------------------------------- words


def _opposite(rng: Random) -> Draft:
    word = rng.choice(sorted(OPPOSITES))
    phrase = rng.choice(
        (
            'What is the opposite of "{w}"?',
            "Give me the antonym of {w}.",
            'Name a word that means the opposite of "{w}".',
        )
    )
    rivals = tuple(o for other, opposites in OPPOSITES.items() if other != word for o in opposites)
    return Draft(prompt=phrase.format(w=word), check=TextIs(accepted=OPPOSITES[word], rivals=rivals), max_tokens=24)


def _plural(rng: Random) -> Draft:
    word = rng.choice(sorted(PLURALS))
    phrase = rng.choice(('What is the plural of "{w}"?', "Give the plural form of the word {w}."))
    rivals = (f"{word}s", *(p for w, p in PLURALS.items() if w != word))
    return Draft(prompt=phrase.format(w=word), check=TextIs(accepted=(PLURALS[word],), rivals=rivals), max_tokens=24)


def _alike(rng: Random) -> Draft:
    word = rng.choice(sorted(ALIKE))
    phrase = rng.choice(('Give one synonym for "{w}".', "What is another word for {w}?"))
    return Draft(prompt=phrase.format(w=word), check=TextIs(accepted=ALIKE[word]), max_tokens=24)


# --------------------------------------------------------------------------------------- sentiment


def _mood(rng: Random) -> Draft:
    text, right = rng.choice((*((t, "positive") for t in LIKED), *((t, "negative") for t in DISLIKED)))
    phrase = rng.choice(
        (
            'Is this review positive or negative? "{t}"',
            "Classify the sentiment of this text as positive or negative: {t}",
            'Sentiment (positive/negative): "{t}"',
        )
    )
    return Draft(
        prompt=phrase.format(t=text),
        check=OptionIs(right=right, options=(("positive",), ("negative",))),
        max_tokens=16,
    )


# --------------------------------------------------------------------------------- classification


def _labelled(texts: Mapping[str, tuple[str, ...]], phrasings: tuple[str, ...]) -> Template:
    def template(rng: Random) -> Draft:
        right = rng.choice(sorted(texts))
        phrase = rng.choice(phrasings)
        check = OptionIs(right=right, options=tuple((label,) for label in texts))
        return Draft(prompt=phrase.format(t=rng.choice(texts[right])), check=check, max_tokens=24)

    return template


_topic = _labelled(
    TOPICS,
    (
        "Is this news item about sports, weather, business or health? {t}",
        'Pick the topic of the text (sports, weather, business, health): "{t}"',
    ),
)
_wish = _labelled(
    WISHES,
    (
        "A customer writes: {t} Is this a complaint, a question or praise?",
        'Classify the message as complaint, question or praise: "{t}"',
    ),
)


# ----------------------------------------------------------------------------------------- editing


def _gap(rng: Random) -> Draft:
    sentence, right, wrong = rng.choice(GAPS)
    pair = (right, wrong) if rng.random() < 0.5 else (wrong, right)
    phrase = rng.choice(('Complete the sentence with "{a}" or "{b}": {s}', "{s} Which form fits, {a} or {b}?"))
    prompt = phrase.format(a=pair[0], b=pair[1], s=sentence)
    return Draft(prompt=prompt, check=GapIs(right=right, wrong=wrong, sentence=sentence))


def _misspelt(rng: Random) -> Draft:
    wrong = rng.choice(sorted(MISSPELT))
    phrase = rng.choice(('The word "{w}" is misspelled. What is the right spelling?', "Fix the typo: {w}"))
    rivals = tuple(right for other, right in MISSPELT.items() if other != wrong)
    return Draft(prompt=phrase.format(w=wrong), check=TextIs(accepted=(MISSPELT[wrong],), rivals=rivals))


# ----------------------------------------------------------------------------------------- reading


def _story(rng: Random) -> Draft:
    story, asked = rng.choice(STORIES)
    question, right = rng.choice(asked)
    phrase = rng.choice(("{s}\n\n{q} Yes or no?", "Text: {s}\nQuestion: {q} Answer with yes or no."))
    return Draft(prompt=phrase.format(s=story, q=question), check=yes_no(right))


def _detail(rng: Random) -> Draft:
    story, asked = rng.choice(DETAILS)
    question, right, rivals = rng.choice(asked)
    phrase = rng.choice(("{s} {q}", 'Here is a text: "{s}" {q}'))
    return Draft(prompt=phrase.format(s=story, q=question), check=TextIs(accepted=(right,), rivals=rivals))


# ----------------------------------------------------------------------------------------- meaning


def _meaning(rng: Random) -> Draft:
    meaning = rng.choice(sorted(MEANINGS))
    phrase = rng.choice(("What is the word for {m}?", "Give me one word that means: {m}.", "How do you call {m}?"))
    rivals = tuple(word for other, word in MEANINGS.items() if other != meaning)
    accepted = (MEANINGS[meaning], *_ALSO.get(MEANINGS[meaning], ()))
    return Draft(prompt=phrase.format(m=meaning), check=TextIs(accepted=accepted, rivals=rivals))


_ALSO = {
    "barber": ("hairdresser", "stylist", "hairstylist"),
    "dinner": ("supper",),
    "author": ("writer", "novelist"),
    "vet": ("veterinarian", "veterinary"),
}


# --------------------------------------------------------------------------------------- knowledge


def _capital(rng: Random) -> Draft:
    country = rng.choice(sorted(CAPITALS))
    phrase = rng.choice(
        ("What is the capital of {c}?", "Which city is the capital of {c}?", "Name the capital city of {c}.")
    )
    rivals = tuple(city for other, city in CAPITALS.items() if other != country)
    return Draft(
        prompt=phrase.format(c=country), check=TextIs(accepted=(CAPITALS[country],), rivals=rivals), max_tokens=24
    )


def _symbol(rng: Random) -> Draft:
    element = rng.choice(sorted(SYMBOLS))
    phrase = rng.choice(("What is the chemical symbol for {e}?", "Give the chemical symbol of {e}."))
    return Draft(prompt=phrase.format(e=element), check=ExactText(wanted=SYMBOLS[element]), max_tokens=24)


def _fact(rng: Random) -> Draft:
    prompt, accepted = rng.choice(FACTS)
    rivals = tuple(a for other, names in FACTS if other != prompt for a in names)
    return Draft(prompt=prompt, check=TextIs(accepted=accepted, rivals=rivals), max_tokens=32)


# --------------------------------------------------------------------------------- yes or no facts


def _whether(answer: str) -> Template:
    asked = tuple(question for question, right in TRUE_OR_NOT if right == answer)

    def template(rng: Random) -> Draft:
        question = rng.choice(asked)
        phrase = rng.choice(("{q} Answer yes or no.", "Yes or no: {q}", "{q}"))
        return Draft(prompt=phrase.format(q=question), check=yes_no(answer), max_tokens=24)

    return template


# -------------------------------------------------------------------------------------------- code


def _prints(rng: Random) -> Draft:
    program, check = rng.choice(PRINTS)
    phrase = rng.choice(
        ("What does this Python code print?\n\n{p}", "What is the output of this Python program?\n```python\n{p}\n```")
    )
    return Draft(prompt=phrase.format(p=program), check=check, max_tokens=48)


def _function(rng: Random) -> Draft:
    name, parameters, does, accepted = rng.choice(FUNCTIONS)
    phrase = rng.choice(
        ("Write a Python function {s} that {d}.", "Python: write a one-line function {s} which {d}. Only code.")
    )
    return Draft(
        prompt=phrase.format(s=f"{name}({', '.join(parameters)})", d=does),
        check=FunctionIs(name=name, parameters=parameters, accepted=accepted),
        max_tokens=80,
    )


# ------------------------------------------------------------------------------- sorting, counting


def _sort(rng: Random) -> Draft:
    if rng.random() < 0.5:
        values = rng.sample(range(1, 60), rng.randint(3, 4))
        if values == sorted(values):
            values.reverse()
        ordered = tuple(str(v) for v in sorted(values))
        phrase = rng.choice(("Sort these numbers from smallest to largest: {v}", "Put in ascending order: {v}"))
        return Draft(prompt=phrase.format(v=", ".join(map(str, values))), check=InOrder(items=ordered), max_tokens=40)
    words = rng.sample(("apple", "door", "horse", "lemon", "night", "river", "stone", "window"), 3)
    if words == sorted(words):
        words.reverse()
    prompt = f"Sort these words alphabetically: {', '.join(words)}"
    return Draft(prompt=prompt, check=InOrder(items=tuple(sorted(words))), max_tokens=40)


def _count_items(rng: Random) -> Draft:
    things = rng.sample(("red", "blue", "green", "black", "white", "pink", "brown"), rng.randint(3, 6))
    phrase = rng.choice(("How many colors are in this list: {v}?", "Count the colors: {v}. How many are there?"))
    return Draft(prompt=phrase.format(v=", ".join(things)), check=NumberIs(value=len(things)), max_tokens=24)


def _count_letters(rng: Random) -> Draft:
    word, letter = rng.choice(
        (("banana", "a"), ("letter", "t"), ("pepper", "p"), ("cheese", "e"), ("assess", "s"), ("cocoon", "o"))
    )
    prompt = f'How many times does the letter "{letter}" occur in the word "{word}"?'
    return Draft(prompt=prompt, check=NumberIs(value=word.count(letter)), max_tokens=48)


KINDS: Mapping[str, tuple[Template, ...]] = {
    "arithmetic": (_sum, _product, _purchase, _difference, _nested, _sum),
    "logic": (_larger, _three_people, _syllogism),
    "extraction": (_order_number, _person, _when, _mail),
    "format": (_json, _list_of, _capitals, _one_word),
    "translation": (_into("Spanish"), _into("French"), _into("Chinese"), _back, _into("German"), _back),
    "words": (_opposite, _plural, _alike, _meaning, _opposite),
    "classification": (_mood, _topic, _mood, _wish),
    "knowledge": (_capital, _symbol, _fact),
    "yes_no": (_whether("yes"), _whether("no")),
    "reading": (_story, _detail),
    "editing": (_gap, _misspelt),
    "code": (_prints, _function),
    "lists": (_sort, _count_items, _sort, _count_letters),
}
