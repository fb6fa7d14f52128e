"""A pipeline whose network is a student: one to a few steps, and nobody guides."""

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from torch import nn

from coursekit.models.strided import Strides, student_network
from coursekit.pipeline.adapters import check_base
from coursekit.pipeline.boxes import PipelineError
from coursekit.pipeline.pipeline import Pipeline, from_checkpoint
from coursekit.training import pretrained
from coursekit.training.recipe_students import StudentRecipe
from coursekit.training.recipes import RECIPES


def student_card(name: str, folder: Path | None = None) -> dict[str, Any]:
    """The card of a student. Raises CheckpointError when it is not there,
    PipelineError when it is none.
    """
    if not isinstance(RECIPES.get(name), StudentRecipe):
        known = [n for n, each in RECIPES.items() if isinstance(each, StudentRecipe)]
        raise PipelineError(f"{name} is no student: use one of {', '.join(known)}")
    return pretrained.card(name, folder)


def taught(pipe: Pipeline, name: str, steps: int | None = None) -> Pipeline:
    """The same pipeline, drawing as the student does, in `steps` steps (its own).

    An adapter that the pipeline wears stays on. Raises PipelineError for the student of
    another network or a number of steps that it was not made for, CheckpointError for
    one that is not there or damaged.
    """
    info = student_card(name, pipe.folder)
    check_base(pipe, info)
    recipe = cast(StudentRecipe, RECIPES[name])
    steps = recipe.usual if steps is None else steps
    if not 1 <= steps <= recipe.most:
        raise PipelineError(f"{name} draws in 1 to {recipe.most} steps, not in {steps}")
    adapter = pretrained.load_model(name, folder=pipe.folder).state_dict()
    base = cast(nn.Module, pipe.parts.model)
    net: nn.Module = student_network(base, adapter, recipe.pace)
    if recipe.solver == "euler":
        net = Strides(cast(Any, net), recipe.grid(steps))
    boxes = replace(
        pipe.boxes, guidance="none", scale=1.0, solver=recipe.solver, steps=steps
    )
    return replace(pipe.with_parts(model=net), boxes=boxes)


def student(name: str, steps: int | None = None) -> Pipeline:
    """The student's own pipeline, around the model that taught it."""
    return taught(from_checkpoint(student_card(name)["start"]), name, steps)
