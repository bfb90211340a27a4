"""The policies that decide at this moment, each ready to: a change is one assignment, and no request waits for it.

It builds nothing (`compose` does) and reads no record: it is told how things stand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from hashlib import blake2b

from unisono.choose.memory import Anchors
from unisono.config import Config
from unisono.predict.artifact import Artifact
from unisono.record.policies import Standing, State
from unisono.router import Executor, Router

Key = tuple[str, int | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """One policy with all that it decides by.

    Attributes:
        standing: the policy, and where its scores are held.
        config: the configuration with its settings.
        artifact: its trained parts; None where they cannot be read, and `fault` says why.
        router: decides.
        executor: carries out what it decides.
        anchors: where its nearly equal prompts went.
    """

    standing: Standing
    config: Config
    artifact: Artifact | None
    fault: str | None
    router: Router
    executor: Executor
    anchors: Anchors


def wanted(state: State) -> tuple[Standing, ...]:
    """Return what must be ready: the live policy, what decides for callers that it does not decide for, the one that is
    tried, and what a rollback would return to.
    """
    tried = () if state.canary is None else (Standing(policy=state.canary),)
    before = () if state.before is None else (state.before,)
    others = () if state.live.within is None else (state.live.within.others,)
    return (state.live, *others, *tried, *before)


def place_of(session: str, *, salt: str) -> float:
    """Return where a conversation lies in [0, 1): always at the same place for the same salt, spread evenly."""
    digest = blake2b(f"{salt}\0{session}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2.0**64


class InForce:
    """Which policy decides a request. It belongs to the event loop."""

    def __init__(self, state: State, arms: Iterable[Arm]) -> None:
        """Begin with a state; the arm of its live policy must be among `arms`."""
        self.renew(state, arms)

    def renew(self, state: State, arms: Iterable[Arm]) -> None:
        """Decide by a state and by these arms alone: they were built anew, for another configuration."""
        self._arms: dict[Key, Arm] = {arm.standing.key: arm for arm in arms}
        self.state = state
        self.live = self._arms[state.live.key]
        self._canary = None if state.canary is None else self._arms.get(Standing(policy=state.canary).key)

    @property
    def policy(self) -> str:
        """What decides now: the live policy, the hash of its configuration, the artifact, the generation of scores."""
        settings = self.live.router.settings
        return f"{settings.policy}/{settings.config_hash}/{settings.artifact}/{settings.scores}"

    @property
    def arms(self) -> Iterator[Arm]:
        """Every arm that is ready."""
        return iter(tuple(self._arms.values()))

    @property
    def canary(self) -> Arm | None:
        """The policy that is tried."""
        return self._canary

    def arm_for(self, session: str, caller: str) -> Arm:
        """Return who decides in a caller's conversation: the same one as long as a share is tried."""
        canary = self._canary
        if canary is None or place_of(session, salt=canary.standing.policy.id) >= self.state.share:
            return self._arms.get(self.state.live.for_caller(caller).key, self.live)
        return canary

    def missing(self, state: State) -> tuple[Standing, ...]:
        """Return what is not ready yet. One that has just these scores at the moment counts as held at them."""
        for standing in wanted(state):
            twin = self._arms.get((standing.policy.id, None))
            if standing.key not in self._arms and twin is not None and twin.router.settings.scores == standing.scores:
                self._arms[standing.key] = replace(twin, standing=standing)
        return tuple(standing for standing in wanted(state) if standing.key not in self._arms)

    def put(self, arms: Iterable[Arm]) -> None:
        """Take in arms that were built; one of the same policy with the same scores goes."""
        self._arms |= {arm.standing.key: arm for arm in arms}

    def swap(self, state: State) -> None:
        """Decide by a state from now on, where its live policy is ready; what it does not want is forgotten."""
        live = self._arms.get(state.live.key)
        if live is None:
            return
        tried = None if state.canary is None else self._arms.get(Standing(policy=state.canary).key)
        self.state, self.live, self._canary = state, live, tried
        keys = {standing.key for standing in wanted(state)}
        self._arms = {key: arm for key, arm in self._arms.items() if key in keys}
