"""The values that travel from stage to stage: frozen, keyword-only, typed.

It does not hold behaviour beyond what a value can say about itself, and it imports nothing heavy. The words that a
field may hold are in `terms`, and can be had from here too.
"""

from unisono.terms import (
    SCRIPTS,
    TASKS,
    Capability,
    Counted,
    Effort,
    Health,
    Language,
    Mode,
    OnLimit,
    PartKind,
    Pattern,
    ReasoningEffort,
    Role,
    Status,
)
from unisono.types.call import Call, Chunk, Usage
from unisono.types.caller import NO_WISHES, Caller, Grant, Scope, Wishes
from unisono.types.decision import FIRST_POLICY, Choice, Decision, Excluded, Goal, Notice, Ranked
from unisono.types.direct import Direct, Lane, Sink, Told, is_direct
from unisono.types.estimate import ASSUMED_PRICE, Cost, Estimate, Latency, Quality
from unisono.types.evidence import Said, Seen, Verdict
from unisono.types.features import Asked, Features, Freshness, Likeness, TaskType, Thinking, Vector
from unisono.types.feedback import Score, Signal
from unisono.types.json import Json, JsonValue
from unisono.types.model import Candidate, EmbeddingModel, Lifecycle, Model, Prices, Proxy, Timeouts, Tls
from unisono.types.outcome import Attempt, Outcome, Part
from unisono.types.plan import Plan, Planned
from unisono.types.request import Message, Request
from unisono.types.rules import HouseRule, Limit
from unisono.types.secret import Secret
from unisono.types.situation import Cached, Past, Retry, Situation, Spent

__all__ = [
    "ASSUMED_PRICE",
    "FIRST_POLICY",
    "NO_WISHES",
    "SCRIPTS",
    "TASKS",
    "Asked",
    "Attempt",
    "Cached",
    "Call",
    "Caller",
    "Candidate",
    "Capability",
    "Choice",
    "Chunk",
    "Cost",
    "Counted",
    "Decision",
    "Direct",
    "Effort",
    "EmbeddingModel",
    "Estimate",
    "Excluded",
    "Features",
    "Freshness",
    "Goal",
    "Grant",
    "Health",
    "HouseRule",
    "Json",
    "JsonValue",
    "Lane",
    "Language",
    "Latency",
    "Lifecycle",
    "Likeness",
    "Limit",
    "Message",
    "Mode",
    "Model",
    "Notice",
    "OnLimit",
    "Outcome",
    "Part",
    "PartKind",
    "Past",
    "Pattern",
    "Plan",
    "Planned",
    "Prices",
    "Proxy",
    "Quality",
    "Ranked",
    "ReasoningEffort",
    "Request",
    "Retry",
    "Role",
    "Said",
    "Scope",
    "Score",
    "Secret",
    "Seen",
    "Signal",
    "Sink",
    "Situation",
    "Spent",
    "Status",
    "TaskType",
    "Thinking",
    "Timeouts",
    "Tls",
    "Told",
    "Usage",
    "Vector",
    "Verdict",
    "Wishes",
    "is_direct",
]
