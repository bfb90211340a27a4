"""What hosts mean by a refusal: each row is a body as that host sends it, by its documents or its users' reports."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime

import orjson
import pytest

from unisono.edge.failure import error_body
from unisono.errors import NoAnswer
from unisono.types import Attempt, Health, Json
from unisono.upstream.health import HealthBook
from unisono.upstream.refusals import DAILY_S, refusal

NOW = datetime(2026, 11, 27, tzinfo=UTC)


def openai(message: str, code: str | None = None, kind: str = "invalid_request_error") -> Json:
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def anthropic(message: str) -> Json:
    return {"type": "error", "error": {"type": "invalid_request_error", "message": message}}


def google(code: int, status: str, message: str, *details: Json) -> Json:
    return {"error": {"code": code, "message": message, "status": status, "details": [*details]}}


def openrouter(code: int, message: str, **metadata: object) -> Json:
    return orjson.loads(orjson.dumps({"error": {"message": message, "code": code, "metadata": metadata}}))


def mistral(message: object, kind: str, code: str | None) -> Json:
    return orjson.loads(orjson.dumps({"object": "error", "message": message, "type": kind, "code": code}))


OPERATORS: Mapping[str, tuple[int, Json, int]] = {
    "Anthropic, no money": (
        400,
        anthropic("Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing."),
        402,
    ),
    "Anthropic, a limit of one's own": (
        400,
        anthropic(
            "You have reached your specified API usage limits. You will regain access on 2026-12-01 at 00:00 UTC."
        ),
        402,
    ),
    "OpenAI, no money": (
        429,
        openai("You exceeded your current quota, please check your plan.", "insufficient_quota", "insufficient_quota"),
        402,
    ),
    "OpenAI, a limit of one's own": (
        400,
        openai("Billing hard limit has been reached", "billing_hard_limit_reached"),
        402,
    ),
    "OpenAI, a project without the model": (
        403,
        openai("Project `p` does not have access to model `m`", "model_not_found"),
        404,
    ),
    "Gemini, wrong key": (
        400,
        google(
            400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.", {"reason": "API_KEY_INVALID"}
        ),
        401,
    ),
    "Gemini, key too old": (400, google(400, "INVALID_ARGUMENT", "API key expired. Please renew the API key."), 401),
    "Gemini, not from here": (
        400,
        google(400, "FAILED_PRECONDITION", "User location is not supported for the API use."),
        403,
    ),
    "xAI, wrong key": (
        400,
        {"code": "Client specified an invalid argument", "error": "Incorrect API key provided: xa***ng."},
        401,
    ),
    "xAI, no money": (
        429,
        {"code": "exhausted", "error": "Your team 1-2 has either used all available credits or …"},
        402,
    ),
    "OpenRouter, no such model": (400, openrouter(400, "openai/gpt-99 is not a valid model ID"), 404),
    "Mistral, no such model": (400, mistral("Invalid model: mistral-hugest", "invalid_model", "1500"), 404),
    "Groq, a model that is gone": (400, openai("The model `l` has been decommissioned.", "model_decommissioned"), 404),
    "DeepSeek, no such model": (400, openai("Model Not Exist", "invalid_request_error"), 404),
    "Azure, no chat": (
        400,
        openai("The chatCompletion operation does not work with the specified model, c.", "OperationNotSupported"),
        404,
    ),
    "Azure, too old a version": (
        400,
        openai("Model gpt-5 is enabled only for api versions 2025-03-01 and later", "BadRequest"),
        404,
    ),
}


@pytest.mark.parametrize("host", OPERATORS)
def test_what_the_operator_must_mend_is_no_mistake_of_the_callers(host: str) -> None:
    status, body, read = OPERATORS[host]
    refused = refusal("m", http_status=status, body=body)
    assert (refused.http_status, refused.status, refused.retryable, refused.lasting) == (read, 502, True, True)
    assert f"answered {status}" in str(refused)
    book = HealthBook()
    book.observe(attempt(), refused, 0.0)
    assert book.state("m", 0.5)[0] is Health.DOWN
    seen = orjson.dumps(error_body(NoAnswer(str(refused), attempts=[attempt()], last=refused)))
    assert b"upstream_refused" in seen
    assert b"Billing" not in seen


LONG: Mapping[str, tuple[int, Json]] = {
    "OpenAI": (400, openai("Input tokens exceed the configured limit of 272000 tokens.", "context_length_exceeded")),
    "Azure": (
        400,
        openai("Input tokens exceed the configured limit of 272000 tokens. Your messages resulted in 300000."),
    ),
    "Anthropic": (400, anthropic("prompt is too long: 209353 tokens > 200000 maximum")),
    "Anthropic with the answer": (
        400,
        anthropic("input length and `max_tokens` exceed context limit: 174167 + 64000 > 200000"),
    ),
    "Gemini": (
        400,
        google(400, "INVALID_ARGUMENT", "The input token count exceeds the maximum number of tokens allowed 1048576."),
    ),
    "OpenRouter": (400, openrouter(400, "This endpoint's maximum context length is 16384 tokens. However, …")),
    "OpenRouter, of its host": (
        400,
        openrouter(
            400, "Provider returned error", raw='{"message": "This model\'s maximum context length is 131072 tokens."}'
        ),
    ),
    "Mistral": (
        400,
        mistral(
            "Prompt contains 140000 tokens, too large for model with 131072 maximum context length", "prompt", "3051"
        ),
    ),
    "Groq": (400, openai("Please reduce the length of the messages or completion.", "context_length_exceeded")),
    "vLLM": (400, {"error": {"message": "This model's maximum context length is 8192 tokens.", "code": 400}}),
    "SGLang": (
        400,
        {"object": "error", "message": "The input (9 tokens) is longer than the model's context length (8 tokens)."},
    ),
    "llama.cpp": (400, openai("the request exceeds the available context size", None, "exceed_context_size_error")),
    "Moonshot": (400, openai("Invalid request: Your request exceeded model token limit: 8192")),
    "xAI": (400, {"error": "This model's maximum prompt length is 131072 but the request contains 190000 tokens."}),
    "TGI": (422, {"error": "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 8193"}),
}


@pytest.mark.parametrize("host", LONG)
def test_a_prompt_that_is_too_long_has_one_code_whoever_says_so_and_may_go_to_another_model(host: str) -> None:
    status, body = LONG[host]
    refused = refusal("m", http_status=status, body=body)
    assert (refused.status, refused.retryable, refused.lasting) == (status, True, False)
    error = error_body(refused)["error"]
    assert isinstance(error, dict)
    assert error["code"] == "context_length_exceeded"


OF_ONE_MODEL: Mapping[str, tuple[int, Json]] = {
    "a value": (400, openai("'temperature' does not support 0", "unsupported_value")),
    "Anthropic, a value": (400, anthropic("`temperature` is deprecated for this model.")),
    "OpenAI, a field": (400, openai("Unknown parameter: 'top_k'.", "unknown_parameter")),
    "Mistral, a field": (
        422,
        mistral(
            {"detail": [{"type": "extra_forbidden", "loc": ["body", "seed"], "msg": "Extra inputs are not permitted"}]},
            "x",
            None,
        ),
    ),
    "Gemini, a field": (
        400,
        google(400, "INVALID_ARGUMENT", 'Invalid JSON payload received. Unknown name "seed": Cannot find field.'),
    ),
    "Groq, a field": (400, openai("property 'top_k' is unsupported")),
    "Groq, a call it could not write": (400, openai("Failed to call a function.", "tool_use_failed")),
    "Groq, more than a minute's tokens": (413, openai("Request too large for model", "rate_limit_exceeded", "tokens")),
    "Ollama, no tools": (
        400,
        openai("registry.ollama.ai/library/gemma2:latest does not support tools", None, "api_error"),
    ),
    "vLLM, no tools": (
        400,
        openai('"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set'),
    ),
    "OpenAI, no pictures": (400, openai("Invalid content type. image_url is only supported by certain models.")),
    "vLLM, no pictures": (400, openai("At most 0 image(s) may be provided in one prompt.")),
    "OpenRouter, no tools": (404, openrouter(404, "No endpoints found that support tool use.")),
    "OpenRouter, no such provider": (
        404,
        openrouter(404, "No allowed providers are available for the selected model."),
    ),
    "Gemini, a call of another model": (
        400,
        google(400, "INVALID_ARGUMENT", "Function call is missing a thought_signature in …"),
    ),
}


@pytest.mark.parametrize("host", OF_ONE_MODEL)
def test_what_one_model_alone_refuses_may_be_tried_at_another_and_takes_no_model_down(host: str) -> None:
    status, body = OF_ONE_MODEL[host]
    refused = refusal("m", http_status=status, body=body)
    assert (refused.retryable, refused.lasting, refused.status in (400, 413, 422)) == (True, False, True)
    book = HealthBook()
    book.observe(attempt(), refused, 0.0)
    assert book.state("m", 0.5)[0] is Health.UP


@pytest.mark.parametrize(
    "body",
    [
        openai("Missing required parameter: 'messages'.", "missing_required_parameter"),
        {"error": {"message": None, "code": 400}},
        {"error": "bad"},
        None,
    ],
)
def test_what_no_row_knows_stays_the_callers(body: Json | None) -> None:
    refused = refusal("m", http_status=400, body=body)
    assert (refused.http_status, refused.retryable, refused.body) == (400, False, body)


def test_a_prompt_that_a_filter_refused_is_told_to_its_caller_and_takes_no_model_from_others() -> None:
    flagged = openrouter(
        403, "m requires moderation. Your input was flagged.", reasons=["violence"], flagged_input="how"
    )
    refused = refusal("m", http_status=403, body=flagged)
    assert (refused.status, refused.retryable, refused.lasting) == (400, False, False)
    error = error_body(refused)["error"]
    assert isinstance(error, dict)
    assert error["code"] == "content_filter"
    azure = refusal("m", http_status=400, body=openai("The response was filtered", "content_filter"))
    assert not azure.retryable


@pytest.mark.parametrize(
    "words", ["API key not valid", "Your credit balance is too low", "Invalid model: m", "insufficient balance"]
)
def test_what_a_caller_wrote_and_a_host_quotes_takes_no_model_down(words: str) -> None:
    quoted: list[Json] = [
        openai(f"Invalid value: '{words}'. Supported values are: 'auto'."),
        openai(f"1 validation error: input: {words}"),
        mistral({"detail": [{"loc": ["body", "seed"], "input": words}]}, "invalid_request_error", None),
        {"detail": [{"msg": words, "input": words}]},
    ]
    for body in quoted:
        assert not refusal("m", http_status=400, body=body).lasting


@pytest.mark.parametrize(
    ("body", "seconds"),
    [
        (google(429, "RESOURCE_EXHAUSTED", "You exceeded your current quota.", {"retryDelay": "41s"}), 41.0),
        (openai("Rate limit reached for m: Limit 100000. Please try again in 7m43.3s.", "rate_limit_exceeded"), 463.3),
        (openai("Requests to the Operation have exceeded call rate limit. Please retry after 20 seconds."), 20.0),
        (openai("Rate limit reached", "rate_limit_exceeded"), None),
        (openrouter(429, "Rate limit exceeded: free-models-per-day.", headers={"X-RateLimit-Reset": "1"}), 1.0),
        (openrouter(429, "Rate limit exceeded: free-models-per-day."), DAILY_S),
    ],
)
def test_how_long_to_wait_is_read_from_a_body_too(body: Json, seconds: float | None) -> None:
    assert refusal("m", http_status=429, body=body).retry_after_s == seconds
    assert refusal("m", http_status=429, body=body, retry_s=3.0).retry_after_s == 3.0


def test_google_tells_a_retry_in_seconds_of_a_limit_that_a_day_renews_and_it_is_not_believed() -> None:
    for quota, seconds in (("GenerateRequestsPerDayPerProjectPerModel-FreeTier", DAILY_S), ("PerMinutePerModel", 41.0)):
        failure: Json = {"violations": [{"quotaMetric": "m/requests", "quotaId": quota, "quotaValue": "50"}]}
        body = google(429, "RESOURCE_EXHAUSTED", "You exceeded your current quota.", failure, {"retryDelay": "41s"})
        assert refusal("m", http_status=429, body=body).retry_after_s == seconds


def test_a_moment_in_milliseconds_is_read_as_one() -> None:
    in_an_hour_ms = round((time.time() + 3600) * 1000)
    body = openrouter(429, "Rate limit exceeded", headers={"X-RateLimit-Reset": str(in_an_hour_ms)})
    seconds = refusal("m", http_status=429, body=body).retry_after_s
    assert seconds is not None
    assert 3000 < seconds < 3700


def test_a_model_of_another_api_is_told_as_that_and_no_number_is_said_twice() -> None:
    elsewhere = openai("This model is only supported in v1/responses and not in v1/chat/completions.")
    assert "is served at v1/responses there" in str(refusal("m", http_status=404, body=elsewhere))
    key = {"error": {"code": "401", "message": "Access denied due to invalid subscription key"}}
    assert str(refusal("m", http_status=401, body=key)) == "m: the upstream answered 401; check `api_key`."


def attempt() -> Attempt:
    return Attempt(model="m", upstream_model="m", started=NOW, status="failed", first_content_s=None, total_s=0.1)
