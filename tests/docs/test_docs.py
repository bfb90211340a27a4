"""What people read is true: every name is documented, every link leads somewhere, every example parses."""

from __future__ import annotations

import ast
import importlib.util
import json
import re
import sqlite3
import subprocess
import tomllib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import typer
from tests.routes import served

from unisono import errors
from unisono.cli.main import app
from unisono.config.keys import TABLE
from unisono.edge.wishes import FIELDS
from unisono.errors import UnisonoError
from unisono.record.store import Store

ROOT = Path(__file__).parent.parent.parent
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])


def _read(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_prose_is_wrapped(page: Path) -> None:
    prose = re.sub(r"^ *```.*?^ *```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    long = [line for line in prose.splitlines() if len(line) > 120 and not line.startswith(("|", "    "))]
    assert not long


class Fence(NamedTuple):
    """One code block of a page."""

    page: Path
    line: int
    language: str
    text: str


def _fences() -> Iterator[Fence]:
    for page in PAGES:
        opened: tuple[int, str] | None = None
        held: list[str] = []
        for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1):
            if not line.lstrip().startswith("```"):
                held.append(line)
            elif opened is None:
                opened, held = (number, line.strip().removeprefix("```").strip()), []
            else:
                yield Fence(page, opened[0], opened[1], "\n".join(held) + "\n")
                opened = None
        assert opened is None, f"{page}:{opened and opened[0]}: this code block has no end"


FENCES = list(_fences())


def _examples(*languages: str) -> list[pytest.param]:  # type: ignore[valid-type]
    return [
        pytest.param(fence, id=f"{fence.page.relative_to(ROOT)}:{fence.line}")
        for fence in FENCES
        if fence.language in languages
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_relative_links_lead_to_a_file(page: Path) -> None:
    text = re.sub(r"(?ms)^ *```.*?^ *```", "", page.read_text(encoding="utf-8"))
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, heading = target.partition("#")
        found = (page.parent / file) if file else page
        assert found.exists(), f"{page.relative_to(ROOT)}: {target}"
        if heading:
            assert heading in _headings(found), f"{page.relative_to(ROOT)}: {target}"


def _headings(page: Path) -> set[str]:
    titles = re.findall(r"(?m)^#+ (.+)$", page.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


def test_every_page_is_reached_from_the_index() -> None:
    seen: set[Path] = set()
    waiting = [ROOT / "README.md", DOCS / "index.md"]
    while waiting:
        page = waiting.pop().resolve()
        if page in seen or page.suffix != ".md":
            continue
        seen.add(page)
        targets = re.findall(r"\]\(([^)\s#]+)", page.read_text(encoding="utf-8"))
        waiting += [page.parent / t for t in targets if not re.match(r"[a-z]+:", t) and (page.parent / t).is_file()]
    assert {page for page in PAGES if page.resolve() not in seen} == set()


@pytest.mark.parametrize("fence", _examples("bash", "sh"))
def test_shell_examples_parse(fence: Fence) -> None:
    told = subprocess.run(["bash", "-n"], input=fence.text, capture_output=True, text=True, timeout=60)
    assert told.returncode == 0, told.stderr


@pytest.mark.parametrize("fence", _examples("python"))
def test_python_examples_parse(fence: Fence) -> None:
    ast.parse(fence.text)


@pytest.mark.parametrize("fence", _examples("json"))
def test_json_examples_parse(fence: Fence) -> None:
    json.loads(fence.text)


@pytest.mark.parametrize("fence", _examples("toml"))
def test_toml_examples_parse_and_name_known_keys_only(fence: Fence) -> None:
    read = tomllib.loads(fence.text)
    known = {(key.section, key.name) for key in TABLE}
    for name, value in read.items():
        tables = value if isinstance(value, list) else [value]
        for table in tables:
            if isinstance(table, dict):
                assert {(name, key) for key in table} <= known
            elif not isinstance(value, list):
                assert ("", name) in known


def test_the_readme_has_exactly_two_commands_to_set_up() -> None:
    blocks = "".join(fence.text for fence in FENCES if fence.page == ROOT / "README.md")
    commands = re.findall(r"(?m)^(scripts/\w+)", blocks)
    assert commands == ["scripts/demo", "scripts/test"]
    for command in commands:
        assert (ROOT / command).stat().st_mode & 0o111, f"{command} cannot be run"


def _measured(page: str) -> list[tuple[set[str], set[str]]]:
    """Scripts and figures of each row of a page's tables that ends in the commands which measure it."""
    rows = re.findall(r"(?m)^\|(.*)\| (`(?:lab/|python |unisono )[^|]*) \|$", _read(page))
    assert rows
    return [
        (set(re.findall(r"lab/\w+|bench\.\w+|unisono \w+", by)), set(re.findall(r"[\d.,]*\d", said)))
        for said, by in rows
    ]


def test_what_the_readme_calls_measured_stands_on_the_page_of_all_figures() -> None:
    everything = _measured("docs/measured.md")
    for commands, figures in _measured("README.md"):
        told = set[str]().union(*(found for by, found in everything if by & commands))
        assert figures <= told, commands


def test_the_figures_at_the_top_of_the_readme_stand_in_its_table() -> None:
    top = _read("README.md").partition("```")[0]
    figures = set(re.findall(r"\d*\.\d+|\d{2,}", top))
    assert figures
    assert figures <= set().union(*(found for _, found in _measured("README.md")))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_script_and_test_that_a_page_names_is_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    named = set(re.findall(r"\b((?:lab|scripts)/\w+\.py)\b", text))
    named |= {f"bench/{name}.py" for name in re.findall(r"-m bench\.(\w+)", text)}
    named |= set(re.findall(r"(?<![\w/])tests/[\w/]+(?:\.py)?", text))
    missing = {name for name in named if not (ROOT / name).exists()}
    assert not missing


@pytest.mark.parametrize("script", ["scripts/demo", "scripts/test", "scripts/environment.sh", ".ci/run"])
def test_our_shell_scripts_parse(script: str) -> None:
    assert subprocess.run(["bash", "-n", script], cwd=ROOT, timeout=60).returncode == 0


def test_the_page_of_the_command_line_is_current() -> None:
    spec = importlib.util.spec_from_file_location("cli_reference", ROOT / "scripts" / "cli_reference.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert _read("docs/reference/cli.md") == module.page(), "run scripts/cli_reference.py"


def test_every_command_has_an_example() -> None:
    chapters = _read("docs/reference/cli.md").split("\n## ")[1:]
    assert chapters
    for chapter in chapters:
        if "| argument |" in chapter:
            assert "Example: `unisono " in chapter, chapter.splitlines()[0]


def _shown() -> Iterator[tuple[Path, list[str]]]:
    """The words of each call of `unisono` that a page shows, in a block or in a sentence."""
    for page in PAGES:
        for line in re.findall(r"(?m)(?:^ *|`|[|(;&] *)unisono ([a-z][^`\n]*)", page.read_text(encoding="utf-8")):
            call = re.split(r"\s#|\s[|>&;]|;\s|\s\\$", line)[0]
            if not call.startswith("at dial "):  # a row of a table that `unisono evaluate` prints
                yield page, call.split()


def test_every_command_and_option_that_a_page_shows_exists() -> None:
    for page, words in _shown():
        where = f"{page.relative_to(ROOT)}: unisono {' '.join(words)}"
        command: Any = typer.main.get_command(app)
        while hasattr(command, "commands") and words and words[0] in command.commands:
            command = command.commands[words.pop(0)]
        assert not hasattr(command, "commands") or command.invoke_without_command or words == [], where
        known = {option for given in command.params for option in (*given.opts, *given.secondary_opts)}
        asked = {word.split("=")[0] for word in words if re.match(r"--?[a-z]", word)}
        assert asked <= known | {"--help"}, where


def test_every_route_is_documented() -> None:
    page = _read("docs/reference/http.md")
    routes = served()
    assert ("POST", "/v1/chat/completions") in routes
    for method, path in routes:
        assert f"`{method} {path.replace(':path', '')}`" in page, f"{method} {path}"


@pytest.mark.parametrize("field", FIELDS)
def test_every_wish_is_documented(field: str) -> None:
    assert f"| `{field}` |" in _read("docs/reference/http.md")


def _errors(of: type[UnisonoError]) -> Iterator[type[UnisonoError]]:
    for kind in of.__subclasses__():
        if kind.__module__ == errors.__name__:
            yield kind
            yield from _errors(kind)


def test_every_error_code_is_documented() -> None:
    written = {kind.code for kind in _errors(UnisonoError)} | {"internal_error"}
    for path in (ROOT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and re.search(r"Error|Refused", ast.unparse(node.func)):
                given = [keyword.value for keyword in node.keywords if keyword.arg == "code"]
                written |= {value.value for value in given if isinstance(value, ast.Constant)}  # type: ignore[misc]
    page = _read("docs/reference/http.md")
    missing = {code for code in written if f"`{code}`" not in page}
    assert not missing


def test_the_page_says_of_each_error_whose_affair_it_is() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| [^|]* \| (\w+) \|", _read("docs/reference/http.md"), flags=re.M))
    assert {kind.code: rows[kind.code] for kind in _errors(UnisonoError)} == {
        kind.code: kind.blames for kind in _errors(UnisonoError)
    }


def test_every_notice_code_is_documented() -> None:
    page = _read("docs/reference/http.md")
    for path in (ROOT / "src").rglob("*.py"):
        for code in re.findall(r'Notice\(\s*code="([a-z_]+)"', path.read_text(encoding="utf-8")):
            assert f"`{code}`" in page, f"{path.relative_to(ROOT)}: {code}"


def test_every_configuration_key_is_documented() -> None:
    page = _read("docs/reference/configuration.md")
    for key in TABLE:
        if key.kind != "tables":
            assert f"| `{key.name}` |" in page, f"{key.section}.{key.name}"


def test_every_metric_is_documented() -> None:
    source = (ROOT / "src" / "unisono" / "record" / "metrics.py").read_text(encoding="utf-8")
    names = set(re.findall(r'"(unisono_[a-z0-9_]+)"', source))
    assert names
    page = _read("docs/reference/metrics.md")
    assert {name for name in names if name not in page} == set()


def test_decisions_are_short_and_say_what_would_change_our_mind() -> None:
    pages = sorted((DOCS / "decisions").glob("[0-9]*.md"))
    assert [page.name[:4] for page in pages] == [f"{n:04d}" for n in range(1, len(pages) + 1)]
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert len(text.splitlines()) < 60, page.name
        for heading in ("## Context", "## Options", "## Choice", "## What would change our mind"):
            assert heading in text, f"{page.name}: {heading}"


def test_every_table_of_the_record_is_documented(tmp_path: Path) -> None:
    with closing(Store(tmp_path / "record.db")):
        pass
    with closing(sqlite3.connect(tmp_path / "record.db")) as record:
        tables = {name for (name,) in record.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    chapter = _read("docs/reference/record.md").split("\n## Tables\n")[1].split("\n## ")[0]
    named = set(re.findall(r"`(\w+)`", "\n".join(line.split("|")[1] for line in chapter.splitlines() if "|" in line)))
    assert named == tables
