"""How far work is, on standard error: over the line before on a terminal, elsewhere a line now and then."""

from __future__ import annotations

import sys
from collections.abc import Callable
from time import perf_counter

QUIET_S = 2.0
"""Work that takes less tells nothing."""
_OFTEN_S, _SELDOM_S = 0.2, 30.0  # from one line to the next: on a terminal, elsewhere

Clock = Callable[[], float]


def counted(said: str, *, clock_s: Clock = perf_counter) -> Callable[[int], None]:
    """Return what tells a number that grows or falls, once the work has taken two seconds; 0 ends the line.

    Args:
        said: the line, with `{n}` for the number.
        clock_s: seconds.
    """
    began_s, shown_s = clock_s(), 0.0

    def tell(n: int) -> None:
        nonlocal shown_s
        now_s = clock_s()
        if now_s - began_s > QUIET_S and now_s - shown_s > (_OFTEN_S if sys.stderr.isatty() else _SELDOM_S):
            shown_s = now_s
            _write(said.format(n=f"{n:,}"), is_last=n == 0)

    return tell


def timed(what: str = "", *, quiet_s: float = 0.0, clock_s: Clock = perf_counter) -> Callable[[int, int], None]:
    """Return what tells how much is done of how much, and how long it still takes by the time that it took so far.

    Without a terminal it tells of the first, and of every tenth.

    Args:
        what: is counted.
        quiet_s: work that takes less tells nothing.
        clock_s: seconds.
    """
    began_s = clock_s()

    def tell(done: int, total: int) -> None:
        took_s = clock_s() - began_s
        is_due = sys.stderr.isatty() or done == 1 or done * 10 // total > (done - 1) * 10 // total
        if is_due and took_s >= quiet_s:
            left = "" if done == total else f", {spoken(took_s / done * (total - done))} left"
            _write(f"{what} {done} of {total}{left}".lstrip(), is_last=done == total)

    return tell


def steps(update: Callable[[str], None], *, clock_s: Clock = perf_counter) -> Callable[[str], None]:
    """Return what tells of each step: by `update` on a terminal, elsewhere a line each after two seconds."""
    began_s, is_terminal = clock_s(), sys.stderr.isatty()

    def tell(step: str) -> None:
        if is_terminal:
            update(step)
        elif clock_s() - began_s > QUIET_S:
            _write(step, is_last=False)

    return tell


def spoken(seconds: float) -> str:
    """Return a time to go, as one would say it."""
    return f"about {max(seconds, 1):.0f} s" if seconds < 90 else f"about {seconds / 60:.0f} min"


def _write(line: str, *, is_last: bool) -> None:
    if sys.stderr.isatty():
        print(f"\r{line:40}", end="\n" if is_last else "", file=sys.stderr, flush=True)
    else:
        print(line, file=sys.stderr, flush=True)
