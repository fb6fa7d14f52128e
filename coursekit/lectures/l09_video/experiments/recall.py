"""Figure 09.E: who comes back from behind the bear, and in which shirt.

The shipped network `video-recall` goes on with films that no training saw. In the last
frame it is given nothing is seen of him; only longer contexts hold frames in which he
is. What it makes is read by the colours of the shirts, as they are drawn.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from coursekit.datasets.teddy.clip_drawing import draw_clips, drawn_and_hidden
from coursekit.datasets.teddy.clip_scene import SHIRTS
from coursekit.evaluation.rebuilt_clips import rebuilt
from coursekit.evaluation.recall import (
    pedestrian_recall,
    seen_shirts,
    shirt_shares,
    wilson_interval,
)
from coursekit.experiments.summary import Result
from coursekit.models.video_autoencoder import VideoAutoencoder
from coursekit.training.pretrained import load_model
from coursekit.training.recipe_clips import JUDGED
from coursekit.training.recipe_recall import GIVEN
from coursekit.training.recipes_clips import VIDEO_RECALL

MODEL, COUNT = "video-recall", 150  # as many films as the recipe judges by
BLIND = ("last 1", "last 5", "last 9")


def seen_before(count: int) -> Result:
    """In how many films each context shows something of his shirt.

    `seen`: the share of films, over the tasks in the order of the recipe's windows.
    """
    clips = VIDEO_RECALL.clips(count, JUDGED, "test")
    hidden = drawn_and_hidden(clips, VIDEO_RECALL.frames)[1]
    found = []
    for first, known in VIDEO_RECALL.windows().values():
        given = hidden[:, first : first + 4 * (known - 1) + 1]
        found.append(float((~given).any(axis=1).mean()))
    return {"seen": found, "hidden": float(np.sum(hidden, axis=1).mean())}


def ceiling(count: int) -> Result:
    """The true films through the autoencoder alone: `kept_returned`, `kept_right`."""
    net = VIDEO_RECALL.space.net
    assert isinstance(net, VideoAutoencoder)
    clips = VIDEO_RECALL.clips(count, JUDGED, "test")
    films = rebuilt(net, draw_clips(clips, VIDEO_RECALL.frames))
    truth = np.array([SHIRTS.index(clip.shirt) for clip in clips])
    found = pedestrian_recall(seen_shirts(shirt_shares(films, clips)[:, GIVEN:]), truth)
    return {"kept_returned": found.returned, "kept_right": found.right}


def pooled(recall: Mapping[str, Mapping[str, Any]]) -> Result:
    """The contexts BLIND as one: `blind_right` of all that return, and its bounds."""
    back = [round(recall[n]["returned"] * recall[n]["count"]) for n in BLIND]
    of = sum(back)
    rights = [recall[n]["right"] for n in BLIND]
    hits = sum(round(r * n) for r, n in zip(rights, back, strict=True) if n)
    low, high = wilson_interval(hits, of) if of else (0.0, 1.0)
    share = hits / of if of else 0.0
    return {"blind_right": share, "blind_low": low, "blind_high": high}


def measure(quick: bool = False) -> Result:
    """Everything of 09.E.

    Keys: `tasks`, the recipe's windows and "last 1, told", whose caption names the
    shirt; over tasks: `right` among those who return, with `right_low` and `right_high`
    (Wilson, 95 %), `returned` likewise, and `chance`, from shuffled truths (0 where
    nobody returns); `seen`, over the windows: the share of films whose context shows
    his shirt; `hidden` frames on average; `blind_right` and its bounds, of the contexts
    that hardly ever show it; `kept_returned`, `kept_right`: the true films after the
    autoencoder, the most that can be read; `count` films.
    """
    found = VIDEO_RECALL.measure(load_model(MODEL), quick)["recall"]
    count = 16 if quick else COUNT
    result: Result = {"tasks": list(found), "count": count, "given": GIVEN}
    for key in ("right", "returned", "chance"):
        values = [row[key] for row in found.values()]
        result[key] = [0.0 if math.isnan(value) else value for value in values]
    for key in ("right", "returned"):
        for i, end in enumerate(("low", "high")):
            result[f"{key}_{end}"] = [r[f"{key}_between"][i] for r in found.values()]
    return result | seen_before(count) | ceiling(count) | pooled(found)
