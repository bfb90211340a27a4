"""A configuration to a running Unisono, with what it does beside answering. It starts nothing."""

from __future__ import annotations

from unisono.compose.chores import chores_of
from unisono.compose.live import Live
from unisono.config import Config
from unisono.plugins import load
from unisono.record.store import Store


def build(config: Config) -> Live:
    """Return everything that a configuration describes, not yet started.

    Raises:
        StoreError: the record cannot be opened.
        StartError: a plug-in cannot be loaded.
    """
    store = Store(config.store.path, text=config.store.text, flush_s=config.store.flush_s)
    return Live(config, registry=load(), store=store, chores=chores_of)
