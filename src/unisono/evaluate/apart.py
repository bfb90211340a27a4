"""Has a process of its own judge a policy: thousands of decisions taken again would hold up the requests of a server.

It is `unisono evaluate --policy` over the same file and record, at a lower priority. Where the
configuration came from no file, or that process fails, the caller judges in its own.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from pathlib import Path

from unisono.types import Json

LIMIT_S = 600.0
_CALM = (
    "import os, runpy, sys; hasattr(os, 'nice') and os.nice(5); runpy.run_module('unisono.cli', run_name='__main__')"
)

log = logging.getLogger("unisono")


def judged_apart(policy: str, *, config: Path, store: Path) -> Json | None:
    """Return the verdict on a policy against the live one; None where the other process could not say.

    Args:
        policy: its id.
        config: the configuration's file.
        store: the record.
    """
    words = ["evaluate", "--policy", policy, "--config", str(config), "--store", str(store), "--json"]
    try:
        told = subprocess.run(  # noqa: S603  (our own command)
            [sys.executable, "-c", _CALM, *words], capture_output=True, timeout=LIMIT_S, check=True
        )
        verdict: Json = json.loads(told.stdout)
    except (OSError, ValueError, subprocess.SubprocessError) as exc:
        log.warning("policy=%s cannot be judged in another process: %s", policy, type(exc).__name__)
        return None
    return verdict
