"""The encoder behind an embeddings endpoint: what it sends, and what it refuses to believe."""

from __future__ import annotations

import pytest
from tests.journeys.upstream import Behave, Exchange, upstream

from unisono.errors import ArtifactError
from unisono.types import Secret
from unisono.upstream.embeddings import MAX_CHARS, EndpointEncoder


class Key(Secret):
    def reveal(self) -> str:
        return "s3cret"


def counts(exchange: Exchange) -> None:
    """Embed each text as its length and a one."""
    rows = [{"index": n, "embedding": [len(text), 1.0]} for n, text in enumerate(exchange.body["input"])]
    exchange.json({"data": rows})


def says_nothing(exchange: Exchange) -> None:
    exchange.json({"data": []})


def says_words(exchange: Exchange) -> None:
    exchange.json({"data": [{"index": 0, "embedding": ["a"]}]})


def says_nan(exchange: Exchange) -> None:
    exchange.json({"data": [{"index": 0, "embedding": [float("nan")]}]})


def says_no(exchange: Exchange) -> None:
    exchange.json({"error": "no"}, status=401)


def test_it_asks_as_openai_documents_it_and_gives_unit_vectors() -> None:
    with upstream(counts) as up:
        encoder = EndpointEncoder(up.base_url, model="mini", api_key=Key("s3cret"))
        vectors = encoder.encode(["abc", "", "x" * 3 * MAX_CHARS])
    asked = up.seen[0]
    assert asked.path == "/v1/embeddings"
    assert asked.headers["authorization"] == "Bearer s3cret"
    assert asked.body["model"] == "mini"
    assert len(asked.body["input"]) == 2
    assert vectors[0] == pytest.approx([3 / 10**0.5, 1 / 10**0.5])
    assert not vectors[1].any()
    assert len(asked.body["input"][1]) == MAX_CHARS + 1
    assert encoder.dim == 2


@pytest.mark.parametrize("behave", [says_nothing, says_words, says_nan, says_no])
def test_another_answer_is_refused_and_no_text_is_in_the_error(behave: Behave) -> None:
    with upstream(behave) as up, pytest.raises(ArtifactError, match="endpoint for 'mini' cannot be used") as refused:
        EndpointEncoder(up.base_url, model="mini").encode(["my secret prompt"])
    assert "secret prompt" not in str(refused.value)


def test_an_endpoint_that_is_not_there_is_told() -> None:
    with pytest.raises(ArtifactError, match="cannot be reached"):
        EndpointEncoder("http://127.0.0.1:9/v1", model="mini").encode(["a"])
