"""What a probe will cost, before anything is asked.

Prompts are counted by length, and every answer is taken to be as long as its question allows, so that the bill is
below this; what a model spends on thinking before it answers is inside that bound too. It asks nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from unisono.evaluate.probe.judged import OUTPUT_TOKENS, Judged
from unisono.evaluate.probe.questions import Question
from unisono.types import Model, Prices
from unisono.understand.tokens import TOKENS_PER_MESSAGE, count_text


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbePrice:
    """The most that asking one model may cost; `usd` is None where its prices are not known."""

    model: str
    n_questions: int
    input_tokens: int
    output_tokens: int
    usd: float | None

    @property
    def sentence(self) -> str:
        """For people, before the money is spent."""
        cost = "its price is not known" if self.usd is None else f"at most ${self.usd:.4f}"
        return (
            f"{self.model}: {self.n_questions} questions, about {self.input_tokens:,} tokens in, "
            f"at most {self.output_tokens:,} out: {cost}"
        )


def price(model: Model, questions: Sequence[Question], *, n: int | None = None, extra_tokens: int = 0) -> ProbePrice:
    """Return what asking a model costs at most.

    Args:
        model: with its prices.
        questions: the bank.
        n: how many of the bank will be asked, not yet known which; None is all. The dearest are assumed.
        extra_tokens: room beside each short answer.
    """
    asked = len(questions) if n is None else min(n, len(questions))
    into = sorted(map(_input_tokens, questions), reverse=True)[:asked]
    out = sorted((q.max_tokens + extra_tokens for q in questions), reverse=True)[:asked]
    usd = None if model.prices is None else _usd(model.prices, sum(into), sum(out))
    return ProbePrice(model=model.name, n_questions=asked, input_tokens=sum(into), output_tokens=sum(out), usd=usd)


def price_of_judge(judge: Model, questions: Sequence[Question], *, extra_tokens: int = 0) -> ProbePrice | None:
    """Return what scoring answers costs at most; None where no question needs a judge.

    Args:
        judge: with its prices.
        questions: one for each answer, so that the same stands here once for each model that is asked.
        extra_tokens: room beside each short answer, the judge's too.
    """
    into = [
        count_text(question.check.prompt(question.prompt, "")) + TOKENS_PER_MESSAGE + question.max_tokens + extra_tokens
        for question in questions
        if isinstance(question.check, Judged)
    ]
    if not into:
        return None
    n_in, n_out = sum(into), len(into) * (OUTPUT_TOKENS + extra_tokens)
    usd = None if judge.prices is None else _usd(judge.prices, n_in, n_out)
    return ProbePrice(
        model=f"{judge.name}, as the judge",
        n_questions=len(into),
        input_tokens=n_in,
        output_tokens=n_out,
        usd=usd,
    )


def price_of_calls(model: Model, questions: Sequence[Question], *, n_calls: int, n_turns: int = 1) -> ProbePrice:
    """Return what so many calls cost at most: each with the longest question, and the longest answers before the last.

    Args:
        model: with its prices.
        questions: the bank that the calls are drawn from.
        n_calls: how many.
        n_turns: of the user, in each call.
    """
    longest = max(q.max_tokens for q in questions)
    n_in = n_calls * (n_turns * max(map(_input_tokens, questions)) + (n_turns - 1) * (longest + TOKENS_PER_MESSAGE))
    n_out = n_calls * longest
    usd = None if model.prices is None else _usd(model.prices, n_in, n_out)
    return ProbePrice(model=model.name, n_questions=n_calls, input_tokens=n_in, output_tokens=n_out, usd=usd)


def _input_tokens(question: Question) -> int:
    turns = [str(turn.get("content", "")) for turn in question.before]
    return sum(count_text(words) + TOKENS_PER_MESSAGE for words in (*turns, question.prompt))


def _usd(prices: Prices, n_in: int, n_out: int) -> float:
    return (n_in * prices.usd_per_mtok_in + n_out * prices.usd_per_mtok_out) / 1e6
