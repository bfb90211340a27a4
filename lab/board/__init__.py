"""The sections of the leaderboard: each file measures one thing (`run`) and writes it down (`text`).

A section is a module with `TITLE`, `run(context) -> dict` (plain JSON) and `text(found) -> str` (Markdown). The list of
sections, in the order of the page, stands in `lab/quality.py`.
"""
