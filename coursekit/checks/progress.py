"""What the learner has solved: one small JSON file in the user's data folder.

COURSEKIT_HOME moves it; COURSEKIT_PROGRESS=off, a CI machine or a test run (pytest,
nbval) leaves it alone. A file that cannot be read is set aside, never overwritten.
"""

import contextlib
import json
import os
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from coursekit.checks import hints
from coursekit.checks.registry import all_exercises
from coursekit.files import write_atomic

_STATES = ("solved", "revealed", "failed")


@dataclass
class Tally:
    """The progress in one notebook, or in all of them."""

    notebook: str
    solved: int = 0
    revealed: int = 0
    failed: int = 0
    todo: int = 0
    points: int = 0
    points_total: int = 0
    minutes_left: int = 0


def home() -> Path:
    """The folder for what belongs to the user: COURSEKIT_HOME, or the system's own."""
    chosen = os.environ.get("COURSEKIT_HOME")
    if chosen:
        return Path(chosen).expanduser()
    from platformdirs import user_data_dir

    return Path(user_data_dir("coursekit", appauthor=False))


def is_on() -> bool:
    """Is anything written at all?"""
    switch = os.environ.get("COURSEKIT_PROGRESS", "").lower()
    if switch in ("off", "0", "no"):
        return False
    if switch in ("on", "1", "yes") or os.environ.get("COURSEKIT_HOME"):
        return True
    return not any(os.environ.get(name) for name in ("PYTEST_CURRENT_TEST", "CI"))


def load() -> dict[str, str]:
    """Exercise id -> solved, revealed or failed. A broken file is set aside."""
    path = home() / "progress.json"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        found = content["exercises"]
        return {str(k): v for k, v in found.items() if v in _STATES}
    except FileNotFoundError:
        return {}
    except OSError as error:
        _complain(f"progress cannot be read: {error.strerror} ({path})")
        return {}
    except (ValueError, KeyError, TypeError, AttributeError):
        aside = path.with_name(f"progress.broken-{time.strftime('%Y%m%d-%H%M%S')}.json")
        with contextlib.suppress(OSError):
            os.replace(path, aside)
        _complain(f"progress could not be read and is kept as {aside}; starting anew")
        return {}


def record(exercise_id: str, event: str) -> None:
    """Note a PASS, FAIL or REVEALED; anything else changes nothing.

    What was solved stays solved; what was revealed first stays revealed. Never raises:
    a full disk costs the note, not the lesson.
    """
    state = {"PASS": "solved", "FAIL": "failed", "REVEALED": "revealed"}.get(event)
    if state is None or not is_on():
        return
    try:
        home().mkdir(parents=True, exist_ok=True)
        # Two kernels may check at once: one writes after the other.
        with FileLock(home() / "progress.lock", timeout=2):
            states = load()
            before = states.get(exercise_id, "")
            if before in ("solved", "revealed") or before == state:
                return
            states[exercise_id] = state
            content = {"version": 1, "exercises": states}
            text = json.dumps(content, indent=1, sort_keys=True)
            write_atomic(home() / "progress.json", text)
    except OSError as error:
        _complain(f"progress is not saved: {error.strerror or error} ({home()})")


def summary() -> dict[str, Any]:
    """Plain data for a table or a widget.

    {"notebooks": [tally, ...], "total": tally, "exercises": [{id, notebook, title,
    name, kind, state, points, minutes}, ...]}; a tally has the fields of `Tally`.
    """
    states, facts = load(), hints.headers()
    tallies: dict[str, Tally] = {}
    total = Tally("all")
    rows = []
    for entry in all_exercises():
        if facts and entry.id not in facts:
            continue  # registered, but no notebook asks it (yet)
        notebook = entry.id.partition(".")[0]
        state = states.get(entry.id, "todo")
        points = facts.get(entry.id, {}).get("points", 1)
        minutes = facts.get(entry.id, {}).get("minutes", 0)
        for tally in (tallies.setdefault(notebook, Tally(notebook)), total):
            setattr(tally, state, getattr(tally, state) + 1)
            tally.points_total += points
            tally.points += points if state == "solved" else 0
            tally.minutes_left += minutes if state in ("todo", "failed") else 0
        row = {"id": entry.id, "notebook": notebook, "title": entry.title}
        row |= {"name": getattr(entry, "name", ""), "kind": entry.kind, "state": state}
        rows.append(row | {"points": points, "minutes": minutes})
    return {
        "notebooks": [asdict(tally) for tally in tallies.values()],
        "total": asdict(total),
        "exercises": rows,
    }


def _complain(line: str) -> None:
    print(f"coursekit: {line}", file=sys.stderr)
