"""Written programs judged. Authorities: the law itself, closed forms, other counts."""

import math

import numpy as np
import pytest
import torch

from coursekit.datasets.teddy.program_tokens import (
    CANVAS,
    PROMPT,
    program_rows,
    program_tokens,
)
from coursekit.evaluation.token_sampling import Written
from coursekit.evaluation.written_programs import (
    number_entropy,
    program_excess,
    quality,
    scene_of,
)
from coursekit.models.token_transformer import TokenConfig, TokenTransformer

WORDS = len(program_tokens())


def by_heart(spoil: float = 0.0):
    """A writer that knows the programs of `quality`, and spoils a share of them."""
    rows, _ = program_rows(200, 0, "test")
    known = {tuple(row[:PROMPT].tolist()): row[PROMPT:] for row in rows}

    def write(prompt: torch.Tensor, generator: torch.Generator) -> Written:
        ids = torch.stack([known[tuple(row.tolist())] for row in prompt])
        bad = torch.rand(len(ids), generator=generator) < spoil
        ids[bad, 0] = WORDS  # a mask that was left
        return Written(ids, 3, [3])

    return write


def test_programs_of_the_law_are_right_and_as_varied_as_the_law():
    found = quality(by_heart(), 200)
    assert found.right == 1 and found.error == 0
    assert found.entropy == found.full
    assert found.passes == 3
    assert sum(found.layouts.values()) == pytest.approx(1)


def test_the_spoilt_share_is_missing():
    """Binomial: 200 draws at .3, within four standard errors."""
    found = quality(by_heart(0.3), 200)
    assert abs(found.right - 0.7) < 4 * math.sqrt(0.3 * 0.7 / 200)
    assert found.error == pytest.approx(
        math.sqrt(found.right * (1 - found.right) / 200), rel=1e-9
    )


def test_entropy_of_one_program_is_nothing_and_of_all_nearly_five_tenths():
    _, scenes = program_rows(4000, 3)
    assert number_entropy(scenes[:1] * 50) == 0
    full = number_entropy(scenes)
    assert full == pytest.approx(5 * math.log2(10), abs=0.1)


def test_a_uniform_model_needs_the_log_of_its_words():
    """Closed form: log2 V a token; left to right up to the end, masked the canvas."""
    config = TokenConfig(WORDS, PROMPT + CANVAS, width=16, depth=1, heads=2)
    net = TokenTransformer(config).eval()
    torch.nn.init.zeros_(net.norm.weight)  # no logit depends on anything
    torch.nn.init.zeros_(net.norm.bias)
    rows, _ = program_rows(8, 1, "test")
    lengths = (rows[:, PROMPT:] == 2).int().argmax(1) + 1
    left = program_excess(net, "left-to-right", 8, 1)
    masked = program_excess(net, "masked", 8, 4)
    assert left.shape == (1, 8) and masked.shape == (4, 8)
    spread = (CANVAS - lengths).numpy() * np.log2(WORDS)
    np.testing.assert_allclose(masked - left, np.tile(spread, (4, 1)), rtol=1e-4)


def test_what_does_not_run_is_no_scene():
    assert scene_of("place(park") is None
    assert scene_of("place(park) drift(0.5)") is None  # nobody is there
