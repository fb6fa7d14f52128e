"""How good are written scene programs? Excess bits, share that is right, what is rare.

The law of the programs is known: excess bits are what a model needs beyond it, the
share that is right is what it writes without a fault, and entropy and layouts say
whether it still writes everything that the law can say.
"""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from coursekit.datasets.teddy.program_tokens import (
    CANVAS,
    PROMPT,
    is_right,
    layout,
    program_bits,
    program_rows,
    program_tokens,
    up_to_end,
)
from coursekit.datasets.teddy.programs import execute
from coursekit.datasets.teddy.render import render
from coursekit.datasets.teddy.scene import Scene
from coursekit.datasets.tokens import END
from coursekit.evaluation.sampling import image_grid
from coursekit.evaluation.token_sampling import (
    Written,
    autoregressive_bits,
    write_blocks,
    write_left_to_right,
)
from coursekit.models.token_transformer import TokenTransformer, prompt_mask
from coursekit.theory.masked_diffusion import held_out_bits
from coursekit.theory.unmasking import ByConfidence

Writer = Callable[[Tensor, torch.Generator], Written]  # prompts (B, PROMPT) to canvases


def usual_writer(model: TokenTransformer, kind: str) -> Writer:
    """How a model of a kind writes if nobody says otherwise, at temperature 1.

    Left to right; else 16 passes by confidence on the whole canvas.
    """
    if kind == "left-to-right":
        return lambda prompt, generator: write_left_to_right(
            model, prompt, CANVAS, 1.0, generator, END
        )
    return lambda prompt, generator: write_blocks(
        model, prompt, CANVAS, CANVAS, ByConfidence(16), 1.0, generator, END
    )


@dataclass(frozen=True)
class Quality:
    """What a batch of written programs is worth."""

    right: float  # share
    error: float  # one standard error of that share
    entropy: float  # bits, of the five free numbers that every caption leaves open
    full: float  # the same of as many programs of the law itself
    layouts: dict[str, float]  # share of each
    length: float  # tokens up to the end, it included
    passes: int


def quality(writer: Writer, count: int, seed: int = 0, batch: int = 64) -> Quality:
    """Programs after `count` held-out captions, judged; `batch` rows at a time."""
    rows, wanted = program_rows(count, seed, "test")
    generator = torch.Generator().manual_seed(seed)
    parts = [
        writer(rows[i : i + batch, :PROMPT], generator) for i in range(0, count, batch)
    ]
    ids = torch.cat([part.ids for part in parts])
    texts = program_tokens().read(ids)
    good = np.array([is_right(t, w) for t, w in zip(texts, wanted, strict=True)])
    written = [scene for scene in map(scene_of, texts) if scene is not None]
    ends = ((ids == END).cumsum(1) == 0).sum(1) + 1
    shares = Counter(layout(scene) for scene in written)
    return Quality(
        float(good.mean()),
        float(good.std() / math.sqrt(count)),
        number_entropy(written),
        number_entropy(wanted[: len(written)]),
        {name: n / max(1, len(written)) for name, n in shares.most_common()},
        float(ends.clamp(max=CANVAS).double().mean()),
        sum(part.passes for part in parts) // len(parts),
    )


def scene_of(text: str) -> Scene | None:
    """What a program runs to, if it runs and has one bear."""
    try:
        scene = execute(text)
    except ValueError:
        return None
    return scene if len(scene.bears) == 1 else None


def number_entropy(scenes: Sequence[Scene]) -> float:
    """The sum of the entropies of brightness, warmth, drift, x and size, in bits.

    From counts of tenths of each range, so that some hundred programs are enough; all
    tenths alike would be 16.6 bits.
    """
    if not scenes:
        return 0.0
    ranges = ((84, 113), (-100, 101), (0, 100), (36, 65), (46, 75))
    numbers = np.array(
        [
            (s.brightness, s.warmth, s.drift, s.bears[0].x, s.bears[0].scale)
            for s in scenes
        ]
    )
    total = 0.0
    for column, (low, high) in zip(100 * numbers.T, ranges, strict=True):
        counts, _ = np.histogram(column, bins=10, range=(low - 0.5, high - 0.5))
        share = counts[counts > 0] / len(scenes)
        total += float(-(share * np.log2(share)).sum())
    return total


@torch.no_grad()
def program_excess(
    model: TokenTransformer, kind: str, count: int, draws: int, seed: int = 1
) -> NDArray[np.float64]:
    """Bits of held-out programs beyond those of their law: (draws, count).

    Left to right it is exact and there is one draw; else each draw bounds it. Equal
    arguments, equal holes: models can be compared draw by draw.
    """
    rows, scenes = program_rows(count, seed, "test")
    floor = np.array([program_bits(scene) for scene in scenes])
    counted = torch.zeros_like(rows, dtype=torch.bool)
    counted[:, PROMPT:] = True
    if kind == "left-to-right":
        bits = autoregressive_bits(model, rows, PROMPT, up_to_end(rows))
        return np.asarray(bits.numpy() - floor)[None]
    mask = prompt_mask(PROMPT, rows.shape[1])
    bits = held_out_bits(
        lambda ids: model(ids, mask=mask),
        rows,
        counted,
        model.config.mask_id,
        draws,
        torch.Generator().manual_seed(seed),
    )
    return np.asarray(bits.numpy() - floor)


def program_figures(
    model: TokenTransformer, kind: str, quick: bool = False
) -> dict[str, Any]:
    """The figures of a card."""
    count, draws = (64, 2) if quick else (512, 8)
    excess = program_excess(model, kind, count, draws).mean(axis=0)
    found = quality(usual_writer(model, kind), count)
    return {
        "excess_bits": {
            "mean": float(excess.mean()),
            "error": float(excess.std() / math.sqrt(count)),
        },
        "right": {"mean": found.right, "error": found.error},
        "passes": found.passes,
        "programs": count,
    }


def programs_sheet(model: TokenTransformer, kind: str, count: int) -> NDArray[np.uint8]:
    """The scenes of programs after held-out captions; grey where one does not run."""
    rows, _ = program_rows(count, 2, "test")
    generator = torch.Generator().manual_seed(2)
    ids = usual_writer(model, kind)(rows[:, :PROMPT], generator).ids
    scenes = [scene_of(text) for text in program_tokens().read(ids)]
    images = np.full((count, 32, 32, 3), 128, np.uint8)
    for image, scene in zip(images, scenes, strict=True):
        if scene is not None:
            image[:] = render([scene], 32)[0]
    return image_grid(images, columns=16 if count > 40 else 10)
