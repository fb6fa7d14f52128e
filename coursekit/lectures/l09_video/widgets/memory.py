"""How much of a film must be known, so that he comes back in his own shirt?"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from torch import nn

from coursekit.datasets.teddy.clip_drawing import draw_clips
from coursekit.datasets.teddy.clip_scene import SHIRTS, Clip
from coursekit.datasets.teddy.clip_words import clip_caption
from coursekit.evaluation.recall import GONE, seen_shirts, shirt_shares
from coursekit.training.recipe_clips import NO_SHIRT
from coursekit.training.recipe_recall import GIVEN, RecallRecipe
from coursekit.training.recipes_clips import VIDEO_RECALL
from coursekit.widgets.film_player import FilmPlayer
from coursekit.widgets.reel import Axis, Reel

UNKNOWN = 150  # the grey of frames that nobody showed


def read_shirts(films: NDArray[np.uint8], clips: Sequence[Clip]) -> list[str]:
    """The shirt that the second half shows: "+red" if it is his, "-blue", "?nobody"."""
    shares = shirt_shares(films, clips)[:, GIVEN - VIDEO_RECALL.frames :]
    found = []
    for shirt, clip in zip(seen_shirts(shares), clips, strict=True):
        sign = "+" if shirt != GONE and SHIRTS[shirt] == clip.shirt else "-"
        found.append("?nobody" if shirt == GONE else f"{sign}{SHIRTS[shirt]}")
    return found


def memory_reel(model: nn.Module, clips: Sequence[Clip], seed: int = 0) -> Reel:
    """True films below, above them what is made for each task of the recipe."""
    recipe: RecallRecipe = VIDEO_RECALL
    films = draw_clips(clips, recipe.frames, recipe.size)
    captions = [clip_caption(clip, NO_SHIRT) for clip in clips]
    shown, notes = [], []
    for task, (first, known) in recipe.windows().items():
        made = np.full_like(films, UNKNOWN)
        made[:, first:] = recipe.go_on(model, films, captions, task, seed)
        shown.append(np.concatenate([made, films]).swapaxes(0, 1))
        read = read_shirts(made[:, first:], clips)
        begin, true = first + 4 * (known - 1) + 1, [f"+{c.shirt}" for c in clips]
        for frame in range(recipe.frames):
            kind = "not shown" if frame < first else "given"
            rows = read if frame >= begin else [f"?{kind}"] * len(clips)
            notes.append((*rows, *true))
    count = len(recipe.windows())
    order = np.arange(count * recipe.frames).reshape(count, -1).T.flatten()
    frames = np.concatenate(shown)[order]  # the first slider is the frame
    return Reel(
        np.ascontiguousarray(frames),
        (
            Axis("frame", tuple(map(str, range(recipe.frames)))),
            Axis("given", tuple(recipe.windows())),
        ),
        columns=len(clips),
        row_names=("made", "true"),
        notes=tuple(notes[i] for i in order),
        start=(GIVEN + 11) * count,
    )


def memory(model: nn.Module, clips: Sequence[Clip], seed: int = 0) -> FilmPlayer:
    """Films, of which the network knows 1, 5, 9 or 17 frames, or makes all.

    Given are the last frames before frame 17, "whole": frame 0 alone. All are sampled
    at once, so that no slider waits.
    """
    return FilmPlayer(memory_reel(model, clips, seed), name="memory")
