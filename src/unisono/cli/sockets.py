"""The socket that a server listens on: opened here, or handed on by a supervisor.

Nothing is accepted on it here.
"""

from __future__ import annotations

import socket

from unisono.config.handed import handed_socket
from unisono.errors import StartError

_WAITING = 2048
"""So many callers may wait to be accepted."""


def handed() -> socket.socket | None:
    """Return the socket that a supervisor opened and keeps: who comes between two processes waits in its queue.

    Raises:
        StartError: it is no socket that listens.
    """
    number = handed_socket()
    if number is None:
        return None
    try:
        found = socket.socket(fileno=number)
        if found.type != socket.SOCK_STREAM or not found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            raise OSError("it is not one that listens for streams")
    except OSError as exc:
        raise StartError(f"The socket that was handed on (LISTEN_FDS) cannot be used: {exc}.") from exc
    found.setblocking(False)
    return found


def names_of(listening: socket.socket) -> tuple[str, str]:
    """Return the host by which a socket is reached, and the address of the server behind it; a file is its own host."""
    name = listening.getsockname()
    if not isinstance(name, tuple):
        path = name.decode("utf-8", "replace") if isinstance(name, bytes) else name
        return path, f"unix:{path}"
    host, port = name[:2]
    return host, f"http://{f'[{host}]' if ':' in host else host}:{port}"


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens at an address.

    Raises:
        StartError: it is taken, or none of this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as exc:
        listening.close()
        what = exc.strerror or str(exc)
        raise StartError(
            f"Cannot listen on {host}:{port}: {what}. Stop what uses it, or choose another --port."
        ) from exc
    listening.listen(_WAITING)
    listening.setblocking(False)
    return listening
