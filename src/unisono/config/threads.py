"""How many threads numpy may take, which it asks the environment as it is loaded."""

from __future__ import annotations

import os


def one_thread() -> None:
    """Keep numpy to one thread, unless the operator says otherwise: a decision's sums are small, and idle threads spin.

    It must run before numpy is loaded.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
