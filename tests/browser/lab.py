"""Real JupyterLab in headless Chromium: open a notebook, run it, move what moves.

A helper of the browser tests, and a command for looking:

    python tests/browser/lab.py NOTEBOOK.ipynb [--dark] [--out build/looks]

opens a copy of the notebook, runs all cells, moves every slider and keeps screenshots.
It starts its own server on a free loopback port with its own folders, and ends only
what it started.
"""

import argparse
import contextlib
import json
import os
import secrets
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PATIENCE = 300_000  # milliseconds: a busy machine is slow, not broken
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# What the pixels of a cell look like, as a short string that is cheap to compute.
PROBE = """
window.ckSignature = (cell) => {
  const out = [];
  const add = (text) => {
    let x = 5381;
    for (let i = 0; i < text.length; i += 1 + (text.length >> 11))
      x = (x * 33 ^ text.charCodeAt(i)) | 0;
    out.push(x);
  };
  for (const e of cell.querySelectorAll('.jp-OutputArea-output img'))
    if (e.complete && e.clientWidth > 40) add(e.src);
  for (const e of cell.querySelectorAll('.jp-OutputArea-output svg'))
    if (e.clientWidth > 60) add(e.outerHTML);
  for (const e of cell.querySelectorAll('.jp-OutputArea-output canvas')) {
    const d = e.getContext('2d').getImageData(0, 0, e.width, e.height).data;
    let x = 5381;
    for (let i = 0; i < d.length; i += 7) x = (x * 33 ^ d[i]) | 0;
    out.push(x);
  }
  return out.join();
};
window.ckArm = (cell) => {
  const probe = { before: window.ckSignature(cell), ms: null, start: null };
  window.ckNow = probe;
  const look = () => {
    if (window.ckNow !== probe) return;
    if (probe.start !== null && window.ckSignature(cell) !== probe.before)
      probe.ms = performance.now() - probe.start;
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
};
window.addEventListener('keydown', () => {
  const probe = window.ckNow;
  if (probe && probe.start === null) probe.start = performance.now();
}, true);
"""


def chromium() -> str | None:
    """Path of a Chromium, or None. CHROMIUM names one explicitly."""
    named = os.environ.get("CHROMIUM")
    names = [named] if named else ["chromium", "chromium-browser", "google-chrome"]
    return next((path for name in names if (path := shutil.which(name))), None)


@contextlib.contextmanager
def server(folder: Path, dark: bool = False) -> Iterator[tuple[str, str]]:
    """JupyterLab of this Python on a free loopback port; yields (address, token)."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    token = secrets.token_hex(16)
    home = Path(tempfile.mkdtemp(prefix="coursekit-lab-"))
    (home / "labconfig").mkdir()
    settings = {
        "@jupyterlab/apputils-extension:notification": {"fetchNews": "false"},
        "@jupyterlab/apputils-extension:themes": {
            "theme": "JupyterLab Dark" if dark else "JupyterLab Light"
        },
        "@jupyterlab/notebook-extension:tracker": {"windowingMode": "defer"},
    }
    file = home / "labconfig" / "default_setting_overrides.json"
    file.write_text(json.dumps(settings))
    env = dict(
        os.environ,
        JUPYTER_CONFIG_DIR=str(home),
        JUPYTER_RUNTIME_DIR=str(home / "runtime"),
        JUPYTERLAB_WORKSPACES_DIR=str(home / "workspaces"),
        COURSEKIT_HOME=str(home / "coursekit"),
        OMP_NUM_THREADS="1",
    )
    env.pop("PYTEST_CURRENT_TEST", None)
    command = [
        sys.executable,
        "-m",
        "jupyterlab",
        "--no-browser",
        "--ip=127.0.0.1",
        f"--port={port}",
        "--allow-root",
        f"--IdentityProvider.token={token}",
        f"--ServerApp.root_dir={folder}",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]
    log = home / "jupyter.log"
    with log.open("w") as out:
        process = subprocess.Popen(
            command, stdout=out, stderr=subprocess.STDOUT, env=env
        )
    base = f"http://127.0.0.1:{port}"
    try:
        for _ in range(PATIENCE // 250):
            if process.poll() is not None:
                raise RuntimeError(f"JupyterLab ended: {log.read_text()[-800:]}")
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{base}/api?token={token}", timeout=2).close()
                break
            time.sleep(0.25)
        yield base, token
    finally:
        process.terminate()  # the server ends its own kernels
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
        shutil.rmtree(home, ignore_errors=True)


class Lab:
    """One notebook in one browser page."""

    def __init__(self, page: Any, base: str, token: str) -> None:
        self.page, self.base, self.token = page, base, token
        self.console: list[str] = []
        page.add_init_script(PROBE)
        page.on(
            "console",
            lambda m: self.console.append(m.text) if m.type == "error" else None,
        )
        page.on("pageerror", lambda e: self.console.append(f"{e} {e.stack or ''}"))

    def open(self, name: str) -> None:
        """Show the notebook `name` of the server's folder."""
        url = f"{self.base}/lab/tree/{name}?token={self.token}&reset"
        self.page.goto(url, wait_until="domcontentloaded")
        self.page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=PATIENCE)
        ready = self.page.locator("#jp-main-statusbar").get_by_text("| Idle")
        ready.wait_for(timeout=PATIENCE)

    def run_all(self, timeout: float = 300) -> float:
        """Run every cell and wait until nothing is busy; seconds it took."""
        self.page.click(".lm-MenuBar-item:has-text('Run')")
        self.page.click("li[data-command='runmenu:run-all']")
        start, quiet = time.time(), 0
        begun = "[...document.querySelectorAll('.jp-InputPrompt')]"
        begun += ".some(e => /[*1-9]/.test(e.textContent))"
        self.page.wait_for_function(begun, timeout=PATIENCE)
        while quiet < 4:
            if time.time() - start > timeout:
                raise TimeoutError(f"the notebook still runs after {timeout:.0f} s")
            time.sleep(0.5)
            quiet = 0 if self._busy() else quiet + 1
        return time.time() - start - 2.0

    def _busy(self) -> bool:
        address = f"{self.base}/api/sessions?token={self.token}"
        with urllib.request.urlopen(address) as reply:
            sessions = json.load(reply)
        states = [(s.get("kernel") or {}).get("execution_state") for s in sessions]
        star = "[...document.querySelectorAll('.jp-InputPrompt')]"
        star += ".some(e => e.textContent.includes('*'))"
        return any(s != "idle" for s in states) or self.page.evaluate(star)

    def cells(self) -> list[Any]:
        """All cells, as playwright locators."""
        found = self.page.locator(".jp-Notebook .jp-Cell")
        return [found.nth(i) for i in range(found.count())]

    def errors(self, cell: Any) -> list[str]:
        """Tracebacks, stderr and failed callbacks that the cell shows."""
        shown = []
        for kind in ("error", "stderr"):
            where = f"[data-mime-type='application/vnd.jupyter.{kind}']"
            shown += cell.locator(where).all_inner_texts()
        shown += cell.get_by_text("That did not work").all_inner_texts()
        return [text for text in shown if text.strip()]

    def sliders(self, cell: Any) -> list[Any]:
        """Handles of the visible sliders of a cell."""
        handles = cell.locator(".noUi-handle, input[type=range]").all()
        return [h for h in handles if h.is_visible()]

    def signature(self, cell: Any) -> str:
        """A string that changes when the cell's pixels do."""
        return str(cell.evaluate("cell => window.ckSignature(cell)"))

    def press(self, cell: Any, handle: Any, key: str) -> float | None:
        """One key press on a slider: milliseconds to new pixels, None for no change."""
        handle.focus()
        cell.evaluate("cell => window.ckArm(cell)")
        self.page.keyboard.press(key)
        with contextlib.suppress(Exception):
            self.page.wait_for_function("window.ckNow.ms !== null", timeout=3000)
        value = self.page.evaluate("window.ckNow.ms")
        self.page.wait_for_timeout(60)  # let the echo of the kernel pass
        return None if value is None else float(value)

    def measure(self, cell: Any, handle: Any, presses: int = 12) -> dict[str, Any]:
        """Latencies of key presses, to the right and to the left in turn."""
        keys = ["ArrowRight", "ArrowLeft"]
        # Warm up; and a slider that stands at its end starts with the other direction.
        if self.press(cell, handle, "ArrowRight") is None:
            keys.reverse()
        else:
            self.press(cell, handle, "ArrowLeft")
        found = [self.press(cell, handle, keys[i % 2]) for i in range(presses)]
        times = [ms for ms in found if ms is not None]
        return {
            "changed": len(times),
            "presses": presses,
            "median_ms": round(statistics.median(times), 1) if times else None,
            "worst_ms": round(max(times), 1) if times else None,
        }


@contextlib.contextmanager
def lab(folder: Path, *, dark: bool = False, width: int = 1280) -> Iterator[Lab]:
    """A server on `folder` and a browser page on it."""
    from playwright.sync_api import sync_playwright

    path = chromium()
    if path is None:
        raise RuntimeError("no Chromium found; set CHROMIUM to the path of one")
    with server(folder, dark) as (base, token), sync_playwright() as play:
        browser = play.chromium.launch(executable_path=path, headless=True, args=FLAGS)
        try:
            page = browser.new_page(viewport={"width": width, "height": 1000})
            yield Lab(page, base, token)
        finally:
            browser.close()


def main(argv: list[str]) -> int:
    """Look at a notebook; the exit status says whether something is wrong."""
    parser = argparse.ArgumentParser(description="look at a notebook in JupyterLab")
    parser.add_argument("notebook", type=Path)
    parser.add_argument("--out", type=Path, default=Path("build/looks"))
    parser.add_argument("--dark", action="store_true")
    parser.add_argument("--width", type=int, default=1280)
    parser.add_argument("--presses", type=int, default=2)
    args = parser.parse_args(argv)
    args.out.mkdir(parents=True, exist_ok=True)
    problems: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(args.notebook, Path(folder) / "copy.ipynb")
        with lab(Path(folder), dark=args.dark, width=args.width) as session:
            session.open("copy.ipynb")
            print(f"ran in {session.run_all():.0f} s")
            for i, cell in enumerate(session.cells()):
                cell.scroll_into_view_if_needed()
                problems += [f"cell {i}: {e[-300:]}" for e in session.errors(cell)]
                if cell.locator("img,canvas,svg.ck-chart,.jupyter-widgets").count():
                    cell.screenshot(path=args.out / f"{i:03d}.png")
                for j, handle in enumerate(session.sliders(cell)):
                    figures = session.measure(cell, handle, args.presses)
                    print(f"cell {i} slider {j}: {figures}")
                    cell.screenshot(path=args.out / f"{i:03d}-moved{j}.png")
                    if figures["changed"] < args.presses:
                        problems.append(f"cell {i} slider {j} leaves the picture alone")
            problems += [f"console: {text[:600]}" for text in session.console]
    for problem in dict.fromkeys(problems):
        print("PROBLEM", problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
