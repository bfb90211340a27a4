"""Settings that hold for every test."""

from hypothesis import settings

# A shared machine is slow at times; a property is about values, not about milliseconds.
settings.register_profile("unisono", deadline=None)
settings.load_profile("unisono")
