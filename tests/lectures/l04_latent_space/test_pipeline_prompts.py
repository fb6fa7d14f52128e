"""Figure 04.P. Authority: a pipeline that draws the very scenes of the prompts, except
that it forgets hats unless it is guided."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
import torch
from support_lectures import Identity
from torch import Tensor, nn

from coursekit.datasets import emoji
from coursekit.datasets.emoji_splits import split_of_pairs
from coursekit.datasets.images import to_uint8
from coursekit.datasets.teddy.render import render
from coursekit.datasets.tokens import emoji_tokenizer
from coursekit.experiments.measure import plain
from coursekit.lectures.l04_latent_space.experiments import prompts
from coursekit.pipeline.boxes import Boxes


class Judge(nn.Module):
    """Recognises every real picture; vectors as in tests/evaluation."""

    def __init__(self) -> None:
        super().__init__()
        found = emoji.load("all")
        pairs = list(zip(found.names, found.styles, strict=True))
        keys = [image.tobytes() for image in found.images]
        self.known = dict(zip(keys, pairs, strict=True))
        self.place = {pair: i for i, pair in enumerate(split_of_pairs())}
        self.eye = torch.eye(len(self.place))

    def encode_image(self, x: Tensor) -> Tensor:
        pairs = [self.known[image.tobytes()] for image in to_uint8(x)]
        return self.eye[[self.place[pair] for pair in pairs]]

    def encode_text(self, ids: Tensor) -> Tensor:
        texts = emoji_tokenizer().decode(ids)
        return self.eye[[self.place[emoji.parse_caption(text)] for text in texts]]


def bears(asked: list[str], guided: bool) -> Any:
    """What is asked for; without guidance all hats stay at home."""
    known = dict(zip(*prompts.held_out(20), strict=True))
    scenes = [known[text] for text in asked]
    if not guided:
        scenes = [replace(s, bears=(replace(s.bears[0], hat="none"),)) for s in scenes]
    return render(scenes)


def signs(asked: list[str], guided: bool) -> Any:
    """The right picture; without guidance some train picture of the name."""
    found = emoji.load("all" if guided else "train")
    if guided:
        return found.images[[found.captions.index(text) for text in asked]]
    names = [emoji.parse_caption(text)[0] for text in asked]
    return found.images[[found.names.index(name) for name in names]]


@dataclass(frozen=True)
class Drawer:
    """A pipeline that paints and takes down the scale and the seed."""

    paint: Callable[[list[str], bool], Any]
    log: list[tuple[float, int]]
    boxes: Boxes

    def swap(self, guidance: str, scale: float = 1.0) -> "Drawer":
        boxes = replace(self.boxes, guidance=guidance, scale=scale)
        return replace(self, boxes=boxes)

    def draw(self, asked: list[str], seed: int) -> Any:
        self.log.append((self.boxes.scale, seed))
        return self.paint(asked, self.boxes.guidance != "none")


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[tuple[float, int]]:
    log: list[tuple[float, int]] = []
    boxes = Boxes("teddy", "prompt", representation="latents", architecture="MM-DiT")
    pipelines = {
        prompts.MODEL: Drawer(bears, log, boxes),
        prompts.EMOJI_MODEL: Drawer(signs, log, replace(boxes, world="emoji")),
    }
    for name, stand_in in {
        "kept": lambda name, settings, compute: compute(),
        "card": lambda name: {"sha256": name},
        "from_checkpoint": pipelines.get,
        "loaded": lambda name: Judge() if name == prompts.JUDGE else Identity(),
    }.items():
        monkeypatch.setattr(prompts, name, stand_in)
    return log


def test_teddies(drawn):
    found = prompts.measure_teddies((0, 1, 2), quick=True)
    assert drawn == [(scale, seed) for scale in (1.0, 3.0) for seed in (0, 1, 2)]
    assert found["best_scale"] == 3.0 and found["prompts"] == 20
    for split in ("test", "heldout", "both"):
        for name in ("place", "fur", "hat", "glasses", "pose", "action", "all"):
            real = found[f"real_{split}_{name}"]
            assert found[f"rebuilt_{split}_{name}"] == real
            assert found[f"{split}_3_{name}"] == real
            assert found[f"{split}_3_{name}_all"] == [real] * 3
        assert found[f"{split}_1_hat"] < found[f"{split}_3_hat"]
    # Every held-out combination has a hat: without hats none of them is right.
    assert found["heldout_1_all"] == 0.0 and found["both_3_all_std"] == 0.0
    assert found["copy_3"] == pytest.approx(found["copy_real"])
    assert 0 < found["copy_3_least"] <= found["copy_3"]
    plain(found)  # JSON takes it


def test_emoji(drawn):
    found = prompts.measure_emoji((0, 1), quick=True)
    for split in ("pairs", "train"):
        assert found[f"emoji_{split}_prompts"] == 20
        for name in ("name", "style", "copy", "copies", "own"):
            real = found[f"emoji_{split}_real_{name}"]
            assert found[f"emoji_{split}_3_{name}"] == pytest.approx(real)
    assert found["emoji_pairs_1_name"] == 1.0 and found["emoji_pairs_1_style"] == 0.0
    assert found["emoji_pairs_1_copy"] == 0.0 and found["emoji_pairs_1_copies"] == 1.0
    assert found["emoji_pairs_real_copy"] > 0.05
    plain(found)
