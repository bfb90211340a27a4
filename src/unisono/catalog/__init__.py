"""Models as data: names, successors, prices. It asks no network and knows nothing about health."""

from unisono.catalog.catalog import MODES, Catalog, accepts_report, is_reserved

__all__ = ["MODES", "Catalog", "accepts_report", "is_reserved"]
