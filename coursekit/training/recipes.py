"""All recipes by name: what `coursekit train` and `coursekit recipes` know."""

from coursekit.training.recipe import Recipe
from coursekit.training.recipe_edit_planner import EDITS
from coursekit.training.recipe_watermark import MARKS
from coursekit.training.recipes_clips import CLIPS
from coursekit.training.recipes_edit import EDIT
from coursekit.training.recipes_latent import LATENT
from coursekit.training.recipes_mini import MINI
from coursekit.training.recipes_mirror import MIRRORS
from coursekit.training.recipes_pixels import PIXELS
from coursekit.training.recipes_prompts import PROMPTS
from coursekit.training.recipes_students import STUDENTS
from coursekit.training.recipes_text import TEXTS
from coursekit.training.recipes_tuning import TUNING
from coursekit.training.recipes_video import VIDEO

RECIPES: dict[str, Recipe] = {
    **PIXELS,
    **{
        recipe.name: recipe
        for group in (
            LATENT,
            PROMPTS,
            MINI,
            EDIT,
            TUNING,
            STUDENTS,
            MIRRORS,
            TEXTS,
            VIDEO,
            CLIPS,
            EDITS,
            MARKS,
        )
        for recipe in group
    },
}
