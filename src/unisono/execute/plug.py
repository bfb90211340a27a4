"""The checks and comparers of answers that come with Unisono, through the door of every plug-in."""

from __future__ import annotations

from unisono.consistency.comparers import ClaimsComparer, JudgeComparer
from unisono.execute.evidence.agreement import Agreement
from unisono.execute.evidence.arithmetic import Arithmetic
from unisono.execute.evidence.code import Code, Parses
from unisono.execute.evidence.form import Form
from unisono.execute.evidence.judge import Judge
from unisono.execute.evidence.logprobs import Logprobs
from unisono.execute.evidence.refusal import Refusal
from unisono.execute.evidence.scorer import Scorer
from unisono.plugins import Registry


def plug(registry: Registry) -> None:
    """Announce them."""
    registry.comparers["claims"] = lambda ask: ClaimsComparer()
    registry.comparers["judge"] = JudgeComparer
    for check in (Agreement, Arithmetic, Code, Form, Judge, Logprobs, Parses, Refusal, Scorer):
        registry.evidence[check.name] = check
