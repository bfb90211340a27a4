"""A server may have as many files open as its user may, whatever the shell that started it says."""

from __future__ import annotations

import errno
import os
import subprocess
import sys

import pytest

from unisono.cli.machine import open_files
from unisono.upstream.http import no_connection

RAISED = """
import resource
from unisono.config.files import MOST_FILES, allow_files
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))
wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
assert allow_files() == wanted == resource.getrlimit(resource.RLIMIT_NOFILE)[0]
assert allow_files() == wanted
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no such limit")
def test_what_a_shell_allows_is_raised_to_what_the_user_may() -> None:
    subprocess.run([sys.executable, "-c", RAISED], check=True, timeout=300)


def test_too_few_for_the_requests_that_may_be_in_hand_are_told() -> None:
    (found,) = open_files(1000, allowed=1024)
    assert (found.check, found.state) == ("open files", "warn")
    assert "LimitNOFILE" in found.todo
    assert [*open_files(1000, allowed=20_000)] == [*open_files(1000, allowed=None)] == []


def test_too_many_open_files_are_not_laid_at_the_upstreams_door() -> None:
    full, refused = (OSError(code, os.strerror(code)) for code in (errno.EMFILE, errno.ECONNREFUSED))
    assert "raise its limit of open files" in no_connection("host:1", full)
    assert no_connection("host:1", refused).endswith("is it running?")
