"""`unisono doctor` finds what stands in the way, and says what to do about it."""

import asyncio
import json
import socket
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from unisono import plugins
from unisono.cli.doctor import default_serves, local_files, plug_ins, policies, prices, strangers
from unisono.cli.exposure import exposure
from unisono.cli.finding import Finding
from unisono.cli.machine import disk_space, port, python_version, store
from unisono.cli.reach import exposed_key, upstreams
from unisono.config import Config, load_config, parse_config
from unisono.predict.artifact import default_artifact_path
from unisono.predict.artifact import load as load_artifact
from unisono.record.keys import create_key
from unisono.record.migrations import VERSION
from unisono.record.policies import Policies, made
from unisono.record.store import Store
from unisono.types import Json, Model, Scope, Secret

NOW = datetime(2026, 11, 26, tzinfo=UTC)
SCRIPTED = 'default = "a"\n[[models]]\nname = "a"\nupstream = "scripted"\n'


def states(findings: object) -> list[str]:
    return [finding.state for finding in findings]  # type: ignore[attr-defined]


def http_model(base_url: str, *, key: str | None = None) -> Model:
    secret = None if key is None else Secret(key)
    return Model(name="m", upstream="openai", upstream_model="m", base_url=base_url, api_key=secret)


def http_config(*base_urls: str) -> Config:
    text = 'default = "m0"\n'
    for n, url in enumerate(base_urls):
        text += f'[[models]]\nname = "m{n}"\nupstream = "openai"\nbase_url = "{url}"\n'
    return parse_config(text, {})


def test_an_old_python_fails() -> None:
    assert python_version((3, 10)).state == "fail"
    assert python_version((3, 11)).state == "ok"


def test_a_damaged_record_fails_and_a_sound_one_does_not(tmp_path: Path) -> None:
    path = tmp_path / "record.db"
    with closing(Store(path)) as made:
        assert made.flush()
    assert states(store(path))[0] == "ok"
    whole = path.read_bytes()
    path.write_bytes(whole[:8192] + b"\xff" * 16384 + whole[24576:])
    found = next(store(path))
    assert found.state == "fail"
    assert ".recover" in found.text


def test_a_policy_in_force_whose_parts_are_gone_fails(tmp_path: Path) -> None:
    config = parse_config(f'{SCRIPTED}[store]\npath = "{tmp_path / "record.db"}"\n', {})
    registry = plugins.load()
    with closing(Store(config.store.path)), closing(Policies(config.store.path)) as kept:
        assert [*policies(config, registry)] == []
        settings: Json = {"artifact": str(tmp_path / "gone")}
        policy = made(settings=settings, name="own", parent="config", artifact="0123456789abcdef", scores=None)
        kept.create(policy, by="team", now=NOW)
        assert [*policies(config, registry)] == []
        live = kept.known().state().live
        kept.promote(policy, live=live, verdict=None, why="", by="team", now=NOW)
        (found,) = policies(config, registry)
    assert (found.check, found.state) == ("policy own", "fail")
    assert "unisono rollback" in found.todo


def test_a_taken_port_fails_and_says_what_to_do() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        finding = port("127.0.0.1", taken.getsockname()[1])
    assert finding.state == "fail"
    assert "server.port" in finding.todo


def test_a_port_that_a_unisono_serves_already_is_fine() -> None:
    answer = b'HTTP/1.0 200 OK\r\n\r\n{"name": "unisono", "version": "0.1.0"}'
    with closing(socket.create_server(("127.0.0.1", 0))) as listening, ThreadPoolExecutor(1) as pool:
        listening.settimeout(30)

        def serves() -> None:
            caller, _ = listening.accept()
            with caller:
                caller.recv(4096)
                caller.sendall(answer)

        served = pool.submit(serves)
        finding = port("127.0.0.1", listening.getsockname()[1])
        served.result(30)
    assert finding.state == "ok"
    assert "0.1.0" in finding.text


def test_port_zero_is_always_free() -> None:
    assert port("127.0.0.1", 0).state == "ok"


def test_a_new_record_in_a_good_folder_is_fine(tmp_path: Path) -> None:
    assert next(store(tmp_path / "new.db")).state == "ok"


def test_a_missing_folder_fails(tmp_path: Path) -> None:
    (finding,) = store(tmp_path / "none" / "new.db")
    assert finding.state == "fail"
    assert finding.todo.startswith("mkdir")


def test_a_folder_in_the_place_of_the_record_fails(tmp_path: Path) -> None:
    assert states(store(tmp_path)) == ["fail"]


def test_another_kind_of_file_in_the_place_of_the_record_fails(tmp_path: Path) -> None:
    file = tmp_path / "letter.txt"
    file.write_text("Dear reader", encoding="utf-8")
    assert next(store(file)).state == "fail"


def test_a_record_that_everybody_can_read_is_a_warning(tmp_path: Path) -> None:
    file = tmp_path / "u.db"
    Store(file).close()
    file.chmod(0o644)
    assert next(store(file)).state == "warn"
    file.chmod(0o600)
    assert next(store(file)).state == "ok"


@pytest.mark.parametrize(
    ("version", "state", "says"), [(VERSION + 1, "fail", "a newer Unisono wrote it"), (VERSION - 1, "warn", "upgrades")]
)
def test_a_record_of_another_version_is_told_before_the_server_meets_it(
    tmp_path: Path, version: int, state: str, says: str
) -> None:
    file = tmp_path / "u.db"
    Store(file).close()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(f"PRAGMA user_version = {version}")
    found = next(store(file))
    assert found.state == state
    assert says in found.text


@pytest.mark.parametrize(("free_bytes", "state"), [(10**6, "fail"), (5 * 10**8, "warn"), (10**11, "ok")])
def test_disk_space(tmp_path: Path, free_bytes: int, state: str) -> None:
    assert disk_space(free_bytes, folder=tmp_path).state == state


def test_a_missing_model_file_and_a_wrong_one_fail(tmp_path: Path) -> None:
    page = tmp_path / "page.gguf"
    page.write_text("<html>", encoding="utf-8")
    server = tmp_path / "llama-server"
    server.touch(mode=0o755)
    for file in (tmp_path / "none.gguf", page):
        options = {"file": str(file), "server": str(server)}
        model = Model(name="l", upstream="local", upstream_model="l", options=options)
        assert states(local_files(model)) == ["fail"]


def test_a_server_that_cannot_run_fails(tmp_path: Path) -> None:
    file = tmp_path / "m.gguf"
    file.write_bytes(b"GGUF" + bytes(100))
    options = {"file": str(file), "server": str(tmp_path / "no-server")}
    model = Model(name="l", upstream="local", upstream_model="l", options=options)
    (finding,) = local_files(model)
    assert finding.state == "fail"
    assert "no-server" in finding.text


def test_a_key_in_clear_text_is_a_warning_and_is_not_shown() -> None:
    findings = list(exposed_key(http_model("http://vllm.internal:8000/v1", key="s3cr3t")))
    assert states(findings) == ["warn"]
    assert "s3cr3t" not in repr(findings)


def test_a_key_on_this_machine_is_fine() -> None:
    assert list(exposed_key(http_model("http://127.0.0.1:8000/v1", key="x"))) == []


def test_a_hosted_upstream_without_a_key_is_a_warning() -> None:
    assert states(exposed_key(http_model("https://models.example/v1"))) == ["warn"]


def test_an_unknown_price_is_a_warning() -> None:
    assert states(prices(http_model("http://127.0.0.1:8000/v1"))) == ["warn"]
    own, hosted = (
        next(prices(http_model(url))).text for url in ("http://127.0.0.1:8000/v1", "https://api.new-host.ai/v1")
    )
    assert "dearest" in hosted
    assert "dearest" not in own


def test_reachable_upstreams_are_tried_once_each() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as upstream:
        url = f"http://127.0.0.1:{upstream.getsockname()[1]}"
        findings = asyncio.run(upstreams(http_config(f"{url}/v1", f"{url}/v2"), list_s=0.1))
    assert states(findings) == ["ok"]
    assert "m0, m1" in findings[0].text


def test_an_unreachable_default_fails_and_another_model_only_warns() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as upstream:
        up = upstream.getsockname()[1]
        with closing(socket.socket()) as silent:
            silent.bind(("127.0.0.1", 0))  # bound and not listening: refused, and nobody else takes it
            down = silent.getsockname()[1]
            alone = asyncio.run(upstreams(http_config(f"http://127.0.0.1:{down}/v1")))
            both = http_config(f"http://127.0.0.1:{up}/v1", f"http://127.0.0.1:{down}/v1")
            spare = asyncio.run(upstreams(both, list_s=0.1))
    assert states(alone) == ["fail"]
    assert "refused" in alone[0].text
    assert sorted(states(spare)) == ["ok", "warn"]


def test_a_default_past_its_sunset_fails() -> None:
    config = parse_config(SCRIPTED + 'lifecycle = "sunset"\nuntil = 2026-12-01\n', {})
    assert list(default_serves(config, today=date(2026, 12, 1))) == []
    assert states(default_serves(config, today=date(2026, 12, 2))) == ["fail"]


def test_a_plug_in_that_is_not_installed_fails() -> None:
    findings = list(plug_ins(parse_config(SCRIPTED.replace("scripted", "elsewhere"), {})))
    assert any(f.state == "fail" and "elsewhere" in f.text for f in findings)


def test_options_that_a_provider_refuses_fail() -> None:
    findings = list(plug_ins(parse_config(SCRIPTED + "tool_call = { arguments = 1 }\n", {})))
    assert any(f.state == "fail" and "tool_call" in f.text for f in findings)


def test_a_broken_artifact_fails(tmp_path: Path) -> None:
    config = parse_config(SCRIPTED + '[routing]\nartifact = "none-here"\n', {}, file=tmp_path / "u.toml")
    artifact: list[Finding] = [f for f in plug_ins(config) if f.check == "artifact"]
    assert states(artifact) == ["fail"]


def test_what_is_unsafe_is_listed_and_a_safe_configuration_is_said_to_be(tmp_path: Path) -> None:
    now = datetime(2026, 11, 25, tzinfo=UTC)
    path = tmp_path / "record.db"

    def told(more: str, env: dict[str, str] | None = None) -> dict[str, str]:
        config = parse_config(f'{SCRIPTED}[store]\npath = "{path}"\n{more}', env or {})
        return {finding.text: finding.state for finding in exposure(config, now=now)}

    assert list(told("").values()) == ["ok"]
    assert any("a page of https://a.example" in text for text in told('[server]\norigins = ["https://a.example"]\n'))
    open_door = told('[server]\nhost = "0.0.0.0"\n')
    assert "fail" in open_door.values()
    assert any("no key exists" in text for text in open_door)
    with closing(Store(path)):
        create_key(path, "alice", scope=Scope(), now=now)
    text = " ".join(
        told(
            '[server]\nhost = "0.0.0.0"\nconsole = true\nkeys = ["env:K"]\nmax_body_bytes = 1073741824\n',
            {"K": "short"},
        )
    )
    for word in ("TLS", "console", "shorter than 24", "never end: alice", "usage limit", "max_body_bytes"):
        assert word in text
    kept = parse_config(f'{SCRIPTED}[store]\npath = "{path}"\ntext = "text"\n', {})
    assert any("words of users" in finding.text for finding in exposure(kept, now=now))


def test_of_many_keys_that_never_end_it_says_how_many_there_are(tmp_path: Path) -> None:
    path = tmp_path / "r.db"
    now = datetime.now(UTC)
    Store(path).close()
    for n in range(12):
        create_key(path, f"k{n:02d}", scope=Scope(), now=now)
    config = parse_config(f'{SCRIPTED}[store]\npath = "{path}"\n', {})
    (text,) = [finding.text for finding in exposure(config, now=now) if "never end" in finding.text]
    assert text.endswith("k08, k09 and 2 more")


def test_a_configuration_that_others_can_change_is_unsafe(tmp_path: Path) -> None:
    file = tmp_path / "unisono.toml"
    file.write_text(SCRIPTED)
    file.chmod(0o666)
    texts = [f.text for f in exposure(load_config(file), now=datetime(2026, 11, 25, tzinfo=UTC))]
    assert any("can be changed by others" in text for text in texts)


def test_in_domain_without_a_fitted_table_is_told(tmp_path: Path) -> None:
    config = parse_config(SCRIPTED + '[routing]\nin_domain = "always"\n', {}, file=tmp_path / "u.toml")
    (artifact,) = [f for f in plug_ins(config) if f.check == "artifact"]
    assert artifact.state == "warn"
    assert "`in_domain` changes nothing" in artifact.text


def test_an_artifact_of_ones_own_that_does_not_know_the_pool_is_told() -> None:
    artifact = load_artifact(default_artifact_path(), encoder="wordllama-l2-256")
    known = next(iter(artifact.ability.known))
    pool = SCRIPTED + f'reports = ["{known}"]\n[[models]]\nname = "nobody-knows-1"\nupstream = "scripted"\n'
    told = strangers(artifact, parse_config(pool, {}))
    assert told.state == "warn"
    assert "knows 1 of 2 models; not nobody-knows-1. It was fitted on " in told.text
    assert strangers(artifact, parse_config(SCRIPTED + f'reports = ["{known}"]\n', {})).state == "ok"


@contextmanager
def lists(status: int, document: object) -> Iterator[str]:
    """Serve one answer to every GET; yield the base address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            data = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/v1"
        finally:
            server.shutdown()


def test_a_key_that_the_host_refuses_fails_before_the_first_request() -> None:
    with lists(401, {"error": {"message": "Incorrect API key provided", "code": "invalid_api_key"}}) as url:
        _, refused = asyncio.run(upstreams(http_config(url)))
    assert (refused.check, refused.state) == ("model m0", "fail")
    assert "refuses it: 401 invalid_api_key" in refused.text


def test_a_name_that_the_host_does_not_list_is_told_with_the_nearest() -> None:
    with lists(200, {"data": [{"id": "m00"}, {"id": "models/other"}]}) as url:
        _, unknown = asyncio.run(upstreams(http_config(url)))
    assert "does not list 'm0'; nearest: m00" in unknown.text


def test_a_window_that_the_host_tells_of_is_compared() -> None:
    with lists(200, {"data": [{"id": "m0", "max_model_len": 32768}]}) as url:
        _, window = asyncio.run(upstreams(http_config(url)))
    assert (window.state, window.todo) == ("warn", "context_tokens = 32768")


@pytest.mark.parametrize(
    ("status", "document"),
    [
        (200, {"data": [{"id": "m0", "aliases": []}]}),
        (200, {"data": [{"id": "other", "aliases": ["m0"]}]}),
        (200, {"data": [{"id": "m0-0709"}]}),
        (200, {"data": []}),
        (200, "no"),
        (404, {}),
        (500, {}),
        (200, [{"id": "m0"}]),
    ],
)
def test_a_host_that_knows_the_name_or_does_not_say_is_fine(status: int, document: object) -> None:
    with lists(status, document) as url:
        findings = asyncio.run(upstreams(http_config(url)))
    assert states(findings) == ["ok"]


@pytest.mark.parametrize(
    ("pricing", "told"),
    [
        ({"prompt": "0.0000001", "completion": "0.00000032"}, ["0.1 and 0.32 USD"]),
        ({"prompt": "-1", "completion": "-1"}, []),
        ({"prompt": "0.1"}, []),
        ({"prompt": "x", "completion": "y"}, []),
        ("free", []),
    ],
)
def test_a_price_that_the_host_tells_of_and_the_list_does_not_is_told(pricing: object, told: list[str]) -> None:
    with lists(200, {"data": [{"id": "m0", "pricing": pricing}]}) as url:
        _, *findings = asyncio.run(upstreams(http_config(url)))
        own = "usd_per_mtok_in = 9\nusd_per_mtok_out = 9\n"
        priced = f'default = "m0"\n[[models]]\nname = "m0"\nupstream = "openai"\nbase_url = "{url}"\n{own}'
        _, *none = asyncio.run(upstreams(parse_config(priced, {})))
    assert [text in finding.text for text, finding in zip(told, findings, strict=True)] == [True] * len(told)
    assert none == []
