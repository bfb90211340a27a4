"""Texts to unit vectors by an embeddings endpoint that speaks OpenAI's dialect.

It blocks: whoever calls it does so off the event loop (`understand.ahead`), and waits no longer than its budget. It
routes nothing and keeps nothing.
"""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from unisono.config.outward import is_direct
from unisono.config.tls import context_of
from unisono.errors import ArtifactError
from unisono.types import Proxy, Secret, Tls, Vector
from unisono.upstream import trust
from unisono.upstream.pool import login

MAX_CHARS = 8_000
"""Of a longer text the first and the last half of this are sent."""
TIMEOUT_S = 10.0
"""For one call; a request has long been decided without by then, and the answer serves the next one like it."""


class EndpointEncoder:
    """`POST {base_url}/embeddings`. One text a vector, several in one call; equal texts must get equal vectors."""

    def __init__(
        self,
        base_url: str,
        *,
        model: str,
        api_key: Secret | None = None,
        proxy: Proxy | None = None,
        tls: Tls | None = None,
    ) -> None:
        """Ask `model` at `base_url`, such as `http://127.0.0.1:9001/v1`; the way there is that of a chat model."""
        parts = urlsplit(base_url)
        self._is_secure = parts.scheme == "https"
        self._host, self._port = parts.hostname or "", parts.port
        self._proxy = proxy if proxy is not None and self._is_secure and not is_direct(self._host, proxy) else None
        self._tls = tls
        self._context: ssl.SSLContext | None = None
        self._path = parts.path.rstrip("/") + "/embeddings"
        self._model = model
        self._headers = {"content-type": "application/json"}
        if api_key is not None:
            self._headers["authorization"] = f"Bearer {api_key.reveal()}"
        self._dim = 0

    @property
    def name(self) -> str:
        """Identity that artifacts are bound to: the model's name; who serves it must not change it silently."""
        return f"endpoint-{self._model}"

    @property
    def dim(self) -> int:
        """Length of a vector; the endpoint is asked when it is not known yet."""
        if self._dim == 0:
            self.encode(["a"])
        return self._dim

    def encode(self, texts: Sequence[str]) -> Vector:
        """Return unit vectors, shape (len(texts), dim), float32. Empty text gives zeros.

        Raises:
            ArtifactError: the endpoint cannot be reached, refused, or answered with something else.
        """
        spoken = [place for place, text in enumerate(texts) if text.strip()]
        if not spoken:
            return np.zeros((len(texts), self.dim), dtype=np.float32)
        found = self._vectors(self._ask([_clipped(texts[place]) for place in spoken]), n=len(spoken))
        if self._dim not in (0, found.shape[1]):
            raise self._broken(f"its vectors have {found.shape[1]} numbers, before they had {self._dim}")
        self._dim = found.shape[1]
        vectors = np.zeros((len(texts), self._dim), dtype=np.float32)
        vectors[spoken] = found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-12)
        return vectors

    def _ask(self, texts: Sequence[str]) -> Any:
        body = json.dumps({"model": self._model, "input": list(texts), "encoding_format": "float"})
        try:
            connection = self._connection()
        except OSError as exc:
            raise self._broken(f"its certificates cannot be read ({exc})") from exc
        try:
            connection.request("POST", self._path, body=body, headers=self._headers)
            answer = connection.getresponse()
            content = answer.read()
        except ssl.SSLError as exc:
            raise self._broken(f"TLS failed ({trust.why(exc)}); {trust.todo(exc, self._tls)}") from exc
        except (OSError, http.client.HTTPException) as exc:
            raise self._broken(f"it cannot be reached ({type(exc).__name__})") from exc
        finally:
            connection.close()
        if answer.status != 200:
            raise self._broken(f"it answered with status {answer.status}")
        try:
            return json.loads(content)
        except ValueError as exc:
            raise self._broken("its answer is not JSON") from exc

    def _connection(self) -> http.client.HTTPConnection:
        if not self._is_secure:
            return http.client.HTTPConnection(self._host, self._port, timeout=TIMEOUT_S)
        if self._context is None:
            self._context = context_of(self._tls)  # some milliseconds, once
        context, proxy = self._context, self._proxy
        if proxy is None:
            return http.client.HTTPSConnection(self._host, self._port, timeout=TIMEOUT_S, context=context)
        connection = http.client.HTTPSConnection(proxy.host, proxy.port, timeout=TIMEOUT_S, context=context)
        connection.set_tunnel(self._host, self._port or 443, headers=login(proxy))
        return connection

    def _vectors(self, answer: Any, *, n: int) -> Vector:
        try:
            rows = sorted(answer["data"], key=lambda row: row["index"])
            found = np.array([row["embedding"] for row in rows], dtype=np.float32)
        except (KeyError, TypeError, ValueError) as exc:
            raise self._broken("its answer holds no embeddings") from exc
        if found.ndim != 2 or len(found) != n or not np.isfinite(found).all():
            raise self._broken("its answer holds other embeddings than were asked for")
        return found

    def _broken(self, what: str) -> ArtifactError:
        return ArtifactError(f"The encoder's endpoint for {self._model!r} cannot be used: {what}.")


def _clipped(text: str) -> str:
    readable = text.encode("utf-8", "replace").decode("utf-8")
    half = MAX_CHARS // 2
    return readable if len(readable) <= MAX_CHARS else f"{readable[:half]}\n{readable[-half:]}"
