"""Settings that hold for every test: none fails by chance, whatever the machine, the hour and the seed."""

import asyncio
import inspect
import time
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

# A shared machine is slow at times; a property is about values, not about milliseconds. The same examples in each run:
# `--hypothesis-profile=search` draws others.
settings.register_profile("search", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=False)
settings.register_profile("unisono", settings.get_profile("search"), derandomize=True, database=None)
settings.load_profile("unisono")

DAY_S = 86_400
LONGEST_TEST_S = 60


@pytest.fixture(autouse=True, scope="session")
def _a_stall_of_the_machine_is_no_slow_router_or_disk() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("unisono.budget.BUDGET_S", 60.0)
        patch.setattr("unisono.record.store.READ_WAIT_S", 60.0)
        yield


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where a browser is steered, Unisono runs in a process of its own: what dies here with a word is not of ours."""
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.filterwarnings("default::pytest.PytestUnraisableExceptionWarning"))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Begin no test just before midnight in UTC: what is used of a day, a week and a month counts anew from there."""
    left_s = DAY_S - time.time() % DAY_S
    if left_s < LONGEST_TEST_S:
        time.sleep(left_s)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a test that is a coroutine, each in an event loop of its own."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    wanted = inspect.signature(pyfuncitem.obj).parameters
    asyncio.run(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in wanted}))
    return True
