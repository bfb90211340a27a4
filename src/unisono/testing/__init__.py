"""What tests of Unisono and of its plug-ins stand on: a manual clock, a scripted server, contract checks for providers.

It is public. It holds no mocks: the server speaks real HTTP on loopback, and its faults happen on the wire.
"""

from unisono.testing.clock import ManualClock
from unisono.testing.providers import PROVIDER_CHECKS, ProviderSetup, SetupFactory, check_provider
from unisono.testing.server import Received, ScriptedServer, Wire

__all__ = [
    "PROVIDER_CHECKS",
    "ManualClock",
    "ProviderSetup",
    "Received",
    "ScriptedServer",
    "SetupFactory",
    "Wire",
    "check_provider",
]
