"""A thread that looks at something again and again, and wakes the event loop only when there is something to do.

A look of some microseconds costs a hundred times as much where the event loop hands each one to a thread and waits for
it: an idle server did little else. What is to be done, who iterates knows.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable


async def when(look: Callable[[], bool], *, every_s: float) -> AsyncGenerator[None, None]:
    """Yield whenever `look` has said that there is something to do; close it to end the thread.

    Args:
        look: called in a thread of its own. It may block, and must not raise.
        every_s: how long the thread sleeps between two looks.
    """
    loop = asyncio.get_running_loop()
    found, over = asyncio.Event(), threading.Event()

    def watch() -> None:
        while not over.wait(every_s):
            if look() and not over.is_set():
                loop.call_soon_threadsafe(found.set)

    thread = threading.Thread(target=watch, name="unisono-lookout", daemon=True)
    thread.start()
    try:
        while True:
            await found.wait()
            found.clear()
            yield
    finally:
        over.set()
        await asyncio.to_thread(thread.join)
