"""Figure 07.P: a CLIP learns from votes what people look for (PickScore).

People are shown two pictures of one prompt. They dislike each word that the picture
misses, and they dislike blur, of which a CLIP was never told. Then it is tuned on their
votes.
"""

import math
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from coursekit.datasets.images import to_model
from coursekit.datasets.teddy.prompts import prompts
from coursekit.datasets.teddy.reader_data import blur
from coursekit.datasets.teddy.render import render
from coursekit.datasets.teddy.scene import VOCABULARY, Scene
from coursekit.datasets.tokens import TEDDY_LENGTH, teddy_tokenizer
from coursekit.experiments.summary import Result, for_seeds
from coursekit.experiments.train_toy import descend
from coursekit.models.clip import CLIP
from coursekit.theory.alignment import pick_loss
from coursekit.theory.preferences import agreement, order_pairs, vote
from coursekit.training.pretrained import load_model

PAIRS, HELD, STEPS, BATCH, RATE = 6000, 1500, 150, 64, 3e-4
SHARP = 5.0  # the factor of the cosines that tuning begins with
MISSED, BLURS = (0, 1, 2), (0.0, 0.6, 1.2)  # words missed, pixels of blur
MIND = 1.5  # by which the reward is multiplied before people vote


@dataclass(frozen=True)
class Pairs:
    """Both pictures (N, 2, 3, 32, 32), the prompts' ids (N, L), and the votes.

    missed, blurred: (N, 2), what people go by; wins: (N,), whether the first won.
    """

    images: Tensor
    texts: Tensor
    missed: Tensor
    blurred: Tensor
    wins: Tensor

    @property
    def reward(self) -> Tensor:
        """(N, 2): of one word as much as of one pixel of blur."""
        return -MIND * (self.missed + self.blurred)


def missing(scene: Scene, count: int, luck: np.random.Generator) -> Scene:
    """The scene with so many of its words exchanged for others."""
    (bear,) = scene.bears
    for name in luck.permutation(list(VOCABULARY))[:count].tolist():
        old = scene.place if name == "place" else getattr(bear, name)
        others = [word for word in VOCABULARY[name] if word != old]
        new: dict[str, Any] = {name: others[int(luck.random() * len(others))]}
        if name == "place":
            scene = replace(scene, **new)
        else:
            bear = replace(bear, **new)
    return replace(scene, bears=(bear,))


def pairs(count: int, split: str, seed: int) -> Pairs:
    """Votes on two pictures of each of `count` prompts."""
    luck = np.random.Generator(np.random.PCG64(seed))
    texts, asked = prompts(count, split, seed)
    missed = torch.from_numpy(luck.choice(MISSED, (count, 2)))
    blurred = torch.from_numpy(luck.choice(BLURS, (count, 2)))
    both = zip(asked, missed.tolist(), strict=True)
    x = to_model(render([missing(s, n, luck) for s, counts in both for n in counts]))
    for sigma in BLURS:
        mine = blurred.flatten() == sigma
        x[mine] = blur(x[mine], sigma)
    ids = teddy_tokenizer().encode(texts, TEDDY_LENGTH["solo"])
    nobody = torch.ones(count, dtype=torch.bool)
    found = Pairs(x.reshape(count, 2, *x.shape[1:]), ids, missed, blurred, nobody)
    first, second = found.reward.T
    wins = vote(first, second, torch.Generator().manual_seed(seed))
    return replace(found, wins=wins)


def tuned(
    model: CLIP,
    heard: Pairs,
    seed: int,
    steps: int = STEPS,
    loss_of: Callable[..., Tensor] = pick_loss,
) -> CLIP:
    """A copy of the CLIP that has learnt from votes."""
    model = deepcopy(model).requires_grad_(True)
    model.log_scale.data.fill_(math.log(SHARP))

    def loss(stir: torch.Generator) -> Tensor:
        rows = torch.randint(len(heard.wins), (BATCH,), generator=stir)
        with torch.autocast("cpu", torch.bfloat16):
            seen = model.encode_image(heard.images[rows].flatten(0, 1)).float()
            said = model.encode_text(heard.texts[rows]).float()
        first, second = seen.reshape(BATCH, 2, -1).unbind(1)
        return loss_of(first, second, said, heard.wins[rows].float(), model.log_scale)

    for _ in descend(model, loss, steps, RATE, seed, warmup=max(1, steps // 8)):
        pass
    return model.requires_grad_(False)


@torch.no_grad()
def rewards(model: CLIP, seen: Pairs) -> Tensor:
    """What a CLIP thinks of both pictures: cosines (N, 2)."""
    parts = [
        model.encode_image(part) for part in torch.split(seen.images.flatten(0, 1), 250)
    ]
    images = torch.cat(parts).reshape(len(seen.texts), 2, -1)
    return (images * model.encode_text(seen.texts)[:, None]).sum(2)


def foretold(reward: Tensor, seen: Pairs) -> Result:
    """The share of votes that rewards (N, 2) foretell, of all and by what differs.

    "words": pairs equally sharp; "blur": pairs that miss as many words.
    """
    kinds = {
        "all": torch.ones_like(seen.wins),
        "words": (seen.blurred[:, 0] == seen.blurred[:, 1])
        & (seen.missed[:, 0] != seen.missed[:, 1]),
        "blur": (seen.missed[:, 0] == seen.missed[:, 1])
        & (seen.blurred[:, 0] != seen.blurred[:, 1]),
    }
    found = {}
    for name, rows in kinds.items():
        first, second = reward[rows].T
        better, worse = order_pairs(first, second, seen.wins[rows])
        found[name] = float(agreement(better, worse))
    return found


def one(pairs_heard: int, held: int, steps: int, seed: int) -> Result:
    """Before, after, and the people's own reward: the shares of `foretold`."""
    model = load_model("teddy-clip")
    assert isinstance(model, CLIP)
    heard = pairs(pairs_heard, "train", 100 + seed)
    new = pairs(held, "test", 200 + seed)
    who = {
        "clip": rewards(model, new),
        "pick": rewards(tuned(model, heard, seed, steps), new),
        "truth": new.reward,
    }
    return {
        f"{name}_{kind}": share
        for name, reward in who.items()
        for kind, share in foretold(reward, new).items()
    }


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 07.P.

    Keys, each with _std and _all: `{who}_{kind}`, the share of new votes foretold by
    "clip", "pick" (after tuning) and "truth", of all pairs ("all"), of pairs that
    differ in words only ("words") and in blur only ("blur"); `pairs`, `held`, `steps`.
    """
    counts = (60, 40, 5) if quick else (PAIRS, HELD, STEPS)
    found = dict(zip(("pairs", "held", "steps"), counts, strict=True))
    return found | for_seeds(one, seeds[:1] if quick else seeds, *counts)
