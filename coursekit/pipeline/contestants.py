"""Everybody who draws bears from a prompt, by name: models, adapters and students."""

from pathlib import Path

from coursekit.pipeline.adapters import worn
from coursekit.pipeline.boxes import PipelineError
from coursekit.pipeline.catalogue import entries, is_there
from coursekit.pipeline.pipeline import Pipeline, from_checkpoint
from coursekit.pipeline.students import taught
from coursekit.training.recipe_adapter import AdapterRecipe
from coursekit.training.recipe_students import StudentRecipe
from coursekit.training.recipes import RECIPES
from coursekit.training.recipes_mini import Mini

WORLDS = ("teddy", "bears")  # one bear, and one to three


def contestants(folder: Path | None = None) -> list[str]:
    """The names of those that ship, in the order of the recipes.

    Not the miniatures of lecture 8, which had too few updates to compete.
    """
    models = {e.name for e in entries() if e.told == "prompt" and e.world in WORLDS}
    found = []
    for name, recipe in RECIPES.items():
        tuned = isinstance(recipe, AdapterRecipe) and recipe.start in models
        if isinstance(recipe, Mini):
            continue
        if (name in models or tuned) and is_there(name, folder):
            found.append(name)
    return found


def contestant(name: str, folder: Path | None = None) -> Pipeline:
    """The pipeline of one of them; "NAME@4" draws in four steps.

    Raises PipelineError for a name that is none of `contestants`, or a number of steps
    that it was not made for.
    """
    who, at, said = name.partition("@")
    known = contestants(folder)
    if who not in known or (at and not said.isdecimal()):
        raise PipelineError(f"{name!r} draws no bears: use one of {', '.join(known)}")
    steps, recipe = int(said) if at else None, RECIPES[who]
    if isinstance(recipe, StudentRecipe):
        return taught(from_checkpoint(recipe.start, folder), who, steps)
    base = recipe.start if isinstance(recipe, AdapterRecipe) else who
    pipe = from_checkpoint(base, folder)
    pipe = worn(pipe, who) if base != who else pipe
    return pipe.swap(steps=steps) if steps else pipe
