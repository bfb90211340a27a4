"""As many files are open as may be: it is told, nobody's model is blamed, and it is over when there is room again."""

from __future__ import annotations

import resource
import socket
import sys
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from tests.journeys.house import config_text, model, process
from tests.journeys.upstream import LIMIT_S, says, upstream

MOST = 100


def few() -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (MOST, MOST))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="counts as Linux does")
def test_a_server_without_a_file_left_says_so_and_goes_on_when_there_is_room(tmp_path: Path) -> None:
    with (
        upstream(says("ok")) as up,
        process(tmp_path, config_text(model("small", up), default="small"), before=few) as house,
    ):
        log = house.folder / "log.txt"
        with ExitStack() as held:
            for _ in range(2 * MOST):
                with suppress(OSError):
                    held.enter_context(socket.create_connection(("127.0.0.1", house.port), timeout=LIMIT_S))
            house.until(lambda: "incident=out_of_files" in log.read_text(), "the log tells")
        house.until(lambda: answered(house), "connections are taken again")
        house.until(lambda: "files" not in house.get("/readyz")["degraded"], "it is over")
        found = house.get("/admin/incidents")["data"]
    (incident,) = [one for one in found if one["kind"] == "out_of_files"]
    assert "LimitNOFILE" in incident["text"]


def answered(house: object) -> bool:
    try:
        return house.chat().status == 200  # type: ignore[attr-defined,no-any-return]
    except OSError:
        return False
