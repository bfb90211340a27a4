"""What a running Unisono does beside answering, each chore until it is cancelled.

A chore only looks and says when; what is to be done, `Live` does.
"""

from __future__ import annotations

from collections.abc import Coroutine, Iterator

from unisono.compose.chores.fellows import keep_in_step, tell_metrics
from unisono.compose.chores.files import watch_files
from unisono.compose.chores.follow import follow_config, follow_policies, learn_on, notice_scores
from unisono.compose.chores.guard import guard_domain, guard_policies
from unisono.compose.chores.watch import watch_models
from unisono.compose.live import Live

__all__ = ["chores_of"]


def chores_of(live: Live, *, serves: bool, worker: int | None) -> Iterator[Coroutine[None, None, None]]:
    """Yield the chores of one process; see `Live.start`."""
    yield notice_scores(live)
    yield follow_policies(live)
    if live.fellows is not None and worker is not None:
        yield keep_in_step(live, live.fellows)
        yield tell_metrics(live, live.fellows, worker)
    if not serves:
        return
    yield learn_on(live)
    yield watch_files(live)
    if not worker:  # one of several is enough
        yield guard_policies(live)
        yield guard_domain(live)
        yield watch_models(live)
    if live.config.file is not None:
        yield follow_config(live, live.config.file, live.config.mark)
