"""The calls of one request to several models: starts them, waits for them, cancels them, and sums them up once.

Whatever happens (the caller leaves, time is up, a model hangs), leaving the crew ends every call, and the outcome lists
each. It does not choose an answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

from unisono import notices as say
from unisono.consistency.final import final_answer
from unisono.errors import NoAnswer, UpstreamCut, UpstreamError, UpstreamTimeout
from unisono.execute import single
from unisono.execute.bodies import asked_of, plain_body
from unisono.execute.committed import Committed
from unisono.execute.means import Means
from unisono.execute.member import Member
from unisono.execute.walk import short
from unisono.types import (
    Attempt,
    Call,
    Chunk,
    Decision,
    Json,
    Language,
    Notice,
    Outcome,
    Part,
    PartKind,
    Ranked,
    Request,
    Status,
)

IN_HAND = 0.02
"""Of the bound on the first token: for our own work between the last look at the clock and the first chunk."""
GAVE_CHARS = 500
"""How much of what a part said is shown."""


class Crew:
    """The members of one request. An async context manager: leaving it ends all of them and records the outcome."""

    def __init__(self, request: Request, decision: Decision, means: Means) -> None:
        """Nobody is asked yet."""
        self.request = request
        self.decision = decision
        self.means = means
        self.members: list[Member] = []
        self.notices: list[Notice] = list(decision.notices)
        self.began_s = means.clock_s()
        self._attempts: list[Attempt] = []
        self._chosen: Member | None = None
        self._status: Status = "failed"
        self._walk: Outcome | None = None

    @property
    def language(self) -> Language:
        """Of what is said about this request."""
        return self.decision.goal.language

    def left_s(self) -> float:
        """Return how much of the whole request's time is left."""
        return self.began_s + self.means.total_s - self.means.clock_s()

    def to_first_token_s(self) -> float:
        """Return how much is left until something must have been said: the caller's bound, else the request's time.

        Of the bound `IN_HAND` is kept back.
        """
        bound = self.decision.goal.max_first_token_s
        left = self.left_s()
        return left if bound is None else min(left, self.began_s + bound * (1 - IN_HAND) - self.means.clock_s())

    def ask(self, model: str, part: PartKind, *, body: Json | None = None, stream: bool | None = None) -> Member:
        """Start one call: the request's own body, or another."""
        found = self.means.models[model]
        call = Call(
            model=found,
            body=asked_of(found, self.request, self.request.body if body is None else body),
            stream=self.request.stream if stream is None else stream,
            decision=self.decision.id,
            caller=self.request.key,
            betas=self.request.betas,
        )
        member = Member(
            found,
            part,
            chunks=self.means.send(call),
            started=self.means.now(),
            clock_s=self.means.clock_s,
            note=self._note,
        )
        self.members.append(member)
        return member

    async def reply(self, prompt: str) -> str:
        """Ask the judge of the plan one thing; returns its text.

        Raises:
            UpstreamError: it gave none.
        """
        plan = self.decision.plan
        judge = next((c.model for c in plan.calls if c.part == "judge"), plan.closer) if plan is not None else None
        body = plain_body(self.request.body, [{"role": "user", "content": prompt}])
        member = self.ask(judge or self.decision.model, "judge", body=body, stream=False)
        await self.settle([member], within_s=self.to_first_token_s())
        await self.dismiss([member])
        if not member.ok:
            raise member.error or UpstreamTimeout(f"{member.model.name}: the judge took too long.")
        return member.said.text

    async def settle(
        self, members: Sequence[Member], *, within_s: float, until: Callable[[], bool] = lambda: False
    ) -> bool:
        """Wait until these have ended, or `until` holds after one of them has, or the time is up.

        Returns:
            False when the time was up.
        """
        async with self._alarm(within_s) as alarm:
            while not until() and (open_ := [m.task for m in members if not m.done]):
                await asyncio.wait([*open_, alarm], return_when=asyncio.FIRST_COMPLETED)
                if alarm.done() and any(not m.done for m in members) and not until():
                    return False
            return True

    async def first_content(self, members: Sequence[Member], *, within_s: float) -> bool:
        """Wait until one of these has said something, or all have ended, or the time is up.

        Returns:
            False when the time was up.
        """
        async with self._alarm(within_s) as alarm:
            while not any(m.begun for m in members) and not all(m.done for m in members):
                for member in members:
                    member.changed.clear()
                news = [asyncio.ensure_future(m.changed.wait()) for m in members if not m.done]
                await asyncio.wait([*news, alarm], return_when=asyncio.FIRST_COMPLETED)
                for waiter in news:
                    waiter.cancel()
                if alarm.done() and not any(m.begun for m in members):
                    return False
            return True

    @asynccontextmanager
    async def _alarm(self, within_s: float) -> AsyncGenerator[asyncio.Future[Any], None]:
        """Hold a future that is done when the time is up."""
        alarm = asyncio.ensure_future(self.means.sleep(max(0.0, within_s)))
        try:
            yield alarm
        finally:
            alarm.cancel()
            with suppress(asyncio.CancelledError):
                await alarm

    async def dismiss(self, members: Sequence[Member]) -> None:
        """End calls that are no longer needed."""
        await asyncio.gather(*(m.cancel() for m in members if not m.done))

    async def answer(self, member: Member, reason: str) -> AsyncGenerator[Committed | Chunk, None]:
        """Make a member's words the answer: yield one `Committed`, then every chunk.

        Raises:
            UpstreamCut: it broke off, or the request took too long.
        """
        yield self._commit(member, reason)
        name = member.model.name
        try:
            async for chunk in member.follow():
                yield chunk
                if not member.done and self.left_s() < 0:
                    await member.cancel()
                    raise UpstreamTimeout(f"the request took longer than {self.means.total_s:g} s in all (`total_s`)")
        except UpstreamError as error:
            self._status = "cut"
            why = error.code.removeprefix("upstream_")
            raise UpstreamCut(
                f"{name} broke off in mid-answer ({why}); what came before is not the whole answer."
            ) from error

    def _commit(self, member: Member, reason: str) -> Committed:
        """Note whose words the answer is, and tell the caller what happened until here."""
        self._chosen = member
        self._tell_of_members()
        self._tell_switch(member.model.name, reason)
        return Committed(
            model=member.model.name,
            reported_model=member.reported_model,
            notices=tuple(self.notices),
            n_failed=sum(1 for m in self.members if m.error is not None),
            first_content_s=member.first_content_s,
            waited_s=self.means.clock_s() - self.began_s,
            reason=reason,
            parts=self.parts(),
        )

    def failures(self) -> list[tuple[str, str]]:
        """Return which models gave no answer, and why in a few words."""
        return [(m.model.name, short(m.error)) for m in self.members if m.error is not None]

    async def walk(self, ranking: Sequence[Ranked]) -> AsyncGenerator[Committed | Chunk, None]:
        """Let the models of a ranking answer one after the other, best first, as if each were asked alone.

        Raises:
            NoAnswer: none of them answered, or nobody was left.
            UpstreamCut: the answer broke off.
        """
        if not ranking:
            errors = [m.error for m in self.members if m.error is not None]
            raise NoAnswer(
                "No model answered. " + " ".join(str(error) for error in errors),
                attempts=self._attempts,
                last=errors[-1] if errors else UpstreamTimeout("The request took too long."),
            )
        self._tell_of_members()
        if failed := self.failures():
            self.say(say.fallback(failed, answers=ranking[0].model, language=self.language))
        decision = replace(self.decision, ranking=tuple(ranking), notices=tuple(self.notices))
        means = self.means
        alone = replace(
            means,
            record=self._take_walk,
            observe=lambda attempt, error: means.observe(replace(attempt, part="closer"), error),
            total_s=max(0.0, self.left_s()),
            relay=None,
        )
        events = single.run(self.request, decision, means=alone)
        async with aclosing(events):
            async for event in events:
                if isinstance(event, Committed):
                    why = " ".join(notice.text for notice in event.notices if notice.code == "fallback")
                    self._tell_switch(event.model, why or self.decision.reason)
                    notices = tuple(dict.fromkeys((*self.notices, *event.notices)))
                    event = replace(event, n_failed=event.n_failed + len(failed), parts=self.parts(), notices=notices)
                yield event

    def _take_walk(self, outcome: Outcome) -> None:
        """Take in how a walk through further models ended; its attempts are parts of an answer of several."""
        self._walk = replace(outcome, attempts=tuple(replace(attempt, part="closer") for attempt in outcome.attempts))

    def say(self, notice: Notice) -> None:
        """Add a notice, once."""
        if notice not in self.notices:
            self.notices.append(notice)

    def spent_usd(self) -> float:
        """Return what the calls so far have cost, as far as that is known."""
        return sum(a.cost_usd or 0.0 for a in self._attempts)

    def parts(self) -> tuple[Part, ...]:
        """Return what each call gave, in the order of asking."""
        return tuple(_part(member, chosen=member is self._chosen) for member in self.members)

    def _outcome(self) -> Outcome:
        """Return how the request ended, over all calls; the one whose words are the answer stands last."""
        attempts = list(self._attempts)
        model = None
        if self._chosen is not None:
            model = self._chosen.model.name
            if (chosen := self._chosen.attempt) is not None:
                attempts = [a for a in attempts if a is not chosen] + [chosen]
                if self._status not in ("cancelled", "cut"):
                    self._status = chosen.status
        walk = self._walk
        if walk is not None:
            attempts += walk.attempts
            model, self._status = walk.model, walk.status
        costs = [a.cost_usd for a in attempts if a.usage is not None]
        known = [c for c in costs if c is not None]
        parts = self.parts()
        if walk is not None:
            parts += tuple(_walked(a, chosen=a.model == walk.model) for a in walk.attempts)
        return Outcome(
            decision=self.decision.id,
            request=self.request.id,
            status=self._status,
            model=model,
            attempts=tuple(attempts),
            notices=tuple(self.notices if walk is None else dict.fromkeys((*self.notices, *walk.notices))),
            cost_usd=sum(known) if known and len(known) == len(costs) else None,
            total_s=self.means.clock_s() - self.began_s,
            parts=parts,
        )

    def _tell_switch(self, model: str, why: str) -> None:
        past = self.decision.situation.past
        if past is not None and past.model not in (None, model):
            self.say(say.switched(str(past.model), model, why=why, language=self.language))

    def _tell_of_members(self) -> None:
        for member in self.members:
            for notice in (member.mismatch(self.language), member.unheeded(self.language)):
                if notice is not None:
                    self.say(notice)

    def _note(self, member: Member, attempt: Attempt, error: UpstreamError | None) -> None:
        self._attempts.append(attempt)
        self.means.observe(attempt, error)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        if kind is not None and issubclass(kind, (GeneratorExit, asyncio.CancelledError)):
            self._status = "cancelled"
        try:
            await self.dismiss(self.members)
        except asyncio.CancelledError:
            self._status = "cancelled"
            raise
        finally:
            self.means.record(self._outcome())


def _part(member: Member, *, chosen: bool) -> Part:
    attempt = member.attempt
    text = member.said.text if member.begun else ""
    return Part(
        model=member.model.name,
        part=member.part,
        status="ok" if attempt is None else attempt.status,
        cost_usd=None if attempt is None else attempt.cost_usd,
        gave=text if len(text) <= GAVE_CHARS else text[:GAVE_CHARS] + "…",
        final=final_answer(text) if text and member.part in ("member", "closer") else None,
        chosen=chosen,
    )


def _walked(attempt: Attempt, *, chosen: bool) -> Part:
    return Part(
        model=attempt.model,
        part=attempt.part or "closer",
        status=attempt.status,
        cost_usd=attempt.cost_usd,
        chosen=chosen,
    )
