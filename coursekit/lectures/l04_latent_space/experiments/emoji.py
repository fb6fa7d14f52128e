"""The emoji half of figure 04.P: names, styles and copies.

A pair of name and style has one picture and no other. On held-out pairs the model knows
the name in other styles and the style of other names; what it draws there it has
composed, and on pairs it was trained on it may simply remember. The judge, a CLIP, has
seen all pairs. Yardstick for copies: `emoji_copies`.
"""

from collections.abc import Sequence
from functools import partial

from coursekit.datasets import emoji
from coursekit.evaluation.emoji_figures import pair_figures, some
from coursekit.experiments.cache import kept
from coursekit.experiments.summary import Result, over_seeds
from coursekit.pipeline.parts import loaded
from coursekit.pipeline.pipeline import from_checkpoint
from coursekit.training.pretrained import card

MODEL, JUDGE = "emoji-prompts", "emoji-judge"
SCALES = (1.0, 3.0)


def measure_emoji(seeds: Sequence[int], quick: bool) -> Result:
    """Names, styles, copies, for real pictures and for drawn ones.

    Keys: `emoji_{split}_{scale}_{figure}` with _std and _all over seeds; split "pairs"
    (held out) or "train"; figure: of `evaluation.emoji_figures.pair_figures`;
    `emoji_{split}_real_{figure}` and `emoji_{split}_prompts`; `emoji_names` in all, and
    `emoji_train_pictures`. For train pairs the nearest training picture of a real
    picture is itself.
    """
    count = 20 if quick else 100
    pipe, judge = from_checkpoint(MODEL), loaded(JUDGE)
    weights = (card(MODEL)["sha256"], card(JUDGE)["sha256"])
    bank = emoji.load("train").images
    result: Result = {
        "emoji_scales": list(SCALES),
        "emoji_names": len(emoji.names()),
        "emoji_train_pictures": len(bank),
    }

    def once(chosen: emoji.EmojiSet, scale: float, seed: int) -> dict[str, float]:
        guided = {"guidance": "classifier-free", "scale": scale}
        told = pipe.swap(**(guided if scale != 1 else {"guidance": "none"}))
        return pair_figures(judge, told.draw(list(chosen.captions), seed), chosen, bank)

    for split in ("pairs", "train"):
        chosen = some(split, count)
        result[f"emoji_{split}_prompts"] = len(chosen)
        real = pair_figures(judge, chosen.images, chosen, bank)
        result |= {f"emoji_{split}_real_{name}": v for name, v in real.items()}
        for scale in SCALES:
            rows = [
                kept(
                    f"pipeline/emoji-{split}-{scale:g}-{seed}",
                    (weights, pipe.boxes, scale, seed, len(chosen)),
                    partial(once, chosen, scale, seed),
                )
                for seed in seeds
            ]
            for name in rows[0]:
                values = [row[name] for row in rows]
                result |= over_seeds(f"emoji_{split}_{scale:g}_{name}", values)
    return result
