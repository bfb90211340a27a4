"""The bodies of calls: the caller's own, and those that we word: planner, judge, author, and the parts of a question.

Other models' words go in as quoted text, marked as such. Nothing is sent here.
"""

from __future__ import annotations

from collections.abc import Sequence

from unisono.loose import as_list
from unisono.native import MARK
from unisono.types import Json, JsonValue, Model, Request

SHOWN_CHARS = 6000
"""Of each answer that the judge or the author is shown."""
LEAST_BUDGET = 1024
"""Tokens of thinking that Anthropic's API asks for at least."""
_NOT_OURS = ("tools", "tool_choice", "functions", "function_call", "response_format", "n", "logprobs", "top_logprobs")
"""Members of the caller's body that are about the caller's own question."""

_PLAN = (
    "Split the user's message below into its separate questions. Reply with a JSON array of strings and nothing else:"
    " one self-contained question for each part, in its language and order. If it is one question, reply with an array"
    " of one.\n\n<message>\n{task}\n</message>"
)
_PART = "{task}\n\nAnswer only this part of the message above: {part}"
_JUDGE = (
    "Below are a question and {n} answers. Exactly one letter is wanted: that of the right answer, or the best. Work"
    " it out yourself first if need be, and end with a line: Answer: <letter>\n\n<question>\n{task}\n</question>\n\n"
    "{answers}"
)
_WRITE = (
    "Several assistants have answered my message above, each by itself. Write one answer to it in your own words, in"
    " the message's language, as if you alone had answered. Take what is right in theirs, do not mention them, do not"
    " put claims side by side that contradict each other: decide for one.{disputes}\n\n{answers}"
)
_JOIN = (
    "Assistants have answered the parts of my message above. Write one answer to the whole of it, in the message's"
    " language and in the order of its parts. Keep what they found unless it is wrong, and do not put claims side by"
    " side that contradict each other: decide for one.{missing}{disputes}\n\n{answers}"
)


def asked_of(model: Model, request: Request, body: Json) -> Json:
    """Return a body for a model: if the router chose it, it is asked for no longer answer than it gives.

    Hosts refuse such a request as the caller's mistake, and the caller did not choose the model. A pinned one is asked
    for what the caller wrote.
    """
    longest, wanted = model.max_output_tokens, request.max_output_tokens
    if longest is None or wanted is None or wanted <= longest or request.pin == model.name:
        return body
    limits = {name: body.get(name) for name in ("max_completion_tokens", "max_tokens")}
    limited = {**body, **{name: min(own, longest) for name, own in limits.items() if isinstance(own, int)}}
    return _thinking_within(limited, longest)


def plain_body(body: Json, messages: list[JsonValue], *, max_tokens: int | None = None) -> Json:
    """Return a body with other messages and without what is about the caller's own form of answer."""
    ours: Json = {name: value for name, value in body.items() if name not in _NOT_OURS}
    ours["messages"] = messages
    return capped(ours, max_tokens)


def capped(body: Json, max_tokens: int | None) -> Json:
    """Return a body whose answer may be at most so long; a caller's own shorter limit stays."""
    if max_tokens is None:
        return body
    name = "max_completion_tokens" if "max_completion_tokens" in body else "max_tokens"
    own = body.get(name)
    limit = min(own, max_tokens) if isinstance(own, int) and own > 0 else max_tokens
    return _thinking_within({**body, name: limit}, limit)


def _thinking_within(body: Json, max_tokens: int) -> Json:
    """Return a body whose `thinking` fits into a limit of ours: Anthropic refuses a budget that is not below it."""
    made = dict(body)
    thinking = body.get("thinking")
    budget = thinking.get("budget_tokens") if isinstance(thinking, dict) else None
    if isinstance(thinking, dict) and isinstance(budget, int) and budget >= max_tokens:
        del made["thinking"]
        if (half := max_tokens // 2) >= LEAST_BUDGET:
            made["thinking"] = {**thinking, "budget_tokens": half}
    if isinstance(own := body.get(MARK), dict):
        made[MARK] = _thinking_within(own, max_tokens)
    return made


def planner_body(body: Json, task: str) -> Json:
    """Ask for the parts of a question."""
    return plain_body(body, [_user(_PLAN.format(task=task))], max_tokens=400)


def part_body(body: Json, task: str, part: str) -> Json:
    """Ask for the answer to one part, with what came before in the conversation."""
    return plain_body(body, [*_before(body), _user(_PART.format(task=task, part=part))])


def judge_body(body: Json, task: str, answers: Sequence[str], *, max_tokens: int | None) -> Json:
    """Ask which of several answers is right."""
    text = _JUDGE.format(n=len(answers), task=task, answers=_quoted(answers))
    return plain_body(body, [_user(text)], max_tokens=max_tokens)


def author_body(body: Json, answers: Sequence[str], disputes: Sequence[str], *, max_tokens: int | None) -> Json:
    """Ask for one answer written from several."""
    text = _WRITE.format(answers=_quoted(answers), disputes=_disputed(disputes))
    return plain_body(body, [*_messages(body), _user(text)], max_tokens=max_tokens)


def join_body(body: Json, parts: Sequence[tuple[str, str]], missing: Sequence[str], disputes: Sequence[str]) -> Json:
    """Ask for one answer written from those to the parts of the question.

    Args:
        body: the caller's.
        parts: each part with its answer.
        missing: parts that nobody has answered.
        disputes: contradictions between the parts.
    """
    answers = "\n\n".join(f"<part question={part!r}>\n{text[:SHOWN_CHARS]}\n</part>" for part, text in parts)
    open_ = "" if not missing else " Answer these parts yourself: " + "; ".join(missing) + "."
    text = _JOIN.format(answers=answers, missing=open_, disputes=_disputed(disputes))
    return plain_body(body, [*_messages(body), _user(text)])


def letter(place: int) -> str:
    """Return the letter of an answer."""
    return chr(ord("A") + place)


def _quoted(answers: Sequence[str]) -> str:
    return "\n\n".join(
        f"<answer letter={letter(place)}>\n{text[:SHOWN_CHARS]}\n</answer>" for place, text in enumerate(answers)
    )


def _disputed(disputes: Sequence[str]) -> str:
    if not disputes:
        return ""
    return " They contradict each other here, so check it with care: " + " / ".join(disputes[:5])


def _messages(body: Json) -> list[JsonValue]:
    return [*as_list(body.get("messages"))]


def _before(body: Json) -> list[JsonValue]:
    """Return the messages before the last one of the user."""
    messages = _messages(body)
    for place in range(len(messages) - 1, -1, -1):
        message = messages[place]
        if isinstance(message, dict) and message.get("role") == "user":
            return messages[:place]
    return messages


def _user(text: str) -> JsonValue:
    return {"role": "user", "content": text}
