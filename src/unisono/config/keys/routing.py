"""The keys of the choice: how `auto` chooses, and the encoder that reads prompts for it."""

from __future__ import annotations

from unisono.config.keys.key import Key, certificates, section
from unisono.config.values import DEFAULT_MEMBERS

ROUTING = section(
    "routing",
    Key(
        name="dial", kind="number", default=0.5, low=0, high=1,
        text="0 takes the cheapest that is good enough, 1 the best whatever it costs; a caller may say otherwise.",
    ),
    Key(
        name="margin", kind="number", default=0.01, low=0, high=1,
        text="How much better than `default` (in expected quality after costs) another model must be to be chosen.",
    ),
    Key(
        name="switch_margin", kind="number", default=0.03, low=0, high=1,
        text="How much better than a conversation's model another must be, after costs and lost caches, to take over.",
    ),
    Key(
        name="handoff", kind="json", default={},
        text="What a conversation loses from one model to another, as `unisono models handoff` prints it; else 0.02.",
    ),
    Key(
        name="explore", kind="number", default=0.0, low=0, high=1,
        text="Share of new questions to `auto` on which another model than the first may be tried, to learn; 0 is off.",
    ),
    Key(
        name="explore_loss", kind="number", default=0.05, low=0, high=1,
        text="Most expected quality after costs that an answer may lose by being tried.",
    ),
    Key(
        name="style_note", kind="text",
        text="Added to the system prompt when a conversation changes its model, so that the voice stays one.",
    ),
    Key(
        name="cascade", kind="choices", default=[], allowed=("fast", "balanced", "deep"),
        text="The modes in which a cheaper model may answer first, with a stronger one behind it where that pays.",
    ),
    Key(
        name="members", kind="integer", default=DEFAULT_MEMBERS, low=1, high=8,
        text="How many models `auto:pro` asks side by side at most; 1 turns that off.",
    ),
    Key(
        name="judge", kind="name", otherwise="the best model of the pool for the request",
        text="The model that writes one answer from those of several, where `auto:pro` needs that.",
    ),
    Key(
        name="compare", kind="text", default="claims",
        text="What compares several models' answers: `claims` (no model), `judge` (a model), or a plug-in's name.",
    ),
    Key(
        name="run_code", kind="flag", default=False,
        text="Whether code in a cheaper model's answer may be run, locked down, against the examples in the prompt.",
    ),
    Key(
        name="artifact", kind="path", otherwise="the one in the package",
        text="The trained parts of the predictors, such as `unisono fit` writes; they fit one encoder.",
    ),
    Key(
        name="in_domain", kind="choice", default="when_alike",
        allowed=("when_alike", "always", "never"),
        text="When to route as prompts held out of the table that `artifact` was fitted on allow, which saves more.",
    ),
    Key(
        name="predictor", kind="text", default="unisono",
        text="What expects how good each model's answer will be: Unisono's own predictor, or a plug-in's name.",
    ),
    Key(
        name="encoder", kind="text", default="static",
        text="What turns prompts into vectors: `static`, `use`, `e5`, `onnx`, `endpoint`, or the name of a plug-in.",
    ),
)  # fmt: skip

ENCODER = section(
    "encoder",
    Key(
        name="path", kind="path",
        text="For `onnx`: a sentence-transformers folder with an ONNX model, or a model's file beside its tokenizer.",
    ),
    Key(
        name="hub", kind="text",
        text="For `onnx` instead of a path: `OWNER/MODEL@REVISION` of a hub, with the whole commit; needs `sha256`.",
    ),
    Key(name="sha256", kind="text", text="What the ONNX model's file must have.", otherwise="any"),
    Key(
        name="base_url", kind="url",
        text="For `endpoint`: where embeddings are asked for, such as `http://127.0.0.1:9001/v1`.",
    ),
    Key(name="model", kind="text", text="For `endpoint`: the model that is asked for."),
    Key(name="api_key", kind="secret", text="For `endpoint`: its key, as `env:NAME` or `file:PATH`."),
    *certificates(),
    Key(
        name="budget_s", kind="number", unit="s", default=0.2, above=0, high=60,
        text="How long a request waits for an encoder other than `static`; then it is decided without, with a notice.",
    ),
)  # fmt: skip
