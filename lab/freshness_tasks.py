"""Lines that ask nothing of the world, and such as look like them and do: our own, in `lab/freshness_tasks`.

Greetings, small talk, thanks, translation, summaries, rewriting, grammar, classification, extraction, code, sums,
stories, letters and role play, with words of time in them and in the text that they give. `taught` is trained on, and
`around` has what people say before and after. `tuned` has other forms and words; it was looked at while rules and
weights were made. `unseen` has others again, was written before what ships was trained, and is only measured with.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from random import Random
from typing import Literal

from freshness_fit import Sample
from freshness_questions import LANGUAGES, Question, lines, questions
from unisono.types import Message
from unisono.understand.conversation import task_text
from unisono.understand.freshness_asked import asked

FOLDER = Path(__file__).resolve().parent / "freshness_tasks"
CHECKED_IN = (*LANGUAGES, "ar", "he")
PER_TAUGHT, PER_TUNED = 16, 300
N_WRAPPED, AFTER = 8_000, 0.3
TURN = " ⏎ "
"""Parts the user's turns in a line."""


@cache
def _words() -> dict[str, dict[str, list[str]]]:
    return lines()[1]


def taught(*, seed: int, first_line: int = 1_000_000) -> list[Sample]:
    """Return what is trained on, as it is read: what a caller gives to be worked on is taken out."""
    drawn = questions(seed=seed, per_line=PER_TAUGHT, folder=FOLDER / "taught", more=_words())
    return [Sample(asked(q.text).text, q.label, first_line + q.line, q.language) for q in drawn]


def wrapped(samples: Sequence[Sample], *, seed: int = 1, n: int = N_WRAPPED) -> list[Sample]:
    """Return our questions, and tasks, between the same words: what people say before and after a question.

    Args:
        samples: questions and tasks.
        seed: of the draw.
        n: of questions, and of tasks.
    """
    rng, found = Random(seed), []
    around: dict[tuple[str, str], list[str]] = {}
    for line in lines(FOLDER / "around")[0]:
        text = line.text.replace("_", " ").replace("\\n", "\n")
        around.setdefault((line.language, line.kind), []).append(text)
    for tasks in (False, True):
        drawn = [s for s in samples if (s.label == "t") == tasks and (s.language, "before") in around]
        for sample in rng.sample(drawn, min(n, len(drawn))):
            before = rng.choice(around[sample.language, "before"])
            after = rng.choice(around[sample.language, "after"]) if rng.random() < AFTER else ""
            found.append(sample._replace(text=asked(f"{before}{sample.text}{after}").text))
    return found


def checked(half: Literal["tuned", "unseen"] = "unseen") -> Iterator[Question]:
    """Yield what is measured with; of several turns, the task that `understand.conversation` makes of them."""
    for q in questions(seed=1, per_line=PER_TUNED, folder=FOLDER / half, languages=CHECKED_IN):
        yield q._replace(text=in_turns(q.text))


def in_turns(text: str) -> str:
    """Return a line as the task that its turns, with answers between, come to."""
    said: list[Message] = []
    for turn in text.split(TURN.strip()):
        said += [Message(role="user", text=turn.strip()), Message(role="assistant", text="Well.")]
    return task_text(said[:-1])
