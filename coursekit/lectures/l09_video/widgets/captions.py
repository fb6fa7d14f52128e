"""A clip for chosen words: the network is asked once for each caption."""

from collections.abc import Callable
from functools import lru_cache, partial

import ipywidgets as w
import numpy as np
from torch import Tensor, nn

from coursekit.datasets.teddy.captions import WHERE
from coursekit.datasets.teddy.clip_scene import SHIRTS
from coursekit.datasets.teddy.clip_words import VERBS
from coursekit.datasets.teddy.reader import attributes
from coursekit.datasets.teddy.scene import FURS, HATS
from coursekit.evaluation.clip_measures import Clips, flicker_rate, motion
from coursekit.evaluation.clip_sampling import decoded, latents_of_words
from coursekit.widgets.controls import number
from coursekit.widgets.live import Live
from coursekit.widgets.scene import Scene

SHOWN = 9  # frames of 17


def sentence(fur: str, hat: str, verb: str, place: str, shirt: str) -> str:
    """The caption, as `clip_caption` writes it; "none" leaves something out."""
    dressed = "" if hat == "none" else f" with a {hat} hat"
    walker = "" if shirt == "none" else f", then a person in a {shirt} shirt walks past"
    return f"a {fur} teddy bear{dressed} {verb} {WHERE[place]}{walker}"


def draw(make: Callable[[str, int], Clips], seed: float, **words: str) -> Scene:
    """Every other frame, and what a reader finds in all of them."""
    caption = sentence(**words)
    clip = make(caption, int(seed))
    seen = attributes(clip)
    hats = f"{flicker_rate(seen['hat'][None]):.0%}" if len(clip) > 1 else "none"
    found = ", ".join(
        f"{name} in {np.mean(seen[name] == words[name]):.0%}"
        for name in ("fur", "hat", "place")
    )
    text = (
        f"{caption}. As asked: {found} of the frames. The hat changes between {hats} "
        f"of the neighbours; motion {motion(clip[None]):.3f}."
    )
    return Scene(images=clip[:: len(clip) // (SHOWN - 1)], text=text)


def captions(
    model: nn.Module, decode: Callable[[Tensor], Tensor], shape: tuple[int, ...]
) -> Live:
    """Words to choose and a seed; shape: (L, T, h, w) of the latents."""

    @lru_cache(maxsize=64)
    def make(caption: str, seed: int) -> Clips:
        found: Clips = decoded(
            decode, latents_of_words(model, [caption], shape, seed=seed)
        )[0]
        return found

    def words(label: str, options: tuple[str, ...], value: str) -> w.Dropdown:
        return w.Dropdown(options=options, value=value, description=label)

    controls = {
        "fur": words("fur", tuple(FURS), "brown"),
        "hat": words("hat", tuple(HATS), "red"),
        "verb": words("it", tuple(VERBS.values()), "dances"),
        "place": words("place", tuple(WHERE), "park"),
        "shirt": words("walker", ("none", *SHIRTS), "none"),
        "seed": number("noise", 0, 0, 9, 1, "d"),
    }
    return Live(controls, partial(draw, make), "captions")
