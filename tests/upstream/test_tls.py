"""TLS with a host: whose certificates are trusted, ours, and what fails at once with what to do about it."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.journeys.house import config_text, model, serving
from tests.journeys.upstream import Exchange, Upstream, says, upstream
from tests.upstream.certificates import Authority

from unisono.cli import reach
from unisono.cli.reach import upstreams
from unisono.config import load_config
from unisono.config.load import parse_config
from unisono.errors import ArtifactError, ConfigError
from unisono.types import Proxy, Tls
from unisono.upstream.embeddings import EndpointEncoder

HOUSE, OTHER = Authority("house"), Authority("other")


@contextmanager
def secure(
    folder: Path, *, asks: bool = False, names: tuple[str, ...] = ("127.0.0.1",), until: str = "21260101000000Z"
) -> Iterator[Upstream]:
    """Run an upstream with a certificate of the house; it may ask for one of the house's too."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(HOUSE.issue(folder, "server", *names, until=until))
    context.load_verify_locations(HOUSE.write(folder))
    if asks:
        context.verify_mode = ssl.CERT_REQUIRED
    with upstream(says("ok"), tls=context) as up:
        yield up


def attempts(house: object) -> list[dict[str, object]]:
    reply = house.chat(model="m")  # type: ignore[attr-defined]
    assert (reply.status, reply.headers["x-should-retry"]) == (502, "false")
    assert reply.json["error"]["code"] == "upstream_untrusted"
    return reply.json["unisono"]["attempts"]  # type: ignore[no-any-return]


def test_an_authority_that_is_named_is_trusted_and_without_it_a_call_fails_at_once_with_what_to_do(
    tmp_path: Path,
) -> None:
    with secure(tmp_path) as up:
        with serving(tmp_path, config_text(model("m", up), default="m")) as house:
            (attempt,) = attempts(house)  # an outage would be asked again
            found = house.get("/admin/incidents")["data"]
        assert attempt["error"] == "upstream_untrusted"
        assert str(attempt["text"]).startswith("m: TLS failed (")
        assert "name a file with its authority's certificate as `ca_file`" in str(attempt["text"])
        assert ("model_refused", "m") in [(one["kind"], one["subject"]) for one in found]
        HOUSE.write(tmp_path)
        with serving(tmp_path, config_text(model("m", up, ca_file="house.pem"), default="m")) as house:
            assert house.chat(model="m").status == 200


@pytest.mark.parametrize(
    ("server", "says_todo"),
    [
        ({"until": "20210101000000Z"}, "must renew its certificate"),
        ({"names": ("elsewhere.example",)}, "is for another name: check `base_url`"),
    ],
)
def test_what_is_wrong_with_a_certificate_is_told(tmp_path: Path, server: dict[str, object], says_todo: str) -> None:
    with (
        secure(tmp_path, **server) as up,  # type: ignore[arg-type]  # of these keys
        serving(tmp_path, config_text(model("m", up, ca_file="house.pem"), default="m")) as house,
    ):
        (attempt,) = attempts(house)
    assert says_todo in str(attempt["text"])


def test_a_host_that_asks_who_we_are_is_shown_our_certificate(tmp_path: Path) -> None:
    HOUSE.issue(tmp_path, "ours")
    OTHER.issue(tmp_path, "strangers")
    with secure(tmp_path, asks=True) as up:
        for cert, told in ((None, "name a certificate for it as `client_cert`"), ("strangers.pem", "in `client_cert`")):
            own = {} if cert is None else {"client_cert": cert}
            with serving(tmp_path, config_text(model("m", up, ca_file="house.pem", **own), default="m")) as house:
                # It may close the connection on what we write before its alert is read.
                house.until(lambda: told in house.chat(model="m").json["error"]["message"], told)  # noqa: B023
        text = config_text(model("m", up, ca_file="house.pem", client_cert="ours.pem"), default="m")
        with serving(tmp_path, text) as house:
            assert house.chat(model="m").status == 200
            assert house.chat(model="m", stream=True).status == 200


def test_the_doctor_tells_of_tls_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reach, "REFUSES_WITHIN_S", 2.0)  # the upstream's thread may be stalled
    HOUSE.issue(tmp_path, "ours")
    with secure(tmp_path, asks=True) as up:
        pool = [
            model("m", up),
            model("n", up, ca_file="house.pem"),
            model("o", up, ca_file="house.pem", client_cert="ours.pem"),
        ]
        file = tmp_path / "unisono.toml"
        file.write_text(config_text(*pool, default="m"))
        found = [
            (one.check, one.state, one.text, one.todo)
            for one in asyncio.run(upstreams(load_config(file), limit_s=60.0))
        ]
    one, two, three = [row[1:] for row in found if row[0] == "upstream"]
    assert (one[0], two[0]) == ("fail", "warn")
    assert "(m): TLS failed" in one[1]
    assert "`ca_file`" in one[2]
    assert "(n): TLS failed" in two[1]
    assert "`client_cert`" in two[2]
    assert three[0] == "ok"


def wrong(text: str, folder: Path) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        parse_config(text, {}, file=folder / "unisono.toml")
    return [f"{problem.key}: {problem.text}" for problem in refused.value.problems]


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"ca_file": "gone.pem"}, "ca_file: names FOLDER/gone.pem, which cannot be read (No such file or directory)"),
        ({"ca_file": "junk.pem"}, "ca_file: names FOLDER/junk.pem, which holds no certificates in PEM form"),
        ({"client_key": "ours.pem"}, "client_key: belongs to a certificate: name its file as `client_cert`"),
        (
            {"client_cert": "house.pem"},
            "client_cert: must be a certificate in PEM form in FOLDER/house.pem, with its key",
        ),
        (
            {"client_cert": "ours.pem", "client_key": "others.pem"},
            "client_key: the key in FOLDER/others.pem is not that of",
        ),
        (
            {"client_cert": "ours.pem", "client_key": "locked.pem"},
            "client_key: the key in FOLDER/locked.pem has a passphrase",
        ),
        ({"base_url": "http://h/v1", "ca_file": "house.pem"}, "ca_file: is for TLS, and http://h/v1 is asked without"),
    ],
)
def test_files_that_are_none_are_told_when_the_configuration_is_read(
    tmp_path: Path, keys: dict[str, str], told: str
) -> None:
    HOUSE.write(tmp_path)
    HOUSE.issue(tmp_path, "ours")
    OTHER.issue(tmp_path, "others")
    (tmp_path / "junk.pem").write_text("junk")
    (tmp_path / "locked.pem").write_text(
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n"
    )
    found = wrong(config_text(model("m", "https://h/v1", **keys), default="m"), tmp_path)
    assert len(found) == 1
    assert found[0].replace(str(tmp_path), "FOLDER").partition(": ")[0] == f"models[0].{told.partition(':')[0]}"
    assert told.partition(": ")[2] in found[0].replace(str(tmp_path), "FOLDER")


def test_a_certificate_that_is_renewed_in_its_file_counts_without_a_restart(tmp_path: Path) -> None:
    OTHER.issue(tmp_path, "ours")
    with secure(tmp_path, asks=True) as up:
        text = config_text(model("m", up, ca_file="house.pem", client_cert="ours.pem"), default="m")
        with serving(tmp_path, text) as house:
            assert house.chat(model="m").status == 502
            HOUSE.issue(tmp_path, "ours")
            house.until(lambda: house.chat(model="m").status == 200, "the new certificate is shown")


def _embeds(exchange: Exchange) -> None:
    exchange.json({"data": [{"index": n, "embedding": [1.0, 0.0]} for n in range(len(exchange.body["input"]))]})


def test_the_encoder_at_an_endpoint_goes_by_the_proxy_and_trusts_whom_it_is_told(tmp_path: Path) -> None:
    with secure(tmp_path) as up:
        up.behave = _embeds
        with pytest.raises(ArtifactError, match="name a file with its authority"):
            EndpointEncoder(up.base_url, model="e").encode(["a"])
        tls = Tls(ca_file=str(tmp_path / "house.pem"))
        assert EndpointEncoder(up.base_url, model="e", tls=tls).encode(["a"]).shape == (1, 2)
    heads: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def refuse() -> None:
            accepted, _ = listening.accept()
            with accepted:
                heads.append(accepted.recv(4096))
                accepted.sendall(b"HTTP/1.1 403 Forbidden\r\n\r\n")

        thread = threading.Thread(target=refuse)
        thread.start()
        proxy = Proxy(host="127.0.0.1", port=listening.getsockname()[1])
        with pytest.raises(ArtifactError):
            EndpointEncoder("https://e.example/v1", model="e", proxy=proxy).encode(["a"])
        thread.join()
    assert heads[0].startswith(b"CONNECT e.example:443 ")


def test_tables_of_encoders_and_embeddings_have_the_same_keys(tmp_path: Path) -> None:
    HOUSE.write(tmp_path)
    more = '\n[encoder]\nbase_url = "https://e/v1"\nmodel = "e"\nca_file = "house.pem"\n'
    more += '\n[[embeddings]]\nname = "v"\nbase_url = "https://v/v1"\nca_file = "house.pem"\n'
    text = config_text(model("m", "https://h/v1", ca_file="house.pem"), default="m", more=more)
    environ = {"HTTPS_PROXY": "http://proxy.example:3128"}
    config = parse_config(text, environ, file=tmp_path / "unisono.toml")
    plain = parse_config(text.replace('ca_file = "house.pem"\n', ""), environ, file=tmp_path / "unisono.toml")
    found = (config.encoder, config.embeddings[0], config.models[0])
    assert {one.tls.ca_file for one in found if one.tls} == {str(tmp_path / "house.pem")}
    assert len({one.proxy for one in found}) == 1
    assert config.hash == plain.hash
    assert all(one.tls is None for one in (plain.encoder, plain.embeddings[0], plain.models[0]))
