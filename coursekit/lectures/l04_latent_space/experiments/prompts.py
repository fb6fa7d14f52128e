"""Does the whole pipeline draw what it is told? Figure 04.P, 200 held-out prompts.

Half of the prompts describe new scenes of known combinations, half fur-hat pairs that
no training saw. The second reader judges, and its verdict on real pictures of the same
scenes, and on real pictures that went through the autoencoder, says what a perfect
model could get.

Emoji: a pair of name and style has one picture and no other. On held-out pairs the
model knows the name in other styles and the style of other names; what it draws there
it has composed, and on pairs it was trained on it may simply remember. The judge, a
CLIP, has seen all pairs. Yardstick for copies: `emoji_copies`.
"""

from collections.abc import Sequence
from functools import partial
from typing import cast

from coursekit.datasets import emoji
from coursekit.datasets.emoji_copies import nearest
from coursekit.datasets.teddy.prompts import prompts
from coursekit.datasets.teddy.render import render
from coursekit.datasets.teddy.sample import teddies
from coursekit.datasets.teddy.scene import Scene
from coursekit.evaluation.emoji_figures import pair_figures, some
from coursekit.evaluation.prompt_alignment import prompt_alignment
from coursekit.evaluation.prompts import SEED
from coursekit.evaluation.reconstruction import rebuilt
from coursekit.experiments.cache import Images, kept
from coursekit.experiments.summary import Result, columns, over_seeds, prefixed, sum_up
from coursekit.models.autoencoder import Autoencoder
from coursekit.pipeline.catalogue import is_there
from coursekit.pipeline.parts import loaded
from coursekit.pipeline.pipeline import Pipeline, from_checkpoint
from coursekit.training.pretrained import card

MODEL, AUTOENCODER = "teddy-prompts", "teddy-vae"
EMOJI_MODEL, JUDGE = "emoji-prompts", "emoji-judge"
SCALES, EMOJI_SCALES = (1.0, 3.0, 6.0), (1.0, 3.0)  # whole; 1: no guidance
SPLITS = ("test", "heldout")
BANK = 20_000  # the training pictures of the model


def at_scale(pipe: Pipeline, scale: float) -> Pipeline:
    """The same pipeline with another guidance scale; 1 asks only once."""
    if scale == 1:
        return pipe.swap(guidance="none")
    return pipe.swap(guidance="classifier-free", scale=scale)


def shares(images: Images, scenes: Sequence[Scene]) -> dict[str, float]:
    """Adherence as {split}_{attribute}, also for both; the first half is "test"."""
    half = len(scenes) // 2
    parts = {"test": slice(0, half), "heldout": slice(half, None), "both": slice(None)}
    found: dict[str, float] = {}
    for split, part in parts.items():
        found |= prefixed(split, prompt_alignment(images[part], scenes[part]))
    return found


def copying(images: Images, bank: Images) -> dict[str, float]:
    """Distances to the nearest picture of the bank: their mean, and the least."""
    off = nearest(images, bank)[1]
    return {"": float(off.mean()), "_least": float(off.min())}


def held_out(count: int) -> tuple[list[str], list[Scene]]:
    """Half the prompts of split "test", half of "heldout", and what they describe."""
    parts = [prompts(count // 2, split, SEED) for split in SPLITS]
    return parts[0][0] + parts[1][0], parts[0][1] + parts[1][1]


def measure_teddies(seeds: Sequence[int], quick: bool) -> Result:
    """The teddy half of 04.P; keys as in `measure`. Finished samplings are kept."""
    count, scales = (20, SCALES[:2]) if quick else (200, SCALES)
    asked, scenes = held_out(count)
    real, pipe = render(scenes), from_checkpoint(MODEL)
    back = rebuilt(cast(Autoencoder, loaded(AUTOENCODER)), real)
    bank = teddies(500 if quick else BANK, seed=0)[0]
    weights = card(MODEL)["sha256"]

    def compute(scale: float, seed: int) -> Result:
        images = at_scale(pipe, scale).draw(asked, seed)
        return {"shares": shares(images, scenes), "copy": copying(images, bank)}

    result: Result = {
        "prompts": count,
        "scales": list(scales),
        "steps": pipe.boxes.steps,
        "solver": pipe.boxes.solver,
        **prefixed("real", shares(real, scenes)),
        **prefixed("rebuilt", shares(back, scenes)),
        **{f"copy_real{end}": off for end, off in copying(real, bank).items()},
    }
    for scale in scales:
        rows = []
        for seed in seeds:
            settings = (weights, pipe.boxes, scale, seed, count, len(bank))
            name = f"pipeline/teddy-{scale:g}-{seed}"
            rows.append(kept(name, settings, partial(compute, scale, seed)))
        for name, values in columns(row["shares"] for row in rows).items():
            split, attribute = name.split("_")
            result |= over_seeds(f"{split}_{scale:g}_{attribute}", values)
        copies = columns(row["copy"] for row in rows)
        result |= over_seeds(f"copy_{scale:g}", copies[""])
        result[f"copy_{scale:g}_least"] = min(copies["_least"])
    best = max(scales, key=lambda scale: float(result[f"both_{scale:g}_all"]))
    return result | {"best_scale": best}


def measure_emoji(seeds: Sequence[int], quick: bool) -> Result:
    """The emoji half of 04.P, prefixed emoji_: for real pictures and for drawn ones.

    Keys: `{split}_{scale}_{figure}` with _std and _all over seeds; split "pairs" (held
    out) or "train"; figure: of `evaluation.emoji_figures.pair_figures`;
    `{split}_real_{figure}` and `{split}_prompts`; `names` in all, `train_pictures`. For
    train pairs the nearest training picture of a real picture is itself.
    """
    pipe, judge = from_checkpoint(EMOJI_MODEL), loaded(JUDGE)
    weights = (card(EMOJI_MODEL)["sha256"], card(JUDGE)["sha256"])
    bank = emoji.load("train").images

    def compute(chosen: emoji.EmojiSet, scale: float, seed: int) -> dict[str, float]:
        images = at_scale(pipe, scale).draw(list(chosen.captions), seed)
        return pair_figures(judge, images, chosen, bank)

    result: Result = {
        "scales": list(EMOJI_SCALES),
        "names": len(emoji.names()),
        "train_pictures": len(bank),
    }
    for split in ("pairs", "train"):
        chosen = some(split, 20 if quick else 100)
        result[f"{split}_prompts"] = len(chosen)
        real = pair_figures(judge, chosen.images, chosen, bank)
        result |= prefixed(f"{split}_real", real)
        for scale in EMOJI_SCALES:
            rows = []
            for seed in seeds:
                settings = (weights, pipe.boxes, scale, seed, len(chosen))
                name = f"pipeline/emoji-{split}-{scale:g}-{seed}"
                rows.append(kept(name, settings, partial(compute, chosen, scale, seed)))
            result |= prefixed(f"{split}_{scale:g}", sum_up(rows))
    return prefixed("emoji", result)


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 04.P.

    Keys: `{split}_{scale}_{attribute}` with _std and _all over seeds, split one of
    test, heldout and both, attribute place, count, fur, hat, glasses, pose, action, all
    of them at once ("all"), or valid; `real_{split}_...` and `rebuilt_{split}_...`, the
    same for real pictures and after the autoencoder; `copy_{scale}`, the mean distance
    to the nearest training picture, `_least` the smallest one, `copy_real` that of real
    pictures of the same scenes; `best_scale`, at which most pictures show all that
    their prompts say; `emoji_...`: only where both emoji models are trained.
    """
    found = measure_teddies(seeds, quick)
    if is_there(EMOJI_MODEL) and is_there(JUDGE):
        found |= measure_emoji(seeds, quick)
    return found
