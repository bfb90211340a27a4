"""LiteLLM's configuration in our form: what is taken over loads, what is not is told, and no key is written."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unisono.config.from_litellm import from_litellm
from unisono.config.load import parse_config
from unisono.types import Model

ENV = {
    "OPENAI_API_KEY": "a",
    "AZURE": "b",
    "ANTHROPIC_API_KEY": "c",
    "OPENROUTER_API_KEY": "d",
    "UNISONO_MASTER_KEY": "e",
}
WHOLE: dict[str, Any] = {
    "model_list": [
        {
            "model_name": "gpt",
            "litellm_params": {"model": "openai/gpt-5-mini", "api_key": "os.environ/OPENAI_API_KEY", "rpm": 4},
        },
        {
            "model_name": "gpt",
            "litellm_params": {
                "model": "azure/dep",
                "api_base": "https://a.openai.azure.com/",
                "api_key": "os.environ/AZURE",
                "api_version": "2024-10-21",
            },
            "model_info": {
                "base_model": "azure/gpt-5-mini",
                "input_cost_per_token": 2.5e-07,
                "output_cost_per_token": 2e-06,
                "max_input_tokens": 272000,
                "supports_function_calling": True,
                "supports_vision": False,
            },
        },
        {
            "model_name": "claude",
            "litellm_params": {"model": "anthropic/claude-sonnet-4-5", "api_key": "sk-ant-hidden"},
        },
        {"model_name": "own", "litellm_params": {"model": "ollama/llama3.2:3b", "api_base": "http://localhost:11434"}},
        {"model_name": "free", "litellm_params": {"model": "openrouter/a/b:free"}},
        {"model_name": "bed", "litellm_params": {"model": "bedrock/x"}},
        {"model_name": "anthropic/*", "litellm_params": {"model": "anthropic/*"}},
    ],
    "router_settings": {"model_group_alias": {"gpt-4": "gpt"}, "num_retries": 2, "fallbacks": [{"gpt": ["claude"]}]},
    "litellm_settings": {"num_retries": 3, "request_timeout": 90, "drop_params": True, "callbacks": ["x"]},
    "general_settings": {"master_key": "sk-hidden"},
    "guardrails": [],
}


def models() -> dict[str, Model]:
    made = from_litellm(WHOLE)
    assert made is not None
    return {model.name: model for model in parse_config(made.text, ENV).models}


def test_what_is_taken_over_loads_and_means_the_same() -> None:
    made = from_litellm(WHOLE)
    assert made is not None
    config = parse_config(made.text, ENV)
    assert (config.default, config.calls.retries, config.timeouts.total_s) == ("gpt", 3, 90.0)
    (caller,) = config.callers
    assert (caller.scope.admin, caller.key.reveal()) == (True, "e")
    pool = models()
    assert list(pool) == ["gpt", "gpt-2", "claude", "own", "free"]
    assert (pool["gpt"].base_url, pool["gpt"].aliases) == ("https://api.openai.com/v1", ("gpt-4",))
    assert pool["own"].base_url == "http://localhost:11434/v1"
    assert (pool["free"].base_url, pool["free"].upstream_model) == ("https://openrouter.ai/api/v1", "a/b:free")
    assert pool["claude"].upstream == "anthropic"


def test_a_deployment_keeps_its_address_its_price_its_window_and_what_it_can_do() -> None:
    azure = models()["gpt-2"]
    assert azure.base_url == "https://a.openai.azure.com/openai/deployments/dep?api-version=2024-10-21"
    assert azure.reports == ("gpt-5-mini",)
    assert azure.prices is not None
    assert (azure.prices.usd_per_mtok_in, azure.prices.usd_per_mtok_out) == (0.25, 2.0)
    assert (azure.context_tokens, {str(can) for can in azure.capabilities}) == (272000, {"tools"})


def test_what_is_not_taken_over_is_told_and_no_key_is_written() -> None:
    made = from_litellm(WHOLE)
    assert made is not None
    assert "hidden" not in made.text
    told = "\n".join(made.notes)
    for what in ("rpm", "gpt-2", "ANTHROPIC_API_KEY", "bedrock", "anthropic/*", "fallbacks", "callbacks", "guardrails"):
        assert what in told


@pytest.mark.parametrize("document", [{}, {"model_list": None}, {"model_list": [1, {}]}, {"model_list": "x"}])
def test_a_file_without_a_model_gives_nothing(document: dict[str, Any]) -> None:
    assert from_litellm(document) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(
    st.dictionaries(
        st.sampled_from(["model_list", "litellm_settings", "router_settings", "general_settings", "x"]), JSON
    )
)
def test_no_file_breaks_it(document: dict[str, Any]) -> None:
    from_litellm(document)


def test_models_of_vectors_are_no_models_that_chat() -> None:
    made = from_litellm(
        {
            "model_list": [
                {
                    "model_name": "vectors",
                    "litellm_params": {
                        "model": "openai/text-embedding-3-small",
                        "api_key": "os.environ/OPENAI_API_KEY",
                    },
                },
                {
                    "model_name": "vectors",
                    "litellm_params": {
                        "model": "azure/dep",
                        "api_base": "https://a.openai.azure.com",
                        "api_key": "os.environ/AZURE",
                        "input_cost_per_token": 1e-07,
                    },
                    "model_info": {"mode": "embedding"},
                },
                {"model_name": "hear", "litellm_params": {"model": "openai/whisper-1"}},
                {
                    "model_name": "paint",
                    "litellm_params": {"model": "openai/x"},
                    "model_info": {"mode": "image_generation"},
                },
                {"model_name": "talk", "litellm_params": {"model": "openai/gpt-5-mini", "max_tokens": 500}},
            ]
        }
    )
    assert made is not None
    config = parse_config(made.text, ENV)
    assert (config.default, [model.name for model in config.models]) == ("talk", ["talk"])
    assert [(e.name, e.upstream_model) for e in config.embeddings] == [
        ("vectors", "text-embedding-3-small"),
        ("vectors-2", "dep"),
    ]
    assert config.embeddings[1].usd_per_mtok_in == pytest.approx(0.1)
    assert [note.split(": ", 1)[1] for note in made.notes if "left out" in note] == [
        "audio_transcription is not served here; left out",
        "image_generation is not served here; left out",
    ]
    assert "model_list[4] (talk): max_tokens is not taken over" in made.notes


def test_an_address_that_the_environment_holds_is_asked_for() -> None:
    made = from_litellm(
        {
            "model_list": [
                {
                    "model_name": "a",
                    "litellm_params": {"model": "azure/dep", "api_base": "os.environ/AZURE_API_BASE"},
                },
                {"model_name": "b", "litellm_params": {"model": "hosted_vllm/q", "api_base": "os.environ/VLLM"}},
                {"model_name": "c", "litellm_params": {"model": "azure/dep", "api_key": "os.environ/AZURE"}},
            ]
        }
    )
    assert made is not None
    assert made.notes == [
        "model_list[0] (a): its address stands in the environment as AZURE_API_BASE: write it as `base_url`",
        "model_list[1] (b): its address stands in the environment as VLLM: write it as `base_url`",
        "model_list[2] (c): write the name of its resource into `base_url`",
    ]
