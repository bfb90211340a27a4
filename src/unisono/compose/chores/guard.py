"""Take back what harms: a policy that breaks a guardrail, and routing as in domain where requests are unlike."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from datetime import UTC, datetime
from time import perf_counter

from unisono.compose.live import Live
from unisono.errors import UnisonoError
from unisono.evaluate.in_domain import Domain, Looks, enter_domain, entered, follow_again, leave_domain
from unisono.evaluate.rechosen import DEEP
from unisono.evaluate.watching import look
from unisono.record.changes import Changes

GUARD_S = 2.0
"""How often one process looks whether a policy that is watched breaks a guardrail."""
DOMAIN_S = 5.0
"""How often it looks whether requests are of the kinds of the table that the live policy was fitted on."""
GUARD_SHARE = 0.02
"""Share of the time that may go into either look, but for a machine on which a look waits for others."""
MOST_REST_S = 30.0
"""The longest rest after a look."""


async def guard_policies(live: Live) -> None:
    """Take back policies that break a guardrail."""
    await _guard(live, _guard_policy, is_due=lambda: live.inforce.state.n != 0, every_s=GUARD_S)


async def guard_domain(live: Live) -> None:
    """Route a caller's requests as in domain while they are like the prompts of the table behind the live policy."""
    looks = Looks(live.store.reader)

    def is_due() -> bool:
        arm = live.inforce.live
        return arm.artifact is not None and arm.artifact.domain is not None and arm.config.routing.in_domain != "never"

    await _guard(live, lambda live: _guard_domain(live, looks), is_due=is_due, every_s=DOMAIN_S)


async def _guard(
    live: Live, look: Callable[[Live], Awaitable[None]], *, is_due: Callable[[], bool], every_s: float
) -> None:
    """Look when the record has changed and it is due, and rest the longer the longer a look took."""
    changes = Changes(live.config.store.path)
    async with aclosing(live.lookout.when(lambda: is_due() and changes.any(), every_s=every_s)) as looks:
        async for _ in looks:
            began_s = perf_counter()
            try:
                await look(live)
            except UnisonoError:  # `readiness` tells about the store; somebody else may have moved it
                changes.forget()
            await asyncio.sleep(min((perf_counter() - began_s) / GUARD_SHARE, MOST_REST_S))


async def _guard_policy(live: Live) -> None:
    known = await asyncio.to_thread(live.policies.known)
    deep = {model.name for model in live.config.models if model.role in DEEP}
    found = await asyncio.to_thread(lambda: look(live.store.reader, known, deep=deep, now=datetime.now(UTC)))
    if found is None:
        return
    id_, why, now = found.policy.id, found.broken.text, datetime.now(UTC)
    event = await asyncio.to_thread(lambda: live.policies.roll_back(why=why, by="guardrail", now=now, of=id_))
    if entered(known, found.policy):
        await asyncio.to_thread(follow_again, live.policies, now=now)
    text = f"{why} {found.policy.name} is rolled back; {known.policies[event.live].name} decides."
    live.alerts.incident("policy_rolled_back", found.policy.name, text)
    await live.take_policies()


async def _guard_domain(live: Live, looks: Looks) -> None:
    arm = live.inforce.live
    if arm.artifact is None:
        return
    try:
        for found in await asyncio.to_thread(looks.due, arm.artifact):
            await _turn_domain(live, found)
    except UnisonoError:
        looks.forget()
        raise


async def _turn_domain(live: Live, found: Domain) -> None:
    """Let a caller in or out, where it is shown that requests are alike or unlike."""
    state, now, caller = live.inforce.state, datetime.now(UTC), found.caller
    standing, is_unlike = state.live, found.apart is not None and found.apart.unlike
    always = standing.within is None and live.inforce.live.config.routing.in_domain == "always"
    if always and is_unlike:
        live.alerts.incident("out_of_domain", caller, f"{found.sentence} `in_domain` says always: it stays.")
    if always or not (is_unlike or (found.opens and state.canary is None)):
        return
    turn = leave_domain if is_unlike else enter_domain
    if not await asyncio.to_thread(turn, live.policies, standing, caller, why=found.sentence, now=now):
        return
    await live.take_policies()
    if is_unlike:
        decides = live.inforce.state.live.for_caller(caller).policy.name
        live.alerts.incident("out_of_domain", caller, f"{found.sentence} {decides} decides for {caller} again.")
