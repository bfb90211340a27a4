"""Azure's addresses, where the path names the deployment: `/openai/deployments/{model}/chat/completions`.

The request becomes the one that OpenAI's clients send: the same body with this model's name. `api-version` is not read.
"""

from __future__ import annotations

import re

_ADDRESS = re.compile(r"/openai/deployments/([^/]+)(/chat/completions|/embeddings)/?")


def named_in(path: str) -> tuple[str, str] | None:
    """Return the model that a path of Azure's names, and the path that is served for it; None of any other path."""
    found = _ADDRESS.fullmatch(path)
    return None if found is None else (found[1], f"/v1{found[2]}")
