"""Recipes that tune a prompt model with all of its weights, or with LoRA alone."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from coursekit.models.lora import Adapter, LoRAConfig, adapted, merged
from coursekit.training.networks import build
from coursekit.training.pretrained import load_model
from coursekit.training.recipe import Data
from coursekit.training.recipe_prompts import PromptRecipe
from coursekit.training.warm_start import warm_start


@dataclass(frozen=True)
class AdapterRecipe(PromptRecipe):
    """A prompt recipe that goes on from `start`.

    A profile whose model is a LoRAConfig trains and ships an adapter alone.
    """

    def build(self, config: Any) -> nn.Module:
        """The network, with LoRA in it where the profile says so."""
        return config.injected() if isinstance(config, LoRAConfig) else build(config)

    def begin(self, model: nn.Module) -> nn.Module:
        """The weights of `start`; the corrections of LoRA stay fresh."""
        if self.start:
            known = load_model(self.start, clip=False).state_dict()
            names = {own: own.replace(".base.", ".") for own in model.state_dict()}
            found = {own: known[old] for own, old in names.items() if old in known}
            warm_start(model, found)
        return model

    def published(self, model: nn.Module, data: Data) -> nn.Module:
        """Of a network with LoRA, the adapter alone."""
        parts = adapted(model)
        return (Adapter(parts) if parts else model).eval().requires_grad_(False)

    def draw(
        self, model: nn.Module, prompts: list[str], scale: float, seed: int = 0
    ) -> NDArray[np.uint8]:
        """Pictures for prompts; an adapter is put on the model it was made for."""
        if isinstance(model, Adapter):
            base = load_model(self.start, clip=False)
            base.load_state_dict(merged(base.state_dict(), model.state_dict()))
            model = base
        return super().draw(model, prompts, scale, seed)
