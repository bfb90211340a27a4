"""How much a model writes and thinks before it was asked anything here: a guess from published lengths.

A verbosity is the logarithm of output tokens, thoughts included, over those of a plain chat model on like prompts.
It knows no prompt, and fits nothing: `learn.verbosity` does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from math import hypot
from pathlib import Path
from typing import NamedTuple, cast

from unisono.catalog.benchmarks import other_names
from unisono.catalog.lengths import EFFORTS, Thinker, thinkers
from unisono.predict.names import lookup, normal
from unisono.types import ReasoningEffort

FITTED = Path(__file__).with_name("verbosity.json")
"""What `lab/lengths.py --write` fitted."""
OLDER = -0.9
"""Verbosity of a model of which nothing is published: most are of 2024 or earlier, and the boards are of later ones.
gpt-4o of 2024, which both know, lies there."""
_THINKS = re.compile(
    r"(?:^|[-_.:])(?<!no-)(?<!non-)(?:thinking|think|reasoning|reasoner|r1|qwq|magistral|o[134])(?:$|[-_.:])"
)
_NAMED = re.compile(
    r"^(?P<base>.+?)[-:](?:(?P<on>thinking|think|reasoning)|(?P<none>non-reasoning|no-thinking|nothink|none)"
    r"|(?P<effort>minimal|low|medium|high|xhigh|max))$"
)
TYPICAL = Thinker("on", "on", shown=True)
"""Who is known by its name alone."""


class Verbosity(NamedTuple):
    """How much a model writes, in logarithms.

    Attributes:
        mean: over a plain model of the boards' year.
        sd: doubt.
        n_figures: published lengths behind it.
        effort: how much it thinks.
        shown: whether its host shows the thoughts.
        model: under which name the tables know it; empty where they do not.
    """

    mean: float
    sd: float
    n_figures: int
    effort: ReasoningEffort
    shown: bool
    model: str

    @property
    def evidence(self) -> str:
        """Say what it rests on, in words."""
        if self.n_figures == 0:
            kind = "models that answer at once" if self.effort == "none" else "models that think"
            return f"a guess from published lengths of other {kind}"
        what = "a published length" if self.n_figures == 1 else f"{self.n_figures} published lengths"
        return f"a guess from {what} of it" + ("" if self.effort == "none" else ", thoughts included")


class _Own(NamedTuple):
    mean: float
    sd: float
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Verbosities:
    """What is known.

    Attributes:
        efforts: what a way of thinking adds.
        plain: how far models lie from a plain one without thoughts, by normalised name.
        thinks: how far they lie from what their effort adds.
        thinkers: who thinks.
        names: every one of these, to itself.
        aliases: normalised name to normalised name.
        plain_sd, thinks_sd: how far models lie apart without and with thoughts.
        figure_sd: how far a board lies from a model's others.
    """

    efforts: Mapping[ReasoningEffort, float]
    plain: Mapping[str, _Own]
    thinks: Mapping[str, _Own]
    thinkers: Mapping[str, Thinker]
    names: Mapping[str, str]
    aliases: Mapping[str, str]
    plain_sd: float
    thinks_sd: float
    figure_sd: float

    def of(self, names: tuple[str, ...], asked: ReasoningEffort | None = None) -> Verbosity | None:
        """Return how much a model writes; None where nothing is published and it is not known to think.

        Args:
            names: its names, the surest first.
            asked: how much a request asks it to think; None where it says nothing.
        """
        for name in names:
            found = self._of(name, asked)
            if found is not None:
                return found
        return None

    def known_as(self, name: str) -> str | None:
        """Return the name under which the tables know a model, or None."""
        return lookup((name,), self.names, self.aliases)

    def _of(self, name: str, asked: ReasoningEffort | None) -> Verbosity | None:
        model, effort = self.known_as(name), None
        written = normal(name)
        if written not in self.plain and written not in self.thinks and (part := _NAMED.match(written)) is not None:
            base = self.known_as(part["base"])
            if base is not None:
                model = base
                effort = cast("ReasoningEffort", "on" if part["on"] else "none" if part["none"] else part["effort"])
        thinker = None if model is None else self.thinkers.get(model)
        says_so = _THINKS.search(written) is not None
        if thinker is None:
            if not says_so:
                return None if model is None else self._plain(model, shown=True)
            thinker = TYPICAL
        effort = asked or effort or ("on" if says_so and thinker.default == "none" else thinker.default)
        if effort == "none":
            return self._plain(model or "", shown=thinker.shown)
        return self._thinking(model or "", effort, thinker)

    def _plain(self, model: str, *, shown: bool) -> Verbosity:
        own = self.plain.get(model) or _Own(0.0, self.plain_sd, 0)
        return Verbosity(own.mean, hypot(own.sd, self.figure_sd), own.n, "none", shown, model)

    def _thinking(self, model: str, effort: ReasoningEffort, thinker: Thinker) -> Verbosity:
        own = self.thinks.get(model) or _Own(0.0, self.thinks_sd, 0)
        if effort == "on":
            effort = thinker.on
        mean = self.efforts[effort]
        if thinker.on == "on" != effort:  # no length of it is known by effort: it is worth what it is elsewhere
            mean += self.efforts["on"] - self.efforts["medium"]
        mean = max(mean + own.mean, 0.0)  # thinking makes no answer shorter
        return Verbosity(mean, hypot(own.sd, self.figure_sd), own.n, effort, thinker.shown, model)


@cache
def published_verbosities() -> Verbosities:
    """Read what comes with the package; its names are written as they are looked up."""
    told = json.loads(FITTED.read_text(encoding="utf-8"))
    models, known = told["models"], thinkers()
    return Verbosities(
        efforts={effort: float(told["efforts"][effort]) for effort in EFFORTS},
        plain={name: _Own(*own["none"]) for name, own in models.items() if "none" in own},
        thinks={name: _Own(*own["thinks"]) for name, own in models.items() if "thinks" in own},
        thinkers=known,
        names={name: name for name in (*models, *known)},
        aliases=other_names(),
        plain_sd=float(told["plain_sd"]),
        thinks_sd=float(told["thinks_sd"]),
        figure_sd=float(told["figure_sd"]),
    )
