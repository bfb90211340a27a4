"""Turns one value of the file into one value of the program, by the kind of its key.

It does not look at other keys.
"""

from __future__ import annotations

import ipaddress
import math
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from unisono.catalog import is_reserved
from unisono.config.hosts import instead_of
from unisono.config.keys import BUILT_IN, Key
from unisono.config.mistake import Mistake, Wrong, offer, shown, wrong
from unisono.config.values import NamedSecret
from unisono.types import JsonValue

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,99}")
IN_FILE = "file:"
MAX_SECRET_BYTES = 16 * 1024
_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ORIGIN = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?")
_VERSION = re.compile(r"api-version=[A-Za-z0-9.-]{1,32}")
"""The one query that an address may have: Azure's, which is no secret."""
_PLUGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What a file's values refer to outside of it.

    Attributes:
        folder: relative paths start here.
        environ: the environment's variables.
        upstreams: the installed providers; None when it is not known which plug-ins there are.
    """

    folder: Path
    environ: Mapping[str, str]
    upstreams: frozenset[str] | None = None


def read_value(key: Key, value: object, around: Around) -> object:
    """Return the value of one key as the program uses it.

    Raises:
        Wrong: the value is not of the key's kind, or out of its bounds.
    """
    return _READERS[key.kind](key, value, around)


@lru_cache(maxsize=256)  # each request without a key names one
def is_loopback(host: str) -> bool:
    """Return whether an address can be reached from this machine only."""
    if host.casefold() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _text(key: Key, value: object, around: Around) -> str:
    if not isinstance(value, str) or not value.strip():
        raise wrong(f"must be a text in quotes, not {shown(value)}")
    if "\0" in value:
        raise wrong("must not hold a null character")
    return value


def _item(key: Key, value: object, around: Around) -> str:
    """Return a text that may be blank, such as a line's end that stops an answer."""
    if not isinstance(value, str) or not value or "\0" in value:
        raise wrong(f"must be a text in quotes that is not empty, not {shown(value)}")
    return value


def is_name(text: str) -> bool:
    """Return whether a text can be a name in a configuration."""
    return _NAME.fullmatch(text) is not None


def _name(key: Key, value: object, around: Around) -> str:
    text = _text(key, value, around)
    if key.section == "models" and is_reserved(text):
        raise wrong(f"{text!r} belongs to the router (`auto` and `auto:…`); choose another name")
    if not is_name(text):
        raise wrong(f"must be a name of letters, digits and . _ : / @ + - (100 at most, no spaces), not {shown(value)}")
    return text


def _key_name(key: Key, value: object, around: Around) -> str:
    """Return the name of a key, or the beginning of names with a `*` behind it."""
    return value if isinstance(value, str) and is_family(value) else _name(key, value, around)


def is_family(text: str) -> bool:
    """Return whether a text stands for all names that begin with what is before its `*`."""
    return text.endswith("*") and is_name(text[:-1])


def _choice(key: Key, value: object, around: Around) -> str:
    if isinstance(value, str) and value in key.allowed:
        return value
    near = offer(value, key.allowed) if isinstance(value, str) else ""
    raise wrong(f"must be one of {', '.join(key.allowed)}, not {shown(value)}{near}")


def _upstream(key: Key, value: object, around: Around) -> str:
    if isinstance(value, str) and value in (around.upstreams or BUILT_IN):
        return value
    known = sorted({*BUILT_IN, *(around.upstreams or ())}, key=lambda name: (name not in BUILT_IN, name))
    near = (instead_of(value) or offer(value, known)) if isinstance(value, str) else ""
    plugin = isinstance(value, str) and _PLUGIN.fullmatch(value) is not None
    if plugin and around.upstreams is None and not offer(str(value), known):
        return str(value)
    raise wrong(f"must be one of {', '.join(known)} or an installed plug-in, not {shown(value)}{near}")


def _integer(key: Key, value: object, around: Around) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise wrong(f"must be a whole number{_bounds(key)}, not {shown(value)}")
    _within(key, value)
    return value


def _number(key: Key, value: object, around: Around) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise wrong(f"must be a number{_bounds(key)}, not {shown(value)}")
    _within(key, value)
    return float(value)


def _within(key: Key, value: float) -> None:
    too_low = (key.low is not None and value < key.low) or (key.above is not None and value <= key.above)
    too_high = key.high is not None and value > key.high
    if too_low or too_high or (isinstance(value, float) and not math.isfinite(value)):
        raise wrong(f"must be{_bounds(key) or ' finite'}, not {shown(value)}")


def _bounds(key: Key) -> str:
    """Return the bounds in words, with a leading space."""
    unit = f" {key.unit}" if key.unit else ""
    high = "" if key.high is None else f"{key.high:.12g}{unit}"
    if key.above is not None:
        return f" above {key.above:g}{f' and at most {high}' if high else unit}"
    if key.low is not None:
        return f" from {key.low:g} to {high}" if high else f" of at least {key.low:g}{unit}"
    return ""


def _flag(key: Key, value: object, around: Around) -> bool:
    if not isinstance(value, bool):
        raise wrong(f"must be true or false, not {shown(value)}")
    return value


def _date(key: Key, value: object, around: Around) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise wrong(f"must be a day such as 2026-12-01, not {shown(value)}")


def _path(key: Key, value: object, around: Around) -> Path:
    written = Path(_text(key, value, around))
    try:
        return Path(os.path.normpath(around.folder / written.expanduser()))
    except RuntimeError as exc:
        raise wrong(f"no home folder is known for {shown(value)}; write the path in full") from exc


def _model_file(key: Key, value: object, around: Around) -> Path | str:
    """A path, or `package:NAME` as it stands: a file inside an installed package lies in no folder of ours."""
    written = _text(key, value, around)
    return written if written.startswith("package:") else _path(key, value, around)


def _url(key: Key, value: object, around: Around) -> str:
    parts = _split_url(value)
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        raise wrong(f"must be an address such as http://127.0.0.1:9001/v1, not {_shown_url(value)}")
    if parts.username is not None or parts.password is not None:
        raise wrong("must not hold a user or password; put the key into `api_key` as `env:NAME` or `file:PATH`")
    if parts.fragment or (parts.query and not _VERSION.fullmatch(parts.query)):
        raise wrong("must be the address alone, without ?… or #…, but for ?api-version=… of Azure's")
    return str(value).rstrip("/")


def _origin(key: Key, value: object, around: Around) -> str:
    """Return the origin of a web page as browsers write it: lower case, no path."""
    if not isinstance(value, str) or not _ORIGIN.fullmatch(value) or _split_url(value) is None:
        raise wrong(
            "must be the origin of a web page as its browser writes it, such as https://chat.example.org or "
            f"http://localhost:3000, without a path and without *, not {_shown_url(value)}"
        )
    return value.lower()


def _split_url(value: object) -> SplitResult | None:
    if not isinstance(value, str) or any(mark.isspace() or not mark.isprintable() for mark in value):
        return None
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        return None
    return parts


def _shown_url(value: object) -> str:
    return "what stands there" if isinstance(value, str) and "@" in value else shown(value)


def _secret(key: Key, value: object, around: Around) -> NamedSecret:
    if isinstance(value, str) and value.startswith(IN_FILE):
        return _file_secret(value.removeprefix(IN_FILE), around)
    if not isinstance(value, str) or not value.startswith("env:"):
        raise wrong(
            "a key itself must not stand in the file: put it into an environment variable or a file of its own, "
            'and write that one\'s name here, as "env:NAME" or "file:PATH"'
        )
    name = value.removeprefix("env:").strip()
    if not _ENV_NAME.fullmatch(name):
        raise wrong("after `env:` comes the name of an environment variable: letters, digits and _")
    secret = around.environ.get(name, "").strip()
    if not secret:
        state = "is empty" if name in around.environ else "is not set"
        near = offer(name, around.environ, lead="set is")
        named = "the environment variable of that name" if shown(name) != repr(name) else name
        raise wrong(f"{named} {state} in the environment{near}; set it, or take this key out")
    if not (secret.isascii() and secret.isprintable()):
        raise wrong(f"the value of {name} has characters that no HTTP header can carry; set it again")
    return NamedSecret(secret, f"env:{name}")


def _file_secret(written: str, around: Around) -> NamedSecret:
    """Return what a file holds but for white space around it. No mistake repeats the path: it may be the key itself."""
    try:
        path = secret_path(written, around.folder)
        with path.open("rb") as opened:
            data = opened.read(MAX_SECRET_BYTES + 1)
        secret = data.decode("utf-8-sig").strip()
    except OSError as exc:
        raise wrong(f"the file that `file:` names cannot be read ({exc.strerror})") from None
    except (ValueError, RuntimeError):
        raise wrong("the file that `file:` names is not a text, or no path of one") from None
    if not secret:
        raise wrong("the file that `file:` names is empty")
    if len(data) > MAX_SECRET_BYTES or not (secret.isascii() and secret.isprintable()):
        raise wrong("the file that `file:` names holds more than one key that an HTTP header can carry")
    return NamedSecret(secret, f"{IN_FILE}{path}")


def secret_path(written: str, folder: Path) -> Path:
    """Return the file that is meant by what stands behind `file:`; relative paths start at the configuration's folder.

    Raises:
        RuntimeError: no home folder is known for `~`.
    """
    return Path(os.path.normpath(folder / Path(written.strip()).expanduser()))


def _fault(key: Key, value: object, around: Around) -> int | str:
    if isinstance(value, int) and not isinstance(value, bool) and 400 <= value <= 599:
        return value
    if isinstance(value, str) and value in key.allowed:
        return value
    near = offer(value, key.allowed) if isinstance(value, str) else ""
    raise wrong(f"must be an HTTP status from 400 to 599 or one of {', '.join(key.allowed)}, not {shown(value)}{near}")


def _table(key: Key, value: object, around: Around) -> JsonValue:
    if not isinstance(value, dict):
        raise wrong(f"must be a table such as {{ {key.allowed[0]} = … }}, not {shown(value)}")
    unknown = [name for name in value if name not in key.allowed]
    if unknown:
        listed = ", ".join(key.allowed)
        raise Wrong(
            *(Mistake((name,), f"is not a key here{offer(name, key.allowed)}; known: {listed}") for name in unknown)
        )
    return plain(value)


def _json(key: Key, value: object, around: Around) -> JsonValue:
    return plain(value)


def plain(value: object) -> JsonValue:
    """Return a TOML value as JSON has it: days and times become text.

    Raises:
        Wrong: a number that JSON cannot carry.
    """
    if isinstance(value, dict):
        return {name: plain(part) for name, part in value.items()}
    if isinstance(value, list):
        return [plain(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        raise wrong("must be a finite number")
    if value is None or isinstance(value, bool | float | str):
        return value
    if isinstance(value, int):
        if abs(value) >= 2**63:
            raise wrong("must be a smaller number")
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _each(reader: Callable[[Key, object, Around], object]) -> Callable[[Key, object, Around], object]:
    """Return the reader of a list whose items `reader` reads; every wrong item is told."""

    def read(key: Key, value: object, around: Around) -> object:
        if not isinstance(value, list):
            raise wrong(f"must be a list in [ ], not {shown(value)}")
        items: list[object] = []
        mistakes: list[Mistake] = []
        for place, item in enumerate(value):
            try:
                items.append(reader(key, item, around))
            except Wrong as refusal:
                mistakes += [Mistake((place, *inner), text) for inner, text in refusal.mistakes]
        if mistakes:
            raise Wrong(*mistakes)
        return tuple(dict.fromkeys(items)) if key.kind != "texts" else tuple(items)

    return read


def _tables(key: Key, value: object, around: Around) -> object:
    if isinstance(value, dict):
        raise wrong(f"each has a table of its own: write [[{key.name}]] with two brackets")
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise wrong(f"must be [[{key.name}]] tables, not {shown(value)}")
    return value


_READERS: dict[str, Callable[[Key, object, Around], object]] = {
    "text": _text,
    "name": _name,
    "names": _each(_name),
    "key_names": _each(_key_name),
    "texts": _each(_item),
    "choice": _choice,
    "choices": _each(_choice),
    "integer": _integer,
    "number": _number,
    "flag": _flag,
    "date": _date,
    "model_file": _model_file,
    "path": _path,
    "url": _url,
    "origins": _each(_origin),
    "secret": _secret,
    "secrets": _each(_secret),
    "upstream": _upstream,
    "fault": _fault,
    "table": _table,
    "json": _json,
    "tables": _tables,
}
