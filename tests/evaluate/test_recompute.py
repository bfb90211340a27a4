"""A recorded decision can be decided again: bit for bit, in another process, after all that moves has moved on."""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
import sys
import textwrap
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from random import Random

import pytest
from tests.worlds import (
    NOON,
    draw_request,
    draw_situation,
    house_at,
    measure,
    move_on,
    pool,
)

from unisono.config import Config
from unisono.config.kept import kept_of
from unisono.errors import LimitReached, NoCandidate, NotFound
from unisono.evaluate.recompute import Recomputer, differences
from unisono.plugins import load
from unisono.record.reader import Reader
from unisono.record.view import decision_to_json
from unisono.router import Router
from unisono.types import (
    Decision,
    Features,
    Mode,
    Request,
    Situation,
    Wishes,
)

N = 1000


def _decide_many(path: Path, *, n: int, seed: int) -> Counter[str]:
    """Record `n` decisions of mixed kinds; return how many there are of each."""
    house, rng, kinds = house_at(path), Random(seed), Counter[str]()
    configs = (pool(), pool(dial=0.7, margin=0.03), pool(price=12.5))
    with closing(house.store):
        router, broken = house.router(), house.router(broken=True)
        asked = 0
        while kinds["all"] < n:
            asked += 1
            if asked % 150 == 0:
                house.config = rng.choice(configs)
                measure(house, rng)
                router, broken = house.router(), house.router(broken=True)
            request, known = draw_request(rng, asked), draw_situation(rng)
            try:
                features, decision = _decide(router, broken, request, known, rng)
            except (NoCandidate, LimitReached):
                kinds["refused"] += 1
                continue
            assert house.store.record_request(request, features, decision)
            kinds.update(["all", *_kinds(request, decision), *(["like"] if features.likeness else [])])
            kinds.update(["thinking"] if features.thinking else [])
            if not decision.degraded:
                move_on(house, rng, features)
        assert house.store.flush(timeout_s=60)
    return kinds


def _decide(
    router: Router, broken: Router, request: Request, known: Situation, rng: Random
) -> tuple[Features, Decision]:
    roll = rng.random()
    if roll < 0.03:
        return broken.decide(request, known=known)
    if roll < 0.06:
        return router.decide_degraded(request, known=known, why="a stage failed with ZeroDivisionError")
    return router.decide(request, known=known)


def _kinds(request: Request, decision: Decision) -> Iterator[str]:
    yield from {"pin" if request.pin else f"mode {request.mode}", f"language {decision.goal.language}"}
    yield from {f"rule {e.rule}" for e in decision.excluded} | {f"notice {n.code}" for n in decision.notices}
    if decision.situation.past is not None:
        yield "past"
    if decision.situation.scores:
        yield "scores"
    if decision.situation.spent:
        yield "limits"
    if decision.situation.retry is not None:
        yield "retry"


REPLAY = """
    import json, sqlite3, sys
    from collections import Counter
    from pathlib import Path
    from unisono.evaluate.recompute import Recomputer
    from unisono.plugins import load
    from unisono.record.reader import Reader

    path = Path(sys.argv[1])
    ids = [row[0] for row in sqlite3.connect(path).execute("SELECT id FROM decisions ORDER BY id")]
    reader = Reader(path)
    recomputer = Recomputer(reader, registry=load())
    found = [recomputer.replay(one) for one in ids]
    reader.close()
    odd = [[r.decision, r.why, [[d.field, d.recorded, d.recomputed] for d in r.differences[:5]]]
           for r in found if r.verdict != "same"]
    print(json.dumps({"verdicts": Counter(r.verdict for r in found), "odd": odd[:3]}))
"""


def test_1000_decisions_of_mixed_kinds_recompute_bit_for_bit_in_another_process(tmp_path: Path) -> None:
    path = tmp_path / "record.db"
    kinds = _decide_many(path, n=N, seed=11)
    wanted = {"pin", "past", "limits", "retry", "scores", "language zh", "language en"}
    wanted |= {f"mode {mode}" for mode in Mode}
    wanted |= {f"rule {rule}" for rule in ("health", "ban", "allow", "capability", "window", "pin", "lifecycle")}
    wanted |= {f"rule {rule}" for rule in ("max_cost_usd", "max_first_token_s", "min_quality", "limit")}
    wanted |= {f"notice {code}" for code in ("degraded", "successor", "sunset", "switch", "may_be_stale")}
    wanted |= {f"notice {code}" for code in ("limit_downgrade", "limit_near", "rule", "rule_yields")}
    wanted |= {"like", "thinking"}
    assert wanted <= {kind for kind, count in kinds.items() if count >= 5}, sorted(kinds.items())
    told = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(REPLAY), str(path)], capture_output=True, text=True, timeout=300
    )
    assert told.returncode == 0, told.stderr[-2000:]
    found = json.loads(told.stdout)
    assert found["odd"] == []
    assert found["verdicts"] == {"same": N}


def test_1000_previews_are_the_choices(tmp_path: Path) -> None:
    house, rng = house_at(tmp_path / "record.db"), Random(12)
    with closing(house.store):
        measure(house, rng)
        router, n_same, n_refused = house.router(), 0, 0
        while n_same < N:
            request, known = draw_request(rng, n_same), draw_situation(rng)
            try:
                _, preview = router.decide(request, known=known)
            except (NoCandidate, LimitReached) as refusal:
                with pytest.raises(type(refusal), match=re.escape(str(refusal))):
                    router.decide(request, known=known)
                n_refused += 1
                continue
            features, real = router.decide(replace(request, id="another"), known=known)
            shown, done = decision_to_json(preview), decision_to_json(real)
            for name in ("decision", "at", "decide_s"):
                del shown[name], done[name]
            assert shown == done
            n_same += 1
            move_on(house, rng, features)
        assert n_refused < N


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A record of 40 decisions, made with measured scores."""
    path = tmp_path_factory.mktemp("record") / "record.db"
    house, rng = house_at(path), Random(13)
    with closing(house.store):
        measure(house, rng)
        router = house.router()
        for n in range(40):
            request = replace(draw_request(rng, n), wishes=Wishes(), pin=None, mode=Mode.BALANCED, model="auto")
            features, decision = router.decide(replace(request, needs=frozenset()))
            house.store.record_request(request, features, decision)
        assert house.store.flush()
    return path


def test_only_new_questions_to_auto_are_explored_on_and_every_one_recomputes(tmp_path: Path) -> None:
    house, rng = house_at(tmp_path / "record.db"), Random(17)
    house.config = pool(explore=1.0)
    n_explored = 0
    with closing(house.store):
        router = house.router()
        for n in range(1_100):
            request = draw_request(rng, n)
            known = draw_situation(rng) if rng.random() < 0.3 else Situation()
            try:
                features, decision = router.decide(request, known=known)
            except (NoCandidate, LimitReached):
                continue
            chances = [r.propensity for r in decision.ranking]
            assert sum(chances) == pytest.approx(1.0)
            house.store.record_request(request, features, decision)
            codes = {notice.code for notice in decision.notices}
            n_explored += "explored" in codes
            if max(chances) < 1.0:
                assert decision.mode is not None and decision.goal.min_quality is None
                assert not features.in_tool_loop and known.retry is None and decision.situation.anchor is None
                assert known.past is None or known.past.model is None
                assert not codes & {"limit_downgrade", "limit_near", "switch", "retry"}
        assert house.store.flush(timeout_s=60)
    assert n_explored >= 20
    assert {verdict for verdict, _, _ in _replays(tmp_path / "record.db")} == {"same"}


def _copy(recorded: Path, to: Path, *statements: str) -> Path:
    path = to / "copy.db"
    with closing(sqlite3.connect(recorded)) as source, closing(sqlite3.connect(path)) as target:
        source.backup(target)
        for statement in statements:
            target.execute(statement)
        target.commit()
    return path


def _ids(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return [row[0] for row in connection.execute("SELECT id FROM decisions ORDER BY id")]


def _replays(path: Path, *, now: Config | None = None) -> list[tuple[str, str, set[str]]]:
    reader = Reader(path)
    with closing(reader):
        recomputer = Recomputer(reader, registry=load(), now=None if now is None else kept_of(now))
        found = [recomputer.replay(one) for one in _ids(path)]
    return [(r.verdict, r.why, {d.field for d in r.differences}) for r in found]


def test_another_score_shows_as_another_expected_quality(recorded: Path, tmp_path: Path) -> None:
    assert {verdict for verdict, _, _ in _replays(recorded)} == {"same"}
    path = _copy(recorded, tmp_path, "UPDATE scores SET score = 1 - score")
    found = _replays(path)
    assert {verdict for verdict, _, _ in found} == {"differs"}
    assert all(any(field.endswith("quality.mean") for field in fields) for _, _, fields in found)


def test_another_configuration_under_the_same_hash_shows(recorded: Path, tmp_path: Path) -> None:
    path = _copy(
        recorded,
        tmp_path,
        """UPDATE configs SET body = CAST(replace(CAST(body AS TEXT), '"margin":0.01', '"margin":5.0') AS BLOB)""",
    )
    differing = [fields for verdict, _, fields in _replays(path) if verdict == "differs"]
    assert differing
    assert all("reason" in fields for fields in differing)


def test_an_unknown_configuration_cannot_be_replayed_unless_todays_file_is_it(recorded: Path, tmp_path: Path) -> None:
    path = _copy(recorded, tmp_path, "DELETE FROM configs")
    assert {verdict for verdict, _, _ in _replays(path)} == {"impossible"}
    assert all("configuration" in why for _, why, _ in _replays(path, now=pool(dial=0.1)))
    assert {verdict for verdict, _, _ in _replays(path, now=pool())} == {"same"}


def test_another_artifact_cannot_be_replayed(recorded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("unisono.evaluate.recompute.default_artifact_path", lambda encoder: tmp_path / "missing")
    verdicts = _replays(recorded)
    assert {verdict for verdict, _, _ in verdicts} == {"impossible"}
    assert all("artifact" in why for _, why, _ in verdicts)


def test_a_decision_whose_features_were_not_kept_cannot_be_replayed(recorded: Path, tmp_path: Path) -> None:
    path = _copy(recorded, tmp_path, "UPDATE details SET features = NULL")
    assert {(verdict, why) for verdict, why, _ in _replays(path)} == {
        ("impossible", "The features it was made from were not kept.")
    }


def test_an_unknown_decision_is_not_found(recorded: Path) -> None:
    with closing(Reader(recorded)) as reader, pytest.raises(NotFound):
        Recomputer(reader, registry=load()).replay("nothing")


def test_a_difference_names_the_field_and_both_values(recorded: Path) -> None:
    with closing(Reader(recorded)) as reader:
        stored = reader.stored(_ids(recorded)[0])
    assert stored is not None
    made = stored.decision
    assert list(differences(made, replace(made, id="other", decide_s=9.0, at=NOON + timedelta(days=1)))) == []
    first = made.ranking[0]
    other = replace(made, ranking=(replace(first, utility=first.utility + 1e-16 + 1e-9), *made.ranking[1:]))
    assert [(d.field, d.recorded) for d in differences(made, other)] == [("ranking[0].utility", first.utility)]


def test_what_a_request_was_comes_back_but_for_its_words(tmp_path: Path) -> None:
    house, rng = house_at(tmp_path / "record.db"), Random(14)
    with closing(house.store):
        router = house.router()
        n_seen = 0
        while n_seen < 50:
            request, known = draw_request(rng, n_seen), draw_situation(rng)
            try:
                features, decision = router.decide(request, known=known)
            except (NoCandidate, LimitReached):
                continue
            house.store.record_request(request, features, decision)
            stored = house.store.stored(decision.id)
            assert stored is not None
            wishes = replace(request.wishes, session=None)
            assert stored.request == replace(request, body={}, messages=(), wishes=wishes)
            assert stored.decision.situation == decision.situation
            assert list(differences(decision, stored.decision)) == []
            assert stored.features is not None
            assert stored.features.freshness == features.freshness
            assert (stored.features.effort, stored.features.language) == (features.effort, features.language)
            assert stored.features.thinking == features.thinking
            n_seen += 1


def test_dates_survive_in_the_kept_configuration() -> None:
    kept = kept_of(pool())
    leaving = next(model for model in kept.models if model.name == "leaving")
    assert leaving.lifecycle.until == date(2026, 12, 31)
