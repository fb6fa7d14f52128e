"""What a transformer is told: time, and a class label or a prompt.

A condition is a tensor of whole numbers: labels (B,) or token ids (B, L). `null` stands
for no condition.
"""

from typing import NamedTuple, cast

import torch
from torch import Tensor, nn

from coursekit.models.layers import TimeEmbedding
from coursekit.models.text_encoder import TextConfig, TextEncoder

START, END = 1, 2  # ids of the tokens around every prompt (coursekit.datasets.tokens)


def empty_prompt(length: int, device: torch.device | str = "cpu") -> Tensor:
    """The ids of a prompt without words, (length,): start, end and padding."""
    ids = torch.zeros(length, dtype=torch.long, device=device)
    ids[0], ids[1] = START, END
    return ids


class Condition(NamedTuple):
    """The condition as the blocks read it."""

    vector: Tensor  # (B, width): time, and what stands for the whole condition
    tokens: Tensor | None = None  # (B, S, width), the prompt's tokens


class Conditioner(nn.Module):
    """Time and condition to `Condition`."""

    def __init__(
        self,
        width: int,
        num_classes: int = 0,
        text: TextConfig | None = None,
        tokens: bool = True,
    ) -> None:
        """Classes 0..num_classes-1 (num_classes is null), or prompts, or neither.

        tokens: do the blocks read the prompt's tokens, or its vector only?
        """
        super().__init__()
        if num_classes and text is not None:
            raise ValueError("a model is told a class or a prompt, not both")
        self.time = TimeEmbedding(128, width)
        self.num_classes = num_classes
        self.label = nn.Embedding(num_classes + 1, width) if num_classes else None
        self.text = TextEncoder(text) if text is not None else None
        if text is not None:
            self.from_pooled = nn.Sequential(
                nn.Linear(text.width, width), nn.SiLU(), nn.Linear(width, width)
            )
        self.from_tokens = (
            nn.Linear(text.width, width) if text is not None and tokens else None
        )

    def null(self, device: torch.device | str = "cpu") -> Tensor:
        """What stands for no condition, without a batch axis.

        For prompts it is the empty one: start, end and padding.
        """
        if self.text is not None:
            return empty_prompt(self.text.config.length, device)
        if self.label is not None:
            return torch.tensor(self.num_classes, device=device)
        raise ValueError("this model takes no condition: there is no null")

    def forward(self, t: Tensor, cond: Tensor | None, like: Tensor) -> Condition:
        """t: (B,) or () in [0, 1]; cond: labels, ids, or None for null; like: xt.

        Raises ValueError for a condition that the model was not built for.
        """
        vector = self.time(t.expand(len(like)).to(like.dtype))
        said = self.said(cond, like)
        return said._replace(vector=vector + said.vector) if said else Condition(vector)

    def said(self, cond: Tensor | None, like: Tensor) -> Condition | None:
        """The condition without the time; None from a model that takes none."""
        if self.label is None and self.text is None:
            if cond is not None:
                raise ValueError("this model takes no condition: call it without cond")
            return None
        if cond is None:
            cond = self.null(like.device)
            cond = cond.expand(len(like), *cond.shape)
        if self.text is None:
            return Condition(cast(nn.Embedding, self.label)(cond))
        features = self.text(cond)
        vector = self.from_pooled(features.pooled)
        if self.from_tokens is None:
            return Condition(vector)
        return Condition(vector, self.from_tokens(features.tokens))
