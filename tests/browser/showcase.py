"""A notebook of widgets, one a cell, open in JupyterLab.

The cells are in tests/widget_cells.py; lab.py drives the browser.
"""

import contextlib
import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from lab import Lab, chromium, lab
from widget_cells import CELLS, NOTEBOOKS, Notebook

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

    def __init__(self, session: Lab, notebook: Notebook, names: list[str]) -> None:
        self._session, self._names, self.notebook = session, names, notebook
        self.latencies: dict[str, Any] = {}

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
def showcase(folder: Path, lecture: str) -> Iterator[Showcase]:
    """Run a lecture's notebook; how long its sliders took goes to build/ at the end."""
    notebook = NOTEBOOKS[lecture]
    names = [name for of, name in CELLS if of == lecture]
    setup = f"{notebook.setup}\ntorch.set_num_threads(1)"
    codes = [setup, *(notebook.cells[name].code for name in names)]
    made = nbformat.v4.new_notebook(cells=list(map(nbformat.v4.new_code_cell, codes)))
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(made, folder / "widgets.ipynb")
    with lab(folder) as session:
        session.open("widgets.ipynb")
        session.run_all()
        opened = Showcase(session, notebook, names)
        yield opened
    # Latencies mean little without how busy the machine was.
    load = [round(v, 2) for v in os.getloadavg()]
    machine = {"load_average": load, "cores": os.cpu_count()}
    text = json.dumps(opened.latencies | machine, indent=1)
    BUILD.mkdir(exist_ok=True)
    (BUILD / f"widget-latency-{lecture}.json").write_text(text + "\n")
    print("\n" + text)
