"""What leaves in one turn of the event loop: in order, together, at the end of the turn, and nothing of it lost."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from unisono.outbox import MOST, Outbox, outbox


class Transport:
    """Remembers what left, and where among all that left."""

    def __init__(self, left: list[tuple[Transport, bytes]]) -> None:
        self.left = left
        self.closed = False

    def write(self, data: bytes) -> None:
        self.left.append((self, data))

    def writelines(self, parts: tuple[bytes, ...]) -> None:
        self.left.append((self, b"".join(parts)))

    def is_closing(self) -> bool:
        return self.closed


def within_a_turn(do: Any) -> tuple[list[bytes], list[bytes]]:
    """Run `do(box, new)` in one turn of uvloop; return what had left by its end, and what left in all.

    uvloop's clock counts milliseconds. Where one ends in the middle of it, it is run again.
    """
    uvloop = pytest.importorskip("uvloop")

    async def run() -> tuple[list[bytes], list[bytes]]:
        loop, ticked = asyncio.get_running_loop(), True
        while ticked:
            left: list[tuple[Transport, bytes]] = []
            await asyncio.sleep(0.002)  # a new turn, whose clock is not that of the one before
            began_s = loop.time()
            do(outbox(), lambda left=left: Transport(left))
            at_its_end, ticked = [data for _, data in left], loop.time() != began_s
            await asyncio.sleep(0)
        return at_its_end, [data for _, data in left]

    found: tuple[list[bytes], list[bytes]] = uvloop.run(run())
    return found


def test_the_first_leaves_at_once_and_what_follows_in_the_same_turn_at_its_end() -> None:
    def do(box: Outbox, new: Any) -> None:
        for data in (b"a", b"b", b"c"):
            box.put(new(), data, b"!")

    assert within_a_turn(do) == ([b"a!"], [b"a!", b"b!", b"c!"])


def test_what_goes_to_one_connection_keeps_its_order() -> None:
    def do(box: Outbox, new: Any) -> None:
        one, other = new(), new()
        for place, data in enumerate((b"1", b"2", b"3", b"4")):
            box.put(one if place % 2 else other, data)

    assert within_a_turn(do)[1] == [b"1", b"2", b"3", b"4"]


def test_a_long_turn_holds_only_so_many_back() -> None:
    def do(box: Outbox, new: Any) -> None:
        for _ in range(MOST + 2):
            box.put(new(), b".")

    before, after = within_a_turn(do)
    assert (len(before), len(after)) == (MOST + 1, MOST + 2)


def test_who_closes_sends_what_waits_before_and_what_is_closed_gets_nothing() -> None:
    def do(box: Outbox, new: Any) -> None:
        first, polite, gone = new(), new(), new()
        box.put(first, b"a")
        box.put(polite, b"b")
        box.send()
        polite.closed = True
        box.put(gone, b"c")
        gone.closed = True

    assert within_a_turn(do) == ([b"a", b"b"], [b"a", b"b"])


async def test_on_a_loop_whose_clock_runs_on_within_a_turn_all_leaves_at_once() -> None:
    left: list[tuple[Transport, bytes]] = []

    one = Transport(left)
    for data in (b"a", b"b"):
        outbox().put(one, data)
        assert left[-1] == (one, data)
