from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from unisono.understand.days import asks_about

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("What happened in May 2026?", date(2026, 5, 31)),
        ("Quién ganó en marzo de 2024", date(2024, 3, 31)),
        ("2024年3月发生了什么？", date(2024, 3, 31)),
        ("APRİL 2024, ſept 2023", date(2024, 4, 30)),  # other letters, the same where case is ignored
        ("D'AVRIL 2024 à mai 2023", date(2024, 4, 30)),
        ("5may 2024", date(2024, 12, 31)),  # no month: a figure stands right before it
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
