"""Runs foreign Python in a child process that can change nothing: no network, no writing, nobody to signal.

The child gives itself Linux namespaces of its own (user, network, mounts, processes) before it runs anything: every
mount becomes read-only, there is no network device, and it sees no other process. It has hard limits on memory, time,
processes and open files, an empty environment, an empty folder, and no output: whether it ended well is all that comes
back. Where the kernel does not grant all of that, nothing is run. It is no virtual machine: it reads what its user may.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
from contextlib import suppress

LIMIT_S = 5.0
CPU_S = 2
MEMORY_BYTES = 256 * 1024 * 1024
REFUSED = 77
"""The child's exit status when it cannot be locked down."""

_LOCK = f"""
import ctypes, os, resource, sys
source = sys.stdin.read()
libc = ctypes.CDLL(None, use_errno=True)
NEW_MOUNTS, NEW_USER, NEW_PROCESSES, NEW_NETWORK, NEW_IPC = 0x20000, 0x10000000, 0x20000000, 0x40000000, 0x8000000
if libc.unshare(NEW_USER | NEW_MOUNTS | NEW_PROCESSES | NEW_NETWORK | NEW_IPC) != 0:
    os._exit({REFUSED})
read_only = (ctypes.c_uint64 * 4)(1, 0, 1 << 18, 0)  # set MOUNT_ATTR_RDONLY; private
if libc.syscall(442, -100, b"/", 0x8000, ctypes.byref(read_only), ctypes.sizeof(read_only)) != 0:  # mount_setattr
    os._exit({REFUSED})
child = os.fork()  # the first process of the new process namespace
if child:
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    os._exit(status if 0 <= status < 128 else 1)
for what, limit in ((resource.RLIMIT_CPU, {CPU_S}), (resource.RLIMIT_AS, {MEMORY_BYTES}), (resource.RLIMIT_FSIZE, 0),
                    (resource.RLIMIT_NOFILE, 16), (resource.RLIMIT_NPROC, 0), (resource.RLIMIT_CORE, 0)):
    resource.setrlimit(what, (limit, limit))
del ctypes, libc, resource, read_only
try:
    exec(compile(source, "answer", "exec"), {{"__name__": "answer"}})
except BaseException:
    os._exit(1)
os._exit(0)
"""


async def run_locked(source: str) -> bool | None:
    """Run Python code.

    Returns:
        Whether it ran to its end without an error; None where it could not be locked down.
    """
    if sys.platform != "linux":
        return None
    with tempfile.TemporaryDirectory() as folder:
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            "-S",
            "-c",
            _LOCK,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            cwd=folder,
            env={},
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(LIMIT_S):
                await child.communicate(source.encode("utf-8", "replace"))
        except TimeoutError:
            return False
        finally:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(child.pid, signal.SIGKILL)  # and whatever it has started
            await child.wait()
    return None if child.returncode == REFUSED else child.returncode == 0
