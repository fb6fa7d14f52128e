"""The data sets of tokens: what a row is, which words it has, how writing is judged."""

from abc import ABC, abstractmethod
from functools import lru_cache
from hashlib import sha256
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from coursekit.models.token_transformer import TokenTransformer
from coursekit.training.data import batch_indices
from coursekit.training.recipe import Data


class TextData(ABC):
    """One data set of tokens."""

    prompt: int = 0  # places that are read and never learnt
    words: int  # ids that can be predicted

    @property
    def mask_id(self) -> int:
        """The id that hides a token."""
        return self.words

    @abstractmethod
    def load(self, limit: int) -> Data:
        """Rows of ids: x (N, L)."""

    def chosen(self, data: Data, size: int, seed: int, step: int) -> Tensor:
        """Which rows step `step` sees: every epoch is a fresh shuffle."""
        return batch_indices(len(data.x), size, seed, step)

    @abstractmethod
    def rows(
        self, data: Data, chosen: Tensor, kind: str, generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """The chosen rows as int64 (B, L), and which of their places are learnt."""

    @abstractmethod
    def preview(
        self, model: TokenTransformer, kind: str, large: bool
    ) -> NDArray[np.uint8]:
        """A picture of what a model writes."""

    @abstractmethod
    def measure(
        self, model: TokenTransformer, kind: str, quick: bool
    ) -> dict[str, Any]:
        """The figures of a card."""


class Programs(TextData):
    """Scene programs of one bear, after their captions."""

    def __init__(self) -> None:
        """Words and lengths from the teddy world."""
        from coursekit.datasets.teddy.program_tokens import PROMPT, program_tokens

        self.prompt, self.words = PROMPT, len(program_tokens())

    def load(self, limit: int) -> Data:
        """60,000 train scenes, or `limit`."""
        from coursekit.datasets.teddy.program_tokens import program_rows

        rows, _ = program_rows(limit or 60_000)
        digest = sha256(rows.numpy().tobytes()).hexdigest()[:16]
        text = f"{len(rows)} programs of train scenes after captions, sha256 {digest}"
        return Data(rows.to(torch.int16), text)

    def rows(
        self, data: Data, chosen: Tensor, kind: str, generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """The canvas is learnt; left to right only up to the first <end>."""
        from coursekit.datasets.teddy.program_tokens import up_to_end

        x0 = data.x[chosen].long()
        editable = torch.zeros_like(x0, dtype=torch.bool)
        editable[:, self.prompt :] = True
        if kind == "left-to-right":
            editable &= up_to_end(x0)
        return x0, editable

    def preview(
        self, model: TokenTransformer, kind: str, large: bool
    ) -> NDArray[np.uint8]:
        """The scenes that its programs paint; grey where one does not run."""
        from coursekit.evaluation.written_programs import programs_sheet

        return programs_sheet(model, kind, 96 if large else 40)

    def measure(
        self, model: TokenTransformer, kind: str, quick: bool
    ) -> dict[str, Any]:
        """Excess bits and the share that is right."""
        from coursekit.evaluation.written_programs import program_figures

        return program_figures(model, kind, quick)


@lru_cache(maxsize=4)
def text_data(name: str) -> TextData:
    """A data set of tokens by name.

    Raises ValueError for another name.
    """
    if name == "programs":
        return Programs()
    raise ValueError(f'no data set of text {name!r}: use "programs"')
