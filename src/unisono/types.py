"""The values that travel from stage to stage: frozen, keyword-only, typed.

It does not hold behaviour beyond what a value can say about itself, and it imports nothing heavy. The words that a
field may hold are in `terms`, and can be had from here too.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, TypeAlias, TypeGuard

from unisono.terms import SCRIPTS as SCRIPTS
from unisono.terms import TASKS as TASKS
from unisono.terms import Capability as Capability
from unisono.terms import Counted as Counted
from unisono.terms import Effort as Effort
from unisono.terms import Health as Health
from unisono.terms import Language as Language
from unisono.terms import Mode as Mode
from unisono.terms import OnLimit as OnLimit
from unisono.terms import PartKind as PartKind
from unisono.terms import Pattern as Pattern
from unisono.terms import ReasoningEffort as ReasoningEffort
from unisono.terms import Role as Role
from unisono.terms import Status as Status
from unisono.values import value

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FIRST_POLICY = "config"
"""The policy that a configuration is by itself, before any other was made."""

JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"
Json: TypeAlias = "dict[str, JsonValue]"
Vector: TypeAlias = "NDArray[np.float32]"
"""A float32 array; the shape stands where it is used."""


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """A value that shows itself in no log, error or dump. `reveal()` is the only way in."""

    _value: str

    def reveal(self) -> str:
        """Return the secret text."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(…)"


# ---------------------------------------------------------------------------------------- the pool


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """Prices in USD per million tokens. `source` says where they come from."""

    usd_per_mtok_in: float
    usd_per_mtok_out: float
    usd_per_mtok_cached_in: float | None = None
    source: str = "config"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifecycle:
    """Where a model stands in its life; `until` is the date on which a sunset ends."""

    state: Literal["active", "legacy", "sunset", "retired"] = "active"
    until: date | None = None
    successor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """The HTTP proxy on the way out: connections to `https` addresses are asked of it, but for hosts named in `but`.

    `but` holds names of hosts, each for what lies below it too; `*` is every host. This machine is always called
    directly.
    """

    host: str
    port: int
    login: Secret | None = None
    but: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """Files for TLS with one host: authorities that are trusted in place of the system's, our certificate and its key.

    `mark` differs when the files hold something else.
    """

    ca_file: str | None = None
    client_cert: str | None = None
    client_key: str | None = None
    mark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One model of the pool, as the catalogue describes it.

    `upstream` names the provider plug-in, `options` are the keys that only this provider reads
    (for `local`: `file`, `threads`, ...; for `scripted`: the script).
    """

    name: str
    upstream: str
    upstream_model: str
    base_url: str | None = None
    api_key: Secret | None = None
    reports: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    role: Role = Role.FAST
    capabilities: frozenset[Capability] = frozenset()
    context_tokens: int = 8192
    max_output_tokens: int | None = None
    prices: Prices | None = None
    knowledge_cutoff: date | None = None
    quality: float | None = None
    benchmarks: Mapping[str, float] = field(default_factory=dict)
    lifecycle: Lifecycle = Lifecycle()
    cache_ttl_s: float = 300.0
    proxy: Proxy | None = None
    tls: Tls | None = None
    options: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingModel:
    """A model that turns texts into vectors. No router chooses it; callers name it."""

    name: str
    upstream_model: str
    base_url: str | None = None
    api_key: Secret | None = None
    usd_per_mtok_in: float | None = None
    proxy: Proxy | None = None
    tls: Tls | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Limits in seconds for one upstream call."""

    connect_s: float = 5.0
    first_content_s: float = 60.0
    gap_s: float = 60.0
    total_s: float = 600.0


# ------------------------------------------------------------------------------------- the request


@value
class Message:
    """The part of one chat message that routing reads. The raw body keeps the rest."""

    role: str
    text: str
    parts: frozenset[str] = frozenset()
    n_tool_calls: int = 0


@value
class Wishes:
    """What the caller asked of the router: the `unisono` object or the `x-unisono-*` headers."""

    dial: float | None = None
    max_cost_usd: float | None = None
    max_first_token_s: float | None = None
    min_quality: float | None = None
    models: tuple[str, ...] = ()
    ban: tuple[str, ...] = ()
    session: str | None = None
    allow_fallback: bool | None = None
    on_limit: OnLimit | None = None
    explain: bool = False
    retry_of: str | None = None
    how: str | None = None


NO_WISHES = Wishes()
"""Of most callers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a key may do. No request can lift it, unlike a wish.

    Attributes:
        admin: may read everybody's record and `/admin`.
        models: the only models that may answer; empty means all.
        ban: the models that may not.
        modes: the only modes of `auto` that may be asked for; empty means all. A pin is the models' affair.
        export: its holder agrees that words are kept and exported, for training.
    """

    admin: bool = False
    models: tuple[str, ...] = ()
    ban: tuple[str, ...] = ()
    modes: tuple[Mode, ...] = ()
    export: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """One key of the configuration that has a name: what it may, what its holder wishes where a request is silent."""

    name: str
    key: Secret
    wishes: Wishes = NO_WISHES
    scope: Scope = Scope()


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Who calls, as the edge has authenticated it: the name in limits and record, what it may, what it wishes."""

    name: str
    scope: Scope = Scope()
    wishes: Wishes = NO_WISHES


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """How much may be used in a window, and by whom.

    Attributes:
        name: what errors, notices and `GET /v1/limits` show.
        per: each key, each end user, or all callers together have an account of their own.
        counts: what is counted.
        amount: how much of it fits into the window.
        window: sliding seconds (a number), or a calendar unit in UTC.
        models, roles, keys: what the limit is about; empty means all. A key ending in `*` is every one that begins so.
        warn_at: share of the amount from which answers carry a notice.
    """

    name: str
    per: Literal["key", "user", "all"] = "key"
    counts: Counted = "messages"
    amount: float
    window: float | Literal["hour", "day", "week", "month"] = "day"
    models: tuple[str, ...] = ()
    roles: tuple[Role, ...] = ()
    keys: tuple[str, ...] = ()
    warn_at: float = 0.8

    def is_about(self, key: str) -> bool:
        """Say whether the limit is about this key."""
        return not self.keys or _is_named(key, self.keys)


def _is_named(key: str, names: tuple[str, ...]) -> bool:
    """Say whether the name of a key is one of these, or begins as one that ends in `*`."""
    return any(key == name or (name.endswith("*") and key.startswith(name[:-1])) for name in names)


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseRule:
    """Who answers one kind of requests to `auto` first, as the operator has it. All conditions given must hold.

    Attributes:
        name: what notices and the record call the rule.
        models: who answers; the others only where none of these can.
        modes: of `auto`, one of which is asked for; empty means all.
        keys: names of keys, one of which asks, or their beginnings with a `*` behind; empty means all.
        tasks: kinds of task, one of which it is with a probability of `at_least`; empty means all.
        words: one of these stands in the task, as a whole word; empty means no matter which.
        like: sentences that such requests are like; empty means no matter which.
        unlike: sentences that must not be nearer than the nearest of `like`.
        false_alarms: the share of ordinary prompts that may be taken for one like `like`.
        scripts: one of these most of the task's letters belong to; empty means all.
        needs: capabilities, one of which the request needs; empty means no matter which.
        min_tokens, max_tokens: bounds of the whole prompt's estimated length, both included.
    """

    name: str
    models: tuple[str, ...]
    modes: tuple[Mode, ...] = ()
    keys: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    at_least: float = 0.5
    words: tuple[str, ...] = ()
    like: tuple[str, ...] = ()
    unlike: tuple[str, ...] = ()
    false_alarms: float = 0.01
    scripts: tuple[str, ...] = ()
    needs: tuple[Capability, ...] = ()
    min_tokens: int | None = None
    max_tokens: int | None = None

    def is_about(self, key: str) -> bool:
        """Say whether the rule is about what this key asks."""
        return not self.keys or _is_named(key, self.keys)


@value
class Request:
    """One chat request as it came in.

    `body` is the whole JSON body, unread fields included, without the `unisono` object.
    Exactly one of `mode` and `pin` is set; `pin` is a catalogue name. `n_choices` answers are wanted at once, each of
    `max_output_tokens` at most. `betas` are the parts of Anthropic's API that are not stable yet and the caller speaks.
    `left_out` names what the caller sent in another API's form and nobody here can serve: `body` is without it.
    """

    id: str
    received: datetime
    body: Json
    model: str
    mode: Mode | None
    pin: str | None
    messages: tuple[Message, ...]
    stream: bool = False
    needs: frozenset[Capability] = frozenset()
    max_output_tokens: int | None = None
    n_choices: int = 1
    wishes: Wishes = NO_WISHES
    session: str = ""
    key: str = "anonymous"
    user: str | None = None
    betas: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def allow_fallback(self) -> bool:
        """May another model answer if the chosen one fails? A pin says no unless asked."""
        wish = self.wishes.allow_fallback
        return self.pin is None if wish is None else wish


@value
class Freshness:
    """Whether the right answer changes with time.

    Attributes:
        changing: probability in [0, 1] that the answer of today is not that of some years ago.
        pace: how fast it changes, if it does.
        asks_about: the latest day that the question names ("in May 2026"), if any.
    """

    changing: float
    pace: Literal["evergreen", "slow", "fast"]
    asks_about: date | None = None


class Thinking(NamedTuple):
    """How much a request asks a model to think.

    Attributes:
        effort: None where only the budget is said.
        budget_tokens: of thoughts, at most.
    """

    effort: ReasoningEffort | None = None
    budget_tokens: int | None = None


class Asked(NamedTuple):
    """How much a request asks models to think: those of Anthropic's API, and the others. They read other members."""

    anthropic: Thinking | None
    others: Thinking | None


@value
class TaskType:
    """What kind of task a text most probably is, such as `code` or `translation`, and how probably."""

    name: str
    probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """How near a request comes to the examples of a rule of the house.

    Attributes:
        example: place of the nearest one in the rule's `like`, from 0.
        chance: the share of ordinary prompts that come as near to the examples as a whole.
    """

    example: int
    chance: float


@value
class Features:
    """What is known about a request before any model is considered.

    Attributes:
        task: the user's words that say what is to be done (held in memory only, never logged).
        n_input_tokens: estimate of the whole prompt, tools included.
        surface: shape (n_surface,), see `understand.surface.NAMES`.
        embedding: shape (dim,), unit length; None when the encoder could not run.
        in_tool_loop: the last message is a tool's result.
        effort: what the user's own words ask for.
        freshness: whether the answer changes with time; None when nobody looked.
        language: of the request, as far as it matters for what we say: `zh` or `en`.
        dissatisfied: the user's last words reject the answer before them, or repeat the question.
        bound: the messages carry state that only the provider which answered before can read.
        task_type: what kind of task it most probably is; None where the encoder has no reader of types. Moves nothing
            and is not recorded.
        checkable: what of an answer can be checked: a `final` answer that others must give too, its `format`, its
            `code`; empty where there is nothing of the kind.
        n_parts: how many questions it asks, as far as its form tells.
        joint: its form lets several models work on it: one answer, in words.
        rule: name of the first rule of the house that is about it.
        likeness: how near it comes to that rule's examples; None where the rule has none.
        thinking: how much it asks models to think; None where it says nothing.
    """

    task: str
    n_input_tokens: int
    n_turns: int
    needs: frozenset[Capability]
    surface: Vector
    embedding: Vector | None = None
    in_tool_loop: bool = False
    effort: Effort | None = None
    freshness: Freshness | None = None
    language: Language = "en"
    dissatisfied: bool = False
    bound: bool = False
    task_type: TaskType | None = None
    checkable: Literal["", "final", "format", "code"] = ""
    n_parts: int = 1
    joint: bool = True
    rule: str | None = None
    likeness: Likeness | None = None
    thinking: Asked | None = None


# ------------------------------------------------------------------------------------ the decision


@value
class Candidate:
    """A model together with what is known about its upstream right now.

    Attributes:
        limited_until: it is down until then because its host has said that a limit of its own is used up.
    """

    model: Model
    health: Health = Health.UP
    limited_until: datetime | None = None


@value
class Excluded:
    """A model that may not serve this request: which rule said so, and why, in one sentence."""

    model: str
    rule: str
    reason: str


@value
class Quality:
    """Expected score in [0, 1] of a model's answer, one standard deviation of doubt, the evidence.

    Attributes:
        apart: the part of the spread that this model does not share with others and that no score near by measured:
            it counts when two models are compared. None where the predictor does not tell, then it is all of it.
        familiar: share of the prompts behind the evidence that lie farther out than this one (.05: one in twenty is as
            unusual); None where the predictor does not tell.
        at_large: what is expected on prompts of this kind at large, as hard as this one: without what its own words say
            about single models. None where the predictor does not tell; the mean stands for it then.
        guessed: nothing was measured of the model anywhere, and nobody declared how good it is.
    """

    mean: float
    spread: float
    evidence: str
    apart: float | None = None
    familiar: float | None = None
    at_large: float | None = None
    guessed: bool = False


@value
class Cost:
    """Expected price of an answer, with an interval that holds four times in five.

    `evidence` says what the length of the answer is a guess from, while it is one.
    """

    usd: float
    low_usd: float
    high_usd: float
    output_tokens: float
    evidence: str = ""


@value
class Latency:
    """Expected seconds to the first content and to the end of the answer."""

    first_token_s: float
    total_s: float


@value
class Estimate:
    """What is expected of one model on one request."""

    model: str
    quality: Quality
    cost: Cost
    latency: Latency


@value
class Goal:
    """What the choice maximises, and its hard bounds."""

    mode: Mode = Mode.BALANCED
    dial: float = 0.5
    max_cost_usd: float | None = None
    max_first_token_s: float | None = None
    min_quality: float | None = None
    language: Language = "en"


@value
class Ranked:
    """One place of the ranking. `reason` says why it leads, or why it lost to the leader."""

    model: str
    estimate: Estimate
    utility: float
    propensity: float
    reason: str


@value
class Notice:
    """Something the user must be told: a switch, a fallback, a downgrade, an outage.

    `recorded`: the sentence that the record keeps instead, where `text` quotes an answer.
    """

    code: str
    text: str
    recorded: str | None = None


@value
class Choice:
    """What the chooser returns: the ranking, best first, and what no bound allowed."""

    ranking: tuple[Ranked, ...]
    excluded: tuple[Excluded, ...]
    reason: str


@value
class Cached:
    """What a model's provider may still hold of a conversation: so many tokens of its prefix, since when."""

    model: str
    tokens: int
    at: datetime


@value
class Past:
    """A conversation until now, as the router remembers it. It holds no words.

    Attributes:
        model: who answered last.
        n_turns: how many answers there were.
        n_switches: how often the model changed.
        caches: what providers may still hold, at most one entry per model.
        raised: steps by which the next turns are taken more seriously, after dissatisfaction.
        wishes: the preference stored with `PUT /v1/sessions/{id}`.
        wished_us: when it was stored or taken back, in microseconds since 1970; the later one counts.
        decision: whose answer was the last one: what the user does next says something about it.
    """

    model: str | None = None
    at: datetime | None = None
    n_turns: int = 0
    n_switches: int = 0
    caches: tuple[Cached, ...] = ()
    raised: int = 0
    wishes: Wishes = NO_WISHES
    wished_us: int = 0
    decision: str | None = None


@value
class Spent:
    """A limit that a model stands under for this caller: how much is used, and when it returns.

    Attributes:
        used: settled and reserved, in the limit's unit.
        near: `warn_at` is passed.
        returns: when something fits again.
    """

    limit: str
    counts: Counted
    model: str
    used: float
    amount: float
    near: bool
    returns: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """The decision that a caller wants taken again, and how."""

    decision: str
    model: str
    how: str | None


@value
class Situation:
    """What a decision depends on besides the request, the configuration and the artifact: all that moves.

    Attributes:
        health: of every model of the pool.
        past: the conversation until now.
        spent: the limits that the caller's models stand under.
        anchor: the model that a nearly equal prompt of the same caller went to.
        retry: what the caller wants taken again.
        estimates: what was expected of each eligible model, before freshness was taken into account.
        scores: generation of the measured scores that the quality predictor had taken in.
        unrecorded: the record could not be written at that moment.
        limited: of the models that are down, those whose hosts have said until when they would refuse.
    """

    health: tuple[tuple[str, Health], ...] = ()
    past: Past | None = None
    spent: tuple[Spent, ...] = ()
    anchor: str | None = None
    retry: Retry | None = None
    estimates: tuple[Estimate, ...] = ()
    scores: int = 0
    unrecorded: bool = False
    limited: tuple[tuple[str, datetime], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One call that a plan foresees: whom it asks, as what, and what it is expected to take.

    Attributes:
        max_tokens: the longest answer that the request's bound on cost leaves; None without a bound.
        agrees: the odds that the lead is right where this model gives its answer too.
        differs: the same where it gives another one.
    """

    model: str
    part: PartKind
    usd: float
    high_usd: float
    tokens: float
    max_tokens: int | None = None
    agrees: float = 1.0
    differs: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How several models work together on one request; it is decided before any of them is asked.

    Attributes:
        members: of a cascade the lead and those who are to give its answer too; of a fusion all that are asked at once.
        closer: of a cascade the model that takes over; of a fusion the one that writes or chooses. None: nobody.
        calls: what may be asked in all, for limits and bounds.
        evidence: what is looked at in an answer.
        accept: of a cascade, the probability of being right from which the lead's answer is taken.
        right: the probability, before any is asked, that the first member is right.
        enough: of a fusion, how many equal final answers end the asking.
        split: of a fusion, the question has parts that a planner may hand to different models.
        utility: expected, in quality after money and time.
        single_utility: the same of the best model alone.
    """

    members: tuple[str, ...]
    closer: str | None
    calls: tuple[Planned, ...]
    evidence: tuple[str, ...] = ()
    accept: float = 1.0
    right: float = 0.5
    enough: int = 0
    split: bool = False
    utility: float = 0.0
    single_utility: float = 0.0


@value
class Decision:
    """Which models may answer, in which order, why, and why not the others. `policy` is the one that decided."""

    id: str
    at: datetime
    request: str
    session: str
    mode: Mode | None
    pin: str | None
    goal: Goal
    pattern: Pattern
    ranking: tuple[Ranked, ...]
    excluded: tuple[Excluded, ...]
    reason: str
    notices: tuple[Notice, ...]
    degraded: bool
    allow_fallback: bool
    baseline: str | None
    config_hash: str
    artifact: str
    seed: int
    decide_s: float
    situation: Situation = Situation()
    plan: Plan | None = None
    policy: str = FIRST_POLICY

    @property
    def model(self) -> str:
        """The model that is asked first."""
        return self.ranking[0].model


# ------------------------------------------------------------------------------------ the upstream


@value
class Call:
    """One thing to ask of one upstream: the caller's body, to be put into the upstream's dialect.

    `betas` are those of the request, for an upstream that knows them. A model that is `pinned` gets what its caller
    wrote; of another, wishes that it refuses may be left out.
    """

    model: Model
    body: Json
    stream: bool
    decision: str
    caller: str = ""
    betas: tuple[str, ...] = ()
    pinned: bool = False


@value
class Usage:
    """Tokens as the upstream counted them. `cached_input_tokens` is part of `input_tokens`.

    `charged_usd` is what the upstream says that it charges for them; None: it does not say. `surcharge_tokens` is how
    many more tokens of the prompt they cost as much as, for what was written to a cache.
    """

    input_tokens: int
    output_tokens: int
    cached_input_tokens: int = 0
    reasoning_tokens: int = 0
    charged_usd: float | None = None
    surcharge_tokens: float = 0.0


@value
class Chunk:
    """One JSON document in OpenAI's form: a stream event's data, or a whole plain answer.

    Attributes:
        data: the document's bytes as the upstream sent them (or as its dialect was translated).
        has_content: something of the answer itself: text, a tool call, a refusal, reasoning.
        model: the name that the upstream reports, if it does.
        finish: the finish reason, if this chunk carries one.
        usage: token counts, if this chunk carries them.
        usage_only: the chunk exists only because usage was asked for (its `choices` are empty).
        left_out: on the first chunk: members of the body that the model refused, and answered without.
    """

    data: bytes
    has_content: bool
    model: str | None = None
    finish: str | None = None
    usage: Usage | None = None
    usage_only: bool = False
    left_out: tuple[str, ...] = ()


class Lane(NamedTuple):
    """How stream events that differ by their text alone leave: `more` takes `begins`, the text and `ends` as one."""

    begins: bytes
    ends: bytes
    more: Callable[[bytes], Awaitable[None] | None]


class Sink(Protocol):
    """Takes chunks at once and without waiting. Where its reader is slow it returns what must be awaited before it is
    given more.
    """

    def take(self, chunks: Sequence[Chunk]) -> Awaitable[None] | None:
        """Take chunks that have come together."""

    def lane(self, begins: bytes, ends: bytes, *, model: str | None) -> Lane | None:
        """Return how events leave that are alike to the last chunk but for their text; None: each must be taken.

        It holds until another chunk is taken.

        Args:
            begins: what stands before the text, as it is sent: from `data: ` on.
            ends: what stands behind it, to the blank line.
            model: the name that the events report.
        """


Told: TypeAlias = Callable[[Awaitable[None] | None, BaseException | None], None]
"""Is told once how handing on has ended: what must be awaited before more is handed on, None at the end of the answer;
or what was raised."""


class Direct(Protocol):
    """The chunks of one call where they can be had in the callbacks that bring them, without a task that waits."""

    def begin(self, news: Callable[[], None]) -> bool:
        """Send the call at once, where that is possible; say whether it is sent.

        Then `news` is called whenever `whole`, or `first` of a stream, may tell something new. Chunks can still be
        asked for one by one instead.
        """

    def whole(self) -> Chunk | None:
        """Return the answer to a call that `begin` has sent, if it is here and well."""

    def first(self) -> Sequence[Chunk] | None:
        """Return what has come of a stream that `begin` has sent, once some of it has content; nothing before.

        None where chunks must be asked for one by one: they tell what is wrong.
        """

    def flow(self, sink: Sink, told: Told) -> None:
        """Hand on the chunks that come behind those that `first` gave."""

    async def pour(self, sink: Sink) -> None:
        """Hand all further chunks to `sink` as they come; return at the end of the answer."""

    def close(self) -> None:
        """End a call that `begin` has sent."""


def is_direct(chunks: object) -> TypeGuard[Direct]:
    """Say whether the chunks of a call can be had directly; those of a plug-in need not."""
    return hasattr(chunks, "begin")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One answer as checks and comparisons see it.

    Attributes:
        text: of the first choice.
        tool_calls: name and arguments (JSON text) of each.
        refusal: what the upstream marked as one.
        finish: the finish reason.
        logprobs: natural logarithms of the tokens' probabilities, where the answer carries them.
    """

    text: str
    tool_calls: tuple[tuple[str, str], ...] = ()
    refusal: str = ""
    finish: str | None = None
    logprobs: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a check may look at: the question, the answer, and what others answered.

    Attributes:
        task: the user's words that say what is to be done.
        body: the whole request, for its schema and its tools.
        answer: the one that is checked.
        others: those of the models that were asked beside it.
    """

    task: str
    body: Json
    answer: Said
    others: tuple[Said, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What one check says: how much likelier what it saw is under a right answer than under a wrong one.

    Attributes:
        evidence: the check's name.
        odds: above 1 speaks for the answer, below 1 against it.
        text: what it saw, in a few words.
    """

    evidence: str
    odds: float
    text: str


@value
class Attempt:
    """One upstream call and how it ended. Durations count from the attempt's start.

    Attributes:
        written_tokens: where an upstream that was asked told no usage, about how many tokens of an answer had come. It
            is not recorded.
    """

    model: str
    upstream_model: str
    started: datetime
    status: Status
    first_content_s: float | None
    total_s: float
    reported_model: str | None = None
    usage: Usage | None = None
    cost_usd: float | None = None
    http_status: int | None = None
    error_code: str | None = None
    error_text: str | None = None
    part: PartKind | None = None
    written_tokens: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one model did for an answer of several: shown with the answer, and kept without the words.

    Attributes:
        gave: the beginning of what it said.
        final: its final answer in normal form, where it marked one.
        chosen: its words are the answer.
    """

    model: str
    part: PartKind
    status: Status
    cost_usd: float | None
    gave: str = ""
    final: str | None = None
    chosen: bool = False


@value
class Outcome:
    """How a request ended, over all its attempts. `model` answered, or is None.

    Where it is known, the attempt whose words are the answer stands last.
    """

    decision: str
    request: str
    status: Status
    model: str | None
    attempts: tuple[Attempt, ...]
    notices: tuple[Notice, ...]
    cost_usd: float | None
    total_s: float
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """What a caller said or did about the answer of one decision.

    Attributes:
        kind: `score`, `preferred`, `correct:<source>`, or what the gateway saw: see `learn.reward`.
        value: what was said, where the kind alone does not say it.
        by: the caller's key.
    """

    decision: str
    kind: str
    value: str | None
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A score in [0, 1] of one model on one prompt: a probe, or what became of the signals about one answer.

    Attributes:
        item: the probe's question, or the decision.
        prompt: its text; empty for a decision, whose `features` stand instead.
        weight: how many measured answers it counts for.
        by: who said so, for scores that come from signals; nobody may outweigh all others.
    """

    model: str
    item: str
    kind: str
    prompt: str
    score: float
    weight: float = 1.0
    output_tokens: int | None = None
    seconds: float | None = None
    features: Features | None = None
    by: str = ""
