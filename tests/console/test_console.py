"""The console is offline pages that let no text become markup, and that speak both languages fully."""

from __future__ import annotations

import gzip
import re
from pathlib import Path
from typing import get_args, get_type_hints

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from unisono.console.app import PAGE, STATIC, files, routes, version, vue
from unisono.record.decisions import KeepText
from unisono.terms import STATUSES
from unisono.types import Counted, Health, Lifecycle

OWN = sorted(file for file in STATIC.iterdir() if file.is_file())
MODULES = [file for file in OWN if file.suffix == ".js"]
DOCS = Path(__file__).parents[2] / "docs"
OUTSIDE = re.compile(r"""["'(](?:https?:)?//(?!www\.w3\.org/2000/svg|127\.0\.0\.1)""")


@pytest.fixture
def client() -> TestClient:
    return TestClient(Starlette(routes=routes()))


def _text(name: str) -> str:
    return (STATIC / name).read_text(encoding="utf-8")


def _at(name: str) -> str:
    return f"/console/{version()}/{name}"


@pytest.mark.parametrize("name", [None, *sorted(files())])
def test_every_file_is_served_under_the_security_headers(client: TestClient, name: str | None) -> None:
    answer = client.get("/console" if name is None else _at(name))
    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy
    assert "require-trusted-types-for 'script'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    if name is None:
        assert answer.text == _text(PAGE).replace('"console/', f'"console/{version()}/')
    else:
        assert answer.content == files()[name].read_bytes()


@pytest.mark.parametrize("path", ["", "../app.py", "app.py", "%2e%2e/app.py", "console.html"])
def test_nothing_else_of_the_package_can_be_reached(client: TestClient, path: str) -> None:
    for found in (f"/console/{path}", _at(path)):
        assert client.get(found, follow_redirects=False).status_code in (307, 404)


def test_a_file_is_kept_for_ever_under_its_version_and_the_page_is_asked_for_anew(client: TestClient) -> None:
    assert "immutable" in client.get(_at("app.js")).headers["cache-control"]
    assert client.get("/console").headers["cache-control"] == "no-cache"
    assert client.get("/console/an-older-one/app.js").status_code == 404


def test_the_page_that_is_loaded_again_names_its_files_otherwise(client: TestClient) -> None:
    named = [set(re.findall(r'src="([^"]+)"', client.get(f"/console{query}").text)) for query in ("", "?1", "?2", "?x")]
    assert not named[0] & named[1] | named[1] & named[2]
    assert named[0] == named[3]
    assert all(client.get(f"/{name}").status_code == 200 for name in named[2])
    assert 'href="?2"' in client.get("/console?1").text


def test_the_page_names_every_module_that_it_starts_with_so_that_they_come_in_one_go() -> None:
    found: set[str] = set()
    coming = ["app.js"]
    while coming:
        name = coming.pop()
        found.add(name)
        coming += set(re.findall(r'^import .* from "\./([^"]+)"', _text(name), flags=re.M)) - found
    preloaded = re.findall(r'"modulepreload" href="console/([^"]+)"', _text(PAGE))
    assert sorted(["app.js", *preloaded]) == sorted(found)


def test_a_browser_that_has_a_file_is_told_so_and_one_that_unpacks_gets_it_packed(client: TestClient) -> None:
    first = client.get(_at("vue.js"), headers={"accept-encoding": "gzip"})
    assert first.headers["content-encoding"] == "gzip"
    assert first.content == vue().read_bytes()
    assert len(gzip.compress(first.content)) < 70_000
    again = client.get(_at("vue.js"), headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_the_installed_package_has_the_production_build_of_vue_3() -> None:
    head = vue().read_text(encoding="utf-8")[:2000]
    assert re.search(r"vue v3\.\d+\.\d+", head)
    assert "@license MIT" in head
    assert len(head.splitlines()) < 12  # minified


def test_the_page_needs_nothing_from_outside_and_no_inline_code() -> None:
    page = _text(PAGE)
    named = re.findall(r'(?:src|href)="console/([^"]*)"', page)
    assert len(named) == len(re.findall(r'(?:src|href)="[^?]', page))
    assert set(named) <= set(files())
    assert not re.search(r"<script>|<style|\son\w+=|\sstyle=", page)
    for file in OWN:
        assert not OUTSIDE.search(file.read_text(encoding="utf-8")), file.name


@pytest.mark.parametrize("file", MODULES, ids=lambda file: file.name)
def test_text_enters_the_page_as_text_only(file: Path) -> None:
    script = file.read_text(encoding="utf-8")
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|template:", script
    )


@pytest.mark.parametrize("file", MODULES, ids=lambda file: file.name)
def test_every_module_says_what_it_is_and_imports_only_its_fellows(file: Path) -> None:
    script = file.read_text(encoding="utf-8")
    assert script.startswith("// ")
    for name in re.findall(r"""(?:\bfrom |\bimport\()["']\./([^"']+)["']""", script):
        assert name in files(), name
    assert not re.findall(r"""(?:\bfrom |\bimport\()["'](?!\./)""", script)


def test_every_word_is_there_in_both_languages_with_the_same_blanks() -> None:
    pairs = re.findall(r'^  (\w+): \["(.*)", "(.*)"\],$', _text("words.js"), flags=re.M)
    assert len(pairs) > 200
    for name, english, chinese in pairs:
        assert english and chinese, name
        assert set(re.findall(r"\{\d\}", english)) == set(re.findall(r"\{\d\}", chinese)), name


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("life", get_args(get_type_hints(Lifecycle)["state"])),
        ("health", tuple(Health)),
        ("status", STATUSES),
        ("counts", get_args(Counted)),
        ("keeps", get_args(KeepText)),
    ],
)
def test_every_value_of_a_closed_set_has_words(kind: str, names: tuple[str, ...]) -> None:
    assert set(re.findall(rf"^  {kind}_(\w+): \[", _text("words.js"), flags=re.M)) == set(names)


def test_every_notice_has_a_name_that_people_read() -> None:
    told = (DOCS / "reference" / "http.md").read_text(encoding="utf-8").partition("## Notices")[2].partition("\n## ")[0]
    codes = set(re.findall(r"^\| `(\w+)` \|", told, flags=re.M))
    assert codes
    assert codes == set(re.findall(r"^  notice_(\w+): \[", _text("words.js"), flags=re.M))


def test_every_word_that_a_page_uses_is_known() -> None:
    known = set(re.findall(r"^  (\w+): \[", _text("words.js"), flags=re.M))
    for file in MODULES:
        script = file.read_text(encoding="utf-8")
        used = set(re.findall(r'(?<![\w.])t\("(\w+)"', script))
        assert used <= known, (file.name, used - known)


def test_the_whole_console_stays_small() -> None:
    packed = sum(len(gzip.compress(file.read_bytes())) for file in OWN)
    assert packed < 90_000
