"""What goes into the record comes out of it: whole, once, by every read, at once."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from unisono.errors import NotFound, StoreError
from unisono.record import database
from unisono.record.packed import pack_features
from unisono.record.reader import Reader
from unisono.record.store import Store
from unisono.record.texts import text_row
from unisono.record.view import decision_to_json
from unisono.types import Json, Mode, Said, Score, Wishes


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "record.db"


@pytest.fixture
def store(path: Path):
    with closing(Store(path, run="r1")) as opened:
        yield opened


def test_every_read_sees_what_was_recorded_just_before(store, values) -> None:
    for n in range(20):
        assert store.record_request(values.request(n), values.features(), values.decision(n))
        assert store.decision(values.id(n))["status"] == "running"
        assert store.decisions(limit=1)[0]["decision"] == values.id(n)
        assert store.stored(values.id(n)).outcome is None
        assert store.record_outcome(values.outcome(n))
        assert store.decision(values.id(n))["status"] == "ok"
        assert store.decisions(limit=1)[0]["status"] == "ok"
        assert store.stored(values.id(n)).outcome == values.outcome(n)


def test_a_decision_comes_back_bit_for_bit_with_its_features(store, values) -> None:
    features = values.features()
    store.record_request(values.request(), features, values.decision())
    stored = store.stored(values.id(1))
    assert stored.decision == values.decision()
    assert stored.features.embedding.tobytes() == features.embedding.tobytes()
    assert stored.features.surface.tobytes() == features.surface.tobytes()
    assert stored.features.task == ""


def test_features_may_come_packed_or_not_at_all(store, values) -> None:
    store.record_request(values.request(1), pack_features(values.features()), values.decision(1))
    store.record_request(values.request(2), None, values.decision(2))
    assert store.decision(values.id(1))["request"]["n_input_tokens"] == 12
    assert "n_input_tokens" not in store.decision(values.id(2))["request"]
    assert store.stored(values.id(2)).features is None


def test_the_record_of_a_request_holds_what_was_decided_and_what_happened(store, values) -> None:
    store.record_request(values.request(user="ann"), values.features(), values.decision())
    attempts = (values.attempt(status="failed"), values.attempt("big"))
    store.record_outcome(values.outcome(attempts=attempts), baseline_usd=0.5)
    view = store.decision(values.id(1))
    made = decision_to_json(values.decision())
    changed = {"model": "big", "baseline_usd": 0.5}
    assert {name: view[name] for name in made} == made | changed
    assert [attempt["status"] for attempt in view["attempts"]] == ["failed", "ok"]
    assert view["attempts"][0]["error_text"] == "overloaded"
    assert view["request"] == {
        "id": "req-1",
        "key": "team",
        "user": "ann",
        "stream": True,
        "received": "2026-05-01T12:00:01.123456Z",
        "model": "auto",
        "n_messages": 1,
        "needs": ["json", "tools"],
        "wishes": {"dial": 0.0, "ban": ["old"], "allow_fallback": False},
        "n_input_tokens": 12,
        "n_turns": 3,
        "in_tool_loop": True,
    }


def test_a_request_without_wishes_has_none(store, values) -> None:
    store.record_request(replace(values.request(), wishes=Wishes(session="s-1")), None, values.decision())
    assert "wishes" not in store.decision(values.id(1))["request"]


def test_numbers_of_numpy_are_recorded(store, values) -> None:
    odd = replace(values.decision().ranking[0], utility=np.float32(0.5))
    store.record_request(values.request(), None, replace(values.decision(), ranking=(odd,), seed=np.int64(7)))
    view = store.decision(values.id(1))
    assert (view["ranking"][0]["utility"], view["seed"]) == (0.5, 7)


def test_an_unknown_decision_is_none(store) -> None:
    assert store.decision("nothing") is None
    assert store.stored("nothing") is None


def test_pages_hold_each_decision_once_newest_first(store, values) -> None:
    for n in range(25):
        store.record_request(values.request(n), None, values.decision(n))
    seen: list[str] = []
    while page := store.decisions(limit=10, before=seen[-1] if seen else None):
        seen += [row["decision"] for row in page]
    assert seen == [values.id(n) for n in reversed(range(25))]


def test_a_page_before_an_unknown_decision_is_not_found(store) -> None:
    with pytest.raises(NotFound):
        store.decisions(before="nothing")


def test_decisions_are_found_by_model_status_and_time(store, values) -> None:
    store.record_request(values.request(1), None, values.decision(1))
    store.record_request(values.request(2), None, values.decision(2, mode=Mode.FAST))
    store.record_request(values.request(3), None, values.decision(3))
    store.record_outcome(values.outcome(1))
    store.record_outcome(values.outcome(2, attempts=(values.attempt("small", status="failed"), values.attempt("big"))))

    def found(**which: object) -> list[str]:
        return [row["decision"] for row in store.decisions(**which)]

    assert found(model="small") == [values.id(3), values.id(1)]
    assert found(model="big") == [values.id(2)]
    assert found(status="running") == [values.id(3)]
    assert found(status="ok", since=values.at(2)) == [values.id(2)]
    assert found(status="failed") == []


@pytest.mark.parametrize(("text", "kept"), [("none", 0), ("hash", 64), ("text", 20)])
def test_no_words_are_kept_unless_asked_for(path: Path, values, text, kept: int) -> None:
    words = "my secret is xyzzy"[:14]
    with closing(Store(path, text=text)) as store:
        store.record_request(values.request(text=words), values.features(), values.decision())
        prompt = store.decision(values.id(1))["request"].get("prompt", "")
    raw = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert (words.encode() in raw) == (text == "text")
    assert len(prompt) == kept
    assert b"What is 2 + 2" not in raw


def test_equal_prompts_have_equal_hashes_in_one_record_and_others_in_another(tmp_path: Path, values) -> None:
    hashes = []
    for name in ("a.db", "b.db"):
        with closing(Store(tmp_path / name, text="hash")) as store:
            for n in (1, 2):
                store.record_request(values.request(n), None, values.decision(n))
                hashes.append(store.decision(values.id(n))["request"]["prompt"])
    assert hashes[0] == hashes[1] != hashes[2] == hashes[3]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    n_threads=st.integers(1, 8),
    n_rows=st.integers(1, 60),
    flush_s=st.sampled_from([0.0001, 0.002, 0.05]),
    repeats=st.booleans(),
)
def test_many_threads_lose_nothing_and_double_nothing(
    tmp_path_factory, values, n_threads, n_rows, flush_s, repeats
) -> None:
    path = tmp_path_factory.mktemp("threads") / "record.db"

    def record(first: int) -> None:
        for n in range(first, first + n_rows):
            for _ in range(1 + repeats):
                assert store.record_request(values.request(n), None, values.decision(n))
                assert store.record_outcome(values.outcome(n))

    with closing(Store(path, flush_s=flush_s)) as store:
        threads = [threading.Thread(target=record, args=(t * n_rows,)) for t in range(n_threads)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        found = store.decisions(limit=1000)
    with closing(sqlite3.connect(path)) as connection:
        n_attempts = connection.execute("SELECT count(*) FROM attempts").fetchone()[0]
    expected = {values.id(n) for n in range(n_threads * n_rows)}
    assert {row["decision"] for row in found} == expected
    assert len(found) == n_attempts == len(expected)
    assert {row["status"] for row in found} == {"ok"}


def test_a_full_queue_refuses_and_counts(path: Path, values) -> None:
    with closing(Store(path, capacity=3, flush_s=60.0)) as store:
        taken = [store.record_request(values.request(n), None, values.decision(n)) for n in range(5)]
        health = store.health()
        assert taken == [True, True, True, False, False]
        assert (health.ok, health.n_waiting, health.n_lost) == (False, 3, 2)
        assert not store.ok
        assert "full" in health.reason
        assert len(store.decisions()) == 3
        assert store.health().ok
        assert store.ok
        assert store.health().n_lost == 2


def test_a_value_that_cannot_be_written_is_lost_alone(store, values) -> None:
    good, broken = values.decision(1), replace(values.decision(2), reason="half a pair \ud800")
    huge = replace(values.outcome(1), attempts=(replace(values.attempt(), http_status=2**70),))
    store.record_request(values.request(1), None, good)
    store.record_request(values.request(2), None, broken)
    store.record_outcome(huge)
    store.record_request(values.request(3), None, values.decision(3))
    assert [row["decision"] for row in store.decisions()] == [values.id(3), values.id(1)]
    assert store.decision(values.id(1))["status"] == "running"
    assert store.health().n_lost == 2
    assert store.health().ok


def test_many_rows_that_are_written_together_keep_their_order_and_a_broken_one_is_lost_alone(
    path: Path, values
) -> None:
    put = "INSERT INTO settings VALUES (?, ?) ON CONFLICT DO UPDATE SET value = value || excluded.value"
    with closing(Store(path, flush_s=60.0)) as store:
        for n in range(100):
            odd = "half a pair \ud800" if n == 50 else "x"
            store.record_request(values.request(n), None, replace(values.decision(n), reason=odd))
            store.record_outcome(values.outcome(n))
            store.record_rows(put, ("order", f"{n},"))
        rows = store.decisions(limit=200)
        assert [row["decision"] for row in rows] == [values.id(n) for n in reversed(range(100)) if n != 50]
        assert {row["status"] for row in rows} == {"ok"}
        assert store.rows("SELECT value FROM settings WHERE name = 'order'") == [
            ("".join(f"{n}," for n in range(100)),)
        ]
        assert store.health().n_lost == 1


def test_amounts_of_one_place_are_one_row_of_the_queue_and_a_broken_place_is_lost_alone(path: Path) -> None:
    add = "INSERT INTO spending VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET amount = amount + excluded.amount"
    with closing(Store(path, capacity=3, flush_s=60.0)) as store:
        places = {
            holder: ("budget", holder, 0, store.run) for holder in ("a", "half a pair \ud800", "b", "one too many")
        }
        taken = [store.record_sums(add, [(place, n)]) for n in range(1, 5) for place in places.values()]
        assert taken == [True, True, True, False] * 4
        assert (store.health().n_waiting, store.health().n_lost) == (3, 4)
        assert store.flush()
        store.record_sums(add, [(places["a"], 5), (places["a"], 7)])
        assert store.rows("SELECT holder, amount FROM spending ORDER BY 1") == [("a", 10 + 12), ("b", 10)]
        assert store.health().n_lost == 5


def test_closing_writes_what_waits_and_refuses_more(path: Path, values) -> None:
    store = Store(path, flush_s=60.0)
    store.record_request(values.request(), None, values.decision())
    store.close()
    assert not store.record_outcome(values.outcome())
    assert store.health().n_lost == 1
    assert [row["decision"] for row in Reader(path).decisions()] == [values.id(1)]


def test_a_closed_record_is_one_file(path: Path, values) -> None:
    with closing(Store(path)) as store:
        store.record_request(values.request(), None, values.decision())
        assert store.decisions()
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_what_an_ended_run_left_open_is_interrupted(path: Path, values) -> None:
    with closing(Store(path)) as first:
        first.record_request(values.request(1), None, values.decision(1))
        assert first.decision(values.id(1))["status"] == "running"
    with closing(Store(path)) as second:
        second.record_request(values.request(2), None, values.decision(2))
        assert [row["status"] for row in second.decisions()] == ["running", "interrupted"]
        assert [row["decision"] for row in second.decisions(status="interrupted")] == [values.id(1)]
        assert second.decision(values.id(1))["status"] == "interrupted"


def test_another_process_sees_what_runs(store, path: Path, values) -> None:
    store.record_request(values.request(1), None, values.decision(1))
    assert store.flush()
    with closing(Reader(path)) as reader:
        assert reader.decision(values.id(1))["status"] == "running"


def test_a_record_that_was_removed_is_made_anew(store, path: Path, values) -> None:
    store.record_request(values.request(1), None, values.decision(1))
    assert store.flush()
    for file in list(path.parent.iterdir()):
        file.unlink()
    store.record_request(values.request(2), None, values.decision(2))
    assert [row["decision"] for row in store.decisions()] == [values.id(2)]


def test_ids_are_found_by_their_beginning(store, path: Path, values) -> None:
    for n in (1, 2, 13):
        store.record_request(values.request(n), None, values.decision(n))
    assert store.flush()
    with closing(Reader(path)) as reader:
        assert reader.ids_starting(values.id(1)[:-2]) == [values.id(1), values.id(2), values.id(13)]
        assert reader.ids_starting(values.id(13)) == [values.id(13)]
        assert reader.ids_starting("ff") == []


# ------------------------------------------------------------------------------------------ scores


def _score(model: str, item: str, score: float) -> Score:
    return Score(model=model, item=item, kind="arithmetic", prompt="2 + 2", score=score, output_tokens=3, seconds=0.5)


def test_the_newest_score_of_an_item_counts_under_the_name_of_today(store) -> None:
    store.add_scores([_score("old-name", "a", 0.0), _score("old-name", "b", 1.0)], {"old-name": "f1"})
    store.add_scores([_score("old-name", "a", 0.5)], {"old-name": "f1"})
    assert store.reader.scores({"new-name": "f1"}) == (_score("new-name", "a", 0.5), _score("new-name", "b", 1.0))
    assert store.reader.scores({"old-name": "f2"}) == ()


def test_scores_need_a_fingerprint(store) -> None:
    with pytest.raises(StoreError, match="small"):
        store.add_scores([_score("small", "a", 1.0)], {})


def test_another_process_notices_new_scores(store, path: Path) -> None:
    with closing(Store(path)) as other:
        before = store.reader.generation()
        other.add_scores([_score("small", "a", 1.0)], {"small": "f1"})
        assert store.reader.generation() > before
        assert store.reader.generation() == other.reader.generation()


# ------------------------------------------------------------------------------------------- purge


def test_purge_by_age_leaves_the_younger(store, values) -> None:
    for n in range(10):
        store.record_request(values.request(n), None, values.decision(n))
        store.record_outcome(values.outcome(n))
    assert store.purge(older_than=values.at(6)) == 6
    assert [row["decision"] for row in store.decisions()] == [values.id(n) for n in (9, 8, 7, 6)]
    assert store.decision(values.id(9))["attempts"]


def test_purge_of_a_user_leaves_no_byte_of_them(path: Path, values) -> None:
    with closing(Store(path, text="text")) as store:
        store.record_request(values.request(1, user="ann", text="ann's words"), None, values.decision(1))
        store.record_request(values.request(2, user="bob", text="bob's words"), None, values.decision(2))
        assert store.flush()
        assert store.purge(user="ann") == 1
        assert store.purge(user="ann") == 0
        raw = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert b"ann's words" not in raw
    assert b"bob's words" in raw


def test_erasing_a_conversation_takes_its_words_and_leaves_its_figures_and_every_other(path: Path, values) -> None:
    with closing(Store(path, text="text")) as store:
        for n, (key, session) in enumerate([("k", "one"), ("k", "two"), ("other", "one")]):
            request = replace(values.request(n, text=f"words of {key} in {session}"), key=key, session=session)
            store.record_request(request, values.features(), replace(values.decision(n), session=session))
            store.record_outcome(values.outcome(n))
        assert store.erase(key="k", session="one") == 1
        assert store.erase(key="k", session="never") == 0
        gone, kept = store.decision(values.id(0)), store.decision(values.id(1))
        assert gone is not None
        assert kept is not None
        assert "prompt" not in gone["request"]
        assert gone["cost_usd"] == kept["cost_usd"] is not None
        erased, whole = store.stored(values.id(0)), store.stored(values.id(1))
        assert (erased and erased.features, whole and whole.features is not None) == (None, True)
    raw = path.read_bytes()
    assert b"words of k in one" not in raw
    assert b"words of k in two" in raw
    assert b"words of other in one" in raw


def test_a_purge_that_cannot_empty_the_log_says_so(path: Path, values, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "connect_to_write", partial(database.connect_to_write, busy_s=0.01))
    with closing(Store(path, text="text")) as store, closing(sqlite3.connect(path, isolation_level=None)) as reading:
        store.record_request(values.request(1, user="ann", text="ann's words"), None, values.decision(1))
        assert store.flush()
        reading.execute("BEGIN")
        reading.execute("SELECT count(*) FROM decisions").fetchone()
        with pytest.raises(StoreError, match="still holds them"):
            store.purge(user="ann")
        reading.execute("COMMIT")
        assert store.purge(user="ann") == 0
        assert b"ann's words" not in b"".join(file.read_bytes() for file in path.parent.iterdir())


def test_what_ends_after_a_purge_leaves_nothing_either(path: Path, values) -> None:
    """A request that was being answered meanwhile: its outcome, words and signals are written later."""
    with closing(Store(path, text="text")) as store:
        store.record_request(values.request(1, user="ann", text="ann's words"), None, values.decision(1))
        store.record_request(values.request(2, user="bob", text="bob's words"), None, values.decision(2))
        assert store.flush()
        assert store.purge(user="ann") == 1
        for n, words in ((1, "ann's words"), (2, "bob's words")):
            body: Json = {"messages": [{"role": "user", "content": words}]}
            row = text_row(values.id(n), body, Said(text=f"An answer to {words}"))
            assert row is not None
            store.record_rows(*row)
            store.record_outcome(values.outcome(n))
            store.record_signal(values.id(n), "abandoned", None, by="team")
        assert store.flush()
        for table in ("outcomes", "attempts", "texts", "signals"):
            kept = store.rows(f"SELECT DISTINCT decision FROM {table}")  # noqa: S608
            assert kept == [(values.id(2),)], table
        raw = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert b"ann's words" not in raw
    assert b"bob's words" in raw


def test_an_outcome_whose_decision_was_lost_leaves_nothing(path: Path, values) -> None:
    with closing(Store(path)) as store:
        for n in (1, 2):
            store.record_request(values.request(n), None, values.decision(n))
            if n == 1:
                assert store.flush()
                store.record_outcome(values.outcome(1))
            store.record_outcome(values.outcome(n + 10))
        assert store.flush()
        assert store.rows("SELECT decision FROM outcomes") == [(values.id(1),)]
        store.record_outcome(values.outcome(2))
        assert store.flush()
        assert store.rows("SELECT decision FROM outcomes ORDER BY 1") == [(values.id(1),), (values.id(2),)]


def test_an_outcome_waits_behind_its_decision_whatever_comes_before_them_in_a_batch(path: Path, values) -> None:
    with closing(Store(path)) as store:
        store.record_request(values.request(1), None, values.decision(1))
        assert store.flush()
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")  # so that all of this is one batch
            store.record_outcome(values.outcome(1))
            store.record_request(values.request(2), None, values.decision(2))
            store.record_outcome(values.outcome(2))
            other.execute("COMMIT")
        assert store.flush()
        assert [row["status"] for row in store.decisions()] == ["ok", "ok"]


def test_a_keys_own_decisions_are_found_without_reading_those_of_others(path: Path, values) -> None:
    asked: list[str] = []

    def connect(path: Path) -> sqlite3.Connection:
        connection = database.connect_to_read(path)
        connection.set_trace_callback(asked.append)
        return connection

    with closing(Store(path)) as store:
        for n in range(1, 4):
            store.record_request(replace(values.request(n), key="own" if n == 2 else "team"), None, values.decision(n))
        assert [row["decision"] for row in store.decisions(key="own")] == [values.id(2)]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("unisono.record.connections.connect_to_read", connect)
        Reader(path).decisions(key="own", status="failed")
        Reader(path).decisions(user="ann")
    of_key, of_user = (sql for sql in asked if "FROM decisions" in sql)
    with closing(database.connect_to_read(path)) as connection:
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {of_key}")]
        assert any("INDEX decisions_key (key=?" in step for step in plan), plan
        assert not any("TEMP B-TREE" in step for step in plan), plan
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {of_user}")]
        assert any("INDEX decisions_user (user=?" in step for step in plan), plan


def test_the_list_is_of_a_key_or_of_an_end_user_and_says_whose_each_is(store, values) -> None:
    for n, (key, user) in enumerate([("red", "ann"), ("red", "bob"), ("blue", "ann")], start=1):
        store.record_request(replace(values.request(n, user=user), key=key), None, values.decision(n))

    def whose(**only: str) -> list[tuple[object, object]]:
        return [(row["key"], row["user"]) for row in store.decisions(**only)]

    assert whose(user="ann") == [("blue", "ann"), ("red", "ann")]
    assert whose(key="red") == [("red", "bob"), ("red", "ann")]
    assert whose(key="red", user="ann") == [("red", "ann")]


def test_a_long_purge_lets_others_write_and_keeps_its_log_short(
    path: Path, values, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "FOLD_BYTES", 1_000_000)
    n, words = 1500, "x" * 5000
    longest, told = [0], [0]
    with closing(Store(path, text="text")) as store:
        for k in range(n):
            store.record_request(values.request(k, text=words), None, values.decision(k))
            store.record_rows("INSERT INTO sessions VALUES (?, ?, x'', 1)", ("team", f"s-{k}"))
        assert store.flush(timeout_s=60)
        size = path.stat().st_size + path.with_name("record.db-wal").stat().st_size
        other = sqlite3.connect(path, isolation_level=None, timeout=0)
        n_talks = [n]

        def rest(seconds: float) -> None:
            assert seconds > 0
            other.execute("INSERT INTO settings VALUES (?, '')", (f"turn {len(longest)}",))  # no lock is held
            longest.append(path.with_name("record.db-wal").stat().st_size)
            n_talks.append(other.execute("SELECT count(*) FROM sessions").fetchone()[0])

        with closing(other):
            assert store.purge(older_than=values.at(n), rest=rest, told=told.append) == n
    assert told == sorted({*told}) and told[-1] == n and len(told) >= 3
    assert max(longest) < size / 2
    assert max(before - after for before, after in pairwise(n_talks)) < n / 2
    assert n_talks[-1] == 0


def test_purge_wants_to_know_what(store) -> None:
    with pytest.raises(StoreError):
        store.purge()
