"""The console is one offline page that lets no text become markup."""

from __future__ import annotations

import re

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from unisono.console.app import FILES, STATIC, routes


@pytest.fixture
def client() -> TestClient:
    return TestClient(Starlette(routes=routes()))


@pytest.mark.parametrize("path", FILES)
def test_every_file_is_served_under_the_security_headers(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-security-policy"].startswith("default-src 'self';")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.content == (STATIC / FILES[path]).read_bytes()


@pytest.mark.parametrize("path", ["/console/", "/console/../app.py", "/console/app.py", "/console/%2e%2e/app.py"])
def test_nothing_else_of_the_package_can_be_reached(client: TestClient, path: str) -> None:
    answer = client.get(path, follow_redirects=False)
    assert answer.status_code in (307, 404)


def test_the_page_needs_nothing_from_outside_and_no_inline_code() -> None:
    page = (STATIC / "console.html").read_text(encoding="utf-8")
    assert set(re.findall(r'(?:src|href)="([^"#]*)"', page)) == set(FILES) - {"/console"}
    assert not re.search(r"<script>|<style|\son\w+=|\sstyle=", page)
    for name in FILES.values():
        assert "//" not in re.sub(r"(?m)^// .*$", "", (STATIC / name).read_text(encoding="utf-8")), name


def test_text_enters_the_page_as_text_only() -> None:
    script = (STATIC / "console.js").read_text(encoding="utf-8")
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function", script)


def test_every_element_that_the_script_names_is_on_the_page() -> None:
    script = (STATIC / "console.js").read_text(encoding="utf-8")
    page = (STATIC / "console.html").read_text(encoding="utf-8")
    for name in set(re.findall(r'\bat\("([^"]+)"\)', script)):
        assert f'id="{name}"' in page, name


def test_the_whole_console_stays_small() -> None:
    lines = sum(len((STATIC / name).read_text(encoding="utf-8").splitlines()) for name in FILES.values())
    assert lines < 380
