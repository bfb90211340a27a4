from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unisono.errors import ArtifactError
from unisono.understand.freshness import FreshnessReader, asks_about

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
READER = FreshnessReader()


@pytest.mark.parametrize(
    "question",
    [
        "Who wrote Emma?",
        "What is the boiling point of tin?",
        "《边城》的作者是谁？",
        "What is 17 times 23?",
        "铜的原子序数是多少？",
    ],
)
def test_static_questions_are_evergreen(question: str) -> None:
    assert READER.read(question, now=NOW).pace == "evergreen"


@pytest.mark.parametrize(
    "question",
    [
        "How much is palladium today?",
        "Who won the latest Giro d'Italia?",
        "现在铂金多少钱？",
        "What is the newest version of Ruby?",
    ],
)
def test_news_change_fast(question: str) -> None:
    assert READER.read(question, now=NOW).pace == "fast"


@pytest.mark.parametrize(
    "question", ["Who is the prime minister of Iceland?", "挪威有多少人口？", "How many children does Adele have?"]
)
def test_offices_and_counts_change(question: str) -> None:
    assert READER.read(question, now=NOW).changing > 0.5


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("What happened in May 2026?", date(2026, 5, 31)),
        ("Quién ganó en marzo de 2024", date(2024, 3, 31)),
        ("2024年3月发生了什么？", date(2024, 3, 31)),
        ("events of 2025-02-14", date(2025, 2, 14)),
        ("Who won in 2019?", date(2019, 12, 31)),
        ("the best films of 2026", date(2026, 11, 24)),
        ("what happened yesterday", date(2026, 11, 23)),
        ("今天的新闻", date(2026, 11, 24)),
        ("Who was elected last year?", date(2025, 12, 31)),
        ("What is 17 + 4?", None),
        ("It costs $1,999.50 and weighs 2000 kg", None),
    ],
)
def test_the_latest_day_that_a_question_names(text: str, day: date | None) -> None:
    assert asks_about(text, now=NOW) == day


@given(st.text(max_size=2000))
def test_any_text_is_read(text: str) -> None:
    read = READER.read(text, now=NOW)
    assert 0.0 <= read.changing <= 1.0
    assert read == READER.read(text, now=NOW)
    assert read.asks_about is None or read.asks_about <= NOW.date()


def test_broken_weights_are_an_artifact_error(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="Reinstall"):
        FreshnessReader(tmp_path)
