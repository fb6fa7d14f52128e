"""A small network that answers questions about teddy pictures, in words.

It looks at 64 x 64 pixels with one to three bears. A picture becomes eight columns,
since bears stand side by side; the words of a question look at them and at each other
by attention, and what stands at the end names the answer. It shares no weights with the
readers. How far to trust it: data/readers/vqa/card.json.
"""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn

from coursekit.datasets.teddy.questions import (
    ANSWERS,
    Question,
    shows_caption,
    words_of_questions,
)
from coursekit.datasets.teddy.reader import Pictures, as_pixels, load_into
from coursekit.datasets.teddy.reader_nets import Residual, conv, reader_folder
from coursekit.datasets.teddy.scene_reader import LARGE
from coursekit.datasets.tokens import END, PAD, Tokenizer
from coursekit.models.attention import CrossAttention
from coursekit.models.text_encoder import at_end
from coursekit.models.transformer import Block

LENGTH = 64  # tokens of the longest question
WIDTH, DEPTH, HEADS = 56, 3, 4
COLUMNS = 8  # of a picture
YES = ANSWERS.index("yes")
Asked = Sequence[Sequence[Question]]  # the questions about each picture
RETRAIN = "python -m coursekit.evaluation.train_vqa"


class VQA(nn.Module):
    """Pictures and questions to the logits of ANSWERS."""

    def __init__(self) -> None:
        """Fresh weights from torch's global generator."""
        super().__init__()
        self.look = nn.Sequential(
            *(conv(3, 16, 5, 2), conv(16, 32, 3, 2), Residual(32)),
            *(conv(32, WIDTH, 3, 2), Residual(WIDTH)),
        )
        self.stand = nn.Conv2d(WIDTH, WIDTH, (COLUMNS, 1), groups=2)
        self.where = nn.Parameter(0.5 * torch.randn(COLUMNS, WIDTH))
        self.word = nn.Embedding(len(question_tokenizer()), WIDTH)
        self.order = nn.Parameter(0.1 * torch.randn(LENGTH, WIDTH))
        self.seen = nn.ModuleList(
            CrossAttention(WIDTH, WIDTH, HEADS) for _ in range(DEPTH)
        )
        self.said = nn.ModuleList(Block(WIDTH, HEADS, 2) for _ in range(DEPTH))
        self.norms = nn.ModuleList(nn.LayerNorm(WIDTH) for _ in range(DEPTH + 1))
        self.answer = nn.Linear(WIDTH, len(ANSWERS))

    def columns(self, x: Tensor) -> Tensor:
        """Pictures (B, 3, 64, 64) to a token for each column, (B, 8, WIDTH)."""
        return cast(Tensor, self.stand(self.look(x))[:, :, 0].mT + self.where)

    def forward(self, columns: Tensor, ids: Tensor) -> Tensor:
        """(B, 8, WIDTH) and Q questions about each (B, Q, L) to (B, Q, answers)."""
        batch, asked, length = ids.shape
        h = self.word(ids) + self.order[:length]
        for number in range(DEPTH):
            looks = self.norms[number](h).flatten(1, 2)
            h = h + self.seen[number](looks, columns).reshape(h.shape)
            h = self.said[number](h.flatten(0, 1), causal=True).reshape(h.shape)
        last = at_end(self.norms[-1](h).flatten(0, 1), ids.flatten(0, 1), END)
        return cast(Tensor, self.answer(last)).reshape(batch, asked, -1).float()


@lru_cache
def question_tokenizer() -> Tokenizer:
    """Words of questions to ids."""
    return Tokenizer(words_of_questions())


@lru_cache(maxsize=2)
def load_vqa(folder: Path | None = None) -> tuple[VQA, dict[str, Any]]:
    """The trained network in eval mode and its card; errors as `load_reader`."""
    net = VQA()
    return net, load_into(net, folder or reader_folder() / "vqa", RETRAIN)


def encoded(questions: Sequence[Question], rows: int | None = None) -> Tensor:
    """The ids of questions, padded to the longest: (N, L), or (rows, N / rows, L)."""
    ids = question_tokenizer().encode([q.text for q in questions], LENGTH)
    ids = ids[:, : int((ids != PAD).sum(1).max())] if len(ids) else ids
    return ids if rows is None else ids.reshape(rows, -1, ids.shape[1])


@torch.inference_mode()
def raw_answers(net: VQA, x: Tensor, asked: Asked) -> Tensor:
    """Logits of ANSWERS for all questions in one row, before calibration.

    x: (N, 3, 64, 64); asked: the questions about each. Returns (questions, answers).
    """
    many = torch.tensor([len(questions) for questions in asked])
    rows = torch.arange(len(asked)).repeat_interleave(many)
    ids = encoded([question for questions in asked for question in questions])
    columns = torch.cat([net.columns(part) for part in torch.split(x, 256)])
    found = [torch.empty(0, len(ANSWERS))]
    for row, part in zip(torch.split(rows, 256), torch.split(ids, 256), strict=True):
        if len(row):
            found.append(net(columns[row], part[:, None])[:, 0])
    return torch.cat(found)


def chances(images: Pictures, asked: Asked, folder: Path | None = None) -> list[Tensor]:
    """The chance of each of ANSWERS: for each picture (its questions, answers).

    images: uint8 (N, H, W, 3) or model space (N, 3, H, W), of any size; asked: N lists
    of questions. One temperature for all (Guo et al. 2017) makes chances of logits.
    """
    if len(images) != len(asked):
        raise ValueError(f"{len(images)} pictures, {len(asked)} lists of questions")
    if not len(images):
        return []
    net, card = load_vqa(folder)
    logits = raw_answers(net, as_pixels(images, LARGE), asked)
    sure = (logits / card["temperature"]["answer"]).softmax(1)
    return list(torch.split(sure, [len(questions) for questions in asked]))


def answers(
    images: Pictures, asked: Asked, folder: Path | None = None
) -> list[list[str]]:
    """The likeliest of the words that can be an answer, for each question."""
    return [
        [
            max(q.choices, key=lambda word, row=row: float(row[ANSWERS.index(word)]))  # type: ignore[misc]
            for q, row in zip(questions, table, strict=True)
        ]
        for questions, table in zip(asked, chances(images, asked, folder), strict=True)
    ]


def vqa_scores(images: Pictures, captions: Sequence[str]) -> Tensor:
    """VQAScore (Lin et al. 2024) of pictures, one for each caption: (N,) chances.

    A caption is silent of what it does not mention: a bear may wear a hat that nobody
    asked for. Raises ValueError for what `shows_caption` does not take.
    """
    asked = [[shows_caption(caption)] for caption in captions]
    return torch.cat([table[:, YES] for table in chances(images, asked)])
