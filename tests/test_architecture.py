"""The house keeps its shape: layers, borders, words, and a command line that loads little."""

from __future__ import annotations

import ast
import graphlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parent.parent
SRC = ROOT / "src"
PACKAGE = SRC / "unisono"
MODULES = sorted(PACKAGE.rglob("*.py"))

BORDERS = ("server/", "record/", "learn/")
"""Where a strange exception must not end the process: the edge, the recorder, the learner."""

FORBIDDEN_WORDS = {"manager", "handler", "helper", "util", "utils", "strategy", "deployment"}
CALLED_SO_BY_OTHERS = {"exception_handlers"}
"""Names that a framework demands of us."""


def _where(path: Path, node: ast.AST) -> str:
    return f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 1)}"


def _inside(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(SRC)}
    return subprocess.run(arguments, capture_output=True, text=True, cwd=ROOT, env=environment, timeout=120)


def test_imports_point_downwards_only() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    told = _run(str(lint), "--no-cache")
    assert told.returncode == 0, told.stdout[-3000:] + told.stderr[-1000:]


def test_no_module_takes_part_in_an_import_cycle() -> None:
    graph = grimp.build_graph("unisono", exclude_type_checking_imports=True, cache_dir=None)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    try:
        graphlib.TopologicalSorter(imports).prepare()
    except graphlib.CycleError as exc:
        pytest.fail(f"cycle: {' <- '.join(exc.args[1])}")


@pytest.mark.parametrize("arguments", [["--help"], ["serve", "--help"], ["models", "--help"], ["--version"]])
def test_asking_for_help_loads_neither_numpy_nor_the_server(arguments: list[str]) -> None:
    told = _run(sys.executable, "-X", "importtime", "-m", "unisono.cli", *arguments)
    assert told.returncode == 0, told.stderr[-2000:]
    loaded = {line.rpartition("|")[2].strip() for line in told.stderr.splitlines() if line.startswith("import time:")}
    assert "unisono.cli.main" in loaded
    heavy = {"numpy", "starlette", "aiohttp", "uvicorn", "uvloop", "httptools", "sqlite3", "unisono.server"}
    assert not {name for name in loaded if name in heavy or name.startswith("unisono.server.")}


@pytest.mark.parametrize("library", ["torch", "pandas", "pyarrow", "sklearn", "scipy", "pydantic", "requests"])
def test_what_serves_imports_no_heavy_or_doubled_library(library: str) -> None:
    for path in MODULES:
        if _inside(path).startswith(("evaluate/", "learn/irt.py")):  # offline; extras bring what they need
            continue
        for node in ast.walk(_tree(path)):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            assert library not in {name.partition(".")[0] for name in names}, _where(path, node)


def test_only_the_configuration_reads_the_environment() -> None:
    for path in MODULES:
        if _inside(path).startswith("config/"):
            continue
        for node in ast.walk(_tree(path)):
            named = {alias.name for alias in node.names} if isinstance(node, ast.ImportFrom) else set()
            reads = isinstance(node, ast.Attribute) and node.attr in ("environ", "environb", "getenv")
            assert not reads, _where(path, node)
            assert not named & {"environ", "environb", "getenv"}, _where(path, node)


def _catches_everything(clause: ast.ExceptHandler) -> bool:
    caught = clause.type.elts if isinstance(clause.type, ast.Tuple) else [clause.type]
    broad = any(c is None or (isinstance(c, ast.Name) and c.id in ("Exception", "BaseException")) for c in caught)
    last = clause.body[-1]
    raised_again = isinstance(last, ast.Raise) and last.exc is None
    return broad and not raised_again


def test_everything_is_caught_only_at_the_borders() -> None:
    for path in MODULES:
        if _inside(path).startswith(BORDERS):
            continue
        for node in ast.walk(_tree(path)):
            if isinstance(node, ast.ExceptHandler):
                assert not _catches_everything(node), _where(path, node)


def test_only_the_command_line_prints() -> None:
    for path in MODULES:
        if _inside(path).startswith("cli/"):
            continue
        for node in ast.walk(_tree(path)):
            prints = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
            assert not prints, _where(path, node)


def _names_given(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name, node
            case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()):
                yield name, node
            case ast.Attribute(attr=name, ctx=ast.Store()):
                yield name, node


def _words(name: str) -> set[str]:
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)}


def test_words_that_say_nothing_name_nothing() -> None:
    for path in MODULES:
        for part in path.relative_to(PACKAGE).with_suffix("").parts:
            assert not _words(part) & FORBIDDEN_WORDS, path
        for name, node in _names_given(_tree(path)):
            if name not in CALLED_SO_BY_OTHERS:
                singular = {word.removesuffix("s") for word in _words(name)} | _words(name)
                assert not singular & FORBIDDEN_WORDS, f"{_where(path, node)}: {name}"


def test_every_module_says_what_it_does() -> None:
    for path in MODULES:
        assert ast.get_docstring(_tree(path)), path.relative_to(ROOT)


def _committed() -> list[Path]:
    """Every file of the repository; without git, every file that would be."""
    try:
        told = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, timeout=30)
    except FileNotFoundError:
        told = None
    if told is not None and told.returncode == 0:
        return [ROOT / name for name in told.stdout.split("\0") if name]
    folders = ("src", "tests", "docs", "scripts", "lab", "bench", ".ci")
    inside = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file()]
    return [path for path in (*ROOT.iterdir(), *inside) if path.is_file() and "__pycache__" not in path.parts]


# Written in pieces, so that this file is clean too.
REGISTRIES = [
    ".".join(parts)
    for parts in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("debian", "org"), ("huggingface", "co"))
]
MACHINE_PATH = re.compile(r"(?<![\w.~$}\])])/(?:work|root|home/(?!you\b)\w+)/")


def test_no_committed_file_names_a_registry_or_a_path_of_one_machine() -> None:
    for path in _committed():
        try:
            text = path.read_text(encoding="utf-8")
        except (UnicodeDecodeError, FileNotFoundError):
            continue
        for host in REGISTRIES:
            assert host not in text, f"{path.relative_to(ROOT)} names {host}"
        found = MACHINE_PATH.search(text)
        assert found is None, f"{path.relative_to(ROOT)} names the path {found[0]!r}"


def test_no_committed_file_is_large_or_a_pickle() -> None:
    for path in _committed():
        if path.exists():
            assert path.suffix not in (".pkl", ".pickle", ".joblib", ".db", ".gguf"), path
            assert path.stat().st_size < 8 * 1024 * 1024, path


def test_what_the_profile_of_a_request_names_is_there() -> None:
    marks = re.findall(r'\("(unisono/[^"]+)", "', (ROOT / "bench" / "where.py").read_text(encoding="utf-8"))
    assert len(marks) > 20
    for mark in marks:
        path = SRC / mark
        assert path.is_dir() or path.with_suffix(".py").is_file(), mark


def test_prose_of_the_pages_is_wrapped() -> None:
    for page in sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]):
        text = re.sub(r"(?ms)^ *```.*?^ *```", "", page.read_text(encoding="utf-8"))
        long = [line[:80] for line in text.splitlines() if len(line) > 250 and not line.lstrip().startswith("|")]
        assert not long, f"{page.relative_to(ROOT)}: wrap prose at 120 characters: {long}"
