"""A request is decided here, whatever breaks: a slow encoder is read ahead, and a broken router lets the default serve.

How it is decided, `router` knows; what a fault is worth to operators, `alerts`.
"""

from __future__ import annotations

import logging
from time import perf_counter

from unisono.budget import REST_S
from unisono.compose import Live
from unisono.errors import ArtifactError, RouterBroken, UnisonoError
from unisono.router import is_plain_pin
from unisono.types import Decision, Features, Request, Situation
from unisono.values import changed

log = logging.getLogger("unisono")


def decide(live: Live, request: Request, known: Situation) -> tuple[Features, Decision]:
    """Decide, and when the router itself breaks, let the declared default serve: marked, counted, logged.

    Raises:
        UnisonoError: no model may serve the request, or what bounds requests is broken itself.
    """
    spent, unrecorded = live.requests.spent(request), not live.store.ok
    if spent or unrecorded:
        known = changed(known, spent=spent, unrecorded=unrecorded)
    began_s = perf_counter()
    if live.budget.rests(began_s):
        return _default(live, request, known, why=live.budget.why)
    try:
        found = live.router_for(request).decide(request, known=known)
    except Exception as exc:
        if isinstance(exc, UnisonoError) and not isinstance(exc, ArtifactError):
            raise
        log.exception("router broken request=%s", request.id)
        why = str(exc) if isinstance(exc, ArtifactError) else f"a stage failed with {type(exc).__name__}"
        now_s = perf_counter()
        live.budget.note(took_s=now_s - began_s, failed=why, now_s=now_s)
        live.alerts.fault("router", f"{why}; see the log")
        return _default(live, request, known, why=why)
    now_s = perf_counter()
    n_tokens = found[0].n_input_tokens
    if live.budget.note(took_s=now_s - began_s, failed=None, now_s=now_s, n_tokens=n_tokens):
        if live.alerts.broken:
            live.alerts.healed("router")
    else:
        live.alerts.fault("router", live.budget.why)
    return found


def _default(live: Live, request: Request, known: Situation, *, why: str) -> tuple[Features, Decision]:
    try:
        return live.router_for(request).decide_degraded(request, known=known, why=why)
    except UnisonoError:
        raise
    except Exception as exc:
        live.metrics.observe_degraded("router")
        raise RouterBroken(why, retry_after_s=REST_S) from exc


async def read_ahead(live: Live, request: Request) -> None:
    """Have a slow encoder read the prompt; when it breaks, the decision is made without, and `/readyz` tells."""
    if is_plain_pin(request):
        return
    try:
        await live.read_ahead(request)
    except Exception as exc:
        log.exception("encoder broken request=%s", request.id)
        why = str(exc) if isinstance(exc, UnisonoError) else f"{type(exc).__name__}; see the log"
        live.alerts.fault("encoder", why)
    else:
        live.alerts.healed("encoder")
