"""A predictor of one's own, installed as a plug-in: it decides, is replayed, and the default serves when it breaks."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from tests.journeys.house import House, command, config_text, environment, model, serving
from tests.journeys.upstream import says, upstream

from unisono.config import load_config
from unisono.errors import StartError
from unisono.evaluate.recompute import Recomputer
from unisono.plugins import load
from unisono.record.reader import Reader

MINE = '''
"""Long prompts are for the big model, and after `break` in the file beside it everything fails."""

from pathlib import Path

from unisono.types import Quality

MODE = Path(__file__).with_name("mode.txt")


class ByLength:
    def __init__(self, ours):
        self.ours = ours
        self.n_learned = 0

    def predict_one(self, features, models):
        mode = MODE.read_text()
        if mode == "raises":
            raise KeyError("no such weights")
        short = features.surface[0] < 4.0
        means = [0.9 if ("small" in model.name) == bool(short) else 0.2 for model in models]
        if mode == "nan":
            means[0] = float("nan")
        return [Quality(mean=mean, spread=0.02, evidence=f"after {self.n_learned} scores") for mean in means]

    def learn_one(self, features, score):
        if MODE.read_text() == "forgets":
            raise RuntimeError("nothing is learned here")
        self.n_learned += 1


def plug(registry):
    registry.predictors["by_length"] = ByLength
'''
SHORT, LONG = "Hi there.", "Prove, step by step and with all details, that the square root of two is irrational. " * 3
ASKED = {"model": "auto", "messages": [{"role": "user", "content": LONG}]}
USE = '\n[routing]\npredictor = "by_length"\n'


@pytest.fixture
def mode(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Install the plug-in above for this test, and return the file that says how it behaves."""
    place = tmp_path / "installed"
    about = place / "by_length-1.0.dist-info"
    about.mkdir(parents=True)
    (place / "by_length_router.py").write_text(MINE)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: by-length\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[unisono.plugins]\nby_length = by_length_router:plug\n")
    monkeypatch.syspath_prepend(str(place))
    monkeypatch.delitem(sys.modules, "by_length_router", raising=False)
    (place / "mode.txt").write_text("well")
    return place / "mode.txt"


def pool(up: object, more: str = "") -> str:
    dear = {"role": "deep", "usd_per_mtok_in": 2.0, "usd_per_mtok_out": 4.0}
    return config_text(model("small", up), model("big", up, **dear), default="small", more=more)  # type: ignore[arg-type]


def routed(house: House, text: str) -> dict[str, object]:
    reply = house.chat(text)
    assert reply.status == 200, reply.raw
    return reply.json["unisono"]  # type: ignore[no-any-return]


def test_it_decides_learns_and_its_decisions_are_made_again_bit_for_bit(tmp_path: Path, mode: Path) -> None:
    with upstream(says("so")) as up, serving(tmp_path, pool(up, USE)) as house:
        made = [routed(house, text) for text in (SHORT, LONG)]
        assert [one["model"] for one in made] == ["small", "big"]
        for one in made:
            house.call("POST", f"/v1/decisions/{one['decision']}/feedback", {"correct": True, "source": "test"})
        house.until(lambda: "after 2 scores" in house.call("POST", "/v1/route", ASKED).raw.decode(), "both scores")
        made.append(routed(house, LONG))
        house.ended(3)
        with closing(Reader(tmp_path / "record.db")) as reader:
            replays = Recomputer(reader, registry=load())
            assert [replays.replay(str(one["decision"])).verdict for one in made] == ["same"] * 3


@pytest.mark.parametrize(
    ("broken", "told"),
    [("raises", "the predictor 'by_length' failed with KeyError"), ("nan", "expects of small: mean nan")],
)
def test_when_it_breaks_the_default_serves_and_every_answer_says_so(
    tmp_path: Path, mode: Path, broken: str, told: str
) -> None:
    with upstream(says("so")) as up, serving(tmp_path, pool(up, USE)) as house:
        mode.write_text(broken)
        answer = routed(house, LONG)
        assert (answer["model"], answer["degraded"]) == ("small", True)
        assert told in house.get("/readyz")["degraded"]["router"]
        pinned = house.chat(LONG, model="big").json
        assert (pinned["unisono"]["model"], pinned["unisono"]["degraded"]) == ("big", False)


def test_one_that_cannot_learn_is_left_and_told_of_by_name(tmp_path: Path, mode: Path) -> None:
    with upstream(says("so")) as up, serving(tmp_path, pool(up, USE)) as house:
        answer = routed(house, LONG)
        mode.write_text("forgets")
        house.call("POST", f"/v1/decisions/{answer['decision']}/feedback", {"correct": True, "source": "test"})
        fault = house.until(lambda: house.get("/readyz")["degraded"].get("predictor by_length"), "the fault")
        assert "failed before its first request with RuntimeError: nothing is learned here" in fault
        assert routed(house, LONG)["degraded"] is True


def test_a_policy_tries_it_beside_the_live_one(tmp_path: Path, mode: Path) -> None:
    with upstream(says("so")) as up, serving(tmp_path, pool(up)) as house:
        for name, settings in (("lengthy", {"predictor": "by_length"}), ("unknown", {"predictor": "gone"})):
            reply = house.call("POST", "/admin/policies", {"name": name, "settings": settings})
            if name == "unknown":
                assert reply.status == 400
                assert "No predictor 'gone' is installed. Known: by_length, unisono" in reply.json["error"]["message"]
        promoted = house.call("POST", "/admin/policies/lengthy/promote", {"override": "the test says so"})
        assert promoted.status == 200, promoted.raw
        assert [routed(house, text)["model"] for text in (SHORT, LONG)] == ["small", "big"]
        assert house.call("POST", "/admin/rollback", {}).status == 200


def test_a_name_that_nobody_announced_is_refused_before_anything_is_served(tmp_path: Path) -> None:
    text = pool("http://127.0.0.1:9/v1", '\n[routing]\npredictor = "by_lenght"\n')
    with pytest.raises(StartError, match="No predictor 'by_lenght' is installed"), serving(tmp_path, text):
        pass
    told = subprocess.run(
        command("config", "check", str(tmp_path / "unisono.toml")),
        capture_output=True,
        text=True,
        env=environment(),
        timeout=300,
    )
    assert told.returncode == 1
    assert "routing.predictor" in told.stdout + told.stderr
    assert load_config(tmp_path / "unisono.toml").routing.predictor == "by_lenght"
