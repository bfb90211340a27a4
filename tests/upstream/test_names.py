"""A name whose look-up hangs is looked up once, and no other upstream waits for it."""

from __future__ import annotations

import asyncio
import socket
from threading import Event

import pytest

from unisono.upstream.names import Found, Name, look_up
from unisono.upstream.pool import Address, Pool

N_WAITING = 5
LIMIT_S = 30


def test_connections_to_one_upstream_are_made_while_the_names_of_others_hang() -> None:
    go_on, asked = Event(), []

    def hangs(host: str, port: int) -> Found:
        asked.append(host)
        go_on.wait(LIMIT_S)
        return look_up("127.0.0.1", port)

    async def play() -> None:
        with socket.create_server(("127.0.0.1", 0), backlog=100) as server:
            port = server.getsockname()[1]
            slow = [Pool(Address(host=f"slow{n}.example", port=port, tls=False), look=hangs) for n in range(8)]
            fast = Pool(Address(host="localhost", port=port, tls=False))
            for pool in (*slow, fast):
                await pool.start()
            waiting = [asyncio.ensure_future(pool.connect()) for pool in slow for _ in range(N_WAITING)]
            wire = await asyncio.wait_for(fast.connect(), LIMIT_S)
            assert not any(one.done() for one in waiting)
            go_on.set()
            wires = await asyncio.wait_for(asyncio.gather(*waiting), LIMIT_S)
            for one in (wire, *wires):
                one.close()

    asyncio.run(play())
    assert sorted(asked) == [f"slow{n}.example" for n in range(8)]


async def test_who_waits_no_longer_takes_the_answer_from_nobody_and_a_failed_look_is_taken_again() -> None:
    answers: list[OSError | Found] = [OSError(1, "no such name"), look_up("127.0.0.1", 1)]
    go_on = Event()

    def look(host: str, port: int) -> Found:
        go_on.wait(LIMIT_S)
        answer = answers.pop(0)
        if isinstance(answer, OSError):
            raise answer
        return answer

    name = Name("m.example", 1, look=look)
    gone, stays = (asyncio.ensure_future(name.addresses()) for _ in range(2))
    await asyncio.sleep(0)
    gone.cancel()
    go_on.set()
    with pytest.raises(OSError, match="no such name"):
        await asyncio.wait_for(stays, LIMIT_S)
    found = await asyncio.wait_for(name.addresses(), LIMIT_S)
    assert found[0][4][0] == "127.0.0.1"
