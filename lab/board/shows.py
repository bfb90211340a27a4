"""The goals of the issue beside what was measured; it reads the other sections' results."""

from __future__ import annotations

import json

from board.calibration import KNOWN
from board.context import MAIN, ROOT
from board.figures import bracket, percent
from board.peers import FILE
from unisono.evaluate.report import markdown
from unisono.types import Json

TITLE = "Goals and figures"
COLD_START = ROOT / "lab" / "runs" / "cold_start" / "cold_start.json"


def text(found: dict[str, Json | None]) -> str:
    """Write one row per goal."""
    part = {name: body["found"] for name, body in found.items() if body is not None}
    rows: list[list[str]] = []
    for name, write in WRITERS.items():
        if name in part:
            rows += write(part[name])
    rows += _peers()
    return markdown(["goal", "measured", "holds"], rows)


def _holds(yes: bool) -> str:  # noqa: FBT001
    return "yes" if yes else "**no**"


def _pairs(found: Json) -> list[list[str]]:
    rows = []
    for name, goal in (("routellm_mmlu", 0.62), ("routellm_gsm8k", 0.60), ("routellm_mtbench", None)):
        value = found[name]["rankings"]["unisono"]["apgr"]
        said = "reported" if goal is None else f"at least {goal:.2f}"
        rows.append(
            [
                f"1: APGR on {name}, {said}",
                bracket(value, digits=3),
                "" if goal is None else _holds(value["value"] >= goal),
            ]
        )
    return rows


def _sets(found: Json) -> list[list[str]]:
    rows = []
    for name in MAIN:
        leads = {
            s["name"]: s["unisono_minus_this"]
            for s in found[name]["standings"]
            if s["unisono_minus_this"] is not None and "oracle" not in s["name"] and not s["name"].startswith("unisono")
        }
        least = min(leads, key=lambda label: leads[label]["low"])
        rows.append(
            [
                f"2: AIQ on {name}.test above hull, control and every baseline",
                f"closest: {least} {bracket(leads[least], signed=True)}",
                _holds(leads[least]["low"] > 0),
            ]
        )
        point = next(s for s in found[name]["standings"] if s["name"] == "unisono at the default dial")[
            "default_setting"
        ]
        mix = saves(found[name], "price mixing")
        cheaper = _holds(point["saved"]["value"] >= 0.25) if mix >= 0.25 else "no such mix"
        rows.append(
            [
                f"2: default dial on {name}.test: at most .003 below best single, 25 % cheaper where a cheaper mix "
                f"exists",
                f"{bracket(point['gained'], signed=True)}, {percent(point['saved'])} saved; at the best single's "
                f"quality a mix of single models saves {mix:.0%}, knowing each subject's rates in the test "
                f"{saves(found[name], 'set oracle'):.0%}",
                f"{_holds(point['gained']['value'] >= -0.003)}, {cheaper}",
            ]
        )
    return rows


def saves(part: Json, policy: str) -> float:
    """Return the share of the dearest model's bill that a policy saves at the best single model's quality."""
    standing = next(s for s in part["standings"] if s["name"].startswith(policy))
    return max(0.0, standing["cost_save"] or 0.0)


def _nothing(found: Json) -> list[list[str]]:
    rows = []
    for name in ("zeroeval_gsm", "zeroeval_math_l5", "bfcl_v1_2024_08", "llmrouter_default"):
        part = found[name]
        point = part["standings"]["unisono at the default dial"]["default_setting"]
        rows.append(
            [
                f"2: nothing lost on {name}.test (at most .005), and the report says so",
                f"{bracket(point['gained'], signed=True)}; verdict: {part['verdict']['kind']}",
                f"{_holds(point['gained']['value'] >= -0.005)}, {_holds(part['verdict']['kind'] != 'pays')}",
            ]
        )
    return rows


def _newcomers(found: Json) -> list[list[str]]:
    rows = []
    for name, part in found.items():
        share = part["share_of_gain"]["100"]
        worst = min(part["models"], key=lambda model: part["models"][model]["gain"]["0"]["value"])
        none = part["models"][worst]["gain"]["0"]
        rows += [
            [
                f"3: {name}: share of the full AIQ gain with 100 probes, at least .9",
                f"{bracket(share, digits=2)} by plain draws; {_as_asked(name)}",
                _holds(share["value"] >= 0.9),
            ],
            [
                f"3: {name}: without a probe never worse than not offering",
                f"worst: {worst} {bracket(none, signed=True)}",
                _holds(none["high"] >= 0),
            ],
        ]
    return rows


def _as_asked(name: str) -> str:
    """Return what `cold_start.py` measured: probes chosen as `models add` chooses them, the pool asked before."""
    if not COLD_START.is_file():
        return "not measured as `models add` asks"
    value, low, high = json.loads(COLD_START.read_text(encoding="utf-8"))[name]["chosen k=100"]["share"]
    return f"{value:.2f} [{low:.2f}, {high:.2f}] as `models add` asks (`cold_start.py`)"


def _tasks(found: Json) -> list[list[str]]:
    rows = []
    for name, part in found.items():
        whole = part["tasks"]["all"]
        rows.append(
            [
                f"4: {name}, tasks held out: at most .005 below the best single",
                f"{bracket(whole['gained'], signed=True)}, abstains on {whole['abstained']:.0%}",
                _holds(whole["gained"]["value"] >= -0.005),
            ]
        )
    return rows


def _flips(found: Json) -> list[list[str]]:
    value = found["ours"]["variants"]["as a server runs"]["all"]
    n_models = len(found["ours"]["shares"])
    return [
        [
            "5: flip rate at most .05 at the default dial",
            f"{bracket(value, digits=3)}, {n_models} models used",
            _holds(value["value"] <= 0.05 and n_models > 1),
        ]
    ]


def _calibration(found: Json) -> list[list[str]]:
    rows = [
        [
            f"8: calibration error on the tasks of {name}.test that training knows, at most .05",
            f"{found[name]['in_domain']:.3f}",
            _holds(found[name]["in_domain"] <= 0.05),
        ]
        for name in KNOWN
    ]
    unseen = f"law and engineering of mmlu_pro.test {found['mmlu_pro']['out_of_domain']:.3f}, " + ", ".join(
        f"{name} {found[name]['error']:.3f}" for name in ("zeroeval_gsm", "bfcl_v1_2024_08", "routellm_mmlu")
    )
    rows.append(["8: what it becomes on unseen tasks", unseen, ""])
    return rows


def _peers() -> list[list[str]]:
    if not FILE.is_file():
        return []
    times = json.loads(FILE.read_text(encoding="utf-8"))["times"]
    return [
        [f"6: at least {goal} times faster than {t['name']}", f"{t['ratio']:.0f} times", _holds(t["ratio"] >= goal)]
        for prefix, goal in (("semantic-router", 10), ("LLMRouter", 100))
        for t in times
        if t["name"].startswith(prefix)
    ]


WRITERS = {
    "pairs": _pairs,
    "sets": _sets,
    "nothing": _nothing,
    "newcomers": _newcomers,
    "tasks": _tasks,
    "flips": _flips,
    "calibration": _calibration,
}
