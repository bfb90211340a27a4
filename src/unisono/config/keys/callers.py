"""The keys about requests: who asks, how much may be asked, and who answers what."""

from __future__ import annotations

from typing import get_args

from unisono.config.keys.key import LONGEST_S, MANY_TOKENS, MANY_USD, Key, section
from unisono.config.keys.models import DECLARED
from unisono.types import SCRIPTS, TASKS, Counted, Mode, Role

KEYS = section(
    "keys",
    Key(name="name", kind="name", required=True, text="What limits and the record call the key."),
    Key(name="key", kind="secret", required=True, text="The key itself, as `env:NAME` or `file:PATH`."),
    Key(name="admin", kind="flag", default=False, text="Whether its holder may read everybody's record and `/admin`."),
    Key(
        name="export", kind="flag", default=False,
        text="Whether its holder agrees that words are kept whole and exported, where `store.text` keeps text.",
    ),
    Key(
        name="modes", kind="choices", default=[], allowed=tuple(Mode), otherwise="all",
        text="The only modes of `auto` that its holder may ask for.",
    ),
    Key(name="dial", kind="number", low=0, high=1, text="The dial where a request says none."),
    Key(
        name="max_cost_usd", kind="number", unit="USD", low=0, high=MANY_USD,
        text="The bound on a request's cost where it says none.",
    ),
    Key(
        name="max_first_token_s", kind="number", unit="s", above=0, high=LONGEST_S,
        text="The bound on the time to the first token where a request says none.",
    ),
    Key(
        name="min_quality", kind="number", low=0, high=1,
        text="The bound on the expected quality where a request says none.",
    ),
    Key(
        name="models", kind="names", default=[], otherwise="all",
        text="The only models that may answer; no request can widen it.",
    ),
    Key(name="ban", kind="names", default=[], text="The models that may not answer; no request can lift it."),
    Key(
        name="allow_fallback", kind="flag", otherwise="false for a pin, true for `auto`",
        text="Whether another model may answer when the chosen one fails.",
    ),
    Key(
        name="on_limit", kind="choice", allowed=("downgrade", "block"),
        otherwise="`block` for a pin, `downgrade` for `auto`", text="What happens when a limit is reached.",
    ),
)  # fmt: skip

LIMITS = section(
    "limits",
    Key(name="name", kind="name", required=True, text="What errors and notices call the limit."),
    Key(
        name="per", kind="choice", default="key", allowed=("key", "user", "all"),
        text="Who has an account of their own: each API key, each end user (`user`) of a key, or all together.",
    ),
    Key(
        name="counts", kind="choice", default="messages", allowed=get_args(Counted),
        text="What is counted; concurrent requests are those in flight, and have no window.",
    ),
    Key(
        name="amount", kind="number", required=True, above=0, high=1e15,
        text="How much fits into the window, or at once.",
    ),
    Key(
        name="window", kind="choice", allowed=("hour", "day", "week", "month"),
        otherwise="`day`, unless `window_s` is given or concurrent requests are counted",
        text="A calendar window in UTC; a week begins on Monday.",
    ),
    Key(
        name="window_s", kind="number", unit="s", above=0, high=366 * LONGEST_S,
        text="A sliding window instead; it is counted in sixtieths, and never too little.",
    ),
    Key(name="models", kind="names", default=[], otherwise="all", text="The models that the limit is about."),
    Key(
        name="roles", kind="choices", default=[], allowed=tuple(Role), otherwise="all",
        text="The roles that the limit is about.",
    ),
    Key(
        name="keys", kind="key_names", default=[], otherwise="all",
        text="The named keys that the limit is about; `red-*` is every key, of `unisono keys` too, that begins so.",
    ),
    Key(name="warn_at", kind="number", default=0.8, low=0, high=1, text="The share from which answers carry a notice."),
)  # fmt: skip

RULES = section(
    "rules",
    Key(name="name", kind="name", required=True, text="What notices and the record call the rule."),
    Key(
        name="models", kind="names", required=True,
        text="The models that answer: the router chooses among them. The others answer only where none of these can.",
    ),
    Key(
        name="tasks", kind="choices", default=[], otherwise="any", allowed=TASKS,
        text="The kinds of task, as `unisono_tasks_total` counts them; with the encoders `static` and `use` only.",
    ),
    Key(
        name="at_least", kind="number", default=0.5, low=0, high=1,
        text="The probability that the likeliest kind of task must have for `tasks` to hold.",
    ),
    Key(
        name="words", kind="texts", default=[], otherwise="any",
        text="Words of which the user's task holds one, in whatever capitals; only whole words count.",
    ),
    Key(
        name="like", kind="texts", default=[], otherwise="any",
        text="Sentences as callers would write them: the user's task is nearer to them than nearly all ordinary "
        "prompts are.",
    ),
    Key(
        name="unlike", kind="texts", default=[],
        text="Sentences to tell from those of `like`: a task that is nearer to one of these does not count.",
    ),
    Key(
        name="false_alarms", kind="number", default=0.01, low=0.0001, high=0.2,
        text="The share of ordinary prompts that may be taken for one like `like`: less is stricter.",
    ),
    Key(
        name="scripts", kind="choices", default=[], otherwise="any", allowed=SCRIPTS,
        text="The scripts that most of the task's letters belong to; `kana` is Japanese, its Chinese characters too.",
    ),
    Key(
        name="needs", kind="choices", default=[], otherwise="any", allowed=DECLARED,
        text="Capabilities of which the request needs one.",
    ),
    Key(
        name="min_tokens", kind="integer", unit="tokens", low=0, high=MANY_TOKENS, otherwise="none",
        text="The least length of the whole prompt, as the router estimates it.",
    ),
    Key(
        name="max_tokens", kind="integer", unit="tokens", low=0, high=MANY_TOKENS, otherwise="none",
        text="The greatest length of the whole prompt.",
    ),
    Key(
        name="modes", kind="choices", default=[], otherwise="all", allowed=tuple(Mode),
        text="The modes of `auto` that the rule is about.",
    ),
    Key(
        name="keys", kind="key_names", default=[], otherwise="all",
        text="The names of the keys that the rule is about; `red-*` is every key that begins so.",
    ),
)  # fmt: skip
