"""Announces the built-in rules. Their order is the order in which reasons are looked for."""

from __future__ import annotations

from unisono.eligible.capability import CapabilityRule, DialectRule, WindowRule
from unisono.eligible.health import HealthRule
from unisono.eligible.lifecycle import LifecycleRule
from unisono.eligible.policy import AllowRule, BanRule, PinRule, PriceRule
from unisono.plugins import Registry


def plug(registry: Registry) -> None:
    """Register the rules."""
    for rule in (
        LifecycleRule,
        PinRule,
        BanRule,
        AllowRule,
        PriceRule,
        CapabilityRule,
        DialectRule,
        WindowRule,
        HealthRule,
    ):
        registry.rules[rule.name] = rule
