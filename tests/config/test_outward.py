"""The proxy on the way out is read from the environment as other programs read it."""

from __future__ import annotations

import pytest

from unisono.config import parse_config
from unisono.config.outward import is_direct, proxy_of
from unisono.errors import ConfigError
from unisono.types import Proxy

FILE = """default = "m"
[[models]]
name = "m"
upstream = "openai"
base_url = "https://api.example.com/v1"
[[embeddings]]
name = "e"
base_url = "https://api.example.com/v1"
"""


@pytest.mark.parametrize(
    ("environ", "found"),
    [
        ({}, None),
        ({"HTTPS_PROXY": " "}, None),
        ({"HTTP_PROXY": "http://p:1"}, None),
        ({"HTTPS_PROXY": "http://p.example:3128"}, ("p.example", 3128)),
        ({"HTTPS_PROXY": "p.example:3128/"}, ("p.example", 3128)),
        ({"https_proxy": "http://[::1]:8", "HTTPS_PROXY": "http://p:1"}, ("::1", 8)),
        ({"HTTPS_PROXY": "http://p.example"}, ("p.example", 1080)),
    ],
)
def test_the_proxy_is_the_one_that_the_environment_names(
    environ: dict[str, str], found: tuple[str, int] | None
) -> None:
    proxy = proxy_of(environ)
    assert (None if proxy is None else (proxy.host, proxy.port)) == found


@pytest.mark.parametrize("address", ["socks5://p:1", "https://p:1", "http://:1", "http://p:x", "http://[::1"])
def test_what_is_no_http_proxy_is_refused_without_its_password(address: str) -> None:
    with pytest.raises(ConfigError, match="HTTPS_PROXY") as refused:
        proxy_of({"HTTPS_PROXY": address.replace("://", "://user:hush@")})
    assert "hush" not in str(refused.value)


def test_user_and_password_are_a_secret() -> None:
    proxy = proxy_of({"HTTPS_PROXY": "http://us%40er:hush%3A@p:1"})
    assert proxy is not None and proxy.login is not None
    assert proxy.login.reveal() == "us@er:hush:"
    assert "hush" not in repr(proxy)


@pytest.mark.parametrize(
    ("host", "direct"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("::1", True),
        ("corp.example", True),
        ("LLM.Corp.Example.", True),
        ("notcorp.example", False),
        ("10.0.0.5", True),
        ("api.example.com", False),
    ],
)
def test_this_machine_and_what_is_excepted_are_called_directly(host: str, direct: bool) -> None:
    assert is_direct(host, Proxy(host="p", port=1, but=(".corp.example", "10.0.0.5"))) is direct
    assert is_direct(host, Proxy(host="p", port=1, but=("*.corp.example", "10.0.0.5"))) is direct
    assert is_direct(host, Proxy(host="p", port=1, but=("*",)))


def test_every_model_has_the_proxy_and_decisions_do_not_depend_on_it() -> None:
    plain = parse_config(FILE, {})
    config = parse_config(FILE, {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "a, b"})
    proxy = Proxy(host="p", port=1, but=("a", "b"))
    assert [model.proxy for model in (*config.models, *config.embeddings)] == [proxy, proxy]
    assert config.hash == plain.hash
