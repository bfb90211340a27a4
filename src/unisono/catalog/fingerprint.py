"""What makes a measured score belong to a model: who is really asked, not what we call it."""

from __future__ import annotations

from hashlib import blake2b

import orjson

from unisono.types import Model


def fingerprint(model: Model) -> str:
    """Return 16 hex digits over upstream, address, upstream's name and options; a rename keeps them."""
    told = [model.upstream, model.base_url, model.upstream_model, dict(model.options)]
    return blake2b(orjson.dumps(told, option=orjson.OPT_SORT_KEYS), digest_size=8).hexdigest()
