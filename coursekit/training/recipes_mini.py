"""Recipes of lecture 8: open models of 2026 in miniature, side by side.

One world, one set of captions, one effort and about as many weights (2.6 million);
what differs is the plan. `mini-flux` and `mini-qwen` learn the latents of an
autoencoder and read their prompt with an encoder; `mini-hidream` has neither. Their
encoder is learnt with the rest; `mini-qwen-frozen` borrows that of `teddy-clip`, as
the large models borrow one, and is otherwise the same.
"""

from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar

from coursekit.datasets.tokens import TEDDY_WORDS
from coursekit.models.uit import UiTConfig
from coursekit.theory.clean_prediction import LEAST
from coursekit.training.recipe import Profile, Recipe
from coursekit.training.recipe_prompts import PromptRecipe
from coursekit.training.recipes_latent import GPU, QUICK
from coursekit.training.recipes_prompts import LARGE, SMALL, TEDDY_PROMPTS
from coursekit.training.text_image_data import length_of, text_config

CPU: dict[str, Any] = {"steps": 3000, "batch": 32, "warmup": 300, "lr": 1.5e-3}
LARGER: dict[str, Any] = {"steps": 30_000, "batch": 1024, "lr": 5e-4, **GPU}
FIRST: dict[str, Any] = {"lr": 2e-3, "show_every": 100, **QUICK}

TEXT = text_config("teddy", 96, 3, 4)  # the encoder of `teddy-clip`
DOUBLE = replace(SMALL, text=TEXT)

# Words and pictures apart at first, then in one stream, as in FLUX.1 and FLUX.2.
MINI_FLUX = replace(
    TEDDY_PROMPTS,
    name="mini-flux",
    title="FLUX in miniature: double, then single streams on latents, 32 x 32",
    quick=Profile(replace(SMALL, width=64, double=1, single=1), **FIRST),
    cpu=Profile(replace(DOUBLE, double=2, single=4), **CPU),
    gpu=Profile(LARGE, pictures=200_000, **LARGER),
)

# Two streams all the way (Wu et al. 2025).
MINI_QWEN = replace(
    MINI_FLUX,
    name="mini-qwen",
    title="Qwen-Image in miniature: double streams on latents, 32 x 32",
    quick=Profile(replace(SMALL, width=64, double=2, single=0), **FIRST),
    cpu=Profile(DOUBLE, **CPU),
    gpu=Profile(replace(LARGE, double=5, single=0), pictures=200_000, **LARGER),
)

MINI_QWEN_FROZEN = replace(
    MINI_QWEN,
    name="mini-qwen-frozen",
    title="Qwen-Image in miniature, with the text encoder of teddy-clip, frozen",
    encoder="teddy-clip",
    quick=replace(MINI_QWEN.quick, model=replace(DOUBLE, width=64, double=2, single=0)),
    gpu=replace(MINI_QWEN.gpu, model=replace(LARGE, text=TEXT, double=5, single=0)),
)

# On pixels, with a noise scale. HiDream-O1 has 8 for 2048 x 2048; 2 moves the times
# here about as far as the law of JiT's code does (the logit's mean is 0.8, e^0.8 is
# 2.2), for in a large patch a pixel's neighbours tell what a little noise hides.
PIXELS = UiTConfig(TEDDY_WORDS, length_of("teddy"))

MINI_HIDREAM = replace(
    MINI_FLUX,
    name="mini-hidream",
    title="HiDream-O1 in miniature: one stream of words and pixels, 32 x 32",
    latents="",
    shift=2.0,
    least=LEAST,
    quick=Profile(replace(PIXELS, width=96, depth=2, heads=3), **FIRST),
    cpu=Profile(PIXELS, **CPU),
    gpu=Profile(
        replace(PIXELS, width=256, depth=9, heads=8), pictures=200_000, **LARGER
    ),
)


@dataclass(frozen=True)
class Mini(PromptRecipe):
    """One that ships with three bits of mantissa, which pack to two thirds."""

    mantissa: ClassVar[int] = 3


def slim(recipe: PromptRecipe) -> Mini:
    """The same recipe, for fewer bits."""
    return Mini(**{each.name: getattr(recipe, each.name) for each in fields(recipe)})


MINI: tuple[Recipe, ...] = tuple(
    slim(each) for each in (MINI_FLUX, MINI_QWEN, MINI_QWEN_FROZEN, MINI_HIDREAM)
)
