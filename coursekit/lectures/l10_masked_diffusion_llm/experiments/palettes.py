"""Figure 10.J: pictures of sixteen colours, written with the code for text.

A picture is a row of tokens, one a pixel, after two words: where the bear is, and its
fur. The recipes of text train on it; only the data set is new.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from coursekit.datasets.palette_pictures import palette_of, to_pictures, to_tokens
from coursekit.datasets.teddy.sample import teddies
from coursekit.datasets.teddy.scene import FURS, PLACES, Scene
from coursekit.evaluation.token_sampling import (
    Written,
    autoregressive_bits,
    write_left_to_right,
)
from coursekit.experiments.summary import Result
from coursekit.models.token_transformer import (
    TokenConfig,
    TokenTransformer,
    prompt_mask,
)
from coursekit.theory.masked_diffusion import held_out_bits
from coursekit.theory.unmasking import AtRandom, ByConfidence, Rule, unmask
from coursekit.training.loop import Run, train
from coursekit.training.recipe import Data
from coursekit.training.recipe_text import TextRecipe
from coursekit.training.recipes_text import QUICK
from coursekit.training.text_data import TextData

SIDE, COLOURS, PROMPT = 12, 16, 2
WORDS = COLOURS + len(PLACES) + len(FURS)
NETWORK = TokenConfig(WORDS, PROMPT + SIDE**2, width=64, depth=4, heads=4)
PASSES = (1, 4, 16, 48)
STEPS = 700


@lru_cache(maxsize=1)
def palette() -> Tensor:
    """The colours of a few train pictures."""
    return palette_of(teddies(300, SIDE)[0], COLOURS)


def as_rows(images: NDArray[np.uint8], scenes: Sequence[Scene]) -> Tensor:
    """Place, fur and pixels of pictures: (N, PROMPT + SIDE * SIDE) int64."""
    told = [
        (PLACES.index(s.place), len(PLACES) + FURS.index(s.bears[0].fur))
        for s in scenes
    ]
    pixels = to_tokens(torch.from_numpy(images), palette())
    return torch.cat([COLOURS + torch.tensor(told), pixels], dim=1)


class Pixels(TextData):
    """The rows of pictures, as data of a recipe of text."""

    prompt, words = PROMPT, WORDS

    def load(self, limit: int) -> Data:
        """Train pictures."""
        return Data(as_rows(*teddies(limit, SIDE)), f"{limit} pictures")

    def rows(
        self, data: Data, chosen: Tensor, kind: str, generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Every pixel is learnt."""
        x0 = data.x[chosen]
        return x0, torch.arange(x0.shape[1]).ge(PROMPT).expand(x0.shape)

    def preview(
        self, model: TokenTransformer, kind: str, large: bool
    ) -> NDArray[np.uint8]:
        """None is needed."""
        raise NotImplementedError

    def measure(
        self, model: TokenTransformer, kind: str, quick: bool
    ) -> dict[str, Any]:
        """Done below."""
        raise NotImplementedError


@dataclass(frozen=True)
class PixelRecipe(TextRecipe):
    """A recipe of text whose text is pictures."""

    def told(self) -> TextData:
        """Pixels."""
        return Pixels()


def learnt(kind: str, quick: bool) -> TokenTransformer:
    """A network after a minute or two of training."""
    profile = replace(QUICK, model=NETWORK, steps=STEPS, ema=0.99, pictures=6000)
    if quick:
        profile = replace(profile, steps=10, pictures=200)
    name = f"pixels-{kind}"
    recipe = PixelRecipe(name, name, "pixels", profile, profile, profile, kind=kind)
    run = Run(recipe, profile, recipe.load(profile.pictures), precision="bf16")
    for _ in train(run):
        pass
    return cast(TokenTransformer, run.averaged())


def painted(
    model: TokenTransformer, rows: Tensor, hidden: Tensor, rule: Rule, seed: int = 0
) -> Written:
    """Rows whose `hidden` pixels (N, SIDE * SIDE) are written anew: pixels only."""
    masked = torch.cat([torch.zeros_like(rows[:, :PROMPT]).bool(), hidden], dim=1)
    mask = prompt_mask(PROMPT, rows.shape[1])
    done = unmask(
        lambda ids: cast(Tensor, model(ids, mask=mask)),
        rows.masked_fill(masked, WORDS),
        masked,
        rule,
        1.0,
        torch.Generator().manual_seed(seed),
        forbidden=range(COLOURS, WORDS),
    )
    return Written(done.ids[:, PROMPT:], done.passes, [])


class Reader:
    """Place and fur of pictures, by least squares over their pixels' colours."""

    def __init__(self, rows: Tensor) -> None:
        """rows: real ones."""
        told = torch.cat(
            [
                torch.nn.functional.one_hot(rows[:, i] - least, most).double()
                for i, (least, most) in enumerate(_RANGES)
            ],
            dim=1,
        )
        seen = self.seen(rows[:, PROMPT:])
        ridge = 3 * torch.eye(seen.shape[1]).double()
        self.weights = torch.linalg.solve(seen.mT @ seen + ridge, seen.mT @ told)

    def seen(self, pixels: Tensor) -> Tensor:
        """What it looks at: which colour each pixel has."""
        pixels = pixels.clamp(max=COLOURS - 1)
        return torch.nn.functional.one_hot(pixels, COLOURS).double().flatten(1)

    def shares(self, pixels: Tensor, rows: Tensor) -> dict[str, float]:
        """Of pictures whose place, and whose fur, are read as their words say."""
        guess = self.seen(pixels) @ self.weights
        places, furs = guess.split([len(PLACES), len(FURS)], dim=1)
        return {
            "place": float(
                (places.argmax(1) == rows[:, 0] - _RANGES[0][0]).double().mean()
            ),
            "fur": float(
                (furs.argmax(1) == rows[:, 1] - _RANGES[1][0]).double().mean()
            ),
        }


_RANGES = ((COLOURS, len(PLACES)), (COLOURS + len(PLACES), len(FURS)))


def measure(seeds: Sequence[int] = (0,), quick: bool = False) -> Result:
    """Everything of 10.J, one run each.

    Keys: `side`, `pixels`, `colours`, `count`, `steps`, `last_passes`; `single`, bits a
    pixel if all pixels were alike and apart; `next_bits` and `masked_bits` a pixel of
    held-out pictures, each with `_error`; shares of pictures read as asked (`place`,
    `fur`): `real_...` ones, `next_...` written pixel by pixel, and in each of `passes`
    by confidence `pass_...` and at random places `random_...` (lists); `palette`;
    tokens of eight pictures each: `shown_real`, `shown_masked`, `shown_next`,
    `shown_half` (the lower half hidden) and `shown_filled`; `edge_real` and
    `edge_filled`, shares of pixels above and below the cut with equal colours.
    """
    count, draws = (16, 1) if quick else (128, 8)
    rows = as_rows(*teddies(count, SIDE, 1, "test"))
    read = Reader(as_rows(*teddies(100 if quick else 3000, SIDE, 2)))
    pixels, editable = rows[:, PROMPT:], torch.arange(rows.shape[1]).ge(PROMPT)
    shares = torch.bincount(pixels.flatten(), minlength=COLOURS) / pixels.numel()
    result: Result = {"side": SIDE, "colours": COLOURS, "count": count}
    result |= {"pixels": SIDE**2, "steps": STEPS, "last_passes": PASSES[-1]}
    result["single"] = float(torch.special.entr(shares).sum() / math.log(2))
    result["palette"] = palette().tolist()

    forward, masked = learnt("left-to-right", quick), learnt("masked", quick)
    mask, stir = prompt_mask(PROMPT, rows.shape[1]), torch.Generator().manual_seed(0)
    bits = {
        "next": autoregressive_bits(forward, rows, PROMPT),
        "masked": held_out_bits(
            lambda ids: cast(Tensor, masked(ids, mask=mask)),
            rows,
            editable.expand(rows.shape),
            WORDS,
            draws,
            stir,
        ).mean(0),
    }
    for way, each in bits.items():
        result[f"{way}_bits"] = float(each.mean()) / SIDE**2
        result[f"{way}_bits_error"] = float(each.std()) / SIDE**2 / math.sqrt(count)

    one = write_left_to_right(forward, rows[:, :PROMPT], SIDE**2, 1.0, stir).ids
    everything = torch.ones_like(pixels).bool()
    shown = {"real": pixels, "next": one}
    for way, found in shown.items():
        result |= {f"{way}_{key}": v for key, v in read.shares(found, rows).items()}
    result["passes"] = list(PASSES)
    for way, rule in (("pass", ByConfidence), ("random", AtRandom)):
        for passes in PASSES:
            done = painted(masked, rows, everything, rule(passes)).ids
            for key, value in read.shares(done, rows).items():
                result.setdefault(f"{way}_{key}", []).append(value)
            if (way, passes) == ("random", PASSES[-1]):
                shown["masked"] = done
    lower = torch.arange(SIDE**2).ge(SIDE**2 // 2).expand(pixels.shape)
    shown["filled"] = painted(masked, rows, lower, AtRandom(PASSES[-1])).ids
    shown["half"] = pixels.masked_fill(lower, COLOURS)
    cut = SIDE // 2
    for name in ("real", "filled"):
        lines = shown[name].view(-1, SIDE, SIDE)
        same = lines[:, cut - 1] == lines[:, cut]
        result[f"edge_{name}"] = float(same.double().mean())
    return result | {f"shown_{name}": ids[:8].tolist() for name, ids in shown.items()}


def pictures(stored: Result, name: str) -> NDArray[np.uint8]:
    """The pictures of `shown_{name}`."""
    colours = torch.tensor(stored["palette"], dtype=torch.uint8)
    return to_pictures(torch.tensor(stored[f"shown_{name}"]), colours)
