"""Clips in words: captions, their ids for a text encoder, what each frame shows.

a brown teddy bear with a red hat waves in the park, then a person in a green shirt
walks past
"""

from collections.abc import Collection, Sequence
from functools import cache

from torch import Tensor

from coursekit.datasets.teddy.captions import WHERE, tokenize
from coursekit.datasets.teddy.clip_drawing import hidden_frames
from coursekit.datasets.teddy.clip_scene import MOTIONS, SHIRTS, Clip, stance
from coursekit.datasets.teddy.scene import FURS, HATS, POSES
from coursekit.datasets.tokens import Tokenizer

# What a caption can tell.
TOLD = ("fur", "hat", "glasses", "motion", "place", "walker", "shirt", "book", "dust")
VERBS = dict(zip(MOTIONS, ("stands", "walks", "waves", "dances"), strict=True))
CLIP_LENGTH = 33  # the longest caption, with <start> and <end>
# How many ids there are. Written down, so that a network's shape is known at once.
CLIP_WORDS = 51
NEARLY = 0.15
# What it is with the right and the left arm down (0) or up (1), and with such a lean.
POSE = dict(zip(((0, 0), (1, 0), (0, 1), (1, 1)), POSES, strict=True))
ACTION = {0: "none", 1: "dancing"}


def clip_caption(clip: Clip, told: Collection[str] = TOLD) -> str:
    """Describe a clip in one sentence that tells what is named in `told`, no more.

    A shirt is told with its walker only. What is "none" is left out, and nothing says
    that it was. Raises ValueError for a name that is not in `TOLD`.
    """
    unknown = sorted(set(told) - set(TOLD))
    if unknown:
        raise ValueError(f"told={unknown}: a caption can tell {TOLD}")
    bear = clip.scene.bears[0]
    fur = f"{bear.fur} " if "fur" in told else ""
    wear = []
    if "hat" in told and bear.hat != "none":
        wear.append(f"a {bear.hat} hat")
    if "glasses" in told and bear.glasses != "none":
        wear.append("round glasses" if bear.glasses == "round" else "sunglasses")
    words = [f"a {fur}teddy bear", *([f"with {' and '.join(wear)}"] if wear else [])]
    words += [VERBS[clip.motion]] if "motion" in told else []
    words += [WHERE[clip.scene.place]] if "place" in told else []
    return ", then ".join([" ".join(words), *_events(clip, told)])


def _events(clip: Clip, told: Collection[str]) -> list[str]:
    """What happens besides, in order."""
    events = []
    if clip.shirt != "none" and "walker" in told:
        shirt = f" in a {clip.shirt} shirt" if "shirt" in told else ""
        back = "walks behind it and comes back" if clip.turns else "walks past"
        events.append(f"a person{shirt} {back}")
    if clip.book and "book" in told:
        events.append("a book is put on a table")
    if clip.dust and "dust" in told:
        events.append("dust rises")
    return events


@cache
def clip_tokenizer() -> Tokenizer:
    """The words of all captions of clips, the comma included."""
    fixed = """a teddy bear with hat and round glasses sunglasses , then person in shirt
    walks past behind it comes back book is put on table dust rises"""
    places = " ".join(WHERE.values())
    words = {*fixed.split(), *VERBS.values(), *FURS, *HATS[1:], *SHIRTS}
    return Tokenizer(sorted(words | set(tokenize(places))))


def clip_ids(captions: Sequence[str]) -> Tensor:
    """Captions as int64 ids (B, CLIP_LENGTH); "" says nothing (no guidance)."""
    return clip_tokenizer().encode(captions, CLIP_LENGTH)


def frame_words(clip: Clip, frame: int, size: int = 32) -> dict[str, str]:
    """What one frame shows: the words of a still picture, motion, and the shirt seen.

    pose and action are "between" where an arm or a dancer's lean is more than `NEARLY`
    from both of its ends. shirt: "none" where nothing of it is seen.
    """
    bear, now = clip.scene.bears[0], stance(clip, frame + 1)
    right, left = _end(now.right_up[frame]), _end(now.left_up[frame])
    seen = not hidden_frames(clip, frame + 1, size)[frame]
    return {
        "place": clip.scene.place,
        "fur": bear.fur,
        "hat": bear.hat,
        "glasses": bear.glasses,
        "pose": POSE.get((right, left), "between"),
        "action": ACTION.get(_end(abs(now.dancing[frame])), "between"),
        "motion": clip.motion,
        "shirt": clip.shirt if seen else "none",
    }


def _end(value: float) -> int:
    """The end that is near, 0 or 1; -1 where none is."""
    return round(value) if abs(value - round(value)) <= NEARLY else -1
