"""Figure 07.E: who notices that two colours are exchanged?

A caption says which colour is whose. Every caption meets two real pictures: the one
that it describes, and its twin, in which one thing is changed. A score that can tell
gives the right picture the higher number.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import islice

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from coursekit.datasets.images import to_model
from coursekit.datasets.teddy.captions import caption
from coursekit.datasets.teddy.reader import as_pixels
from coursekit.datasets.teddy.render import render
from coursekit.datasets.teddy.sample import scenes, teddies
from coursekit.datasets.teddy.scene import FURS, HATS, Scene
from coursekit.datasets.tokens import TEDDY_LENGTH, teddy_tokenizer
from coursekit.evaluation.alignment import text_vectors
from coursekit.evaluation.tifa import tifa
from coursekit.evaluation.vqa import load_vqa, vqa_scores
from coursekit.experiments.summary import Result
from coursekit.experiments.train_toy import descend
from coursekit.models.clip import CLIP
from coursekit.theory.alignment import clip_score
from coursekit.theory.contrastive import clip_loss
from coursekit.training.pretrained import load_model

Images = NDArray[np.uint8]
Twins = tuple[list[Scene], list[Scene]]
Score = Callable[[Images, Sequence[str]], NDArray[np.float64]]
SHARED = [fur for fur in FURS if fur in HATS]  # colours of furs and of hats
SIDE = 64


def clip_scores(model: CLIP) -> Score:
    """CLIPScore by a CLIP of 32 pixels."""

    @torch.no_grad()
    def score(images: Images, captions: Sequence[str]) -> NDArray[np.float64]:
        seen = model.encode_image(as_pixels(images, model.config.image.size))
        said = text_vectors(model, list(captions), "teddy")
        return np.asarray(clip_score(seen, said).double().numpy())

    return score


def tifa_scores(images: Images, captions: Sequence[str]) -> NDArray[np.float64]:
    """TIFA of each picture, answered by the small network."""
    return np.array(tifa(images, captions)["each"])


def yes_chances(images: Images, captions: Sequence[str]) -> NDArray[np.float64]:
    """VQAScore of each picture."""
    return np.asarray(vqa_scores(images, captions).double().numpy())


def another_hat(n: int, seed: int) -> Twins:
    """One bear with a hat; its twin wears another one."""
    stream = scenes(seed, "test", only=lambda s: s.bears[0].hat != "none")
    right = list(islice(stream, n))
    wrong = []
    for scene in right:
        (bear,) = scene.bears
        place = HATS[1:].index(bear.hat) + 1
        hat = HATS[1:][place % (len(HATS) - 1)]
        wrong.append(replace(scene, bears=(replace(bear, hat=hat),)))
    return right, wrong


def own_colours(n: int, seed: int) -> Twins:
    """A blue bear with a yellow hat, or the other way round."""

    def both(scene: Scene) -> bool:
        (bear,) = scene.bears
        return {bear.fur, bear.hat} == set(SHARED)

    right = []
    for split in ("test", "train", "heldout"):
        stream = scenes(seed, split)
        right += list(islice((s for s in islice(stream, 40 * n) if both(s)), n))
    right = right[:n]
    wrong = []
    for scene in right:
        (bear,) = scene.bears
        wrong.append(replace(scene, bears=(replace(bear, fur=bear.hat, hat=bear.fur),)))
    return right, wrong


def two_bears(n: int, seed: int) -> Twins:
    """Two bears; in the twin they have exchanged their hats."""
    right = list(islice(scenes(seed, "test", "pair"), n))
    wrong = []
    for scene in right:
        one, other = scene.bears
        bears = (replace(one, hat=other.hat), replace(other, hat=one.hat))
        wrong.append(replace(scene, bears=bears))
    return right, wrong


CHANGES = {
    "hat": another_hat,  # one bear, a hat of another colour
    "own": own_colours,  # one bear, its two colours exchanged
    "pair": two_bears,  # two bears, their hats exchanged
}
SHOWN = {"another hat": another_hat, "own colours": own_colours}
SHOWN |= {"hats exchanged": two_bears}
COUNT, STEPS, BATCH, RATE = 300, 400, 96, 5e-4


def shown_twins(
    seed: int = 3,
) -> tuple[dict[str, str], dict[str, Images], dict[str, Images]]:
    """By change: a caption, its picture (64, 64, 3), and the picture's twin."""
    captions, right, wrong = {}, {}, {}
    for name, twins_of in SHOWN.items():
        (scene,), (twin,) = twins_of(1, seed)
        captions[name] = caption(scene)
        right[name], wrong[name] = render([scene, twin], SIDE)
    return captions, right, wrong


def seen_pairs(steps: int = STEPS, pictures: int = 6000, seed: int = 0) -> CLIP:
    """teddy-clip, trained on with pictures of two bears and their captions."""
    model = load_model("teddy-clip").requires_grad_(True)
    assert isinstance(model, CLIP)
    images, shown = teddies(pictures, model.config.image.size, 77, "train", "pair")
    texts = [caption(scene) for scene in shown]
    ids, x = teddy_tokenizer().encode(texts, TEDDY_LENGTH["solo"]), to_model(images)

    def loss(stir: torch.Generator) -> Tensor:
        rows = torch.randint(len(x), (BATCH,), generator=stir)
        with torch.autocast("cpu", torch.bfloat16):
            seen, said = model.encode_image(x[rows]), model.encode_text(ids[rows])
        return clip_loss(seen.float(), said.float(), model.temperature())

    for _ in descend(model, loss, steps, RATE, seed, warmup=max(1, steps // 10)):
        pass
    return model.eval().requires_grad_(False)


def told_apart(score: Score, twins: Twins, captions: Sequence[str]) -> Result:
    """What a score gives both twins, and how often the right one more.

    "right", "wrong": means; "gap" of the two and "order", the share in the right order,
    a tie half; each with "_error", 1.96 standard errors over the captions.
    """
    right, wrong = (score(render(each, SIDE), captions) for each in twins)
    both = {"right": right, "wrong": wrong, "gap": right - wrong}
    both["order"] = (np.sign(right - wrong) + 1) / 2
    return {
        **{name: float(values.mean()) for name, values in both.items()},
        **{
            f"{name}_error": float(1.96 * values.std(ddof=1) / len(values) ** 0.5)
            for name, values in both.items()
        },
    }


def measure(quick: bool = False) -> Result:
    """Everything of 07.E.

    Keys: `count` of captions; for each change ("hat", "own", "pair") and each score
    ("clip": teddy-clip; "clip_pairs": the same, trained on with pairs; "tifa", "vqa"):
    `{change}_{score}_{name}`, with the names of `told_apart`; `steps`, `batch` of the
    further training (one seed); `vqa_parameters`.
    """
    count, steps = (6, 2) if quick else (COUNT, STEPS)
    clip, more = load_model("teddy-clip"), seen_pairs(steps, 100 if quick else 6000)
    assert isinstance(clip, CLIP)
    scores = {
        "clip": clip_scores(clip),
        "clip_pairs": clip_scores(more),
        "tifa": tifa_scores,
        "vqa": yes_chances,
    }
    found: Result = {"count": count, "steps": steps, "batch": BATCH}
    found["vqa_parameters"] = load_vqa()[1]["parameters"]
    for change, twins_of in CHANGES.items():
        twins = twins_of(count, 910)
        captions = [caption(scene) for scene in twins[0]]
        for name, score in scores.items():
            row = told_apart(score, twins, captions)
            found |= {f"{change}_{name}_{key}": value for key, value in row.items()}
    return found
