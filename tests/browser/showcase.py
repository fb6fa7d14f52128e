"""What the browser tests share: a notebook with one widget a cell, open in JupyterLab.

A test file brings its set-up, its table of widgets and its tests. It takes the marks,
the notebook and the file of latencies from here. lab.py drives the browser.
"""

import contextlib
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import nbformat
import pytest
from lab import Lab, chromium, lab

# Here, not in each test file: whoever imports this module is skipped with it.
pytest.importorskip("playwright", reason="needs playwright: pip install playwright")

MARKS = [
    pytest.mark.browser,
    pytest.mark.skipif(
        chromium() is None,
        reason="needs Chromium: install it (Debian: chromium) or set CHROMIUM",
    ),
]
BUILD = Path(__file__).parents[2] / "build"


class Showcase:
    """A Lab session that knows its widgets by name."""

    def __init__(self, session: Lab, names: list[str]) -> None:
        self._session, self._names = session, names

    def __getattr__(self, name: str) -> Any:
        """Everything else is what the Lab session does."""
        return getattr(self._session, name)

    def cell(self, name: str) -> Any:
        """The cell of a widget, scrolled into view."""
        cell = self.cells()[1 + self._names.index(name)]  # the set-up comes first
        cell.scroll_into_view_if_needed()
        return cell

    def handle(self, cell: Any, which: int, seconds: float = 20) -> Any:
        """A slider of the cell: a cell that was out of sight shows its own late."""
        wait_until(lambda: len(self.sliders(cell)) > which, seconds)
        return self.sliders(cell)[which]

    def wait_for_change(self, cell: Any, before: str, seconds: float = 20) -> None:
        """Fail unless the cell's pixels become others than `before` in time."""
        wait_until(lambda: self.signature(cell) != before, seconds)
        assert self.signature(cell) != before, f"the same pixels for {seconds} s"

    def look(self, name: str) -> None:
        """Keep a screenshot of a widget's cell as build/looks/NAME.png."""
        (BUILD / "looks").mkdir(parents=True, exist_ok=True)
        self.cell(name).screenshot(path=BUILD / "looks" / f"{name}.png")


def wait_until(condition: Callable[[], bool], seconds: float) -> None:
    """Wait for the condition, but no longer: the caller then asserts what it wants."""
    deadline = time.time() + seconds
    while not condition() and time.time() < deadline:
        time.sleep(0.1)


@contextlib.contextmanager
def showcase(
    folder: Path, setup: str, widgets: Mapping[str, str]
) -> Iterator[Showcase]:
    """Run a notebook of `setup` and a cell for each widget (name -> code)."""
    cells = [nbformat.v4.new_code_cell(code) for code in (setup, *widgets.values())]
    made = nbformat.v4.new_notebook(cells=cells)
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(made, folder / "widgets.ipynb")
    with lab(folder) as session:
        session.open("widgets.ipynb")
        session.run_all()
        yield Showcase(session, list(widgets))


@contextlib.contextmanager
def latencies_in(name: str) -> Iterator[dict[str, Any]]:
    """A dictionary to fill; at the end it is written to build/NAME and printed."""
    figures: dict[str, Any] = {}
    yield figures
    # Latencies mean little without how busy the machine was.
    figures["load_average"] = [round(v, 2) for v in os.getloadavg()]
    BUILD.mkdir(exist_ok=True)
    text = json.dumps(figures, indent=1)
    (BUILD / name).write_text(text + "\n")
    print("\n" + text)
