"""What changed in a picture that nobody asked for.

Three ways to look. Pixels: outside of the edit nothing may differ from the picture
before. Structure: the grey planes of an answer and of the exact answer (SSIM). Words:
is an arm up, is there a hat?

Readers have learnt pictures in their own colours, and in exact black and white pictures
they miss one pose in four. But here the scene is known. So each word of it is read by
drawing: the exact answer is drawn once with each word that could stand there, and the
word of the nearest drawing is what is seen. In an exact answer no word can change.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import max_pool2d

from coursekit.datasets.teddy.edit_pairs import (
    EditPair,
    Images,
    Wish,
    answered,
    arms_up,
    changed,
    colour_wishes,
    moved,
)
from coursekit.datasets.teddy.scene import VOCABULARY, Scene
from coursekit.editing.colour import luma
from coursekit.evaluation.picture_distances import ssim
from coursekit.evaluation.recall import wilson_interval

Mask = NDArray[np.bool_]
ORDER = ("place", "pose", "action", "fur", "hat", "glasses")  # the largest first


class Rate(NamedTuple):
    """How often something happened, between what bounds, and in how many cases."""

    share: float
    low: float
    high: float
    cases: int


def outside(before: Images, exact: Images, margin: int = 1) -> Mask:
    """Pixels that an exact edit leaves alone, away from all that it changes.

    True where no pixel within `margin` rows and columns, itself included, differs
    between both pictures in any channel. before, exact: (N, H, W, 3), bytes. Returns
    (N, H, W).
    """
    differs = (before != exact).any(axis=-1)
    wide = torch.from_numpy(differs).float()[:, None]
    grown = max_pool2d(wide, 2 * margin + 1, stride=1, padding=margin)
    mask: Mask = grown[:, 0].numpy() == 0
    return mask


def masked_psnr(images: Images, others: Images, mask: Mask) -> float:
    """Peak signal-to-noise ratio in decibels, of the pixels of a mask alone.

    10 log10(255^2 / m), with m the mean squared difference over the three channels of
    all pixels where the mask is True, of all pictures together; infinite where they are
    equal. Bytes become floats before they are subtracted. images, others: (N, H, W, 3),
    bytes; mask: (N, H, W). Raises ValueError for a mask without a pixel.
    """
    if not mask.any():
        raise ValueError("the mask leaves no pixel to compare")
    off = images[mask].astype(np.float64) - others[mask]
    error = float((off**2).mean())
    return float(10 * np.log10(255**2 / error)) if error else float("inf")


def nearest_answer(drawn: Images, answers: Images) -> NDArray[np.intp]:
    """Which of K answers each picture is nearest to, by its mean squared difference.

    Bytes become floats before they are subtracted. Of answers that are equally near it
    is the first. drawn: (N, H, W, 3), bytes; answers: (K, N, H, W, 3), bytes. Returns
    (N,), each from 0 to K - 1.
    """
    off = drawn.astype(np.float32) - answers.astype(np.float32)
    nearest: NDArray[np.intp] = (off**2).mean(axis=(2, 3, 4)).argmin(axis=0)
    return nearest


def change_rate(changed: Mask, asked: Mask, confidence: float = 0.95) -> Rate:
    """How often something changed where nobody had asked for it.

    Only pictures count of which it was not asked. The share is that of the changed ones
    among them; its bounds are Wilson's (`recall.wilson_interval`), and so the upper one
    is not 0 where nothing was seen to change. changed, asked: (N,). Raises ValueError
    where all were asked.
    """
    cases = int((~asked).sum())
    if not cases:
        raise ValueError("all were asked to change: nothing is left to count")
    count = int((changed & ~asked).sum())
    return Rate(count / cases, *wilson_interval(count, cases, confidence), cases)


def seen_word(pairs: Sequence[EditPair], drawn: Images, name: str) -> list[str]:
    """What stands in each picture for one attribute: that of the nearest drawing.

    The scene after the wish is drawn with each word of VOCABULARY[name] in turn, and
    the wish's plan is run on it.
    """
    words = VOCABULARY[name]
    tried = [
        pair._replace(after=changed(pair.after, name, word))
        for word in words
        for pair in pairs
    ]
    return [words[i] for i in _nearest(drawn, tried)]


def _nearest(drawn: Images, tried: Sequence[EditPair]) -> NDArray[np.intp]:
    """`nearest_answer`, of pairs that try all pictures once, and once again, ..."""
    answers = answered(tried)  # drawn together: many times faster than one by one
    return nearest_answer(drawn, answers.reshape(-1, *drawn.shape))


def understood(pairs: Sequence[EditPair], drawn: Images) -> list[EditPair]:
    """What was done to each picture, of all that could have been asked in its place.

    A wish for the content: the scene after has the word that is seen. A wish for the
    colours: of the answers to all of them, and the picture itself, the nearest. So
    neither a copy nor an answer half-way meets a wish, and a raised arm does no harm.
    """
    found = list(pairs)
    for name in {pair.wish.name for pair in pairs}:
        mine = [i for i, pair in enumerate(pairs) if pair.wish.name == name]
        some, these = [pairs[i] for i in mine], drawn[mine]
        if name:
            for i, word in zip(mine, seen_word(some, these, name), strict=True):
                found[i] = pairs[i]._replace(after=changed(pairs[i].after, name, word))
            continue
        wishes = (*colour_wishes(), Wish("leave it"))
        tried = [pair._replace(wish=wish) for wish in wishes for pair in some]
        for i, chosen in zip(mine, _nearest(these, tried), strict=True):
            found[i] = pairs[i]._replace(wish=wishes[chosen])
    return found


def wishes_met(pairs: Sequence[EditPair], done: Sequence[EditPair]) -> Mask:
    """(N,) whether each wish was met; done: as `understood` gives them."""
    return np.array(
        [
            (pair.wish.plan, pair.after) == (own.wish.plan, own.after)
            for pair, own in zip(pairs, done, strict=True)
        ]
    )


def unasked(done: Sequence[EditPair], drawn: Images) -> dict[str, Rate]:
    """Rates of changes that nobody asked for: by attribute, "any", and "raised" arms.

    Words are read in `ORDER`, each beside those that were seen before it: in grey, a
    raised arm would pass for a lighter fur. "raised" counts pictures in which an arm is
    up that is down in the exact answer.

    done: as `understood` gives them; drawn: (N, H, W, 3), bytes.
    """
    named = np.array([pair.wish.name for pair in done])
    rates, some = dict[str, Rate](), np.zeros(len(done), dtype=bool)
    read = list(done)
    for name in ORDER:
        seen, asked = seen_word(read, drawn, name), named == name
        read = [
            pair._replace(after=changed(pair.after, name, word))
            for pair, word in zip(read, seen, strict=True)
        ]
        should = [_word(pair.after, name) for pair in done]
        other = np.array(seen) != np.array(should)
        rates[name], some = change_rate(other, asked), some | (other & ~asked)
        if name == "pose":
            both = zip(seen, should, strict=True)
            more = [bool(arms_up(new) - arms_up(old)) for new, old in both]
            rates["raised"] = change_rate(np.array(more), asked)
    return {**rates, "any": change_rate(some, np.zeros_like(some))}


def _word(scene: Scene, name: str) -> str:
    return str(scene.place if name == "place" else getattr(scene.bears[0], name))


def grey_ssim(images: Images, others: Images) -> float:
    """SSIM of the grey planes (`colour.luma`), the mean over pictures."""
    x, y = (torch.from_numpy(luma(each))[:, None] for each in (images, others))
    return float(ssim(x, y, data_range=255.0).mean())


def judged(
    pairs: Sequence[EditPair], before: Images, exact: Images, drawn: Images
) -> dict[str, Any]:
    """The figures of an editor, for JSON: an infinite ratio becomes None.

    colour, content: shares of wishes met; unasked: shares of changes, by attribute;
    outside: `masked_psnr` to the picture before, of wishes for the content; ssim:
    `grey_ssim` to the exact answers of wishes for the colours. Of a kind of wish that
    is not there, the figures are left out.
    """
    done = understood(pairs, drawn)
    met, rates = wishes_met(pairs, done), unasked(done, drawn)
    plain = np.array([bool(pair.wish.plan) for pair in pairs])
    found: dict[str, Any] = {"unasked": {name: r.share for name, r in rates.items()}}
    if plain.any():
        found["colour"] = float(met[plain].mean())
        found["ssim"] = grey_ssim(exact[plain], drawn[plain])
    if not plain.all():
        kept = outside(before, exact) & ~plain[:, None, None]
        ratio = masked_psnr(before, drawn, kept)
        found["content"] = float(met[~plain].mean())
        found["outside"] = ratio if np.isfinite(ratio) else None
    return found


def moved_arms(scenes: Sequence[Scene], wish: Wish) -> tuple[list[EditPair], Images]:
    """Answers of a bad editor: the wish is met, but the right arm went up or down.

    Returns the pairs and the pictures (N, 32, 32, 3): what `unasked` should find.
    """
    pairs = [EditPair(scene, wish, scene) for scene in scenes]
    poses = [moved(scene.bears[0].pose, "right") for scene in scenes]
    wrong = [
        pair._replace(after=changed(pair.scene, "pose", pose))
        for pair, pose in zip(pairs, poses, strict=True)
    ]
    return pairs, answered(wrong)
