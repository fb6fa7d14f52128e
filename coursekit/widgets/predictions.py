"""What the learner expected before an experiment: kept, so that it can be compared.

Stored as predictions.json in the learner's folder (`progress.home`), where nothing is
written in tests or on a CI machine. If the file cannot be used, memory has to do.
"""

import contextlib
import json
from pathlib import Path

from coursekit.checks import progress
from coursekit.files import write_atomic

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
        text = json.dumps(load(), indent=1, sort_keys=True, ensure_ascii=False)
        write_atomic(_file(), text)
    except OSError:
        return False
    return True
