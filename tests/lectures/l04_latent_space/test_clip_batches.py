"""CLIP against its batch. Authority: the number of pictures that every run sees, and
what was measured (data/measured/04.D.json): directions, with a margin."""

import json
from pathlib import Path

import pytest

from coursekit.experiments import cache
from coursekit.lectures.l04_latent_space.experiments import clip_batches
from coursekit.lectures.l04_latent_space.experiments.clip_batches import (
    BATCHES,
    SEEN,
    WORDS,
    measure,
    recipe,
)
from coursekit.training.recipe_clip import ClipRecipe


def test_every_run_sees_as_many_pictures() -> None:
    for batch in BATCHES:
        plan: ClipRecipe = recipe(batch, False, SEEN, 0)
        assert plan.cpu.steps * plan.cpu.batch == SEEN
        assert plan.cpu.lr == pytest.approx(1e-3 * (batch / 64) ** 0.5)
        assert 0.5 < plan.cpu.ema < 1
    assert recipe(8, True, SEEN, 0).cpu.model.sigmoid


def test_measure_quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(cache, "RUNS", tmp_path)
    monkeypatch.setattr(clip_batches, "alignment", lambda model, data: FIGURES)
    result = measure(seeds=(0,), quick=True)
    assert result["softmax_recall"] == [0.5, 0.5] and result["gain"] == 1
    assert result["sigmoid_zero"] == [pytest.approx(0.6)]


FIGURES = {
    "image_to_text": 0.4,
    "text_to_image": 0.6,
    "zero_shot": {word: 0.6 for word in WORDS},
}


def test_the_stored_figures_say_what_the_notebook_says() -> None:
    """Chance is 1 in 256; with equally many pictures the small batches are ahead."""
    stored = Path(__file__).parents[3] / "data" / "measured" / "04.D.json"
    found = json.loads(stored.read_bytes())["values"]
    recall = [found[f"softmax_{batch}_recall"] for batch in BATCHES]
    assert recall[0] > 2 * recall[-1] > 10 / 256
    assert found["seen"] == SEEN and len(found["softmax_8_recall_all"]) == 3
