"""What public benchmark figures say of a model that nobody measured."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from unisono.catalog.benchmarks import BENCHMARKS
from unisono.choose.utility import UtilityChooser
from unisono.learn.benchmarks import fit_benchmarks
from unisono.predict.artifact import Artifact, default_artifact_path, load
from unisono.predict.benchmarks import packed, unpacked
from unisono.predict.ensemble import QualityEnsemble
from unisono.types import Capability, Cost, Estimate, Features, Goal, Latency, Model, Prices
from unisono.understand.embed import NAME
from unisono.understand.features import Understanding


@pytest.fixture(scope="module")
def artifact() -> Artifact:
    return load(default_artifact_path(), encoder=NAME)


@pytest.fixture(scope="module")
def reading() -> Understanding:
    from unisono.config import EncoderConfig
    from unisono.plugins import load as load_plugins

    return Understanding(load_plugins().encoder(EncoderConfig()))


@pytest.fixture(scope="module")
def question(reading: Understanding) -> Features:
    return reading.text("A train leaves at 9:40 and takes 95 minutes. When?")


def model(name: str, *, benchmarks: dict[str, float] | None = None, usd: float | None = None) -> Model:
    prices = None if usd is None else Prices(usd_per_mtok_in=usd, usd_per_mtok_out=usd, source="test")
    return Model(name=name, upstream="openai", upstream_model=name, benchmarks=benchmarks or {}, prices=prices)


def expected(artifact: Artifact, question: Features, *models: Model) -> list[float]:
    return [quality.mean for quality in QualityEnsemble(artifact).predict_one(question, models)]


@pytest.mark.parametrize(
    "names",
    [
        ("gpt-5", "gpt-5-mini", "gpt-5-nano", "gpt-4.1-nano"),
        ("gpt-5", "gpt-4o-mini", "gpt-3.5-turbo-0125"),
        ("claude-opus-4-1", "claude-3-5-haiku-20241022", "claude-3-haiku-20240307"),
        ("gemini-2.5-pro", "gemini-2.5-flash", "gemini-1.5-flash-8b"),
        ("qwen3-32b", "qwen3-8b", "qwen3-0.6b"),
        ("llama-3.3-70b-instruct", "llama-3.2-3b-instruct", "llama-3.2-1b-instruct"),
    ],
)
def test_a_family_s_models_are_expected_to_be_as_good_as_the_world_measured_them(
    artifact: Artifact, question: Features, names: tuple[str, ...]
) -> None:
    found = expected(artifact, question, *(model(name) for name in names))
    assert all(better > worse for better, worse in pairwise(found)), dict(zip(names, found, strict=True))


def test_a_provider_s_spelling_of_a_name_is_the_same_model(artifact: Artifact, question: Features) -> None:
    names = ("claude-sonnet-4-5", "anthropic/claude-sonnet-4.5", "claude-sonnet-4-5-20250929")
    assert len(set(expected(artifact, question, *(model(name) for name in names)))) == 1


def test_a_name_of_one_s_own_in_front_of_a_known_model_changes_nothing(artifact: Artifact, question: Features) -> None:
    mine = Model(name="mine", upstream="openai", upstream_model="qwen3-8b")
    assert expected(artifact, question, mine) == expected(artifact, question, model("qwen3-8b"))


def test_stated_figures_of_an_unknown_model_count_and_price_then_does_not(
    artifact: Artifact, question: Features
) -> None:
    strong = model("brand-new-x", benchmarks={"mmlu_pro": 85.0, "gpqa": 80.0, "aime25": 88.0}, usd=0.1)
    weak = model("brand-new-y", benchmarks={"mmlu_pro": 35.0, "gpqa": 30.0, "math": 30.0}, usd=20.0)
    good, bad = expected(artifact, question, strong, weak)
    assert good > bad + 0.15


def test_stated_figures_stand_in_place_of_the_package_s(artifact: Artifact, question: Features) -> None:
    theirs, ours = expected(
        artifact, question, model("gpt-5"), model("gpt-5", benchmarks={"mmlu_pro": 30.0, "gpqa": 28.0})
    )
    assert ours < theirs


def test_a_model_with_figures_is_less_uncertain_than_one_without_and_still_never_measured(
    artifact: Artifact, question: Features
) -> None:
    known, unknown = QualityEnsemble(artifact).predict_one(question, (model("deepseek-v3"), model("nobody-knows-me")))
    assert known.spread < unknown.spread
    assert known.guessed
    assert known.figures
    assert not unknown.figures
    assert "public benchmark figures" in known.evidence


@pytest.mark.parametrize(
    ("asked", "answers"),
    [
        ("What is the opposite of hot?", "gpt-4o-mini"),
        ("Prove that there are infinitely many primes congruent to 3 mod 4, and give the full proof.", "gpt-5"),
    ],
)
def test_a_pool_that_nobody_probed_asks_the_strong_model_where_figures_promise_much(
    artifact: Artifact, reading: Understanding, asked: str, answers: str
) -> None:
    pool = (model("gpt-4o-mini"), model("gpt-5"))
    expected_of = QualityEnsemble(artifact).predict_one(reading.text(asked), pool)
    costs = [Cost(usd=usd, low_usd=usd, high_usd=usd, output_tokens=100.0) for usd in (1e-4, 1e-3)]
    soon = Latency(first_token_s=0.0, total_s=0.0)
    rows = zip(pool, expected_of, costs, strict=True)
    estimates = [Estimate(model=m.name, quality=q, cost=cost, latency=soon) for m, q, cost in rows]
    assert UtilityChooser().choose(estimates, Goal(), default="gpt-4o-mini").ranking[0].model == answers


def test_public_figures_say_nothing_of_requests_with_tools_or_images(artifact: Artifact, question: Features) -> None:
    for need in (Capability.TOOLS, Capability.VISION):
        asked = replace(question, needs=frozenset((need,)))
        (told,) = QualityEnsemble(artifact).predict_one(asked, (model("deepseek-v3"),))
        assert told.guessed
        assert not told.figures


def test_a_hundred_scores_of_one_s_own_outweigh_public_figures() -> None:
    from unisono.types import Score

    artifact = load(default_artifact_path(), encoder=NAME)
    from unisono.config import EncoderConfig
    from unisono.plugins import load as load_plugins

    understand = Understanding(load_plugins().encoder(EncoderConfig()))
    quality = QualityEnsemble(artifact)
    for n in range(100):
        features = understand.text(f"Question {n}: what is {n} times {n + 3}?")
        quality.learn_one(features, Score(model="gpt-5", item=str(n), kind="probe", prompt="", score=0.0))
    (found,) = quality.predict_one(understand.text("What is 12 times 31?"), (model("gpt-5"),))
    assert found.mean < 0.2


# ------------------------------------------------------------------------------------------ the index


def table(n: int = 40) -> dict[str, dict[str, float]]:
    """Models of rising strength; each lacks some benchmarks."""
    names = ("mmlu", "mmlu_pro", "gpqa", "math", "humaneval", "arena")
    found: dict[str, dict[str, float]] = {}
    for place in range(n):
        share = place / (n - 1)
        figures = {"mmlu": 40 + 50 * share, "mmlu_pro": 20 + 65 * share, "gpqa": 28 + 50 * share}
        figures |= {"math": 10 + 85 * share, "humaneval": 20 + 75 * share, "arena": 1000 + 400 * share}
        kept = [name for i, name in enumerate(names) if (place + i) % 3 or i == place % 6]
        found[f"m{place:02}"] = {name: figures[name] for name in kept}
    return found


def test_the_index_orders_models_that_share_no_benchmark() -> None:
    _, known = fit_benchmarks(table())
    order = sorted(known, key=lambda name: known[name].mean)
    assert order == sorted(known)


def test_a_wrong_figure_among_several_hardly_moves_a_model() -> None:
    right, wrong = table(), table()
    place = next(name for name in right if len(right[name]) >= 5 and name > "m25")
    wrong[place]["mmlu"] = 26.0
    before, after = (fit_benchmarks(t)[1][place].mean for t in (right, wrong))
    alone = fit_benchmarks(right)[1]["m05"].mean
    assert abs(after - before) < 0.35 * abs(before - alone)


def test_more_figures_leave_less_doubt() -> None:
    lines, _ = fit_benchmarks(table())
    from unisono.predict.benchmarks import Benchmarks

    known = Benchmarks(lines=lines, known={}, aliases={})
    one, three = known.index({"mmlu": 70.0}), known.index({"mmlu": 70.0, "gpqa": 50.0, "math": 55.0})
    assert one is not None and three is not None
    assert three.sd < one.sd
    assert (one.n_figures, three.n_figures) == (1, 3)
    assert known.index({"hellaswag": 80.0}) is None


def test_what_is_packed_comes_back(artifact: Artifact) -> None:
    over = artifact.ability.population.over_index
    assert over is not None
    assert unpacked(packed(over.benchmarks)) == over.benchmarks


def test_every_benchmark_of_the_artifact_is_one_that_a_configuration_may_name(artifact: Artifact) -> None:
    over = artifact.ability.population.over_index
    assert over is not None
    assert set(over.benchmarks.lines) <= set(BENCHMARKS)
