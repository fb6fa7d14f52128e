"""Names, styles and copies. Authority: a judge who recognises every picture by its
bytes, and drawers of which we know what they draw."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from coursekit.datasets import emoji
from coursekit.datasets.emoji_splits import split_of_pairs
from coursekit.datasets.images import to_uint8
from coursekit.datasets.tokens import emoji_tokenizer
from coursekit.evaluation.emoji_figures import COPY, emoji_figures, fits, judged, some

NAMES, STYLES = emoji.names(), emoji.STYLES


class Judge(nn.Module):
    """Vectors whose cosines say: same name 0.8, same style 0.6, both 1."""

    def __init__(self) -> None:
        super().__init__()
        found = emoji.load("all")
        pictures = (image.tobytes() for image in found.images)
        pairs = zip(found.names, found.styles, strict=True)
        self.known = dict(zip(pictures, pairs, strict=True))

    def vectors(self, pairs: list[tuple[str, str]]) -> Tensor:
        rows = torch.zeros(len(pairs), len(NAMES) + len(STYLES))
        for row, (name, style) in zip(rows, pairs, strict=True):
            row[NAMES.index(name)] = 0.8
            row[len(NAMES) + STYLES.index(style)] = 0.6
        return rows

    def encode_image(self, x: Tensor) -> Tensor:
        return self.vectors([self.known[image.tobytes()] for image in to_uint8(x)])

    def encode_text(self, ids: Tensor) -> Tensor:
        texts = emoji_tokenizer().decode(ids)
        return self.vectors([emoji.parse_caption(text) for text in texts])


@pytest.fixture(scope="module")
def judge() -> Judge:
    return Judge()


def real(texts: list[str], scale: float, seed: int) -> Any:
    """The very pictures of the captions."""
    found = emoji.load("all")
    place = {caption: i for i, caption in enumerate(found.captions)}
    return found.images[[place[text] for text in texts]]


def test_who_draws_the_real_pictures_is_as_good_as_real(judge):
    found = emoji_figures(real, judge, 40, (1.0, 3.0))
    assert found["prompts"] == {"pairs": 40, "train": 40}
    for split in ("pairs", "train"):
        figures = found[f"real_{split}"]
        assert found[f"scale_1_{split}"] == found[f"scale_3_{split}"] == figures
        assert figures["name"] == figures["name5"] == figures["style"] == 1.0
        assert figures["own"] == 0.0
    assert found["real_train"]["copy"] == 0.0 and found["real_train"]["copies"] == 1.0
    assert found["real_pairs"]["copy"] > COPY > 0.0
    assert found["real_pairs"]["copies"] < 0.3


def test_who_copies_has_distance_0_and_the_wrong_style(judge):
    """For a held-out pair: the same name in another style, from the training set."""
    train = emoji.load("train")

    def copy(texts: list[str], scale: float, seed: int) -> Any:
        names = [emoji.parse_caption(text)[0] for text in texts]
        return train.images[[train.names.index(name) for name in names]]

    found = emoji_figures(copy, judge, 30, (1.0,))["scale_1_pairs"]
    assert found["copy"] == 0.0 and found["copies"] == 1.0
    assert found["name"] == 1.0 and found["style"] == 0.0 and found["own"] > 0.05


def test_the_judge_is_asked_about_every_name_and_style(judge):
    chosen = some("pairs", 12)
    table = fits(judge, chosen.images)
    assert table.shape == (12, len(NAMES), len(STYLES))
    for row, name, style in zip(table, chosen.names, chosen.styles, strict=True):
        n = NAMES.index(name)
        for s, each in enumerate(STYLES):
            there = (name, each) in split_of_pairs()
            cosine = 1.0 if each == style else 0.64
            assert float(row[n, s]) == pytest.approx(cosine if there else -np.inf)
    assert int(table.isfinite().sum()) == 12 * len(split_of_pairs())


def test_shares_by_hand():
    """Three pictures: right name and style; name among five; neither."""
    table = torch.zeros(3, len(NAMES), len(STYLES))
    table[0, 7, 2] = 1.0
    table[1, 10:14, 0] = 1.0
    table[1, 7, 1] = 0.5  # the fifth best name
    table[2, 20:26, 0] = 1.0
    names = [NAMES[7]] * 3
    found = judged(table, names, [STYLES[2], STYLES[1], STYLES[3]])
    assert found["name"] == pytest.approx(1 / 3)
    assert found["name5"] == pytest.approx(2 / 3)
    assert found["style"] == pytest.approx(2 / 3)


def test_some_are_always_the_same():
    few, more = some("pairs", 5), some("pairs", 9)
    assert few.captions == more.captions[:5]
    assert (few.images == more.images[:5]).all()
    assert len(some("pairs", 10**6)) == len(emoji.load("pairs"))
    assert np.unique(few.images.reshape(5, -1), axis=0).shape[0] == 5
