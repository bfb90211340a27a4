"""Connections with TLS are asked of the proxy on the way out, and what it says no to is told in its name."""

from __future__ import annotations

import asyncio

import pytest

from unisono.errors import UpstreamError
from unisono.types import Call, Model, Proxy, Secret, Timeouts
from unisono.upstream.openai import OpenAIProvider

LIMITS = Timeouts(connect_s=60.0, first_content_s=60.0, gap_s=60.0, total_s=60.0)
GREETING = b"\x16\x03"
"""How TLS begins: what comes behind the proxy's yes is for the upstream."""


def asked(answer: bytes, *, base_url: str = "https://api.example.com/v1") -> tuple[bytes, bytes, str]:
    """Call an upstream by a proxy that says `answer`; return what the proxy was asked, what came then, the error."""

    async def play() -> tuple[bytes, bytes, str]:
        head = then = b""

        async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal head, then
            head = await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            if b" 200" in answer:
                then = await reader.read(2)
            writer.close()

        server = await asyncio.start_server(proxy, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        way = Proxy(host="127.0.0.1", port=port, login=Secret("user:hush"))
        model = Model(
            name="m", upstream="openai", upstream_model="m", base_url=base_url, api_key=Secret("sk-x"), proxy=way
        )
        provider = OpenAIProvider(model, LIMITS)
        await provider.start()
        try:
            with pytest.raises(UpstreamError) as failed:
                async for _ in provider.send(Call(model=model, body={"messages": []}, stream=False, decision="d")):
                    pass
            return head, then, str(failed.value).replace(str(port), "PORT")
        finally:
            await provider.close()
            server.close()
            await server.wait_closed()

    return asyncio.run(play())


def test_a_connection_with_tls_is_asked_of_the_proxy_and_begins_behind_its_yes() -> None:
    head, then, _ = asked(b"HTTP/1.1 200 Connection established\r\nvia: p\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[:2] == ["CONNECT api.example.com:443 HTTP/1.1", "Host: api.example.com:443"]
    assert "Proxy-Authorization: Basic dXNlcjpodXNo" in lines
    assert b"sk-x" not in head
    assert then == GREETING


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "asks for a user and a password"),
        (b"HTTP/1.0 403 Forbidden\r\ncontent-length: 0\r\n\r\n", "refuses with 403"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", "does not answer as an HTTP proxy does"),
        (b"", "does not answer as an HTTP proxy does"),
    ],
)
def test_a_proxy_that_says_no_is_told_by_name_and_without_its_password(answer: bytes, says: str) -> None:
    _, then, error = asked(answer)
    assert error.startswith("m: no connection to api.example.com:443: the proxy 127.0.0.1:PORT (HTTPS_PROXY) ")
    assert says in error
    assert "hush" not in error
    assert then == b""


def test_this_machine_is_called_directly() -> None:
    head, _, error = asked(b"", base_url="https://127.0.0.1:1/v1")
    assert head == b""
    assert "no connection to 127.0.0.1:1 (" in error
