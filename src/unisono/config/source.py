"""Reads a configuration file's text, and says what is wrong with text that is no TOML.

It does not read keys.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from unisono.errors import ConfigError, Problem

MAX_FILE_BYTES = 4 * 1024 * 1024
_POSITION = re.compile(r" ?\((?:at line (\d+), column \d+|at end of document)\)$")
_START = "run `unisono demo` to see Unisono without a file, or write one as docs/how-to/first-config.md shows"


def read_text(file: Path) -> str:
    """Return the file's text.

    Raises:
        ConfigError: there is no such file, or it is no text.
    """
    try:
        with file.open("rb") as opened:
            data = opened.read(MAX_FILE_BYTES + 1)
    except FileNotFoundError:
        raise unusable(file, f"there is no such file; {_START}") from None
    except OSError as exc:
        raise unusable(file, f"cannot be read ({exc.strerror or exc}); check the path and its rights") from exc
    except ValueError as exc:
        raise unusable(file, "is no path; give the path of a TOML file") from exc
    if len(data) > MAX_FILE_BYTES:
        raise unusable(file, f"is larger than {MAX_FILE_BYTES} bytes; this cannot be a configuration")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        line = data[: exc.start].count(b"\n") + 1
        raise unusable(file, "is not text in UTF-8; save it as UTF-8", line=line) from None


def folder_of(file: Path | None) -> Path:
    """Return where relative paths in a file start; those of a text without one start at the current folder."""
    return Path(os.path.abspath(Path() if file is None else file.parent))  # noqa: PTH100  (keeps symlinks)


def unusable(file: Path, text: str, *, line: int | None = None) -> ConfigError:
    """Build the error for a file that cannot be used as a whole."""
    return ConfigError([Problem(file=str(file), line=line, key="(file)", text=text)])


def syntax_problem(exc: Exception, *, file: str, text: str) -> Problem:
    """Return what `tomllib` says, with its line, and a hint at the mistake that most people make."""
    if isinstance(exc, RecursionError):
        return Problem(file=file, line=None, key="(syntax)", text="lists or tables are nested too deeply")
    message = str(exc)
    position = _POSITION.search(message)
    line = None
    if position:
        last = text.rstrip().count("\n") + 1
        line = int(position.group(1)) if position.group(1) else last
        message = message[: position.start()]
    if message == "Invalid value":
        message = "Invalid value: texts stand in quotes, and true and false in small letters"
    elif message.startswith(("Cannot overwrite", "Cannot declare")):
        message = "The same key or [table] stands twice; keep one ([[models]] has two brackets)"
    elif not position:
        message = "A value cannot be read; numbers must not be so long"
    return Problem(file=file, line=line, key="(syntax)", text=message[:200])
