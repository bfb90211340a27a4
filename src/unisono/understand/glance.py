"""What a request tells at a glance: its size, its needs, its language. It is all that a plain pin needs.

It leaves `surface` empty: predictors then take the prompt for an average one. Nothing here is trained.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from unisono.types import Features, Freshness, Request, Vector
from unisono.understand import conversation, tokens
from unisono.understand.bound import bound
from unisono.understand.language import language
from unisono.understand.mood import dissatisfied
from unisono.understand.thinking import asked

NOT_MEASURED: Vector = np.zeros(0, dtype=np.float32)
NOT_MEASURED.flags.writeable = False


def glance(request: Request, *, read: Callable[[str], Freshness | None] | None = None) -> Features:
    """Return the features that cost next to nothing.

    Args:
        request: what the caller asks.
        read: tells the freshness of the task, where that matters.
    """
    messages = request.messages
    task = conversation.task_text(messages)
    return Features(
        task=task,
        n_input_tokens=tokens.count_prompt(request.body),
        n_turns=conversation.n_turns(messages),
        needs=request.needs,
        surface=NOT_MEASURED,
        in_tool_loop=conversation.in_tool_loop(messages),
        freshness=None if read is None else read(task),
        language=language(task),
        dissatisfied=dissatisfied(messages),
        bound=bound(request.body),
        thinking=asked(request.body),
    )


def only_glanced(features: Features) -> bool:
    """Say whether nobody has looked closer than `glance` does."""
    return features.surface.size == 0
