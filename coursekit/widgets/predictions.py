"""What the learner expected before an experiment: kept, so that it can be compared.

Stored as predictions.json in the learner's folder (`progress.home`), where nothing is
written in tests or on a CI machine. If the file cannot be used, memory has to do.
"""

import contextlib
import json
import os
import tempfile
from pathlib import Path

from coursekit.checks import progress

_session: dict[str, str] = {}


def _file() -> Path:
    return progress.home() / "predictions.json"


def load() -> dict[str, str]:
    """Every prediction on record: id -> the option that was chosen."""
    found: dict[str, str] = {}
    if progress.is_on():
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stored = json.loads(_file().read_text(encoding="utf-8"))
            found = {str(k): str(v) for k, v in stored.items()}
    return {**found, **_session}


def save(prediction_id: str, option: str) -> bool:
    """Keep a prediction. Returns whether it will survive this session."""
    _session[prediction_id] = option
    if not progress.is_on():
        return False
    try:
        path = _file()
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".predictions-")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(load(), file, indent=1, sort_keys=True, ensure_ascii=False)
        os.replace(name, path)  # whole, or not at all
    except OSError:
        return False
    return True
