"""The request as it came in."""

from __future__ import annotations

from datetime import datetime

from unisono.terms import Capability, Mode
from unisono.types.caller import NO_WISHES, Wishes
from unisono.types.json import Json
from unisono.values import value


@value
class Message:
    """The part of one chat message that routing reads. The raw body keeps the rest."""

    role: str
    text: str
    parts: frozenset[str] = frozenset()
    n_tool_calls: int = 0


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
