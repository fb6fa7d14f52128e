"""Which trained network fits which boxes: read off the recipes, so nothing to keep."""

from dataclasses import dataclass
from pathlib import Path

from coursekit.datasets.teddy.curation import world
from coursekit.models.dit import DiTConfig
from coursekit.models.mmdit import MMDiTConfig
from coursekit.models.uit import UiTConfig
from coursekit.models.unet import UNetConfig
from coursekit.pipeline.boxes import Boxes, PipelineError
from coursekit.training import pretrained
from coursekit.training.recipe import Recipe
from coursekit.training.recipe_classifier import ClassifierRecipe
from coursekit.training.recipe_latent_pictures import LatentPictureRecipe
from coursekit.training.recipe_pictures import PictureRecipe
from coursekit.training.recipe_prompts import PromptRecipe
from coursekit.training.recipes import RECIPES

ARCHITECTURES = {
    UNetConfig: "U-Net",
    DiTConfig: "DiT",
    MMDiTConfig: "MM-DiT",
    UiTConfig: "UiT",
}


class NotTrained(PipelineError):
    """A checkpoint that is not there yet; the message says how to make it."""

    def __init__(self, name: str) -> None:
        """name: of the recipe."""
        super().__init__(
            f"{name} is not trained yet: `coursekit train {name} --profile cpu "
            "--publish`"
        )


@dataclass(frozen=True)
class Entry:
    """What a recipe's network is, in the words of the boxes."""

    name: str  # of the recipe
    world: str
    told: str
    paradigms: tuple[str, ...]
    representation: str
    architecture: str

    def fits(self, boxes: Boxes) -> bool:
        """Whether the network belongs into these boxes."""
        return (
            (self.world, self.told, self.representation, self.architecture)
            == (
                boxes.world,
                boxes.network_told,
                boxes.representation,
                boxes.architecture,
            )
        ) and boxes.paradigm in self.paradigms


def entry(name: str, recipe: Recipe) -> Entry | None:
    """The boxes that a recipe's network fits; None for what does not draw."""
    architecture = ARCHITECTURES.get(type(recipe.cpu.model))
    if architecture is None:
        return None
    if isinstance(recipe, PromptRecipe):
        kept = "latents" if recipe.latents else "pixels"
        seen = world(recipe.data)
        return Entry(name, seen, "prompt", ("flow",), kept, architecture)
    if isinstance(recipe, PictureRecipe):
        paradigms = {
            ("chain", "eps"): ("ddpm", "score"),
            ("linear", "velocity"): ("flow",),
        }.get((recipe.path, recipe.predicts), ())
        told = "class" if recipe.forget else "nothing"
        kept = "latents" if isinstance(recipe, LatentPictureRecipe) else "pixels"
        return Entry(name, recipe.data, told, paradigms, kept, architecture)
    return None


def entries() -> list[Entry]:
    """One entry for each recipe that draws, in the order of the recipes."""
    found = [entry(name, recipe) for name, recipe in RECIPES.items()]
    return [each for each in found if each is not None and each.paradigms]


def is_there(name: str, folder: Path | None = None) -> bool:
    """Whether a checkpoint of the recipe ships."""
    return ((folder or pretrained.FOLDER) / name / pretrained.CARD).is_file()


def find(boxes: Boxes, folder: Path | None = None, prefer: str = "") -> Entry:
    """The entry that fits the boxes: `prefer`, or the first with a checkpoint.

    Raises PipelineError, in one line, where no recipe fits, none is trained yet, or the
    classifier that should guide is missing.
    """
    fitting = [each for each in entries() if each.fits(boxes)]
    fitting.sort(key=lambda each: each.name != prefer)
    if not fitting:
        told = {"nothing": "told nothing", "class": "told a class"}
        raise PipelineError(
            f"no recipe for {boxes.world} in {boxes.representation}, "
            f"{boxes.paradigm}, {boxes.architecture}, "
            f"{told.get(boxes.network_told, 'told a prompt')}"
        )
    if boxes.guidance == "classifier":
        find_classifier(boxes.world, folder)
    for each in fitting:
        if is_there(each.name, folder):
            return each
    raise NotTrained(fitting[0].name)


def find_classifier(world: str, folder: Path | None = None) -> str:
    """The recipe of the noisy classifier of a world. Raises PipelineError."""
    for name, recipe in RECIPES.items():
        guides = isinstance(recipe, ClassifierRecipe) and recipe.noisy
        if guides and recipe.data == world:
            if not is_there(name, folder):
                raise NotTrained(name)
            return name
    raise PipelineError(f"no classifier knows {world}: it has no classes")
