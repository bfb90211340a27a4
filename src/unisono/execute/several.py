"""A decision carried out in its pattern: the one door to `single`, `cascade` and `fusion`.

It chooses nothing: the decision names the pattern.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping

from unisono.execute import cascade, fusion, single
from unisono.execute.committed import Committed
from unisono.execute.disputes import Fusing
from unisono.execute.means import Means
from unisono.protocols import Evidence
from unisono.types import Chunk, Decision, Request


def run(
    request: Request, decision: Decision, *, means: Means, fusing: Fusing, checks: Mapping[str, Evidence]
) -> AsyncGenerator[Committed | Chunk, None]:
    """Carry out a decision: yield one `Committed`, then every chunk of the answer; see `single.run`."""
    if decision.plan is not None and decision.pattern == "fusion":
        return fusion.run(request, decision, means=means, fusing=fusing)
    if decision.plan is not None and decision.pattern == "cascade":
        return cascade.run(request, decision, task=fusing.task, means=means, checks=checks)
    return single.run(request, decision, means=means)
