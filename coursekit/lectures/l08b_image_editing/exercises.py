"""How the exercises of notebook 8b are tried: fresh inputs, and a look."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from coursekit.checks.spec import BadResult, Function, Inputs
from coursekit.checks.tried import (
    Results,
    Tries,
    array,
    count,
    generator,
    loaded,
    number,
    refusal,
    vectors,
    weights,
)
from coursekit.datasets.teddy.edit_pairs import edit_pairs
from coursekit.models.reference_tokens import ReferenceConfig, ReferenceMMDiT
from coursekit.models.text_encoder import TextConfig

PROBES = Tries()
tried = PROBES.tried


# MARK exact


# MARK wishes


# MARK generator


def _bytes(value: Any) -> Tensor:
    """Pictures that the learner returns. Raises BadResult for anything else."""
    if not isinstance(value, np.ndarray) or value.dtype != np.uint8:
        kind = getattr(value, "dtype", type(value).__name__)
        raise BadResult(f"it returns {kind}, not pictures of bytes (np.uint8)")
    return torch.from_numpy(value.astype(np.int64))


def _wishes(seed: int) -> Inputs:
    """Scenes with a wish each: all for colours, all for content, or by turns."""
    return {"kind": seed % 3, "pairs": abs(seed) + 1, "size": (32, 16, 24)[seed % 3]}


@tried("08b.100", _wishes, cases=("for colours", "for content", "of both kinds"))
def answered(fn: Function, i: Any) -> Results:
    pairs = edit_pairs(12, i.pairs)
    some = pairs[i.kind :: 2] if i.kind < 2 else pairs[:6]
    return {
        "the answers": _bytes(fn(list(some), i.size)),
        "the answers at the usual size": _bytes(fn(list(some))),
    }


def _two_pictures(seed: int) -> Inputs:
    rng = generator(seed)
    text, side, more = (int(rng.integers(3, 7)) for _ in range(3))
    sides = ((side, side), (side, side + more), (side + more, side))[seed % 3]
    given = {"text": text, "height": sides[0], "width": sides[1]}
    return given | {"offset": float(rng.uniform(3, 20))}


@tried("08b.102", _two_pictures, cases=("square", "wide", "tall"))
def reference_positions(fn: Function, i: Any) -> Results:
    return {
        "the places": fn(i.text, i.height, i.width, i.offset),
        "the places with the usual offset": fn(i.text, i.height, i.width),
    }


SHAPE = ReferenceConfig(
    TextConfig(9, 4, 8, 1, 2), 2, width=16, heads=2, double=1, single=1, sines=True
)


def _to_edit(seed: int) -> Inputs:
    sides = ((3, 3), (3, 5), (4, 2))[seed % 3]
    drawn = vectors(seed, xt=(5, 2, *sides), reference=(5, 2, *sides))
    rng = generator(seed)
    words = {"t": rng.uniform(0.1, 0.9, 5), "ids": rng.integers(3, 9, (5, 4))}
    words["ids"][:, 3] = 2
    return weights(ReferenceMMDiT(SHAPE), seed) | drawn | words


@tried("08b.103", _to_edit, cases=("square", "wide", "tall"))
def reference_mmdit(fn: Function, i: Any) -> Results:
    model = loaded(fn, {"config": SHAPE}, i)
    return {
        "velocities": model(i.xt, i.t, (i.ids, i.reference)),
        "velocities with two pictures exchanged": model(
            i.reference, i.t, (i.ids, i.xt)
        ),
    }


class WatchedEditor:
    """An editor that no formula gives, and how often it was asked."""

    def __init__(self) -> None:
        """Nobody has asked yet."""
        self.calls = 0

    def __call__(self, xt: Tensor, t: Tensor, told: Any) -> Tensor:
        """A velocity. Raises BadResult for rows that do not belong together."""
        if not isinstance(told, tuple) or len(told) != 2:
            raise BadResult("ask model(xt, t, (ids, reference)): a tuple of two")
        self.calls += 1
        ids, reference = told
        if len({len(xt), len(t), len(ids), len(reference)}) > 1:
            raise BadResult("xt, t, ids and reference need one row for each picture")
        said = ids.to(xt.dtype).mean(dim=1)[:, None, None, None]
        late = t[:, None, None, None]
        found: Tensor = torch.tanh(xt * said) + late * reference
        found = found + said * reference.square()
        return found


def _guided(seed: int) -> Inputs:
    rng = generator(seed)
    scale = (1.0, 0.0, float(rng.uniform(1.5, 4)))[seed % 3]
    words = {"ids": rng.integers(3, 9, (5, 4)), "null": np.array([1, 2, 0, 0])}
    drawn = vectors(seed, xt=(5, 2, 3, 4), reference=(5, 2, 3, 4))
    return drawn | words | {"t": rng.uniform(0.1, 0.9, 5), "scale": scale}


@tried("08b.104", _guided, cases=("at scale 1", "at scale 0", "at a larger scale"))
def guided_by_words(fn: Function, i: Any) -> Results:
    model = WatchedEditor()
    ask = fn(model, i.ids, i.null, i.reference, i.scale)
    if not callable(ask):
        raise BadResult("it must return a function of xt and t")
    found = ask(i.xt, i.t)
    array(found)
    once = model.calls == 1 if i.scale == 1 else True
    return {
        "the guided answer": found,
        "asked once where once is enough": count(once),
        "the answer elsewhere": ask(2 * i.xt, i.t),
    }


def _crowd(seed: int) -> Inputs:
    """Bytes of the whole range; of each picture one answer is wrong in all numbers by
    10, one by 16, whose square is 0 in bytes, and one by 100 in a single number. For
    odd seeds the best one is there twice.
    """
    rng = generator(seed)
    drawn = rng.integers(20, 236, (5, 3, 4, 3))
    answers = rng.integers(0, 256, (6, 5, 3, 4, 3))
    for n in range(5):
        little, more, much, again = rng.permutation(6)[:4]
        answers[little, n] = drawn[n] + rng.choice([-10, 10], drawn[n].shape)
        answers[more, n] = drawn[n] + rng.choice([-16, 16], drawn[n].shape)
        answers[much, n] = drawn[n]
        answers[much, n, 0, 0, 0] += 100 if drawn[n, 0, 0, 0] < 128 else -100
        if seed % 2:
            answers[again, n] = answers[little, n]
    return {"drawn": drawn.astype(np.uint8), "answers": answers.astype(np.uint8)}


@tried("08b.105", _crowd, cases=("all differ", "some are equal"))
def nearest_answer(fn: Function, i: Any) -> Results:
    found = fn(i.drawn.numpy().copy(), i.answers.numpy().copy())
    if not isinstance(found, np.ndarray) or found.shape != (5,):
        raise BadResult("it must return a number for each picture, an array (N,)")
    return {"which answer": torch.from_numpy(found.astype(np.float64))}


def _counted(seed: int) -> Inputs:
    rng = generator(seed)
    asked = rng.random(40) < 0.3
    changed = rng.random(40) < (0.0 if seed % 2 else 0.4)
    changed |= asked & (rng.random(40) < 0.7)
    return {"changed": changed, "asked": asked, "sure": float(rng.uniform(0.6, 0.9))}


@tried("08b.106", _counted, cases=("some changed", "none changed unasked"))
def change_rate(fn: Function, i: Any) -> Results:
    changed, asked = i.changed.numpy(), i.asked.numpy()
    rate, usual = fn(changed.copy(), asked.copy(), i.sure), fn(changed, asked)
    if not isinstance(rate, tuple) or len(rate) != 4:
        raise BadResult("it must return a Rate: share, low, high, cases")
    names = ("share", "lower bound", "upper bound", "cases")
    found = {name: number(v) for name, v in zip(names, rate, strict=True)}
    found["upper bound of 95 %"] = number(usual[2])
    every = np.ones_like(asked)
    found["ValueError where all were asked"] = refusal(lambda: fn(changed, every))
    return found


def _masked(seed: int) -> Inputs:
    rng = generator(seed)
    images, others = rng.integers(0, 256, (2, 3, 4, 5, 3)).astype(np.uint8)
    mask = rng.random((3, 4, 5)) < 0.5
    mask[0] = seed % 2 == 0  # a picture that is all in, or all out
    return {"images": images, "others": others, "mask": mask}


@tried("08b.400", _masked, cases=("a whole picture inside", "a whole picture outside"))
def masked_psnr(fn: Function, i: Any) -> Results:
    images, others, mask = (i[n].numpy() for n in ("images", "others", "mask"))
    same = np.where(mask[..., None], images, others)
    return {
        "decibels": number(fn(images.copy(), others.copy(), mask.copy())),
        "decibels of very different pictures": number(
            fn(images // 250 * 250, 255 - images, mask)
        ),
        "infinite where the masked pixels are equal": number(
            fn(images, same, mask) == float("inf")
        ),
        "ValueError for an empty mask": refusal(
            lambda: fn(images, others, mask & False)
        ),
    }
