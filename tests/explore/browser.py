"""A browser without a window, driven through its debugging pipe."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome")
     if (found := shutil.which(name))), None,
)  # fmt: skip
PLACED = (  # the browser hears on 3 and says on 4
    "import os, sys; os.dup2(int(sys.argv[1]), 3); os.dup2(int(sys.argv[2]), 4); "
    "os.execv(sys.argv[3], sys.argv[3:])"
)
SETTLED = (
    "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))"
)


class Browser:
    """One page: what it logged, what it asked for, and its answers to JavaScript."""

    def __init__(self, to: int, back: int):
        self._to, self._back, self._rest, self._number = to, back, b"", 0
        self.logged: list[str] = []
        self.asked: list[str] = []
        (target,) = [
            t for t in self.send("Target.getTargets")["targetInfos"] if t["type"] == "page"
        ]
        session = {"targetId": target["targetId"], "flatten": True}
        self._session = self.send("Target.attachToTarget", **session)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")

    def send(self, method: str, **parameters: object) -> dict:
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if getattr(self, "_session", None):
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return answer["result"]
            self._hear(answer)

    def _read(self) -> dict:
        while b"\0" not in self._rest:
            piece = os.read(self._back, 1 << 20)
            assert piece, "the browser has gone"
            self._rest += piece
        first, self._rest = self._rest.split(b"\0", 1)
        return json.loads(first)

    def _hear(self, event: dict) -> None:
        what, about = event.get("method"), event.get("params", {})
        if what in ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"):
            self.logged.append(json.dumps(about))
        if what == "Network.requestWillBeSent":
            self.asked.append(about["request"]["url"])

    def open(self, path: Path, width: int = 1280, height: int = 900, theme: str = "light") -> None:
        self.look(width, height, theme)
        self.send("Page.navigate", url=path.resolve().as_uri())
        for _ in range(200):
            if self.ask("document.readyState === 'complete' && !!document.querySelector('output')"):
                break
            time.sleep(0.05)
        self.ask(SETTLED)

    def look(self, width: int, height: int, theme: str, motion: str = "reduce") -> None:
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.send("Emulation.setDeviceMetricsOverride", **size)
        features = [{"name": "prefers-color-scheme", "value": theme},
                    {"name": "prefers-reduced-motion", "value": motion}]  # fmt: skip
        self.send("Emulation.setEmulatedMedia", features=features)

    def ask(self, expression: str) -> object:
        """Evaluate JavaScript and return its value."""
        given = {"expression": expression, "returnByValue": True, "awaitPromise": True}
        answer = self.send("Runtime.evaluate", **given, userGesture=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def set(self, control: str, value: object) -> None:
        """Move a control as a hand does, and wait for the picture."""
        self.ask(
            f"(() => {{ const c = document.getElementById({json.dumps(control)});"
            f"c.value = {json.dumps(str(value))};"
            "c.dispatchEvent(new Event('input', {bubbles: true})); })()"
        )
        self.ask(SETTLED)

    def click(self, selector: str) -> None:
        self.ask(f"document.querySelector({json.dumps(selector)}).click()")
        self.ask(SETTLED)

    def press(self, key: str, code: int) -> None:
        named = {"key": key, "code": key, "windowsVirtualKeyCode": code}
        self.send("Input.dispatchKeyEvent", type="rawKeyDown", **named)
        self.send("Input.dispatchKeyEvent", type="keyUp", **named)
        self.ask(SETTLED)

    def text(self, selector: str) -> str:
        return str(self.ask(f"document.querySelector({json.dumps(selector)}).textContent"))

    def picture(self, path: Path, whole: bool = True) -> None:
        given = {"format": "png", "captureBeyondViewport": whole}
        path.write_bytes(base64.b64decode(self.send("Page.captureScreenshot", **given)["data"]))


@contextmanager
def browser(folder: Path, program: str | None = CHROMIUM) -> Iterator[Browser]:
    """Start a browser with a profile of its own; it ends with the block.

    A small program puts the pipes where the browser wants them: the same between fork and
    exec would run Python in a copy of this process, which has threads where JAX is loaded.
    """
    (ours, theirs), (hears, says) = os.pipe()[::-1], os.pipe()
    high = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (theirs, says)]
    command = [program, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
               "--remote-debugging-pipe", f"--user-data-dir={folder}", "about:blank"]  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-S", "-c", PLACED, *map(str, high), *command], pass_fds=high,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    for end in (theirs, says, *high):
        os.close(end)
    try:
        yield Browser(ours, hears)
    finally:
        process.terminate()
        process.wait(timeout=20)
        os.close(ours)
        os.close(hears)
