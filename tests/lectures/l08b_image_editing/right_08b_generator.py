"""Right versions of the exercises of 8b.1 and 8b.8, in other styles."""

import math

import numpy as np
import torch
from torch.nn.functional import mse_loss

from coursekit.datasets.teddy.render import render
from coursekit.editing.executor import run_step
from coursekit.evaluation.preservation import Rate
from coursekit.evaluation.recall import wilson_interval
from coursekit.models.mmdit import MMDiT
from coursekit.models.positions import joint_positions
from coursekit.models.reference_tokens import ReferenceMMDiT
from coursekit.theory.guidance import classifier_free


def step_by_step(pairs, size=32):
    """One picture after the other, one step after the other."""
    done = []
    for pair in pairs:
        picture = render([pair.after], size)[0]
        for step in pair.wish.plan:
            picture = run_step(picture, step)
        done.append(picture)
    return np.array(done)


def row_by_row(text, height, width, offset=10.0):
    plane = joint_positions(text, height, width).tolist()
    rows = [[0.0, *place] for place in plane]
    rows += [[offset, *place] for place in plane[text:]]
    return torch.tensor(rows, dtype=torch.float64)


class BySplitting(ReferenceMMDiT):
    """The base class by name, and the answer split in two."""

    def forward(self, xt, t, cond):
        words, given = cond
        n, c, h, w = xt.shape
        both = xt.new_empty(n, c, 2 * h, w)
        both[:, :, :h], both[:, :, h:] = xt, given
        mine, _ = MMDiT.forward(self, both, t, words).split(h, dim=2)
        return mine


def in_one_batch(model, ids, null, reference, scale):
    """`classifier_free`, with the reference repeated for both halves."""

    def told(xt, t, words):
        times = len(words) // len(reference)
        return model(xt, t, (words, reference.repeat(times, 1, 1, 1)))

    return classifier_free(told, ids, null, scale)


def in_a_loop(drawn, answers):
    found = []
    for n, picture in enumerate(drawn):
        off = [
            float(((picture.astype(int) - each[n].astype(int)) ** 2).sum())
            for each in answers
        ]
        found.append(off.index(min(off)))
    return np.array(found)


def counted(changed, asked, confidence=0.95):
    left = [bool(c) for c, a in zip(changed, asked, strict=True) if not a]
    if not left:
        raise ValueError("nothing is left")
    low, high = wilson_interval(sum(left), len(left), confidence)
    return Rate(sum(left) / len(left), low, high, len(left))


def with_weights(images, others, mask):
    """The mask as weights of 0 and 1."""
    if mask.sum() == 0:
        raise ValueError("no pixel")
    x, y = (torch.from_numpy(each.astype(np.float64)) for each in (images, others))
    inside = torch.from_numpy(mask)[..., None].double()
    total = mse_loss(x * inside, y * inside, reduction="sum")
    error = float(total) / (3 * int(mask.sum()))
    return math.inf if error == 0 else 20 * math.log10(255 / math.sqrt(error))


def all_in_numpy(images, others, mask):
    """The number is one of numpy's, and 1 / 0 is infinite there."""
    if not np.count_nonzero(mask):
        raise ValueError("no pixel")
    off = np.subtract(images, others, dtype=np.float64)[mask]
    return -10 * np.log10(np.square(off / 255).mean())


RIGHT = {
    "08b.1": (step_by_step,),
    "08b.3": (row_by_row,),
    "08b.4": (BySplitting,),
    "08b.5": (in_one_batch,),
    "08b.6": (in_a_loop,),
    "08b.7": (counted,),
    "08b.38": (with_weights, all_in_numpy),
}
