"""Authority: the schedule in closed form, and a fit: eight pictures are learnt."""

import math
from dataclasses import replace

import torch

from coursekit.models.watermark import bit_accuracy
from coursekit.training.recipe_watermark import LOUD, WATERMARK


def test_the_bound_falls_by_one_factor_and_ends_quiet():
    data = WATERMARK.load(60)
    quiet = WATERMARK.cpu.model.quiet
    begin, end = WATERMARK.loud, WATERMARK.loud + WATERMARK.hush
    done = {
        step: float(WATERMARK.batch(data, 4, step)[2][0])
        for step in (0, begin, (begin + end) // 2, end, end + 9)
    }
    assert list(done.values()) == [0, 0, 0.5, 1, 1]
    assert end < WATERMARK.cpu.steps
    assert LOUD * (quiet / LOUD) ** 0.5 == math.sqrt(LOUD * quiet)
    assert 20 * math.log10(2 / quiet) > 35


def test_a_batch_follows_from_its_step_and_bits_are_fair():
    data = WATERMARK.load(60)
    one, same, other = (WATERMARK.batch(data, 32, step) for step in (5, 5, 6))
    assert all(torch.equal(a, b) for a, b in zip(one, same, strict=True))
    assert not torch.equal(one[1], other[1])
    assert 0.4 < float(one[1].mean()) < 0.6


def test_a_few_steps_on_few_pictures_leave_guessing_behind():
    data = WATERMARK.load(12)
    torch.manual_seed(0)
    model = WATERMARK.build(replace(WATERMARK.cpu.model, bits=2, width=16))
    optimiser = torch.optim.AdamW(model.parameters(), 5e-3)
    for step in range(60):
        optimiser.zero_grad()
        WATERMARK.loss(model, WATERMARK.batch(data, 8, step)).backward()
        optimiser.step()
    x, bits, _, _ = WATERMARK.batch(data, 64, 500)
    bits = bits[:, :2]
    with torch.no_grad():
        heard = model(model.hide(x, bits, torch.full((64,), LOUD)))
    assert float(bit_accuracy(heard, bits).mean()) > 0.85
