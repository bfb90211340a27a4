"""Does the code of an answer parse, and do the prompt's own examples come out? Run only where the operator allows it.

`Parses` compiles Python and runs nothing. `Code` runs it in `locked.py`'s child process against the examples: `assert`
lines, doctests, and `f(x) == y` or `f(x) -> y` in the prompt. Code in other languages is left alone.
"""

from __future__ import annotations

import ast
import re

from unisono.consistency.comparers import Ask
from unisono.execute.evidence.locked import run_locked
from unisono.types import Seen, Verdict

BROKEN = 0.02
PARSES = 1.1
FAILS = 0.1
PASSES = 6.0
"""Odds of code that does not parse, that does, that fails an example of the prompt, that passes all of them. Set, not
measured."""
MAX_EXAMPLES = 10

_BLOCK = re.compile(r"```(?:python|py)?\s*\n(.*?)```", re.DOTALL | re.IGNORECASE)
_OTHER = re.compile(r"```(?!python|py\b|\s)\w+", re.IGNORECASE)
_ASSERT = re.compile(r"^\s*(assert .+?)\s*$", re.MULTILINE)
_DOCTEST = re.compile(r">>> (.+)\n\s*(.+)")
_CALL = re.compile(r"(\b[a-z_]\w*\([^()\n]*\))\s*(?:==|->|→|returns|should return|=>)\s*(\[[^\n]*?\]|[^\s,.;]+)")


class Parses:
    """Compiles the code and runs nothing."""

    name = "parses"

    async def weigh(self, seen: Seen, ask: Ask | None) -> Verdict | None:
        """See `protocols.Evidence.weigh`."""
        code = python_in(seen.answer.text)
        if code is None:
            return None
        fault = syntax_fault(code)
        if fault is not None:
            return Verdict(evidence=self.name, odds=BROKEN, text=fault)
        return Verdict(evidence=self.name, odds=PARSES, text="its code parses")


class Code:
    """Runs the code against the prompt's own examples."""

    name = "code"

    async def weigh(self, seen: Seen, ask: Ask | None) -> Verdict | None:
        """See `protocols.Evidence.weigh`. Where the child process cannot be locked down, it says nothing."""
        code = python_in(seen.answer.text)
        if code is None or syntax_fault(code) is not None:
            return None
        checks = examples(seen.task)
        if not checks:
            return None
        ended = await run_locked(code + "\n\n" + "\n".join(checks) + "\n")
        if ended is None:
            return None
        if ended:
            return Verdict(
                evidence=self.name, odds=PASSES, text=f"its code passes {len(checks)} examples of the prompt"
            )
        return Verdict(evidence=self.name, odds=FAILS, text="its code fails an example of the prompt")


def python_in(text: str) -> str | None:
    """Return the Python code of an answer, or None."""
    blocks = [str(block) for block in _BLOCK.findall(text)]
    if blocks:
        return "\n\n".join(blocks)
    if _OTHER.search(text) or not re.match(r"\s*(?:def |import |from |class |@)", text):
        return None
    return text


def syntax_fault(code: str) -> str | None:
    """Return where Python code does not parse, or None."""
    try:
        ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as exc:
        return f"its code does not parse (line {getattr(exc, 'lineno', None) or '?'})"
    return None


def examples(task: str) -> tuple[str, ...]:
    """Return the examples of a prompt as `assert` lines that parse, at most `MAX_EXAMPLES`."""
    found = [str(line) for line in _ASSERT.findall(task)]
    found += [f"assert ({call.strip()}) == ({value.strip()})" for call, value in _DOCTEST.findall(task)]
    found += [f"assert {call} == {value}" for call, value in _CALL.findall(task)]
    return tuple(dict.fromkeys(line for line in found if syntax_fault(line) is None))[:MAX_EXAMPLES]
