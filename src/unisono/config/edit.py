"""Edits a configuration file as a person would: comments, order and spacing stay, and what would be broken never lands.

It decides nothing: the commands on models say what to write. `tomlkit` does the editing, and `tomllib` checks that the
text says exactly what was meant, so that neither a fault of ours nor one of the library reaches the file.
"""

from __future__ import annotations

import os
import tempfile
import tomllib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from unisono.config.load import parse_config
from unisono.config.source import read_text, unusable
from unisono.config.values import Config

Table: TypeAlias = Mapping[str, Any]
"""Keys and TOML values; under `None` a key is taken out."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A configuration file as it was read, and as it is to be."""

    file: Path
    before: str
    after: str

    @property
    def changed(self) -> bool:
        """Whether there is anything to write."""
        return self.before != self.after

    def checked(self, environ: Mapping[str, str] = os.environ) -> Config:
        """Return what the new text means.

        Raises:
            ConfigError: it holds mistakes; each has its line in the new text.
        """
        return parse_config(self.after, environ, file=self.file)

    def put_in_place(self, environ: Mapping[str, str] = os.environ) -> Config:
        """Write the new text in one step: whoever reads the file sees the old one or the new one, whole.

        Raises:
            ConfigError: the new text holds mistakes, the file has changed since it was read, or cannot be written.
        """
        config = self.checked(environ)
        if read_text(self.file) != self.before:
            raise unusable(self.file, "has been changed meanwhile; nothing was written, run the command again")
        target = self.file.resolve()  # a link stays a link
        try:
            _replace(target, self.after.encode())
        except OSError as exc:
            raise unusable(self.file, f"cannot be written ({exc.strerror or exc}); check the folder's rights") from exc
        return config


def opened(file: Path) -> Draft:
    """Return the file's text, not yet changed.

    Raises:
        ConfigError: it cannot be read.
    """
    text = read_text(file)
    return Draft(file, text, text)


def with_model_text(draft: Draft, fragment: str) -> Draft:
    """Return the file with a `[[models]]` table behind everything else, in the words of its author.

    Raises:
        ConfigError: the fragment is not one `[[models]]` table, or the file keeps its models in another form.
    """
    added = _read(fragment, draft.file, "the fragment")
    tables = added.get("models")
    if list(added) != ["models"] or not isinstance(tables, list) or len(tables) != 1:
        raise unusable(draft.file, "the fragment must hold one [[models]] table and nothing else")
    newline = "\r\n" if "\r\n" in draft.after else "\n"
    text = draft.after.rstrip() + 2 * newline + newline.join(fragment.strip().splitlines()) + newline
    meant = _read(draft.after, draft.file, "the file")
    meant["models"] = [*meant.get("models", []), tables[0]]
    return _meaning(draft, (text,), meant)


def model_text(table: Table) -> str:
    """Return a `[[models]]` table as TOML."""
    import tomlkit

    written = tomlkit.table()
    for name, value in table.items():
        written.add(name, value)
    models = tomlkit.aot()
    models.append(written)
    document = tomlkit.document()
    document.add("models", models)
    return tomlkit.dumps(document).strip()


def with_model_keys(draft: Draft, name: str, keys: Table) -> Draft:
    """Return the file with other values of some keys of a model.

    Raises:
        ConfigError: the file has no such model in a form that can be edited.
    """
    return _edited(draft, keys, lambda tables: _named(tables.get("models"), name, draft.file))


def with_keys(draft: Draft, section: str, keys: Table) -> Draft:
    """Return the file with other values of some keys of a section; "" is the top of the file.

    Raises:
        ConfigError: the file cannot be edited so.
    """
    return _edited(draft, keys, lambda tables: tables[section] if section else tables)


def _edited(draft: Draft, keys: Table, find: Callable[[Any], Any]) -> Draft:
    """Return the file with other values of some keys of the table that `find` finds in it."""
    import tomlkit

    meant = _read(draft.after, draft.file, "the file")
    table = find(meant)
    known = {key: value for key, value in keys.items() if value is None or key in table}
    document = _document(draft)
    _change(find(document), known)
    before = tomlkit.dumps(document)
    _change(table, keys)
    _change(find(document), {key: value for key, value in keys.items() if key not in known})
    after = tomlkit.dumps(document)
    return _meaning(draft, (_beside_keys(before, after), after), meant)


def _change(table: Any, keys: Table) -> None:
    for key, value in keys.items():
        if value is None:
            table.pop(key, None)
        else:
            table[key] = value


def _beside_keys(before: str, after: str) -> str:
    """Return `after`, which has new keys at the end of a table, with these right behind the table's last key.

    What stands between them is a comment on the next table, and stays with it.
    """
    old, new = f"{before.rstrip()}\n".splitlines(keepends=True), after.splitlines(keepends=True)
    at = next((n for n, (one, other) in enumerate(zip(old, new, strict=False)) if one != other), len(old))
    added = [line for line in new[at : at + len(new) - len(old)] if line.strip()]
    while at > 0 and (not old[at - 1].strip() or old[at - 1].lstrip().startswith("#")):
        at -= 1
    return "".join([*old[:at], *added, *old[at:]])


def _named(tables: object, name: str, file: Path) -> Any:
    for table in tables if isinstance(tables, Sequence) else ():
        if table.get("name") == name:
            return table
    raise unusable(file, f"has no [[models]] table with name = {name!r} that can be edited")


def _document(draft: Draft) -> Any:
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    try:
        return tomlkit.parse(draft.after)
    except TOMLKitError as exc:
        raise unusable(draft.file, f"cannot be edited here ({exc}); change it by hand") from exc


def _meaning(draft: Draft, texts: Sequence[str], meant: Mapping[str, Any]) -> Draft:
    """Return the draft with the first of some new texts that says what was meant, and nothing else."""
    for text in texts:
        with suppress(ValueError):
            if tomllib.loads(text) == meant:
                return Draft(draft.file, draft.before, text)
    raise unusable(draft.file, "is written in a form that cannot be edited here; change it by hand")


def _read(text: str, file: Path, what: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as exc:
        raise unusable(file, f"{what} is no TOML: {str(exc)[:200]}") from exc


def _replace(target: Path, data: bytes) -> None:
    number, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    written = Path(name)
    try:
        with os.fdopen(number, "wb") as opened_file:
            opened_file.write(data)
            opened_file.flush()
            os.fsync(opened_file.fileno())
        written.chmod(target.stat().st_mode & 0o7777)
        written.replace(target)
    except BaseException:
        with suppress(OSError):
            written.unlink()
        raise
