"""A local model that does not fit into memory is refused before it starts, by an estimate that says what takes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from unisono.errors import StartError
from unisono.upstream.gguf import Shape
from unisono.upstream.memory import MemoryNeed, available_bytes, check_fits, memory_need


def test_the_context_takes_two_bytes_for_each_key_and_value() -> None:
    shape = Shape(architecture="x", n_layers=30, n_kv_heads=3, key_length=64, value_length=64, context_tokens=None)
    need = memory_need(shape, file_bytes=100, context_tokens=2048, cache_bytes=5)
    assert need.kv_bytes == 2048 * 30 * 3 * (64 + 64) * 2
    assert need.total_bytes == 100 + need.kv_bytes + 5 + need.working_bytes


def test_a_model_that_cannot_fit_is_refused_and_one_that_fits_is_not() -> None:
    need = MemoryNeed(weights_bytes=1 << 30, kv_bytes=0, cache_bytes=0)
    with pytest.raises(
        StartError, match=r"big: its model needs about 1120 MiB.*64 MiB are free.*`memory_check = false`"
    ):
        check_fits("big", need, 64 << 20)
    check_fits("big", need, 2 << 30)
    check_fits("big", need, None)


def test_free_memory_is_the_machines_or_the_containers_whichever_is_less(tmp_path: Path) -> None:
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/meminfo").write_text("MemTotal: 9 kB\nMemAvailable:    1000 kB\n")
    assert available_bytes(tmp_path) == 1000 * 1024
    group = tmp_path / "sys/fs/cgroup"
    group.mkdir(parents=True)
    (group / "memory.max").write_text("max\n")
    (group / "memory.current").write_text("5000\n")
    assert available_bytes(tmp_path) == 1000 * 1024
    (group / "memory.max").write_text("9000\n")
    (group / "memory.stat").write_text("anon 1\ninactive_file 700\n")
    assert available_bytes(tmp_path) == 4700
    assert available_bytes(tmp_path / "elsewhere") is None
