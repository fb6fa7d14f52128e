"""Figure 10.B: what it costs to show many tokens in one pass, by four samplers.

Tokens that appear together are drawn without regard to each other. Where they do not
fit, neighbours stand side by side that never meet in the data.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from coursekit.datasets.teddy.program_tokens import (
    PROMPT,
    is_right,
    program_rows,
    program_tokens,
)
from coursekit.evaluation.written_programs import number_entropy, scene_of
from coursekit.experiments.summary import Result, columns, for_seeds, prefixed
from coursekit.lectures.l10_masked_diffusion_llm.experiments.canvas import (
    after,
    clashes,
    empty,
    pairs,
)
from coursekit.models.token_transformer import TokenTransformer
from coursekit.theory.masked_diffusion import Predict
from coursekit.theory.remasking import (
    capped,
    fresh,
    unmask_and_edit,
    unmask_and_hide,
)
from coursekit.theory.solvers import time_grid
from coursekit.theory.unmasking import AtRandom, ByConfidence, Unmasked, unmask
from coursekit.training.pretrained import load_model

MODEL = "programs-masked"
STEPS = (1, 2, 4, 8, 16, 24, 48)
CAP = 0.02  # of tokens taken back in a step
SHOW, EDIT = 0.5, 0.9  # the two thresholds

Sampler = Callable[[Predict, Tensor, Tensor, int, torch.Generator], Unmasked]


def hiding(strength: Callable[[float, float], float]) -> Sampler:
    """The sampler that takes tokens back."""

    def sample(
        predict: Predict,
        xt: Tensor,
        masked: Tensor,
        steps: int,
        generator: torch.Generator,
    ) -> Unmasked:
        mask_id, ts = int(xt[masked][0]), time_grid(steps)
        return unmask_and_hide(
            predict, xt, masked, mask_id, ts, strength, generator=generator
        )

    return sample


def editing(at: float) -> Sampler:
    """The sampler of two thresholds; above 1 it edits nothing."""
    return lambda p, x, m, _, g: unmask_and_edit(p, x, m, SHOW, at, 1.0, g)


SAMPLERS: dict[str, Sampler] = {
    "random": lambda p, x, m, n, g: unmask(p, x, m, AtRandom(n), 1.0, g),
    "confidence": lambda p, x, m, n, g: unmask(p, x, m, ByConfidence(n), 1.0, g),
    "remdm": hiding(capped(CAP)),
    "fresh": hiding(fresh),
}
THRESHOLDS = {"edits_never": editing(2.0), "edits_sure": editing(EDIT)}


def meetings(count: int) -> set[tuple[str, str]]:
    """Which kinds of tokens meet in `count` programs of the training."""
    rows, _ = program_rows(count, 0)
    return {pair for row in rows for pair in pairs(row[PROMPT:])}


def judged(
    model: TokenTransformer,
    sample: Sampler,
    steps: int,
    count: int,
    known: set[tuple[str, str]],
    seed: int,
) -> Result:
    """What a sampler writes after `count` held-out captions."""
    rows, wanted = program_rows(count, 10 + seed, "test")
    xt, masked = empty(count, model.config.mask_id)
    generator = torch.Generator().manual_seed(seed)
    predict = after(model, rows[:, :PROMPT])
    found = sample(predict, xt, masked, steps, generator)
    texts = program_tokens().read(found.ids)
    good = [is_right(text, w) for text, w in zip(texts, wanted, strict=True)]
    clash = [clashes(row, known) > 0 for row in found.ids]
    scenes = [scene for scene in map(scene_of, texts) if scene is not None]
    return {
        "right": float(np.mean(good)),
        "clash": float(np.mean(clash)),
        "entropy": number_entropy(scenes),
        "passes": float(found.passes),
    }


def measure(seeds: tuple[int, ...] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 10.B.

    Keys: `steps`; for each sampler and over steps `right`, the share of programs
    without a fault, `clash`, the share with neighbours that never meet, `entropy` in
    bits of five numbers of a scene, and `passes`, as in `random_right`; the same of two
    thresholds, `edits_never` and `edits_sure`, as one number; `count` prompts for each
    of the seeds.
    """
    count, steps = (8, STEPS[:2]) if quick else (64, STEPS)
    known = meetings(400 if quick else 4000)
    model = load_model(MODEL)
    assert isinstance(model, TokenTransformer)

    def one(seed: int) -> Result:
        row: Result = {}
        for name, sample in SAMPLERS.items():
            over = [judged(model, sample, n, count, known, seed) for n in steps]
            row |= prefixed(name, columns(over))
        for name, sample in THRESHOLDS.items():
            row |= prefixed(name, judged(model, sample, 0, count, known, seed))
        return row

    settings = {"steps": list(steps), "count": count, "canvas": 48}
    return settings | for_seeds(one, seeds[:1] if quick else seeds)
