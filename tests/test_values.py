"""Values with the quick constructor are the dataclasses that they look like."""

from __future__ import annotations

import copy
from dataclasses import FrozenInstanceError, dataclass, field, fields, is_dataclass, replace

import pytest

from unisono.types import Chunk, Usage
from unisono.values import value


@value
class Quick:
    name: str
    n: int = 3
    parts: list[str] = field(default_factory=list)

    @property
    def twice(self) -> int:
        return 2 * self.n


@dataclass(frozen=True, slots=True, kw_only=True)
class Plain:
    name: str
    n: int = 3
    parts: list[str] = field(default_factory=list)


def test_it_holds_what_it_is_given_and_its_defaults() -> None:
    made = Quick(name="a")
    assert (made.name, made.n, made.parts, made.twice) == ("a", 3, [], 6)
    assert type(made) is Quick
    assert made.parts is not Quick(name="a").parts
    assert repr(made).replace("Quick", "Plain") == repr(Plain(name="a"))


def test_it_cannot_be_changed_nor_hold_more() -> None:
    made = Quick(name="a")
    with pytest.raises(FrozenInstanceError):
        made.name = "b"  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        del made.name  # type: ignore[misc]
    assert not hasattr(made, "__dict__")


@pytest.mark.parametrize("given", [{}, {"name": "a", "other": 1}])
def test_what_is_missing_or_unknown_is_refused(given: dict[str, object]) -> None:
    for kind in (Quick, Plain):
        with pytest.raises(TypeError):
            kind(**given)  # type: ignore[arg-type]


def test_it_is_compared_replaced_and_copied_as_a_dataclass() -> None:
    made = Quick(name="a", n=4)
    assert is_dataclass(made)
    assert [f.name for f in fields(made)] == ["name", "n", "parts"]
    assert made == Quick(name="a", n=4) != Quick(name="b", n=4)
    assert replace(made, n=5) == Quick(name="a", n=5)
    assert copy.deepcopy(made) == made
    chunk = Chunk(data=b"x", has_content=True, usage=Usage(input_tokens=1, output_tokens=2))
    assert copy.copy(chunk) == chunk
    assert hash(chunk) == hash(replace(chunk))


def test_a_class_that_does_more_at_its_birth_is_refused() -> None:
    class Busy:
        name: str

        def __post_init__(self) -> None:
            raise AssertionError

    with pytest.raises(TypeError, match="does more"):
        value(Busy)
