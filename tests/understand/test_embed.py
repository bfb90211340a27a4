"""The static encoder: what it reads, that it repeats itself bit for bit, that damage is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unisono.errors import ArtifactError
from unisono.understand import embed, token_ids
from unisono.understand.embed import StaticEncoder
from unisono.understand.token_ids import MAX_TOKENS

ENCODER = StaticEncoder()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=300), min_size=1, max_size=5))
def test_batch_equals_single_bit_for_bit(texts: list[str]) -> None:
    batch = ENCODER.encode(texts)
    assert batch.dtype == np.float32
    assert batch.shape == (len(texts), ENCODER.dim)
    for row, text in zip(batch, texts, strict=True):
        assert np.array_equal(row, ENCODER.encode([text])[0])


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=300))
def test_vectors_are_unit_or_zero(text: str) -> None:
    length = float(np.linalg.norm(ENCODER.encode([text])[0]))
    assert length == pytest.approx(1.0, abs=1e-5) or (length == 0.0 and not text.strip())


def test_empty_text_gives_zeros() -> None:
    assert not ENCODER.encode(["", "  \n"]).any()


def test_lone_surrogates_are_read_as_noise_and_not_refused() -> None:
    assert np.isfinite(ENCODER.encode(["broken \ud800 text"])).all()


def test_similar_questions_lie_closer_than_different_ones() -> None:
    a, b, c = ENCODER.encode(
        ["Solve the equation x + 3 = 7.", "Solve the equation y - 2 = 9.", "Write a poem of love."]
    )
    assert a @ b > a @ c + 0.3


def test_the_middle_of_a_long_text_is_not_read() -> None:
    head, tail = "a" * (embed.MAX_CHARS // 2), "z " * (embed.MAX_CHARS // 4)
    one, other = ENCODER.encode([head + "first middle" * 50 + tail, head + "another" * 90 + tail])
    assert np.array_equal(one, other)


def test_a_missing_file_is_an_artifact_error(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="cannot be read"):
        StaticEncoder(tmp_path)


def test_a_changed_file_is_an_artifact_error(tmp_path: Path) -> None:
    for name in embed.SHA256:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"changed")
    with pytest.raises(ArtifactError, match="not the pinned one"):
        StaticEncoder(tmp_path)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(alphabet="abCé的9.,'-(<>/sख😀🌍»\u200e", min_size=1, max_size=30), min_size=1), st.data())
def test_words_read_one_by_one_give_the_tokens_of_the_whole(words: list[str], data: st.DataObject) -> None:
    ends = st.sampled_from(("", " ", "\n", "  ", " \n"))
    text = (
        data.draw(ends)
        + words[0]
        + "".join(data.draw(st.sampled_from((" ", "\n", "\n\n", "  ", " \n ", "   "))) + word for word in words[1:])
    )
    text += data.draw(ends)
    assert list(ENCODER._ids(text)) == (ENCODER._tokens.whole(text) if text.strip() else [])


@pytest.mark.parametrize("text", ["a <s>5 b", "</s>", "<unk> 的", "1<s", "<0x41> 12", "a\tb 12", "▁a 1"])
def test_what_the_tokenizer_marks_is_read_as_it_reads_it(text: str) -> None:
    assert list(ENCODER._ids(text)) == ENCODER._tokens.whole(text)


def test_no_token_of_the_vocabulary_reaches_over_the_pieces_of_a_word() -> None:
    vocabulary = ENCODER._tokens._tokenizer.get_vocab(with_added_tokens=False)
    marks = {*token_ids._MARKS, *(f"<0x{byte:02X}>" for byte in range(256))}
    assert not [token for token in vocabulary.keys() - marks if token_ids._PIECE.findall(token) != [token]]


@pytest.mark.parametrize(
    "line", ["\n6140,0.086,yes,2024-03-18", "\nlP1zTw4RzOr+NHXwwNlBTOlvbL6QR4Ao70OKapf0n5B4", " x_12[0]=3;"]
)
def test_of_words_that_are_all_new_the_first_and_the_last_tokens_are_read(line: str) -> None:
    text = "".join(f"{line}{n * n}" for n in range(4_000 // len(line)))[:4_000]
    whole, half = ENCODER._tokens.whole(text), MAX_TOKENS // 2
    assert len(whole) > MAX_TOKENS
    assert list(ENCODER._ids(text)) == [*whole[:half], *whole[-half:]]


def test_vectors_are_the_same_bits_when_there_is_room_for_few_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [
        f"the {n} of {word} and {word[::-1]} {n * n}"
        for n, word in enumerate(["river", "tariff", "ledger", "moon"] * 8)
    ]
    before = ENCODER.encode(texts)
    monkeypatch.setattr(embed, "MAX_ROWS", 40)
    assert np.array_equal(StaticEncoder().encode(texts), before)


@pytest.mark.parametrize("piece", ["的一是不了", "的一 是abc\n了不,", "한국어 문장 12.5 ", "あé的 "])
def test_of_scripts_with_many_tokens_the_first_and_the_last_are_read(piece: str) -> None:
    text = "".join(f"{piece}{n}" if n % 7 == 0 else piece for n in range(4_000 // len(piece)))
    whole, half = ENCODER._tokens.whole(text), MAX_TOKENS // 2
    assert len(whole) > MAX_TOKENS
    assert list(ENCODER._ids(text)) == [*whole[:half], *whole[-half:]]
