"""Every key of a TOML text is found on its own line."""

import tomllib

from hypothesis import given
from hypothesis import strategies as st

from unisono.config.locate import line_of, locate

TRICKY = '''\
# default = "comment"
default = "a" # [x]
[server] # [[models]]
host = """
[models]
x = 1 """
"po rt".'y' = 3

[[models]]
name = 'a]'
list = [ # [
  1, "x]", # y = 2
  { a = 1, b = "}" },
]
[models.usage]
input_tokens = 1
[[models]]
day = 2024-01-01
table = { a.b = 1, c = [ 2 ] }
quotes = \'\'\'a\'b\'\'\'
last = """a\\"""b"""
[models.extra.deep]
z = 1
'''


def test_survives_comments_strings_and_inline_tables() -> None:
    found = locate(TRICKY)
    assert {path: found[path] for path in found} == {
        ("default",): 2,
        ("server",): 3,
        ("server", "host"): 4,
        ("server", "po rt"): 7,
        ("server", "po rt", "y"): 7,
        ("models",): 9,
        ("models", 0): 9,
        ("models", 0, "name"): 10,
        ("models", 0, "list"): 11,
        ("models", 0, "list", 0): 12,
        ("models", 0, "list", 1): 12,
        ("models", 0, "list", 2): 13,
        ("models", 0, "list", 2, "a"): 13,
        ("models", 0, "list", 2, "b"): 13,
        ("models", 0, "usage"): 15,
        ("models", 0, "usage", "input_tokens"): 16,
        ("models", 1): 17,
        ("models", 1, "day"): 18,
        ("models", 1, "table"): 19,
        ("models", 1, "table", "a"): 19,
        ("models", 1, "table", "a", "b"): 19,
        ("models", 1, "table", "c"): 19,
        ("models", 1, "table", "c", 0): 19,
        ("models", 1, "quotes"): 20,
        ("models", 1, "last"): 21,
        ("models", 1, "extra"): 22,
        ("models", 1, "extra", "deep"): 22,
        ("models", 1, "extra", "deep", "z"): 23,
    }


def test_a_missing_key_has_the_line_of_its_table() -> None:
    found = locate(TRICKY)
    assert line_of(found, ("models", 1, "name")) == 17
    assert line_of(found, ("nothing",)) is None


def test_windows_line_ends_count_once() -> None:
    assert locate("a = 1\r\nb = '''\r\n\r\n'''\r\nc = 2\r\n")[("c",)] == 5


VALUES = st.recursive(
    st.integers(0, 99).map(str)
    | st.sampled_from(['"]"', "'#'", '"""\n[x]\n"""', "'''\n= '\n'''", '"a\\"b"', "2024-01-01", "true", '""', "1.5"]),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: "[ # ]\n" + ",\n".join(items) + "\n]")
        | st.lists(inner.filter(lambda text: "\n" not in text), max_size=3).map(
            lambda items: "{" + ", ".join(f"k{n} = {item}" for n, item in enumerate(items)) + "}"
        )
    ),
    max_leaves=6,
)
KEYS = st.sampled_from(["a", "b", '"c d"', "'e.f'", "g.h", '"#"'])


@given(st.lists(st.tuples(st.booleans(), st.dictionaries(KEYS, VALUES, max_size=4), st.sampled_from(["", "# [["]))))
def test_each_key_that_tomllib_finds_stands_on_its_line(tables: list[tuple[bool, dict[str, str], str]]) -> None:
    text, expected, n_models = "", {}, 0
    for place, (many, pairs, comment) in enumerate(tables):
        text += f"[[models]] {comment}\n" if many else f"[t{place}] {comment}\n"
        path = ("models", n_models) if many else (f"t{place}",)
        n_models += many
        for key, value in pairs.items():
            name = next(iter(tomllib.loads(f"{key} = 0")))
            expected[*path, name] = text.count("\n") + 1
            text += f"{key} = {value} {comment}\n\n"
    tomllib.loads(text)
    found = locate(text)
    assert {path: found.get(path) for path in expected} == expected


@given(st.text(st.sampled_from("ab =[]{}\"'#\n.,1\\"), max_size=60))
def test_any_text_comes_to_an_end(text: str) -> None:
    locate(text)
