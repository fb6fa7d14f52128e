"""Prints what each notebook cost, and keeps it in build/nbval.json."""

import json
from typing import Any

from nbval_run import ROOT, summary


def pytest_terminal_summary(terminalreporter: Any) -> None:
    runs = summary()
    if not runs:
        return
    terminalreporter.section("notebooks under nbval")
    terminalreporter.write_line(
        f"{'notebook':<34}{'cells':>6}{'failed':>8}{'seconds':>9}{'peak MB':>9}"
        "  slowest cell"
    )
    for run in runs:
        terminalreporter.write_line(
            f"{run['notebook']:<34}{run['cells']:>6}{run['failed']:>8}"
            f"{run['seconds']:>9.1f}{run['peak_mb']:>9}"
            f"  {run['slowest_cell']} ({run['slowest_seconds']} s)"
        )
    target = ROOT / "build" / "nbval.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(runs, indent=1) + "\n")
