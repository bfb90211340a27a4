"""Routed traffic as training data, with where each line comes from: answers to imitate, and pairs of better and worse.

It writes no file and asks no model. What a line rests on stands in its `provenance`: the decision, who answered, who
judged, and the policy that had chosen. Only keys that agree now are read, whatever they agreed to when it was kept.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from unisono.learn.reward import Reward, verdict
from unisono.record.reader import Reader
from unisono.record.texts import Kept, kept
from unisono.record.view import stamp
from unisono.types import Json, JsonValue

"""Two answers are compared by judgements of one source only; of several the strongest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A kept answer with what was made of it; `reward` is None where nobody judged it."""

    kept: Kept
    reward: Reward | None
    judges: tuple[str, ...]
    preferred: tuple[tuple[str, str], ...]
    config_hash: str
    artifact: str

    def provenance(self) -> Json:
        """Return where the answer comes from, as JSON."""
        one, reward = self.kept, self.reward
        return {
            "decision": one.decision,
            "at": stamp(one.at),
            "model": one.model,
            "upstream_model": one.upstream_model,
            "key": one.key,
            "policy": f"{self.config_hash}/{self.artifact}",
            "judged_by": None if reward is None else reward.source,
            "signals": list[JsonValue](self.judges),
            "reward": None if reward is None else round(reward.reward, 4),
            "weight": None if reward is None else round(reward.weight, 4),
        }


@dataclass(slots=True)
class Tally:
    """How many answers were kept, and why others were left out."""

    n_kept: int = 0
    n_written: int = 0
    left_out: dict[str, int] = field(default_factory=lambda: defaultdict(int))


def answers(
    reader: Reader,
    *,
    agrees: Callable[[str], bool],
    since: datetime | None = None,
    models: Sequence[str] = (),
    tally: Tally,
) -> Iterator[Answer]:
    """Yield the kept answers, oldest first.

    Args:
        reader: of the record.
        agrees: says of a key's name whether its holder agrees now.
        since: only those from this moment on.
        models: only those of these models; none means all. Some providers' terms forbid training on their answers.
        tally: is told what is left out.

    Raises:
        StoreError: the record cannot be read.
    """
    for one in kept(reader, since=since):
        tally.n_kept += 1
        if not agrees(one.key):
            tally.left_out["the key does not agree (any more)"] += 1
        elif models and one.model not in models:
            tally.left_out["another model"] += 1
        elif (answer := _judged(reader, one)) is not None:
            yield answer
        else:
            tally.left_out["the decision is gone"] += 1


def imitation(found: Iterator[Answer], *, least: float | None, tally: Tally) -> Iterator[Json]:
    """Yield a line for each answer: `messages` with the answer at their end, and `provenance`.

    Args:
        found: answers.
        least: only answers that were judged to be worth so much; None takes those that nobody judged as well.
        tally: is told what is left out.
    """
    for answer in found:
        if least is not None and answer.reward is None:
            tally.left_out["nobody judged it"] += 1
            continue
        if least is not None and answer.reward is not None and answer.reward.reward < least:
            tally.left_out["judged to be worth less"] += 1
            continue
        tally.n_written += 1
        said: Json = {"role": "assistant", "content": answer.kept.answer}
        yield {"messages": [*answer.kept.messages, said], "provenance": answer.provenance()}


def questions(found: Iterator[Answer], *, least: float, tally: Tally) -> Iterator[Json]:
    """Yield a question for the probe for each conversation of words alone, as `probe.own` reads them.

    Args:
        found: answers.
        least: an answer that was measured to be worth so much stands in the line as its `reference`; what a judge or
            a schema said of it is no measure of that.
        tally: is told what is left out.
    """
    seen: set[bytes] = set()
    for answer in found:
        turns = [_words(message) for message in answer.kept.messages]
        if any(turn is None for turn in turns):
            tally.left_out["not of words alone"] += 1
            continue
        if (words := msgspec.json.encode(turns)) in seen:
            tally.left_out["the same conversation again"] += 1
            continue
        seen.add(words)
        reward = answer.reward
        right = reward is not None and reward.source == "measured" and reward.weight >= 1.0 and reward.reward >= least
        tally.n_written += 1
        line: Json = {"messages": list[JsonValue](turns), "provenance": answer.provenance()}
        yield {**line, "reference": answer.kept.answer} if right else line


def _words(message: JsonValue) -> Json | None:
    """Return a turn's role and words; None where it holds anything else."""
    if not isinstance(message, dict) or set(message) - {"role", "content", "name"}:
        return None
    content = message.get("content")
    return {"role": message.get("role"), "content": content} if isinstance(content, str) else None


def preferences(found: Iterator[Answer], *, margin: float, tally: Tally) -> Iterator[Json]:
    """Yield a line for each pair of answers to one conversation of which one is better: `prompt`, `chosen`, `rejected`.

    A preference that names both models decides; else judgements of one source that lie `margin` apart.

    Args:
        found: answers; those to equal conversations are held in memory until all have come.
        margin: in [0, 1].
        tally: is told what is left out.
    """
    by_prompt: dict[bytes, list[Answer]] = defaultdict(list)
    for answer in found:
        by_prompt[msgspec.json.encode(answer.kept.messages)].append(answer)
    for group in by_prompt.values():
        if len(group) == 1:
            tally.left_out["no second answer to the same conversation"] += 1
        for place, a in enumerate(group):
            for b in group[place + 1 :]:
                if (pair := _better(a, b, margin=margin)) is None:
                    tally.left_out["no answer of the pair is better"] += 1
                    continue
                better, worse, why = pair
                tally.n_written += 1
                yield {
                    "prompt": list(better.kept.messages),
                    "chosen": [{"role": "assistant", "content": better.kept.answer}],
                    "rejected": [{"role": "assistant", "content": worse.kept.answer}],
                    "provenance": {"why": why, "chosen": better.provenance(), "rejected": worse.provenance()},
                }


def _better(a: Answer, b: Answer, *, margin: float) -> tuple[Answer, Answer, str] | None:
    """Return the better, the worse and why; None where nothing says so."""
    if a.kept.answer == b.kept.answer:
        return None
    said = {*a.preferred, *b.preferred}
    for better, worse in ((a, b), (b, a)):
        if (better.kept.model, worse.kept.model) in said and (worse.kept.model, better.kept.model) not in said:
            return better, worse, "preferred"
    if a.reward is None or b.reward is None or a.reward.source != b.reward.source:
        return None
    gap = a.reward.reward - b.reward.reward
    if abs(gap) < margin:
        return None
    return (a, b, a.reward.source) if gap > 0 else (b, a, a.reward.source)


def _judged(reader: Reader, one: Kept) -> Answer | None:
    stored = reader.stored(one.decision)
    if stored is None:
        return None
    signals = reader.signals(one.decision)
    expected = {e.model: e.quality.mean for e in stored.decision.situation.estimates}
    pairs = [msgspec.json.decode(s.value or "", type=tuple[str, str]) for s in signals if s.kind == "preferred"]
    return Answer(
        kept=one,
        reward=verdict(signals, answered=one.model, expected=expected),
        judges=tuple(sorted({s.kind for s in signals})),
        preferred=tuple(pairs),
        config_hash=stored.decision.config_hash,
        artifact=stored.decision.artifact,
    )
