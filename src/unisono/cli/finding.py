"""What `unisono doctor` finds: one value for each thing that was looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing looked at: how it stands, and what to do (empty when nothing is)."""

    check: str
    state: State
    text: str
    todo: str = ""
