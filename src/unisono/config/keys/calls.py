"""The keys of calls to upstreams: how long, how often, how many; the questions that are asked again."""

from __future__ import annotations

from unisono.config.keys.key import LONGEST_S, Key, section
from unisono.types import Mode, Timeouts

_TIMES = Timeouts()

TIMEOUTS = section(
    "timeouts",
    Key(
        name="connect_s", kind="number", unit="s", default=_TIMES.connect_s, above=0,
        high=LONGEST_S, text="Until the connection stands.",
    ),
    Key(
        name="first_content_s", kind="number", unit="s", default=_TIMES.first_content_s, above=0,
        high=LONGEST_S, text="Until the first piece of the answer; another model may be tried after it.",
    ),
    Key(
        name="gap_s", kind="number", unit="s", default=_TIMES.gap_s, above=0, high=LONGEST_S,
        text="Between two pieces of a stream.",
    ),
    Key(
        name="total_s", kind="number", unit="s", default=_TIMES.total_s, above=0, high=LONGEST_S,
        text="For the whole answer.",
    ),
)  # fmt: skip

CALLS = section(
    "calls",
    Key(
        name="retries", kind="integer", default=2, low=0, high=10,
        text="How often a request may ask again after every model that may answer has failed in a way that passes.",
    ),
    Key(
        name="hedge", kind="choices", default=[], allowed=tuple(Mode), otherwise="none",
        text="The modes of `auto` in which the next model is asked beside one that is slower than it usually is.",
    ),
    Key(
        name="max_in_flight", kind="integer", default=256, low=1, high=100_000,
        text="Calls to one model at a time, of each worker; further ones wait for their turn, callers in rotation.",
    ),
    Key(
        name="max_wait_s", kind="number", unit="s", default=10.0, above=0, high=LONGEST_S,
        text="How long a call may wait for its turn; then the next model is tried, or the caller gets a 503.",
    ),
)  # fmt: skip

CANARIES = section(
    "canaries",
    Key(
        name="every_s", kind="number", unit="s", default=0.0, low=0, high=30 * LONGEST_S,
        text="How often each probed model is asked some of its probe questions again; 0 never. `unisono doctor` says "
        "what a day costs.",
    ),
    Key(name="questions", kind="integer", default=5, low=1, high=200, text="How many it is asked each time."),
    Key(
        name="own", kind="path", otherwise="the built-in questions alone",
        text="Your own questions, the file of `unisono models probe --questions`: those that a model was probed with "
        "and that need no judge are asked again too.",
    ),
)  # fmt: skip
