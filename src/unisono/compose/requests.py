"""What is known of a caller when a request comes, and what is noted of the request: its decision, its end.

It decides nothing and answers nobody. What it notes is written, counted and learned elsewhere.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from datetime import UTC, datetime

from unisono.choose.continuity import moved_on, switched_by_hand
from unisono.compose.alerts import Alerts
from unisono.edge.parse import DERIVED, session_before
from unisono.errors import NotFound, OutOfFiles, UnisonoError, is_lasting
from unisono.execute.committed import Committed
from unisono.execute.cost import cost_usd
from unisono.execute.said import said_in
from unisono.inforce import Arm, InForce
from unisono.learn.signals import Signals
from unisono.record.alarm import ShareGuard
from unisono.record.limits import Ledger, Reservation
from unisono.record.metrics import Metrics
from unisono.record.reader import Stored
from unisono.record.ring import KeyRing
from unisono.record.sessions import Sessions
from unisono.record.store import Store
from unisono.record.texts import text_row
from unisono.record.tracing import Tracing
from unisono.router import NOTHING_KNOWN, is_plain_pin
from unisono.types import Chunk, Decision, Features, Model, Outcome, Request, Retry, Situation, Spent

log = logging.getLogger("unisono")


class Requests:
    """The requests of one server.

    Attributes:
        tell: gets the line of each request; who logs may have a shorter way.
    """

    def __init__(
        self,
        inforce: InForce,
        *,
        store: Store,
        sessions: Sessions,
        ledger: Ledger,
        keys: KeyRing,
        signals: Signals,
        metrics: Metrics,
        tracing: Tracing | None,
        keeps_text: bool,
        alerts: Alerts,
    ) -> None:
        """Note of requests that `inforce` decides.

        Args:
            inforce: the policies that decide.
            store: the record.
            sessions: remembers conversations.
            ledger: of limits.
            keys: whose holders agree that their words are kept.
            signals: what callers do.
            metrics: count.
            tracing: makes spans; None where nobody collects them.
            keeps_text: the operator wants words kept.
            alerts: are told what an operator must know of.
        """
        self.tell: Callable[[str], None] = log.info
        self._inforce = inforce
        self._store = store
        self._sessions = sessions
        self._ledger = ledger
        self._keys = keys
        self._signals = signals
        self._metrics = metrics
        self._tracing = tracing
        self._keeps_text = keeps_text
        self._alerts = alerts
        self._guard = ShareGuard()

    @property
    def _models(self) -> Mapping[str, Model]:
        return self._inforce.live.router.models

    async def known(self, request: Request) -> Situation:
        """Return what is remembered of the caller's conversation. A first turn that nobody named has no past."""
        known = self.known_now(request)
        if known is not None:
            return known
        if _goes_on(request):
            derived = request.session.startswith(DERIVED)
            before = session_before(request) if derived else None
            past = await self._sessions.load(request.key, request.session, before=before)
        else:
            past = self._sessions.past(request.key, request.session)
        return Situation(past=past, retry=await self._retry(request))

    def known_now(self, request: Request) -> Situation | None:
        """Return what `known` does if the record need not be asked, else None."""
        if request.wishes.retry_of is not None:
            return None
        key, session = request.key, request.session
        if not self._sessions.holds(key, session) and _goes_on(request):
            return None
        past = self._sessions.past(key, session)
        return NOTHING_KNOWN if past is None else Situation(past=past)

    async def _retry(self, request: Request) -> Retry | None:
        """Return the decision that the caller wants taken again.

        Raises:
            NotFound: this key made no such decision.
        """
        asked = request.wishes.retry_of
        if asked is None:
            return None
        found = await asyncio.to_thread(self._store.stored, asked)
        if found is None or found.request.key != request.key:
            raise NotFound(
                f"No decision {asked!r} of this key is recorded; take `retry_of` from an answer's `unisono`."
            )
        answered = None if found.outcome is None else found.outcome.model
        return Retry(decision=asked, model=answered or found.decision.model, how=request.wishes.how)

    def spent(self, request: Request) -> tuple[Spent, ...]:
        """Return the limits that the caller stands under at this moment."""
        if not self._ledger.has_limits:
            return ()
        pinned = self._models.get(request.pin or "") if is_plain_pin(request) else None  # nobody else can answer
        models = (*self._models.values(),) if pinned is None else (pinned,)
        return self._ledger.spent(key=request.key, user=request.user, models=models, now=datetime.now(UTC))

    def reserve(self, request: Request, features: Features, decision: Decision) -> Reservation:
        """Hold what a decision is expected to use of its limits; nothing may be awaited since `spent`."""
        return self._ledger.reserve(request, features, decision, models=self._models)

    def keeps_words(self, request: Request) -> bool:
        """Say whether this request's words are kept for an export: operator and holder of the key both want it."""
        return self._keeps_text and request.key in self._keys.exporting

    async def keeping(
        self, request: Request, decision: Decision, events: AsyncGenerator[Committed | Chunk, None]
    ) -> AsyncGenerator[Committed | Chunk, None]:
        """Yield an answer's events as they come; keep its words when it has ended well."""
        chunks: list[Chunk] = []
        async with aclosing(events):
            async for event in events:
                if isinstance(event, Chunk):
                    chunks.append(event)
                yield event
        row = text_row(decision.id, request.body, said_in(chunks))
        if row is not None:
            self._store.record_rows(*row)

    def note_refusal(self, request: Request, error: UnisonoError) -> None:
        """Log a request that no model may serve."""
        log.info("request=%s status=refused code=%s", request.id, error.code)

    def note_decision(self, request: Request, features: Features, decision: Decision) -> None:
        """Record a decision that is about to be carried out."""
        self._metrics.observe_decision(decision, features.task_type)
        if decision.mode is not None:
            self._watch_shares(decision)
            self._anchor(self._inforce.arm_for(request.session, request.key), request, features, decision)
        self._signals.seen(request, features, decision)
        self._store.record_request(request, features, decision)

    def _watch_shares(self, decision: Decision) -> None:
        model = self._models.get(decision.model)
        if model is None:
            return
        alarm = self._guard.note(model.role, policy=self._inforce.policy)
        if alarm is not None:
            text = (
                f"The share of {alarm.role.value} {alarm.direction} from {alarm.usual:.0%} to {alarm.recent:.0%} "
                f"under the policy {alarm.policy}."
            )
            self._alerts.incident("share_alarm", alarm.role.value, text, policy=alarm.policy)

    def watch_shares_anew(self) -> None:
        """Forget how often each role was chosen: another policy has other shares, and its guardrails watch them."""
        self._guard = ShareGuard()

    def _anchor(self, arm: Arm, request: Request, features: Features, decision: Decision) -> None:
        passing = ("limit_downgrade", "explored")  # what only this once was answered so binds no later prompt
        if not decision.degraded and not any(notice.code in passing for notice in decision.notices):
            arm.anchors.note(request, features, decision.model)

    def take_in(self, stored: Stored) -> None:
        """Remember where another worker sent a prompt, so that a nearly equal one goes there from here too."""
        arm = next((arm for arm in self._inforce.arms if arm.standing.policy.id == stored.decision.policy), None)
        if arm is not None and stored.features is not None:
            self._anchor(arm, stored.request, stored.features, stored.decision)

    def baseline_usd(self, decision: Decision, outcome: Outcome) -> float | None:
        """Return what the answer's tokens would have cost at the baseline model's prices, where they are known."""
        model = None if decision.baseline is None else self._inforce.live.router.catalog.get(decision.baseline)
        usage = outcome.attempts[-1].usage if outcome.attempts else None
        return None if model is None or usage is None else cost_usd(usage, model.prices)

    def note_outcome(self, outcome: Outcome, *, baseline_usd: float | None, by: str, by_caller: bool = True) -> None:
        """Record how a request of a key ended; one line in the log.

        Args:
            outcome: how.
            baseline_usd: what the same tokens would have cost at the baseline model, where that is known.
            by: the key.
            by_caller: where it was cancelled, whether the caller left, which says something of the answer.
        """
        self._metrics.observe_outcome(outcome)
        for notice in outcome.notices:
            if notice.code == "model_mismatch" and outcome.model is not None:
                self._alerts.incident("model_mismatch", outcome.model, notice.text)
        if outcome.status != "ok" or len(outcome.attempts) > 1:
            for attempt in outcome.attempts:
                if attempt.error_code == OutOfFiles.code:
                    self._alerts.incident("out_of_files", "server", attempt.error_text or attempt.error_code)
                if is_lasting(attempt):
                    self._alerts.incident(
                        "model_refused", attempt.model, attempt.error_text or str(attempt.http_status)
                    )
        self._store.record_outcome(outcome, baseline_usd=baseline_usd)
        if by_caller:
            self._signals.ended(outcome, by=by)
        self.tell(
            f"decision={outcome.decision} key={by} status={outcome.status} model={outcome.model}"
            f" attempts={len(outcome.attempts)} seconds={outcome.total_s:.3f} cost_usd={outcome.cost_usd}"
        )

    def note_turn(self, request: Request, features: Features, reservation: Reservation, outcome: Outcome) -> None:
        """Settle the limits, and remember what a conversation has become after an answer."""
        now = datetime.now(UTC)
        self._ledger.settle(
            reservation,
            request,
            outcome,
            models=self._models,
            now=now,
            n_input_tokens=features.n_input_tokens,
        )
        past = self._sessions.past(request.key, request.session)
        by_hand = past is not None and switched_by_hand(request, past)
        after = moved_on(past, outcome=outcome, features=features, now=now, by_hand=by_hand)
        if past is not None or after.model is not None:
            self._sessions.note(request.key, request.session, after)

    def trace(self, request: Request, decision: Decision, outcome: Outcome) -> None:
        """Make the spans of a request that has ended, where somebody collects them."""
        if self._tracing is not None:
            self._tracing.request(request, decision, outcome, models=self._models)


def _goes_on(request: Request) -> bool:
    """Say whether a request may belong to a conversation that the record knows."""
    if not request.session.startswith(DERIVED):
        return True
    return len(request.messages) > 1 and any(message.role == "assistant" for message in request.messages)
