"""Makes the `[[embeddings]]` of a configuration: models that turn texts into vectors, and that no router chooses.

How they are asked stands in `upstream.vectors`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from unisono.config.mistake import Mistake
from unisono.config.section import Section
from unisono.config.tls import amiss, tls_of
from unisono.types import EmbeddingModel


def check_embeddings(sections: Sequence[Section], *, taken: Sequence[str]) -> Iterator[Mistake]:
    """Yield names that are said twice, or that a chat model has, and files for TLS that are none."""
    seen: set[object] = set(taken)
    for section in sections:
        name = section.values.get("name")
        if name is not None and name in seen:
            yield Mistake((*section.path, "name"), f"{name!r} is the name of another model already")
        seen.add(name)
        found = amiss(section, base_url=section.get("base_url"))
        yield from (Mistake((*section.path, key), text) for key, text in found)


def build_embeddings(sections: Sequence[Section]) -> tuple[EmbeddingModel, ...]:
    """Return the models of sections without mistakes."""
    return tuple(
        EmbeddingModel(
            name=section.get("name"),
            upstream_model=section.get("upstream_model") or section.get("name"),
            base_url=section.get("base_url"),
            api_key=section.get("api_key"),
            usd_per_mtok_in=section.get("usd_per_mtok_in"),
            tls=tls_of(section),
        )
        for section in sections
    )
