"""A tiny stand-in for llama-server, run as a child process: it answers /health and chat, or misbehaves as told.

Arguments: PORT KEY_FILE WORDS… where a word is `silent` (listens to nobody), `die-at-start`, `die-once FILE` (dies at
the start unless FILE exists, and makes it), `stubborn` (ignores SIGTERM), `loud` (floods its error stream).
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Page(BaseHTTPRequestHandler):
    """Health, the death that a test asks for, and an echo of a chat request."""

    key = ""

    def do_GET(self) -> None:
        if self.path == "/die":
            say("out of luck")
            os._exit(7)
        self._tell({"status": "ok"})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.headers.get("Authorization") != f"Bearer {self.key}":
            self.send_error(401)
            return
        message = {"role": "assistant", "content": json.dumps(body)}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        self._tell({"id": "x", "object": "chat.completion", "model": body["model"], "choices": [choice]})

    def _tell(self, value: object) -> None:
        data = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


def say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def main() -> None:
    port, key_file, *words = sys.argv[1:]
    Page.key = Path(key_file).read_text(encoding="ascii").strip()
    if "stubborn" in words:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if "loud" in words:
        for n in range(20_000):
            sys.stderr.write(f"line {n} {'x' * 100}\n")
        sys.stderr.flush()
    say(f"starting with {' '.join(words) or 'nothing special'}")
    if "die-at-start" in words:
        say("cannot load the model")
        sys.exit(3)
    if "die-once" in words:
        mark = Path(words[words.index("die-once") + 1])
        if not mark.exists():
            mark.touch()
            sys.exit(4)
    if "silent" in words:
        time.sleep(3600)
    ThreadingHTTPServer(("127.0.0.1", int(port)), Page).serve_forever()


if __name__ == "__main__":
    main()
