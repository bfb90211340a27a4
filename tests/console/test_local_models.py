"""The demo's own road in a real browser: two real models on this machine, nothing scripted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.console.browsing import ask, browser, page_at
from tests.journeys.house import process

from unisono.demo.pool import demo_config_text, missing_packages

pytestmark = [pytest.mark.browser, pytest.mark.local]


def test_real_models_stream_are_retried_compared_and_pinned(tmp_path: Path) -> None:
    if missing_packages():
        pytest.skip("needs the packages of the demo")
    with (
        browser() as running,
        process(tmp_path, demo_config_text(port=0), limit_s=120.0) as house,
        page_at(running, house.base_url.removesuffix("/v1")) as page,
    ):
        ask(page, "What is the opposite of hot?")
        first = page.inner_text(".answer.ok .who")
        assert first in ("smollm2-135m", "gemma3-270m")
        assert page.inner_text(".answer .answer-text").strip()
        page.click("text=Why")
        page.wait_for_selector(".decision tbody tr:nth-child(2)")
        page.click(".answer summary:has-text('Retry')")
        page.click(".menu-items button:has-text('another model')")
        page.wait_for_selector(".answer.ok .versions:has-text('Answer 2 of 2')")
        assert page.inner_text(".answer .who") != first
        page.click(".answer button:has-text('Compare')")
        page.click("dialog button:has-text('Let both answer')")
        page.click("dialog button:has-text('B is better'):enabled")
        page.wait_for_selector("dialog [role=status]:has-text('Recorded')")
        page.keyboard.press("Escape")
        page.click(f".answer button:has-text('Pin {page.inner_text('.answer .who')} here')")
        pinned = page.inner_text("button.pick").strip()
        ask(page, "Name the capital of France.")
        assert page.inner_text(".turn:nth-child(2) .who") == pinned != first
        signals = []
        for row in house.get("/v1/decisions")["data"]:
            signals += house.get(f"/v1/decisions/{row['decision']}")["signals"]
        votes = [s["value"] for s in signals if s["kind"] == "preferred"]
        assert sorted(json.loads(votes[0])) == ["gemma3-270m", "smollm2-135m"]
        assert any(s["kind"] == "retry_other" for s in signals)
