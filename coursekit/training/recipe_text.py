"""Recipes of language models: left to right, masked, or block by block.

One network serves all three (models.token_transformer); the data, the rows of a batch
and the loss are the same but for what is hidden and who may look where.
"""

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from coursekit.evaluation.written_text import NEXT
from coursekit.models.token_transformer import TokenTransformer, prompt_mask
from coursekit.theory.block_diffusion import block_bound, block_times
from coursekit.theory.masked_diffusion import (
    mask_tokens,
    masked_bound,
    stratified_times,
    unweighted_loss,
)
from coursekit.training.data import seed_of
from coursekit.training.networks import build
from coursekit.training.recipe import Batch, Data, Recipe
from coursekit.training.text_data import TextData, text_data
from coursekit.training.warm_start import start_from, start_line

KINDS = ("left-to-right", "infilling", "masked", "blocks")


@dataclass(frozen=True)
class TextRecipe(Recipe):
    """Learn to write the rows of a data set of tokens.

    kind: one of KINDS, where "infilling" is left to right with the end of a text before
    its middle; weighted: 1/t before the loss of a masked row, which makes it a
    bound; rate: the share that is hidden, always (0: another one for each row);
    sizes: of blocks, one of them for each step.
    """

    kind: str = "masked"
    weighted: bool = True
    rate: float = 0.0
    sizes: tuple[int, ...] = ()
    start: str = ""  # the recipe whose checkpoint it starts from
    seed: int = 0

    def told(self) -> TextData:
        """What the data set is: its words, its prompt, how its rows are judged."""
        return text_data(self.data)

    def load(self, limit: int) -> Data:
        """Rows of ids (N, L), and how many places of each are its own."""
        data = self.told().load(limit)
        return data._replace(text=data.text + start_line(self.start))

    def build(self, config: Any) -> nn.Module:
        """The network as it is."""
        return build(config)

    def begin(self, model: nn.Module) -> nn.Module:
        """The weights of `start`, as far as they fit."""
        start_from(model, self.start)
        return model

    def batch(self, data: Data, size: int, step: int) -> Batch:
        """Rows, which places are learnt, and what is hidden of them at which time."""
        generator = torch.Generator().manual_seed(seed_of(self.seed, 2, step))
        told = self.told()
        chosen = told.chosen(data, size, self.seed, step)
        x0, editable = told.rows(data, chosen, self.kind, generator)
        if self.kind in NEXT:
            return x0, editable
        if self.rate:
            t = torch.full((size,), self.rate)
        else:
            t = stratified_times(size, generator)
        span = 0
        if self.sizes:
            pick = int(torch.randint(len(self.sizes), (1,), generator=generator))
            span = self.sizes[pick]
            t = block_times(
                size, told.prompt, x0.shape[1] - told.prompt, span, generator
            )
        xt, masked = mask_tokens(x0, t, editable, told.mask_id, generator)
        # Processes share a batch by rows, so each row tells the size of its blocks.
        return x0, editable, xt, masked, t, torch.full((size,), span)

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        """Nats for each place that is learnt."""
        prompt = self.told().prompt
        if self.kind in NEXT:
            return next_token_loss(model, batch[0], batch[1], prompt)
        x0, editable, xt, masked, t, span = batch
        places = editable.sum()
        if self.sizes and int(span[0]) < x0.shape[1] - prompt:
            bound = block_bound(model, x0, xt, masked, t, prompt, int(span[0]))
            return bound.sum() / places
        logits = model(xt, mask=prompt_mask(prompt, x0.shape[1]).to(x0.device))
        if not self.weighted:
            return unweighted_loss(logits, x0, masked).sum() / places
        return masked_bound(logits, x0, masked, t).sum() / places

    def preview(self, model: nn.Module, large: bool = False) -> NDArray[np.uint8]:
        """What it writes after held-out prompts, as a sheet."""
        return self.told().preview(cast(TokenTransformer, model), self.kind, large)

    def measure(self, model: nn.Module, quick: bool = False) -> dict[str, Any]:
        """Bits on held-out rows, and how good what it writes is."""
        return self.told().measure(cast(TokenTransformer, model), self.kind, quick)


def next_token_loss(
    model: nn.Module, x0: Tensor, editable: Tensor, prompt: int
) -> Tensor:
    """Nats a token, left to right: the mean over what is learnt.

    x0: (B, L) ids; editable: (B, L), which of them count; the first `prompt` are read
    only.
    """
    first = max(prompt, 1)
    logits = model(x0[:, :-1], causal=True)[:, first - 1 :]
    counted = editable[:, first:]
    nats = cross_entropy(logits[counted], x0[:, first:][counted], reduction="sum")
    return nats / counted.sum()
