"""The browser of the tests is started without a fork of this process, and hears and answers."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tests.explore.browser import browser

STAND_IN = f"""#!{sys.executable} -S
import json, os
while True:
    heard = b""
    while not heard.endswith(b"\\0"):
        heard += os.read(3, 1)
    asked = json.loads(heard[:-1])
    result = {{"targetInfos": [{{"type": "page", "targetId": "1"}}], "sessionId": "2",
               "result": {{"value": asked["method"]}}}}
    os.write(4, json.dumps({{"id": asked["id"], "result": result}}).encode() + b"\\0")
"""


def test_a_browser_starts_without_a_fork_of_python(tmp_path: Path) -> None:
    forks: list[int] = []
    os.register_at_fork(before=lambda: forks.append(1))  # where JAX warns of its threads
    program = tmp_path / "stand-in"
    program.write_text(STAND_IN)
    program.chmod(0o755)
    with browser(tmp_path, str(program)) as page:
        assert page.ask("1") == "Runtime.evaluate"
    assert not forks
