"""Reads from the environment which listening socket a supervisor has opened for this process, as systemd hands them on.

It opens none.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from unisono.errors import StartError

_FIRST_FD = 3


def handed_socket(environ: Mapping[str, str] = os.environ, *, pid: int | None = None) -> int | None:
    """Return the number of the open socket (`LISTEN_FDS`, meant for this process by `LISTEN_PID`); None without one.

    Raises:
        StartError: there are several.
    """
    if environ.get("LISTEN_PID") != str(os.getpid() if pid is None else pid):
        return None
    n = environ.get("LISTEN_FDS", "0")
    if n not in ("0", "1"):
        raise StartError(f"{n} sockets were handed on (LISTEN_FDS), and one is served: leave one `ListenStream=`.")
    return _FIRST_FD if n == "1" else None
