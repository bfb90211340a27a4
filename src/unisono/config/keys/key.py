"""One key of the file, and what the tables of keys are made with.

Which keys there are, the other files of this folder say.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from unisono.types import JsonValue

Kind = Literal[
    "text", "name", "names", "key_names", "texts", "choice", "choices", "integer", "number", "flag", "date", "path",
    "model_file", "url", "origins", "secret", "secrets", "upstream", "fault", "table", "json", "tables",
]  # fmt: skip

LONGEST_S = 86400.0
MANY_TOKENS = 100_000_000.0
MANY_USD = 100_000.0
"""Above these a number is a slip of the keyboard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key of the file.

    Attributes:
        section: the table it stands in; empty at the top.
        unit: as the name's ending says it; None where there is none.
        default: what holds when the key is absent; None where `otherwise` says more, or nothing holds.
        text: one sentence for people.
        required: absence is a problem.
        allowed: the values of a `choice`; known ones only are accepted.
        low: smallest allowed number; `above` excludes the bound itself.
        high: largest allowed number.
        upstreams: the providers that read the key; empty for all.
        option: the value goes into `Model.options`.
        otherwise: the default in words, for the reference page.
    """

    name: str
    kind: Kind
    text: str
    section: str = ""
    default: JsonValue = None
    unit: str | None = None
    required: bool = False
    allowed: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    above: float | None = None
    upstreams: tuple[str, ...] = ()
    option: bool = False
    otherwise: str = ""


def section(name: str, *keys: Key) -> tuple[Key, ...]:
    """Return the keys as those of one table of the file."""
    return tuple(replace(key, section=name) for key in keys)


def certificates(*, upstreams: tuple[str, ...] = ()) -> tuple[Key, ...]:
    """Return the keys that say whom a connection trusts, and by what it is known there."""
    keys = (
        Key(
            name="ca_file", kind="path", otherwise="the system's",
            text="The certificates of the authorities that are trusted there, as PEM; they count in place of the "
            "system's.",
        ),
        Key(
            name="client_cert", kind="path",
            text="Our certificate for a host that asks for one (mTLS), as PEM; its key may stand in the same file.",
        ),
        Key(
            name="client_key", kind="path", otherwise="in `client_cert`",
            text="The key of that certificate, as PEM without a passphrase.",
        ),
    )  # fmt: skip
    return tuple(replace(key, upstreams=upstreams) for key in keys)
