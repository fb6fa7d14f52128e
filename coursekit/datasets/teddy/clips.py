"""Clips of the teddy world: which ones there are to train on and to judge with.

`clip_scene` has what a clip is, `clip_drawing` draws it, `clip_words` describes it.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from coursekit.datasets.teddy.clip_drawing import draw_clips, hidden_frames
from coursekit.datasets.teddy.clip_scene import MOTIONS, SHIRTS, Clip
from coursekit.datasets.teddy.clip_words import clip_caption, clip_ids, frame_words
from coursekit.datasets.teddy.scene import Scene, lowest_feet, random_scene
from coursekit.datasets.teddy.splits import SPLITS, split_of

# What a clip is, and its pixels and words, are in modules of their own; all here too.
__all__ = [
    "MOTIONS",
    "SHIRTS",
    "Clip",
    "clip_caption",
    "clip_ids",
    "clip_split",
    "draw_clips",
    "frame_words",
    "hidden_frames",
    "returning_clips",
    "sample_clips",
]
# When somebody who returns is in the middle behind the bear, when he leaves it, and his
# speed in thousandths: so he is hidden from frame 6, 7 or 8 to one of 20 to 23, the end
# of the first 17 frames holds nothing of him, and he is seen in the first and the last.
HIDES, BACK, SLOW = (8, 9), (19, 21), (34, 40)


def clip_split(clip: Clip) -> str:
    """The one split a clip belongs to: that of its scene."""
    return split_of(clip.scene)


def sample_clips(
    count: int,
    seed: int,
    frames: int = 17,
    walkers: float = 0.5,
    split: str = "train",
    tables: float = 0.0,
    agree: float = 1.0,
) -> list[Clip]:
    """`count` clips of one split, the first ones of any longer call.

    frames: how many will be drawn; a walker meets the bear in the middle half of them.
    walkers: the share with a walker. tables: the share with a table, of the others; a
    book is put on every second one. agree: how often dust rises if and only if there
    is a book (1: always, 0.5: it does not depend on the book, 0: never).
    """
    clips = list[Clip]()
    rng = _generator(seed, split)
    while len(clips) < count:
        scene, luck = random_scene(rng), rng.random(15).tolist()
        clip = _moving(scene, MOTIONS, luck)
        if luck[0] < walkers:
            arrives = _whole(luck[6], frames // 4, frames - 1 - frames // 4)
            clip = replace(
                _passed(clip, luck), arrives=arrives, wait=_whole(luck[7], 0, 2)
            )
        elif luck[1] < tables:
            book = luck[2] < 0.5
            clip = replace(
                _beside(clip, luck),
                table=True,
                book=book,
                dust=book == (luck[3] < agree),
            )
        if clip_split(clip) == split:
            clips.append(clip)
    return clips


def returning_clips(count: int, seed: int, split: str = "train") -> list[Clip]:
    """`count` clips for 33 frames: he passes behind the bear, stays, and comes back.

    In frame 16 nothing is seen of him (`hidden_frames`), and the shirt is drawn apart
    from the rest: no frame in which he is hidden tells its colour.
    """
    clips = list[Clip]()
    rng = _generator(seed, split)
    while len(clips) < count:
        scene, luck = random_scene(rng), rng.random(15).tolist()
        clip = _passed(_moving(scene, ("stand", "wave"), luck), luck)
        arrives, back = _whole(luck[6], *HIDES), _whole(luck[7], *BACK)
        clip = replace(
            clip,
            arrives=arrives,
            wait=back - arrives,
            turns=True,
            speed=_whole(luck[14], *SLOW) / 1000,
        )
        if clip_split(clip) == split:
            clips.append(clip)
    return clips


def _generator(seed: int, split: str) -> np.random.Generator:
    if split not in SPLITS:
        raise ValueError(f"split={split!r}: use one of {SPLITS}")
    return np.random.Generator(np.random.PCG64(seed))


def _whole(luck: float, low: int, high: int) -> int:
    """A number low .. high, both ends possible."""
    return low + int(luck * (high - low + 1))


def _moving(scene: Scene, motions: Sequence[str], luck: Sequence[float]) -> Clip:
    """The scene's bear large and near the middle: somebody can hide behind it."""
    motion = motions[int(luck[4] * len(motions))]
    scale = _whole(luck[5], 66, 70)
    arm = "right-up" if luck[8] < 0.5 else "left-up"
    bear = replace(
        scene.bears[0],
        pose=arm if motion == "wave" else "both-down",
        action="none",
        x=(50 if motion == "walk" else _whole(luck[9], 46, 54)) / 100,
        y=max(scene.bears[0].y, lowest_feet(scale / 100) / 100),
        scale=scale / 100,
    )
    phase, heading = _whole(luck[10], 0, 99) / 100, 1 if luck[11] < 0.5 else -1
    return Clip(replace(scene, bears=(bear,)), motion, phase, heading)


def _passed(clip: Clip, luck: Sequence[float]) -> Clip:
    """The same clip with a walker: any shirt, either side, one speed of many."""
    return replace(
        clip,
        shirt=SHIRTS[int(luck[12] * len(SHIRTS))],
        direction=1 if luck[13] < 0.5 else -1,
        speed=_whole(luck[14], 45, 60) / 1000,
    )


def _beside(clip: Clip, luck: Sequence[float]) -> Clip:
    """The same clip with a smaller bear on the left: there is room for a table."""
    x, scale = _whole(luck[9], 36, 40) / 100, _whole(luck[5], 52, 58) / 100
    bear = replace(clip.scene.bears[0], x=x, scale=scale, pose="both-down")
    scene = replace(clip.scene, bears=(bear,))
    return replace(clip, scene=scene, motion="stand")
