"""A recipe of lecture 8: a picture and a wish, and the whole picture is drawn again."""

from dataclasses import replace

from coursekit.datasets.teddy.edit_pairs import WORDS
from coursekit.models.mmdit import MMDiTConfig
from coursekit.models.reference_tokens import ReferenceConfig
from coursekit.training.recipe import Profile
from coursekit.training.recipe_edit import EditRecipe
from coursekit.training.recipes_latent import GPU, QUICK
from coursekit.training.recipes_prompts import LARGE, SMALL


def with_reference(config: MMDiTConfig) -> ReferenceConfig:
    """The same shape with a reference and the words of wishes."""
    more = config.text.vocabulary + len(WORDS)
    text = replace(config.text, vocabulary=more)
    return ReferenceConfig(**{**vars(config), "text": text})


# Words, drawing and places are those of `teddy-prompts`; new are the words of wishes
# and that there is a picture to look at.
TEDDY_EDIT = EditRecipe(
    name="teddy-edit",
    title="Edit by drawing again: MM-DiT with a picture in its context, 32 x 32",
    data="teddy",
    latents="teddy-vae",
    start="teddy-prompts",
    quick=Profile(with_reference(SMALL), lr=5e-4, **{**QUICK, "steps": 60}),
    cpu=Profile(with_reference(SMALL), steps=3000, batch=32, lr=1e-3, warmup=200),
    gpu=Profile(
        with_reference(LARGE), steps=20_000, batch=512, lr=5e-4, pictures=200_000, **GPU
    ),
)
EDIT = (TEDDY_EDIT,)
