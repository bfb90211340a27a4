"""An encoder from a model hub to a folder on disk: a pinned revision, and a pinned hash of the model.

It runs only where the configuration names a hub. Nothing that Unisono ships or tests needs it.
"""

from __future__ import annotations

from pathlib import Path

from unisono.errors import StartError

WANTED = (
    "tokenizer.json",
    "config_sentence_transformers.json",
    "1_Pooling/config.json",
    "model.onnx",
    "onnx/model.onnx",
)


def fetch(name: str) -> Path:
    """Return the folder of an encoder, downloaded at most once.

    Args:
        name: `OWNER/MODEL@REVISION` with the whole commit; a branch could change under an artifact.

    Raises:
        StartError: the name has no revision, or the hub cannot be reached.
    """
    model, _, revision = name.partition("@")
    if len(revision) != 40:
        raise StartError(f"`hub` under [encoder] must be OWNER/MODEL@REVISION with a whole commit, not {name!r}.")
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError, RepositoryNotFoundError
    except ImportError as exc:
        raise StartError("An encoder from a hub needs huggingface-hub: pip install 'unisono[hub]'.") from exc
    try:
        return Path(snapshot_download(model, revision=revision, allow_patterns=list(WANTED)))
    except (HfHubHTTPError, LocalEntryNotFoundError, RepositoryNotFoundError, OSError, ValueError) as exc:
        raise StartError(
            f"The encoder {name!r} cannot be fetched: {type(exc).__name__}. See `hub` under [encoder]."
        ) from exc
