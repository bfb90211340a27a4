"""TensorZero's gateway as its Python package holds it, run until a signal ends it. For `bench.peers` alone.

It runs under the interpreter where `tensorzero` and `openai` are installed, and writes the port that the gateway took
into a file.
"""

from __future__ import annotations

import argparse
import signal
import warnings
from pathlib import Path
from urllib.parse import urlsplit


def main() -> None:
    """Read the configuration's file, start the gateway, announce its port, wait."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", required=True)
    parser.add_argument("--announce", type=Path, required=True)
    given = parser.parse_args()

    from openai import OpenAI  # type: ignore[import-not-found,unused-ignore]
    from tensorzero import patch_openai_client  # type: ignore[import-not-found,unused-ignore]

    warnings.simplefilter("ignore", DeprecationWarning)
    client = patch_openai_client(OpenAI(api_key="none"), config_file=given.config, async_setup=False)
    unfinished = given.announce.with_suffix(".part")
    unfinished.write_text(str(urlsplit(str(client.base_url)).port))
    unfinished.rename(given.announce)
    signal.pause()


if __name__ == "__main__":
    main()
