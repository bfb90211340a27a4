"""How many files a server may have open: each request in hand is a connection to its caller and one to a model.

It opens none.
"""

from __future__ import annotations

from contextlib import suppress

MOST_FILES = 65_536
"""As many as any server here needs; some machines allow no end of them and then refuse to be asked for that."""
FILES_A_REQUEST = 2
OTHER_FILES = 100
"""The record, modules, kept connections."""


def files_allowed() -> int | None:
    """Return how many files this process may have open; None where there is no such limit."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return None if soft == resource.RLIM_INFINITY else soft


def allow_files() -> int | None:
    """Let this process have as many files open as its user may, and return how many; None where there is no such limit.

    What a shell or a supervisor gives is often 1,024: too few for a thousand requests in hand.
    """
    allowed = files_allowed()
    if allowed is None:
        return None
    import resource

    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if allowed < wanted:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return files_allowed()


def files_for(max_requests: int) -> int:
    """Return how many open files so many requests in hand need."""
    return max_requests * FILES_A_REQUEST + OTHER_FILES
