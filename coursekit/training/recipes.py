"""All recipes by name: what `coursekit train` and `coursekit recipes` know."""

from coursekit.training.recipe import Recipe
from coursekit.training.recipes_latent import TEDDY_VAE
from coursekit.training.recipes_pixels import PIXELS

RECIPES: dict[str, Recipe] = {**PIXELS, **{r.name: r for r in (TEDDY_VAE,)}}
