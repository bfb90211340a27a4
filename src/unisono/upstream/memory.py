"""How much memory a local model takes, by the shape in its file's header, and whether there is so much."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from unisono.errors import StartError
from unisono.upstream.gguf import Shape

_KV_BYTES_PER_VALUE = 2
_WORKING_BYTES = 96 << 20
"""The server's own needs: program, computing buffers, HTTP threads (measured: 50 to 75 MiB)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryNeed:
    """An estimate of the memory that a running model takes, by part."""

    weights_bytes: int
    kv_bytes: int
    cache_bytes: int
    working_bytes: int = _WORKING_BYTES

    @property
    def total_bytes(self) -> int:
        """The sum of all parts."""
        return self.weights_bytes + self.kv_bytes + self.cache_bytes + self.working_bytes

    def __str__(self) -> str:
        return (
            f"{_mib(self.total_bytes)} MiB (weights {_mib(self.weights_bytes)}, context {_mib(self.kv_bytes)}, "
            f"prompt cache {_mib(self.cache_bytes)}, the server itself {_mib(self.working_bytes)})"
        )


def memory_need(shape: Shape, *, file_bytes: int, context_tokens: int, cache_bytes: int) -> MemoryNeed:
    """Estimate a running model's memory.

    Args:
        shape: from `read_shape`.
        file_bytes: size of the model file.
        context_tokens: the window, summed over everything that runs in parallel.
        cache_bytes: how much the server may keep of earlier prompts.

    Returns:
        An upper estimate: layers with a sliding window need less than what is counted for them.
    """
    parts = (shape.n_layers, shape.n_kv_heads, shape.key_length, shape.value_length)
    n_layers, n_kv_heads, key_length, value_length = (part or 0 for part in parts)
    per_token = n_layers * n_kv_heads * (key_length + value_length) * _KV_BYTES_PER_VALUE
    return MemoryNeed(weights_bytes=file_bytes, kv_bytes=per_token * context_tokens, cache_bytes=cache_bytes)


def available_bytes(root: Path = Path("/")) -> int | None:
    """Return what may still be taken: the machine's free memory or the container's, whichever is less.

    Args:
        root: where `proc` and `sys` are.
    """
    found = [n for n in (_machine_bytes(root), _container_bytes(root)) if n is not None]
    return min(found, default=None)


def _machine_bytes(root: Path) -> int | None:
    for line in _lines(root / "proc/meminfo"):
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return None


def _container_bytes(root: Path) -> int | None:
    group = root / "sys/fs/cgroup"
    limit, used = _lines(group / "memory.max"), _lines(group / "memory.current")
    if not limit or not used or not limit[0].isdigit():
        return None
    stat = dict(line.split(" ", 1) for line in _lines(group / "memory.stat"))
    # Pages of files that nobody uses are given back before anything is refused.
    return max(0, int(limit[0]) - int(used[0]) + int(stat.get("inactive_file", 0)))


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="ascii").splitlines()
    except OSError:
        return []


def _mib(n_bytes: int) -> int:
    return round(n_bytes / (1 << 20))


def check_fits(name: str, need: MemoryNeed, available: int | None) -> None:
    """Refuse a model that cannot fit.

    Raises:
        StartError: it needs more than there is.
    """
    if available is not None and need.total_bytes > available:
        raise StartError(
            f"{name}: its model needs about {need}, and {_mib(available)} MiB are free. Free memory, lower "
            "`context_tokens` or `parallel`, take a smaller file, or set `memory_check = false`."
        )
