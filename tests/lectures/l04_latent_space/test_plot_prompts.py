"""Figure 04.P. Authority: the stored numbers, and the heights of the bars drawn."""

import math
from itertools import pairwise
from typing import Any

import pytest

from coursekit.lectures.l04_latent_space import (
    prompt_figure as plot_prompts,
)
from coursekit.plots.figures import canvas, style


def stored(emoji: bool) -> dict[str, Any]:
    """Numbers that are all different, so that a bar cannot be another's."""
    found: dict[str, Any] = {}
    value = iter(x / 200 for x in range(1, 200))

    def seeds(key: str) -> None:
        mean = next(value)
        found.update({key: mean, f"{key}_std": mean / 10, f"{key}_all": [mean] * 3})

    for name in plot_prompts.ATTRIBUTES:
        found[f"real_both_{name}"] = next(value)
        for scale in "136":
            seeds(f"both_{scale}_{name}")
    if emoji:
        found["emoji_pairs_prompts"] = 9
        for name in plot_prompts.JUDGED:
            found[f"emoji_pairs_real_{name}"] = next(value)
            seeds(f"emoji_train_3_{name}")
            seeds(f"emoji_pairs_3_{name}")
    return found


def test_each_bar_is_its_own_number() -> None:
    found = stored(emoji=True)
    bears = plot_prompts.teddy_bars(found)
    for j, name in enumerate(plot_prompts.ATTRIBUTES):
        assert bears["real pictures"][j] == (found[f"real_both_{name}"], 0.0)
        for scale, label in (("1", "no guidance"), ("3", "scale 3"), ("6", "scale 6")):
            mean = found[f"both_{scale}_{name}"]
            assert bears[label][j] == pytest.approx((mean, mean / 10 / math.sqrt(3)))
    emoji = plot_prompts.emoji_bars(found)
    for j, name in enumerate(plot_prompts.JUDGED):
        assert emoji["drawn, never seen"][j][0] == found[f"emoji_pairs_3_{name}"]
        assert emoji["drawn, trained on"][j][0] == found[f"emoji_train_3_{name}"]
        assert emoji["real, never seen"][j][0] == found[f"emoji_pairs_real_{name}"]


def test_bars_are_as_high_as_their_numbers_and_do_not_overlap() -> None:
    rows = plot_prompts.teddy_bars(stored(emoji=False))
    with style():
        _, (axis,) = canvas(1, 5.6, 3.4)
        plot_prompts.draw(axis, plot_prompts.ATTRIBUTES, rows)
    bars = [bar for group in axis.containers for bar in getattr(group, "patches", [])]
    heights = sorted(bar.get_height() for bar in bars)
    assert heights == pytest.approx(sorted(m for row in rows.values() for m, _ in row))
    spans = sorted((bar.get_x(), bar.get_x() + bar.get_width()) for bar in bars)
    assert all(a[1] < b[0] for a, b in pairwise(spans))


def test_emoji_have_a_panel_only_where_they_are_measured() -> None:
    wide = plot_prompts.prompts_panels(stored(emoji=True))
    narrow = plot_prompts.prompts_panels(stored(emoji=False))
    assert wide.width > 1.7 * narrow.width
