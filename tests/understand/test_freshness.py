from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unisono.errors import ArtifactError
from unisono.types import Freshness
from unisono.understand.days import asks_about
from unisono.understand.freshness import FreshnessReader, save
from unisono.understand.freshness_asked import asked
from unisono.understand.grams import N_BUCKETS

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
READER = FreshnessReader()


def read(question: str) -> Freshness:
    found = READER.read(question, now=NOW)
    assert found is not None, "the reader should know this language"
    return found


@pytest.mark.parametrize(
    "question",
    [
        "Who wrote Emma?",
        "What is the boiling point of tin?",
        "《边城》的作者是谁？",
        "What is 17 times 23?",
        "铜的原子序数是多少？",
        "Write a Python function that merges two sorted lists.",
        "Who was mayor of Chicago in 1931?",
        "Who is the author of Oblomov?",
        "Warum ist Schnee weiß?",
        "Qui a peint Le Déjeuner sur l'herbe?",
        "¿Quién escribió Niebla?",
        "Кто написал «Обломов»?",
    ],
)
def test_static_questions_are_evergreen(question: str) -> None:
    assert read(question).pace == "evergreen"


@pytest.mark.parametrize(
    "question",
    [
        "How much is palladium today?",
        "Who won the latest Giro d'Italia?",
        "现在铂金多少钱？",
        "What is the newest version of Ruby?",
        "Wie ist das Wetter in Bremen?",
        "¿A cuánto está el franco suizo hoy?",
    ],
)
def test_news_change_fast(question: str) -> None:
    assert read(question).pace == "fast"


@pytest.mark.parametrize(
    "question",
    [
        "Who is the prime minister of Iceland?",
        "挪威有多少人口？",
        "How many children does Adele have?",
        "Wie viele Einwohner hat Bremen?",
        "Combien d'habitants compte Nice?",
        "Кто президент Финляндии?",
    ],
)
def test_offices_and_counts_change(question: str) -> None:
    assert read(question).changing > 0.5


@given(st.text(max_size=2000))
def test_any_text_is_read(text: str) -> None:
    found = READER.read(text, now=NOW)
    assert found == READER.read(text, now=NOW)
    if found is not None:
        assert 0.0 <= found.changing <= 1.0
        assert found.asks_about is None or found.asks_about <= NOW.date()


@pytest.mark.parametrize(
    "question",
    [
        "Kto jest prezydentem Polski?",
        "Bugün hava nasıl?",
        "من هو رئيس مصر؟",
        "भारत के प्रधानमंत्री कौन हैं?",
        "日本の首相は誰ですか？",
        "한국 대통령은 누구입니까?",
        "",
        "???",
    ],
)
def test_of_a_language_that_it_cannot_read_the_reader_says_nothing(question: str) -> None:
    assert READER.read(question, now=NOW) is None


def test_in_a_language_that_it_cannot_read_a_named_day_still_speaks() -> None:
    assert READER.read("Kto wygrał wybory w 2025?", now=NOW) == Freshness(
        changing=0.0, pace="evergreen", asks_about=date(2025, 12, 31)
    )


def test_weights_of_your_own_are_read_as_they_were_saved(tmp_path: Path) -> None:
    weights, bias = np.zeros((N_BUCKETS, 3), dtype=np.float32), np.array([1.0, 0.0, 1.0], dtype=np.float32)
    save(tmp_path, weights=weights, bias=bias, known=["zażółć"], manifest={})
    found = FreshnessReader(tmp_path).read("Zażółć?", now=NOW)
    assert found is not None
    assert found.pace == "slow"
    assert found.changing == pytest.approx((2.718281828 + 1) / (2.718281828 + 2), abs=1e-6)


def test_the_vector_of_an_encoder_that_was_trained_with_speaks_too(tmp_path: Path) -> None:
    weights, bias = np.zeros((N_BUCKETS, 3), dtype=np.float32), np.zeros(3, dtype=np.float32)
    head = np.array([[0.0, 9.0], [0.0, -9.0], [0.0, 0.0]], dtype=np.float32)
    save(tmp_path, weights=weights, bias=bias, known=["who"], manifest={}, heads={"two": head})
    changes, stays = np.array([1.0, 0.0], dtype=np.float32), np.array([0.0, 1.0], dtype=np.float32)
    reader = FreshnessReader(tmp_path, encoder="two")
    read_of = {
        name: found.pace
        for name, vector in (("changes", changes), ("stays", stays))
        if (found := reader.read("Who?", now=NOW, embedding=vector)) is not None
    }
    assert read_of == {"changes": "fast", "stays": "slow"}
    words_alone = FreshnessReader(tmp_path).read("Who?", now=NOW)
    assert words_alone == reader.read("Who?", now=NOW)
    assert words_alone == FreshnessReader(tmp_path, encoder="other").read("Who?", now=NOW, embedding=changes)


def test_a_head_that_is_not_its_manifests_is_an_artifact_error(tmp_path: Path) -> None:
    weights, bias = np.zeros((N_BUCKETS, 3), dtype=np.float32), np.zeros(3, dtype=np.float32)
    save(tmp_path, weights=weights, bias=bias, known=[], manifest={}, heads={"two": np.zeros((3, 2), dtype=np.float32)})
    np.save(tmp_path / "freshness_two.npy", np.ones((3, 2), dtype=np.float32))
    with pytest.raises(ArtifactError, match="Reinstall"):
        FreshnessReader(tmp_path, encoder="two")


def test_broken_weights_are_an_artifact_error(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="Reinstall"):
        FreshnessReader(tmp_path)


@pytest.mark.parametrize(
    "question",
    [
        "Who won last year?",
        "What is played at the moment?",
        "Chi ha vinto l'anno scorso?",
        "Wie ist das Wetter heute?",
        "Who sang now's the time, and when?",
        "Is it now, or was it in 1999?",
        "What does right_now mean?",
        "What does NOW stand for, and what did it last week?",
        "Is today_is a name, and who won last week?",
        "What was new on 2024-05-01today",
        "Who wrote Emma?",
        "Was war im März, und was ist jetzt? 🙂",
        "Who won (été) last week, d'avril 2024?",
        "谁去年’now won",
        "What is aujourd'hui3, or now_3 – été?",
    ],
)
def test_a_reader_finds_the_days_that_a_look_at_the_whole_text_finds(question: str) -> None:
    assert read(question).asks_about == asks_about(question, now=NOW)


def test_a_last_line_that_is_too_long_to_be_read_whole_is_no_question_by_itself() -> None:
    frame = "You are the narrator of a text adventure in an old castle. Describe each room and wait for what I do. " * 3
    asks, tale = "The king asks who the president is and what gold costs.", "The dog sat by the fire and slept on. "
    assert read(f"{frame}\n{asks}").changing > 0.5
    assert read(f"{frame}\n{asks} {tale * 20}").changing < 0.5


@pytest.mark.parametrize(
    "words",
    [
        "Good morning!",
        "hello, how are you?",
        "Summarize: The quick brown fox jumps over the lazy dog.",
        "Translate the following sentence to French: The weather is nice today.",
        "Translate to French: good morning",
        "Fix the grammar: he go to school yesterday",
        "Rewrite politely: send me the file now",
        "Write a poem about a rainy day in 2031.",
        "If today is Monday, what day was it three days ago?",
        'What does "who is the president now?" mean in Italian?',
        "Translate into German:\n\n```\nWhat is the price of gold today?\n```",
        "你好，今天过得怎么样？",
        "把这句话翻译成英文：现在的总统是谁？",
        "总结：昨天部长辞职了，新部长今天上任。",
        "ترجم إلى الفرنسية: ألغيت الرحلة في 2026",
        "How much is gold today?\nthank you!",
        "现在金价多少？\n谢谢！",
        "How much is gold today?\nthanks\nWrite a poem about my dog",
        "How much is gold today?\nWrite a poem about my dog\nmake it shorter",
        "今天金价多少？\n写一首关于狗的诗",
    ],
)
def test_a_greeting_and_work_on_a_given_text_ask_for_no_news(words: str) -> None:
    found = READER.read(words, now=NOW)
    assert found is None or (found.changing < 0.5 and found.asks_about is None)


@pytest.mark.parametrize(
    "words",
    [
        "Answer the following question: who is the president of France now?",
        "Translate the answer to: what is the weather in Paris today",
        "Good morning! What's the weather in Paris today?",
        "Translate to French: good morning\nhow much is gold today?",
        "Summarize the latest news about Tesla.",
        "How is the weather in Paris?\nAnd tomorrow?",
        "Good morning! What's the gold price today?",
        "Write a poem about my dog\nHow much is gold today?",
        "请回答下面的问题：法国现任总统是谁？",
        "你好，今天金价多少？",
    ],
)
def test_a_question_behind_a_greeting_or_a_wish_for_its_form_is_read(words: str) -> None:
    assert read(words).changing > 0.5


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("Who wrote “Emma”?", "Who wrote “Emma”?"),
        ("Translate to Greek: who is the king now?", "Translate to Greek:"),
        ("Answer in Greek: who is the king now?", "Answer in Greek: who is the king now?"),
        ("Summarise this\n\nThe king is ill. The queen is now in charge.", "Summarise this"),
        ("The king is ill.\nThe queen is now in charge.\nTranslate that", "Translate that"),
        ("Proofread: he go home\nwho is the king now?", "Proofread:\nwho is the king now?"),
        ("翻译成英文：国王现在在哪里？", "翻译成英文："),
    ],
)
def test_what_is_given_to_be_worked_on_does_not_ask(text: str, asks: str) -> None:
    assert asked(text).text.strip() == asks


@given(st.text(max_size=4000))
def test_of_any_text_the_part_that_asks_is_no_longer(text: str) -> None:
    assert len(asked(text).text) <= len(text)
