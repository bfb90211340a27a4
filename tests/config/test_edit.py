"""A file that a command edits stays its owner's: comments, order and links; and nothing broken ever stands in it."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unisono.config.edit import Draft, model_text, opened, with_keys, with_model_keys, with_model_text
from unisono.errors import ConfigError

TEXT = """# ours
default = "a"   # the good one

[[models]]
name = "a"      # first
upstream = "scripted"

[store]         # between two models
path = "r.db"

[[models]]
name = "b"
upstream = "scripted"
# the end
"""
NEW = '[[models]]\nname = "c" # mine\nupstream = "scripted"'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    found = tmp_path / "unisono.toml"
    found.write_text(TEXT)
    return found


def test_a_new_model_stands_at_the_end_in_its_authors_words(file: Path) -> None:
    draft = with_model_text(opened(file), NEW)
    assert draft.after == TEXT + "\n" + NEW + "\n"
    assert [model.name for model in draft.put_in_place().models] == ["a", "b", "c"]
    assert file.read_text() == draft.after


def test_keys_of_a_model_change_and_nothing_else_does(file: Path) -> None:
    draft = with_model_keys(opened(file), "b", {"lifecycle": "sunset", "until": date(2999, 1, 1), "successor": "a"})
    lines = set(draft.after.splitlines()) - set(TEXT.splitlines())
    assert lines == {'lifecycle = "sunset"', "until = 2999-01-01", 'successor = "a"'}
    assert set(TEXT.splitlines()) <= set(draft.after.splitlines())
    assert with_model_keys(draft, "b", {"lifecycle": None, "until": None, "successor": None}).checked().models


def test_a_comment_before_the_next_table_stays_before_it(file: Path) -> None:
    small, big = ('[[models]]\nname = "a"\nupstream = "scripted"\n', '[[models]]\nname = "b"\nupstream = "scripted"\n')
    file.write_text(f'default = "b"\n\n[store]\npath = "r.db"\n# small\n{small}\n# the big one\n{big}')
    after = with_keys(with_model_keys(opened(file), "a", {"successor": "b"}), "store", {"text": "hash"}).after
    wanted = f'path = "r.db"\ntext = "hash"\n# small\n{small}successor = "b"\n\n# the big one\n{big}'
    assert after == f'default = "b"\n\n[store]\n{wanted}'


def test_the_top_and_a_section_change_with_their_comments_kept(file: Path) -> None:
    draft = with_keys(with_keys(opened(file), "", {"default": "b"}), "store", {"path": "other.db"})
    assert 'default = "b"   # the good one' in draft.after
    assert 'path = "other.db"' in draft.after


def test_a_new_key_stands_beside_its_tables_keys_and_not_under_the_comment_on_the_next_table(file: Path) -> None:
    file.write_text(
        'default = "a"\n\n# the pool\n# the first\n[[models]]\nname = "a"\nupstream = "scripted"\n\n'
        '# the second\n[[models]]\nname = "b"\nupstream = "scripted"\nrole = "deep"\n# the end'
    )
    draft = with_keys(opened(file), "", {"removed": ["c"]})
    draft = with_model_keys(draft, "a", {"lifecycle": "sunset", "until": date(2027, 1, 31), "role": "deep"})
    draft = with_model_keys(draft, "b", {"role": "fast", "quality": 0.5})
    assert draft.after == (
        'default = "a"\nremoved = ["c"]\n\n# the pool\n# the first\n[[models]]\nname = "a"\nupstream = "scripted"\n'
        'lifecycle = "sunset"\nuntil = 2027-01-31\nrole = "deep"\n\n'
        '# the second\n[[models]]\nname = "b"\nupstream = "scripted"\nrole = "fast"\nquality = 0.5\n# the end\n'
    )


def test_a_key_behind_words_that_look_like_a_comment_is_still_written(file: Path) -> None:
    text = 'default = "a"\n[[models]]\nname = "a"\nupstream = "scripted"\nreply = """x\n# y"""\n'
    file.write_text(text)
    after = with_model_keys(opened(file), "a", {"role": "deep"}).after
    assert tomllib.loads(after)["models"] == [{**tomllib.loads(text)["models"][0], "role": "deep"}]


@pytest.mark.parametrize(
    "fragment", ["", 'name = "c"', NEW + "\n" + NEW.replace('"c"', '"d"'), NEW + '\n[store]\npath = "x"', "[[models]"]
)
def test_a_fragment_that_is_not_one_model_is_refused(file: Path, fragment: str) -> None:
    with pytest.raises(ConfigError):
        with_model_text(opened(file), fragment)


def test_what_would_be_broken_is_not_written(file: Path) -> None:
    draft = with_model_text(opened(file), NEW.replace('"c"', '"a"'))
    with pytest.raises(ConfigError, match="is the name of"):
        draft.put_in_place()
    assert file.read_text() == TEXT


def test_a_change_that_somebody_else_made_meanwhile_is_not_written_over(file: Path) -> None:
    draft = with_model_text(opened(file), NEW)
    file.write_text(TEXT + "# and another thing\n")
    with pytest.raises(ConfigError, match="changed meanwhile"):
        draft.put_in_place()
    assert file.read_text().endswith("thing\n")


def test_a_link_stays_a_link_and_rights_stay(file: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.toml"
    link.symlink_to(file)
    file.chmod(0o640)
    with_model_text(opened(link), NEW).put_in_place()
    assert link.is_symlink()
    assert file.read_text().endswith(NEW + "\n")
    assert file.stat().st_mode & 0o777 == 0o640
    assert sorted(p.name for p in tmp_path.iterdir()) == ["link.toml", "unisono.toml"]


def test_lines_end_as_the_file_ends_them(file: Path) -> None:
    crlf = Draft(file, TEXT.replace("\n", "\r\n"), TEXT.replace("\n", "\r\n"))
    after = with_model_keys(with_model_text(crlf, NEW), "a", {"quality": 0.5}).after
    assert after.count("\r\n") >= TEXT.count("\n")
    assert 'name = "c" # mine\r\n' in after


def test_models_in_an_inline_list_are_refused_in_plain_words(tmp_path: Path) -> None:
    file = tmp_path / "unisono.toml"
    file.write_text('default = "a"\nmodels = [{ name = "a", upstream = "scripted" }]\n')
    with pytest.raises(ConfigError, match="change it by hand"):
        with_model_text(opened(file), NEW)


@given(
    st.dictionaries(
        st.from_regex(r"[a-z_]{1,12}", fullmatch=True),
        st.text(max_size=30) | st.integers(-9, 9) | st.floats(allow_nan=False) | st.lists(st.text(max_size=9)),
        max_size=6,
    )
)
def test_a_table_comes_back_as_it_was_given(table: dict[str, object]) -> None:
    assert tomllib.loads(model_text(table))["models"] == [table]
