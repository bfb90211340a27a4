#!/usr/bin/env python3
"""Audits what `pip install unisono` brings: known-bad releases, licences, changed files, code that starts by itself.

It needs no network, so that it is the same everywhere. `--online` asks pip-audit's advisory services too, and fails
where a package could not be looked up: a look-up that failed is no clean bill.
"""

from __future__ import annotations

import argparse
import base64
import csv
import hashlib
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

HERE = Path(__file__).parent
ROOT = "unisono"
LICENCES = re.compile(
    r"\b(MIT|BSD|Apache|Apache-2\.0|ISC|PSF|Python Software Foundation|PSFL|MPL-2\.0|Mozilla Public|0BSD|Unlicense)\b",
    re.I,
)
"""Licences that allow use and redistribution beside Apache-2.0."""
FORBIDDEN = re.compile(r"\b(AGPL|GPL|LGPL|SSPL|BUSL|Commons Clause|Non-?Commercial)\b", re.I)
EXTRAS = ("otel",)
"""Extras that are audited with the core; `local` holds models, whose terms docs/how-to/local-models.md tells."""


def closure(name: str = ROOT, extras: tuple[str, ...] = EXTRAS) -> dict[str, metadata.Distribution]:
    """Return every installed distribution that a plain install brings, and that of the extras, by canonical name."""
    found: dict[str, metadata.Distribution] = {}
    waiting: list[tuple[str, tuple[str, ...]]] = [(name, extras)]
    while waiting:
        wanted, with_extras = waiting.pop()
        canonical = re.sub(r"[-_.]+", "-", wanted).lower()
        if canonical in found:
            continue
        try:
            distribution = metadata.distribution(wanted)
        except metadata.PackageNotFoundError:
            continue  # of an extra that is not installed here
        found[canonical] = distribution
        for text in distribution.requires or ():
            needed = Requirement(text)
            settings = [{"extra": extra} for extra in ("", *with_extras)]
            if needed.marker is None or any(needed.marker.evaluate(setting) for setting in settings):
                waiting.append((needed.name, tuple(needed.extras)))
    return found


def known_bad(found: dict[str, metadata.Distribution], *, listed: str) -> Iterator[str]:
    """Yield the installed releases that the list names."""
    for line in listed.splitlines():
        entry, _, why = line.partition(":")
        if not entry.strip() or entry.startswith("#"):
            continue
        name, specifier = entry.split()
        distribution = found.get(name)
        if distribution is not None and distribution.version in SpecifierSet(specifier, prereleases=True):
            yield f"{name} {distribution.version} is listed as bad ({specifier}):{why}"


def bad_licences(found: dict[str, metadata.Distribution]) -> Iterator[str]:
    """Yield distributions whose licence is unknown or does not allow use beside Apache-2.0."""
    for name, distribution in found.items():
        about = distribution.metadata
        said = [
            about.get("License-Expression") or "",
            *(c for c in about.get_all("Classifier") or () if "License" in c),
        ]
        said += [(about.get("License") or "").strip().splitlines()[0]] if (about.get("License") or "").strip() else []
        text = " ; ".join(part for part in said if part)
        if not LICENCES.search(text) or (FORBIDDEN.search(text) and " OR " not in text):
            yield f"{name} {distribution.version}: its licence is {text[:80] or 'not stated'!r}; look at it"


def changed_files(found: dict[str, metadata.Distribution]) -> Iterator[str]:
    """Yield installed files that are not what their package's RECORD says."""
    for name, distribution in found.items():
        # Not `distribution.files`: from Python 3.12 on it leaves out what is missing.
        for file, told, *_ in csv.reader((distribution.read_text("RECORD") or "").splitlines()):
            mode, _, value = told.partition("=")
            if mode != "sha256":
                continue
            path = Path(str(distribution.locate_file(file)))
            if not path.exists():
                yield f"{name}: {file} is missing"
                continue
            digest = base64.urlsafe_b64encode(hashlib.sha256(path.read_bytes()).digest()).rstrip(b"=").decode()
            if digest != value:
                yield f"{name}: {file} was changed after it was installed"


def self_starters(found: dict[str, metadata.Distribution]) -> Iterator[str]:
    """Yield `.pth` files that run code at every start of Python: the way in of more than one trojan."""
    for name, distribution in found.items():
        for file in distribution.files or ():
            if file.suffix == ".pth" and name != ROOT:
                path = Path(str(file.locate()))
                if path.exists() and re.search(r"(?m)^\s*import[ \t]", path.read_text(errors="replace")):
                    yield f"{name}: {file} runs code at every start of Python"


def loose_pins(text: str) -> Iterator[str]:
    """Yield dependencies with an address of their own, which no index vouches for."""
    for line in re.findall(r'"([^"]+ @ [^"]+)"', text):
        yield f"pyproject.toml: {line.split(' @ ')[0]} comes from an address of its own"


def online() -> Iterator[str]:
    """Yield what pip-audit's services know; what could not be looked up is a finding too."""
    told = subprocess.run([sys.executable, "-m", "pip_audit", "--skip-editable"], capture_output=True, text=True)
    text = told.stdout + told.stderr
    if told.returncode or "could not be audited" in text or "No module named" in text:
        yield text.strip()[-4000:]


def main() -> int:
    """Print every finding; 1 when there is one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--online", action="store_true", help="ask pip-audit's advisory services too")
    asked = parser.parse_args()
    found = closure()
    findings = [
        *known_bad(found, listed=(HERE / "known-bad.txt").read_text(encoding="utf-8")),
        *bad_licences(found),
        *changed_files(found),
        *self_starters(found),
        *loose_pins((HERE.parent / "pyproject.toml").read_text(encoding="utf-8")),
        *(online() if asked.online else ()),
    ]
    for finding in findings:
        print(finding)
    print(f"{len(found)} packages audited, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
