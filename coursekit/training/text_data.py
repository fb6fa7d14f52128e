"""The data sets of tokens: what a row is, which words it has, how writing is judged."""

from abc import ABC, abstractmethod
from functools import lru_cache
from hashlib import sha256
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from coursekit.datasets.library_text import Corpus
from coursekit.models.token_transformer import TokenTransformer
from coursekit.training.data import batch_indices
from coursekit.training.recipe import Data

WINDOW = 132  # tokens of a row of a library, its start apart


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


class Library(TextData):
    """Code or English that is installed, as byte pairs, in windows that begin anywhere.

    A row is the mark between two documents, a window, and filling that is not learnt.
    """

    prompt = 1

    def __init__(self, name: str) -> None:
        """name: "code" or "english"."""
        from coursekit.datasets.library_text import byte_pairs

        self.name, self.pairs = name, byte_pairs(name)
        self.words = len(self.pairs)

    def load(self, limit: int) -> Data:
        """The training part, one stream in rows of WINDOW ids; at most `limit` rows."""
        from coursekit.datasets.token_windows import stream

        ids = stream(self.corpus().split(held_out=False), self.pairs)
        ids = ids[: len(ids) // WINDOW * WINDOW].view(-1, WINDOW)[: limit or None]
        text = f"{ids.numel()} tokens of {self.corpus().description}"
        return Data(ids.to(torch.int16), text)

    def corpus(self) -> Corpus:
        """The documents."""
        from coursekit.datasets import library_text

        found: Corpus = getattr(library_text, self.name)()
        return found

    def chosen(self, data: Data, size: int, seed: int, step: int) -> Tensor:
        """Windows begin anywhere: `rows` draws them."""
        return torch.arange(size)

    def rows(
        self, data: Data, chosen: Tensor, kind: str, generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Full windows; an infilling model sees shorter ones, half of them rearranged.

        Its rows have any length, since equal ones would tell it where a gap must end.
        """
        from coursekit.datasets.infilling import training_rows
        from coursekit.datasets.token_windows import draw

        first = torch.full((len(chosen), 1), self.pairs.end)
        stream = data.x.flatten()
        if kind != "infilling":
            ids = draw(stream, len(chosen), WINDOW, generator).long()
            x0 = torch.cat([first, ids], dim=1)
            return x0, torch.arange(WINDOW + 1).ge(self.prompt).expand(x0.shape)
        found = training_rows(
            stream, self.pairs, len(chosen), WINDOW, 0.5, generator=generator
        )
        x0 = torch.cat([first, found.ids], dim=1).long()
        return x0, torch.cat([torch.zeros_like(first).bool(), found.used], dim=1)

    def preview(
        self, model: TokenTransformer, kind: str, large: bool
    ) -> NDArray[np.uint8]:
        """Pages that it writes."""
        from coursekit.evaluation.written_text import text_sheet

        return text_sheet(model, kind, self.pairs, 4)

    def measure(
        self, model: TokenTransformer, kind: str, quick: bool
    ) -> dict[str, Any]:
        """Bits a character of held-out text."""
        from coursekit.evaluation.written_text import text_figures

        return text_figures(model, kind, self.corpus(), self.pairs, quick)


@lru_cache(maxsize=4)
def text_data(name: str) -> TextData:
    """A data set of tokens by name.

    Raises ValueError for another name.
    """
    if name == "programs":
        return Programs()
    if name in ("code", "english"):
        return Library(name)
    raise ValueError(f"no text {name!r}: use programs, code or english")
