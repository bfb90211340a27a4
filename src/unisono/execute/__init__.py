"""Decisions carried out: calls to upstreams in the decided order, and their outcome."""
