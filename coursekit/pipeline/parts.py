"""The trained parts behind the boxes, loaded once: network, decoder, words, guide."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path as File
from typing import Any, cast

import torch
from torch import Tensor, nn

from coursekit.datasets import fashion
from coursekit.datasets.tokens import Tokenizer
from coursekit.evaluation.text_sampling import Decode, pixels
from coursekit.models.preconditioned import Preconditioned
from coursekit.pipeline.boxes import Boxes, PipelineError
from coursekit.pipeline.catalogue import NotTrained, find, find_classifier, is_there
from coursekit.theory.paths import DDPMPath, LinearPath, Path
from coursekit.theory.prediction import AnyModel
from coursekit.training import pretrained
from coursekit.training.recipe_latent_pictures import LatentPictureRecipe
from coursekit.training.recipe_pictures import PictureRecipe
from coursekit.training.recipe_prompts import PromptRecipe
from coursekit.training.recipes import RECIPES
from coursekit.training.text_image_data import tokenizer_of

Classifier = Callable[[Tensor, Tensor], Tensor]
STRAIGHT = LinearPath()


@dataclass(frozen=True)
class Parts:
    """What a pipeline is made of. Replace one with your own: `Pipeline.with_parts`."""

    name: str  # of the checkpoint
    model: AnyModel  # model(xt, t) or model(xt, t, cond), answers with `predicts`
    path: Path
    predicts: str
    shape: tuple[int, int, int]  # C, H, W of what was learnt
    decode: Decode = pixels  # what was learnt -> pictures in [-1, 1]
    null: Tensor | None = None  # what stands for no condition
    words: Tokenizer | tuple[str, ...] | None = None  # of prompts, or of classes
    classifier: Classifier | None = None  # knows noisy pictures on the straight path
    shift: float = 1.0  # of the times of a walk, as it was trained
    notes: tuple[tuple[str, str], ...] = ()  # box -> more about it, for `describe`


def load_parts(boxes: Boxes, folder: File | None = None, prefer: str = "") -> Parts:
    """The trained parts that fit the boxes; folder: of the checkpoints.

    prefer: the name of the checkpoint to take if several fit. An autoencoder or a
    classifier that `folder` lacks is taken from those that ship.
    Raises PipelineError where one is missing, CheckpointError where one is damaged.
    """
    found = find(boxes, folder, prefer)
    recipe = RECIPES[found.name]
    model = loaded(found.name, folder)
    notes = {"architecture": _size(model, pretrained.card(found.name, folder))}
    path: Path = (
        DDPMPath(model.schedule) if isinstance(model, Preconditioned) else STRAIGHT
    )
    predicts = "velocity" if path is STRAIGHT else "eps"
    if isinstance(recipe, LatentPictureRecipe | PromptRecipe):
        decode, shape, notes["representation"] = _space(recipe, folder)
    else:
        decode, shape = pixels, cast(PictureRecipe, recipe).shape
    null: Tensor | None = None
    words: Tokenizer | tuple[str, ...] | None = None
    if isinstance(recipe, PromptRecipe):
        null, words = _texts(recipe, model)
    elif boxes.told == "class":
        words = fashion.CLASSES
        null = torch.tensor(len(words)) if boxes.guidance != "classifier" else None
    classifier = None
    if boxes.guidance == "classifier":
        notes["guidance"] = find_classifier(boxes.world, folder)
        classifier = loaded(notes["guidance"], folder)
    return Parts(
        found.name,
        model,
        path,
        predicts,
        shape,
        decode,
        null,
        words,
        classifier,
        recipe.shift if isinstance(recipe, PromptRecipe) else 1.0,
        tuple(notes.items()),
    )


def _texts(recipe: PromptRecipe, model: nn.Module) -> tuple[Tensor, Tokenizer]:
    """The empty prompt and the words; PipelineError where the model has others."""
    words = tokenizer_of(recipe.data)
    config: Any = model.config
    text = getattr(config, "text", config)  # without an encoder, words are its own
    if text.vocabulary != len(words):
        raise PipelineError(
            f"{recipe.name} knows {text.vocabulary} words, the captions have "
            f"{len(words)}: train it again"
        )
    return words.null(1, text.length)[0], words


def _space(
    recipe: LatentPictureRecipe | PromptRecipe, folder: File | None
) -> tuple[Decode, tuple[int, int, int], str]:
    """Decoder, shape of what was learnt, and a note about it.

    Raises PipelineError where the autoencoder is not the one whose latents were learnt:
    it would draw nonsense, in silence.
    """
    size = recipe.size
    if not recipe.latents:
        return pixels, (3, size, size), f"3 x {size} x {size}"
    net, digest = loaded(recipe.latents, folder), _digest(recipe.latents, folder)
    if digest[:12] not in str(pretrained.card(recipe.name, folder)["data"]):
        raise PipelineError(
            f"{recipe.name} learnt the latents of another {recipe.latents} than the "
            "one that is here: train it again"
        )
    shape: tuple[int, int, int] = net.latent_shape(size, size)  # type: ignore[operator]
    small = " x ".join(map(str, shape))
    note = f"{recipe.latents}, {small} for 3 x {size} x {size}"
    return net.decode, shape, note  # type: ignore[return-value]


def loaded(name: str, folder: File | None = None) -> nn.Module:
    """A trained network, read once as long as its file stays the same.

    Raises PipelineError when it is not there, CheckpointError when it is damaged.
    """
    where = folder if is_there(name, folder) else None
    if not is_there(name, where):
        raise NotTrained(name)
    return _read(name, where, _digest(name, where))


def _digest(name: str, folder: File | None) -> str:
    where = folder if is_there(name, folder) else None
    return str(pretrained.card(name, where)["sha256"])


@lru_cache(maxsize=8)
def _read(name: str, folder: File | None, digest: str) -> nn.Module:
    return pretrained.load_model(name, clip=False, folder=folder)


def _size(model: nn.Module, info: dict[str, object]) -> str:
    count = sum(p.numel() for p in model.parameters())
    return f"{info['recipe']}, {count / 1e6:.2f} M weights, profile {info['profile']}"
