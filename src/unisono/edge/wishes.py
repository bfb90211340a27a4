"""What the caller asks of the router: the object `unisono` in the body and the headers `x-unisono-<field>`.

It does not resolve what a wish means for a choice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated

import msgspec
import orjson

from unisono.catalog import Catalog
from unisono.errors import ModelNotFound, RequestError
from unisono.types import NO_WISHES, Json, JsonValue, OnLimit, Wishes

PREFIX = "x-unisono-"
_LISTS = ("models", "ban")
_OF_ANSWERS = ("decision", "model", "reason", "notices", "degraded")
"""Fields of an answer's headers: who sends them along with the next request wishes nothing by them."""

_Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
_Positive = Annotated[float, msgspec.Meta(gt=0)]
_Names = Annotated[tuple[Annotated[str, msgspec.Meta(max_length=256)], ...], msgspec.Meta(max_length=1000)]
"""No more and no longer than a pool has, so that a request cannot ask for much work."""


class WishesBody(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The object `unisono` as it is written."""

    dial: _Share | None = None
    max_cost_usd: Annotated[float, msgspec.Meta(ge=0)] | None = None
    max_first_token_s: _Positive | None = None
    min_quality: _Share | None = None
    models: _Names = ()
    ban: _Names = ()
    session: Annotated[str, msgspec.Meta(min_length=1, max_length=200)] | None = None
    allow_fallback: bool | None = None
    on_limit: OnLimit | None = None
    explain: bool = False
    retry_of: Annotated[str, msgspec.Meta(min_length=1, max_length=100)] | None = None
    how: Annotated[str, msgspec.Meta(min_length=1, max_length=200)] | None = None


FIELDS: tuple[str, ...] = WishesBody.__struct_fields__
"""The fields that a caller may write; a test holds the reference page against them."""


def read_wishes(given: JsonValue, headers: Mapping[str, str], *, catalog: Catalog, today: date) -> Wishes:
    """Read a caller's wishes; a field of the body wins over the header of the same name.

    Args:
        given: the value of `unisono` in the body, None when absent.
        headers: the request's headers with lower-case names.
        catalog: knows the names in `models` and `ban`.
        today: the day on which names are resolved.

    Raises:
        RequestError: a field is unknown or of the wrong type; names it.
        ModelNotFound: a name in `models` or `ban` does not exist.
    """
    if given is not None and not isinstance(given, dict):
        raise RequestError("`unisono` must be an object.", param="unisono")
    fields = {**_from_headers(headers), **(given or {})}
    if not fields:
        return NO_WISHES
    try:
        read = msgspec.convert(fields, WishesBody)
    except msgspec.ValidationError as exc:
        known = ", ".join(FIELDS)
        raise RequestError(f"`unisono`: {exc}. Known fields: {known}.", param=_param(str(exc))) from exc
    return Wishes(
        dial=read.dial,
        max_cost_usd=read.max_cost_usd,
        max_first_token_s=read.max_first_token_s,
        min_quality=read.min_quality,
        models=_names(read.models, catalog, today=today, field="models"),
        ban=_names(read.ban, catalog, today=today, field="ban"),
        session=read.session,
        allow_fallback=read.allow_fallback,
        on_limit=read.on_limit,
        explain=read.explain,
        retry_of=read.retry_of,
        how=_how(read, catalog, today=today),
    )


HOWS = ("deeper", "faster", "other")
"""How a decision may be taken again, beside by a model's name."""


def _how(read: WishesBody, catalog: Catalog, *, today: date) -> str | None:
    if read.how is None or read.how in HOWS:
        if read.how is not None and read.retry_of is None:
            raise RequestError(
                "`how` says how to take a decision again: name it in `retry_of`.", param="unisono.retry_of"
            )
        return read.how
    try:
        return catalog.resolve(read.how, today=today).name
    except ModelNotFound as exc:
        raise RequestError(
            f"`how` must be {', '.join(HOWS)} or the name of a model, not {read.how!r}.", param="unisono.how"
        ) from exc


def _from_headers(headers: Mapping[str, str]) -> Json:
    fields: Json = {}
    if PREFIX not in " ".join(headers):  # one look at all names, since most requests have none of ours
        return fields
    for name, text in headers.items():
        field = name.removeprefix(PREFIX).replace("-", "_")
        if name.startswith(PREFIX) and text and field not in _OF_ANSWERS:
            fields[field] = _header_value(field, text)
    return fields


def _header_value(field: str, text: str) -> JsonValue:
    if field in _LISTS and not text.lstrip().startswith("["):
        return [name.strip() for name in text.split(",") if name.strip()]
    if field in ("session", "retry_of", "how"):
        return text
    try:
        value: JsonValue = orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
    return value


def _names(names: Sequence[str], catalog: Catalog, *, today: date, field: str) -> tuple[str, ...]:
    try:
        return tuple(catalog.resolve(name, today=today).name for name in dict.fromkeys(names))
    except ModelNotFound as exc:
        exc.param = f"unisono.{field}"
        raise


def _param(text: str) -> str:
    """Return the field that msgspec's message names: "… unknown field `dail`" or "… - at `$.dial`"."""
    _, unknown, name = text.partition("unknown field `")
    if not unknown:
        _, _, name = text.rpartition("$.")
        name = name if "$." in text else ""
    name = name.rstrip("`")
    return f"unisono.{name}" if name else "unisono"
