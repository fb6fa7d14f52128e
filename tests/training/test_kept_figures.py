"""Figures kept in a run's folder. Authority: how often the recipe was asked to measure.

A kept figure counts only for the very weights, judges and data that it was measured on.
"""

from pathlib import Path
from typing import Any

import pytest
from tiny_train import TINY

from coursekit.training import publish
from coursekit.training.session import Request, Session


def test_figures_belong_to_their_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def measure(recipe: object, model: object, quick: bool) -> dict[str, Any]:
        asked.append(model)
        return {"frechet": {"mean": float(len(asked))}}

    monkeypatch.setattr(type(TINY), "measure", measure)
    session = Session(Request("tiny", out=tmp_path, threads=1))
    first = publish.evaluate_run(session)
    assert publish.evaluate_run(session) == first and len(asked) == 1
    next(iter(session.run.ema.average.values())).add_(1)  # another run, the same step
    assert publish.evaluate_run(session) != first and len(asked) == 2
    session.data = "other pictures"
    publish.evaluate_run(session)
    assert len(asked) == 3
    for planted in ("", "{}", "null", '{"step": 0, "frechet": 1}', "\x00"):
        (tmp_path / "evaluation.json").write_text(planted)
        publish.evaluate_run(session)
    assert len(asked) == 8
