"""Settings that hold for every test."""

import asyncio
import inspect

import pytest
from hypothesis import settings

# A shared machine is slow at times; a property is about values, not about milliseconds.
settings.register_profile("unisono", deadline=None)
settings.load_profile("unisono")


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a test that is a coroutine, each in an event loop of its own."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    wanted = inspect.signature(pyfuncitem.obj).parameters
    asyncio.run(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in wanted}))
    return True
