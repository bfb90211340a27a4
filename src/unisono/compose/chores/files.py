"""Tell when as many files are open as may be."""

from __future__ import annotations

from contextlib import aclosing

from unisono.compose.files import OpenFiles
from unisono.compose.live import Live

FILES_S = 1.0
"""How often each process looks whether it has too many files open."""


async def watch_files(live: Live) -> None:
    """Tell when as many files are open as may be, and when there is room again."""
    files = OpenFiles()
    async with aclosing(live.lookout.when(files.turned, every_s=FILES_S)) as looks:
        async for _ in looks:
            if (fault := files.fault) is not None:
                live.alerts.incident("out_of_files", "server", fault)
                live.alerts.broken["files"] = fault
            else:
                live.alerts.healed("files")
